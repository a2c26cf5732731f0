/** Our transport in the shape that Azure's libraries take. */
import { createHttpHeaders, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import { DefectError } from '../errors.ts';
import { requestTimeoutMs, type Transport } from './transport.ts';

export function asHttpClient(transport: Transport): HttpClient {
  return {
    sendRequest: async (request) => {
      const answer = await transport({
        method: request.method,
        url: request.url,
        headers: headersOf(request),
        body: bodyOf(request),
        timeoutMs: request.timeout > 0 ? request.timeout : requestTimeoutMs,
        signal: signalOf(request),
        freshConnection: request.disableKeepAlive ?? false,
      });
      return {
        request,
        status: answer.status,
        headers: createHttpHeaders({ ...answer.headers }),
        bodyAsText: answer.body,
      };
    },
  };
}

/** The libraries ask for compressed answers and leave it to their own client to open them; ours reads plain text. */
function headersOf(request: PipelineRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) {
    if (name.toLowerCase() !== 'accept-encoding') headers[name] = value;
  }
  return headers;
}

function bodyOf(request: PipelineRequest): string | Uint8Array | undefined {
  const { body } = request;
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  throw new DefectError('A library gave a body that is neither text nor bytes.', {
    code: 'body-not-sendable',
  });
}

function signalOf(request: PipelineRequest): AbortSignal | undefined {
  return request.abortSignal instanceof AbortSignal ? request.abortSignal : undefined;
}
