import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buildResponse } from './app.ts';

/** One request to a process on this machine, its answer read whole. */
export interface LocalExchange {
  readonly port: number;
  readonly method: string;
  /** Path and query as they are to be sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

export interface LocalAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/**
 * `node:http` rather than `fetch`: the Host header and the encoding of the body must pass as they are.
 * Rejects with what the socket says, or with the signal's reason.
 */
export function exchangeLocally(exchange: LocalExchange): Promise<LocalAnswer> {
  const { port, method, path, signal, body = new Uint8Array() } = exchange;
  const headers = { ...dropHopByHop(exchange.headers), 'content-length': String(body.byteLength) };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, signal, agent: false } as const;
    const sent = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 500,
          headers: listHeaders(response),
          body: Buffer.concat(chunks),
        });
      });
    });
    sent.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error));
    sent.end(body);
  });
}

export function toWebResponse({ status, headers, body }: LocalAnswer): Response {
  return buildResponse(
    new Uint8Array(body),
    status,
    headers.map(([name, value]) => [name, value]),
  );
}

/** Headers that are about one connection, not about the message. */
const hopByHop =
  /^(connection|keep-alive|transfer-encoding|content-length|upgrade|expect|te|trailer|proxy-.*)$/i;

function dropHopByHop(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.test(name)));
}

function listHeaders(response: IncomingMessage): readonly (readonly [string, string])[] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < response.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = response.rawHeaders.slice(at, at + 2);
    if (!hopByHop.test(name)) pairs.push([name, value]);
  }
  return pairs;
}
