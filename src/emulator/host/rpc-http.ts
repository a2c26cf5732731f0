/** HTTP as the worker protocol writes it, there and back. */
import { buildResponse, type HttpCall, triggerOf } from './app.ts';
import type { InvocationResult, InvokeCall, RpcCookie, RpcHttp, TypedData } from './protocol.ts';

export function toInvokeCall(call: HttpCall, invocationId: string): InvokeCall {
  const url = new URL(call.request.url);
  const headers = Object.fromEntries(call.request.headers);
  const query = Object.fromEntries(url.searchParams);
  const http: RpcHttp = {
    ...{ method: call.request.method, url: call.request.url, headers, query, params: call.params },
    body: call.body.byteLength === 0 ? null : { bytes: call.body },
  };
  return {
    invocationId,
    functionName: call.fn.name,
    inputData: [{ name: triggerOf(call.fn)?.name ?? 'req', data: { http } }],
    triggerMetadata: {
      ...Object.fromEntries(Object.entries(call.params).map(([name, value]) => [name, { string: value }])),
      ...{ Headers: { json: JSON.stringify(headers) }, Query: { json: JSON.stringify(query) } },
    },
  };
}

/** A function that returns nothing answers 204, as runtime versions from 2 on do. */
export function toResponse(result: InvocationResult): Response {
  const returned = result.returnValue ?? result.outputData?.find((output) => output.data.http)?.data;
  if (!returned) return new Response(null, { status: 204 });
  if (!returned.http) return new Response(toBytes(returned), { status: 200 });
  const { statusCode, headers = {}, cookies = [], body } = returned.http;
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const one of value.split('\n')) pairs.push([name, one]);
  }
  for (const cookie of cookies) pairs.push(['set-cookie', serializeCookie(cookie)]);
  return buildResponse(body ? toBytes(body) : null, Number(statusCode ?? 200), pairs);
}

function toBytes(data: TypedData): Uint8Array<ArrayBuffer> {
  if (data.bytes) return new Uint8Array(data.bytes);
  const text = data.string ?? data.json ?? data.int ?? data.double ?? '';
  return new TextEncoder().encode(String(text));
}

function serializeCookie(cookie: RpcCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined && value !== '') parts.push(`${name}=${value}`);
  };
  const expires = cookie.expires?.value?.seconds;
  add('Max-Age', cookie.maxAge?.value);
  add('Domain', cookie.domain?.value);
  add('Path', cookie.path?.value);
  add('Expires', expires === undefined ? undefined : new Date(expires * 1000).toUTCString());
  if (cookie.httpOnly?.value) parts.push('HttpOnly');
  if (cookie.secure?.value) parts.push('Secure');
  const sameSite = { none: undefined, lax: 'Lax', strict: 'Strict', explicitNone: 'None' } as const;
  add('SameSite', sameSite[cookie.sameSite ?? 'none']);
  return parts.join('; ');
}
