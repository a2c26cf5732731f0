/** The storage SDK, sending through our transport with our tokens. It still takes the libraries' older kind of client. */
import type { BlobServiceClient, StoragePipelineOptions } from '@azure/storage-blob';
import { DefectError } from '../errors.ts';
import { governed } from './governed.ts';
import type { Governor } from './governor.ts';
import type { Tokens } from './tokens.ts';
import { requestTimeoutMs, type Transport } from './transport.ts';

export interface StoreClient {
  readonly account: BlobServiceClient;
  readonly container: string;
}

/** @param store `https://<account>.blob.core.windows.net/<container>`, or with the account in the path. */
export async function connectStore(
  store: string,
  parts: { readonly transport: Transport; readonly tokens: Tokens; readonly governor: Governor },
): Promise<StoreClient> {
  const { AnonymousCredential, BlobServiceClient: Account } = await loadStorage();
  const url = new URL(store);
  const segments = url.pathname.split('/').filter((part) => part !== '');
  const container = decodeURIComponent(segments.pop() ?? '');
  const address = [url.origin, ...segments].join('/');
  const account = new Account(address, new AnonymousCredential(), {
    httpClient: asOldClient(govern(parts.governor, url.host, sign(parts, url.origin))),
    // Repeated by us, on our clock.
    retryOptions: { maxTries: 1 },
    userAgentOptions: { userAgentPrefix: 'slotwave' },
  });
  return { account, container };
}

/** Loaded when it is needed: most rollouts never speak to a store. */
export function loadStorage(): Promise<typeof import('@azure/storage-blob')> {
  return import('@azure/storage-blob');
}

/** Outside of the signature: a request may wait for its turn longer than a token is good. */
function govern(governor: Governor, host: string, transport: Transport): Transport {
  const visit = { host, who: 'the store', site: null };
  return (request) =>
    governed(
      () => governor.enterHost(visit),
      () => transport(request),
    );
}

/** The SDK's own way of keeping tokens counts by the wall clock. Never signs for another origin. */
function sign(
  { transport, tokens }: { readonly transport: Transport; readonly tokens: Tokens },
  origin: string,
): Transport {
  return async (request) => {
    if (new URL(request.url).origin !== origin)
      throw new DefectError(`The token for ${origin} is for nobody else.`, {
        code: 'link-to-stranger',
        where: origin,
      });
    const token = await tokens.current();
    const answer = await transport({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${token}` },
    });
    if (answer.status === 401) tokens.drop(token);
    return answer;
  };
}

/** A block on a line that nobody should have: 64 KiB a second. */
const slowestBytesPerMs = 64;

type OldClient = NonNullable<StoragePipelineOptions['httpClient']>;

function asOldClient(transport: Transport): OldClient {
  return {
    sendRequest: async (request) => {
      const body = bodyOf((request as { readonly body?: unknown }).body);
      const answer = await transport({
        method: request.method,
        url: request.url,
        headers: withoutEncoding(request.headers.toJson()),
        body,
        timeoutMs: requestTimeoutMs + Math.ceil((body?.length ?? 0) / slowestBytesPerMs),
      });
      // Their kind of headers, which they export no maker of: the request's own, emptied.
      const headers = request.headers.clone();
      for (const { name } of headers.headersArray()) headers.remove(name);
      for (const [name, value] of Object.entries(answer.headers)) headers.set(name, value);
      return { request, status: answer.status, headers, bodyAsText: answer.body };
    },
  };
}

/** Ours reads plain text, so it must not be sent compressed. */
function withoutEncoding(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(accept-encoding|content-length)$/i.test(name)),
  );
}

function bodyOf(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return body as string | Uint8Array;
  throw new DefectError('The storage library gave a body that is neither text nor bytes.', {
    code: 'body-not-sendable',
  });
}
