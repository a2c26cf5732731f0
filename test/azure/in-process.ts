/** The emulator as a transport: no socket, no wall time. Shared by tests that play whole stories on one clock. */
import {
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  TransportError,
} from '../../src/azure/transport.ts';
import type { Clock } from '../../src/clock.ts';
import type { HostRuntime, HostStart } from '../../src/emulator/host/runtime.ts';

export type Fetch = (request: Request) => Promise<Response>;

/** A transport over `fetch(Request)`, with the deadline of each request on `clock`. */
export function transportOver(fetch: Fetch, clock: Clock): Transport {
  return async (request) => {
    const host = new URL(request.url).host;
    // Read before the deadline begins to count: a disk takes real time, in which a virtual clock would run on.
    const outgoing = await asRequest(request);
    const late = new AbortController();
    const timeout = clock.sleep(request.timeoutMs, late.signal).then(() => {
      throw new TransportError(`${host} did not answer.`, { code: 'ETIMEDOUT', sent: true, host });
    });
    timeout.catch(() => {});
    try {
      return await asAnswer(await Promise.race([fetch(outgoing), timeout]));
    } catch (error) {
      if (error instanceof TransportError) throw error;
      const code =
        error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
      if (code === null) throw error;
      throw new TransportError(`${host}: ${code}`, { code, sent: true, host, cause: error });
    } finally {
      late.abort(new Error('answered'));
    }
  };
}

async function asRequest({ url, method, headers, body, onSent }: HttpRequest): Promise<Request> {
  if (body === undefined || typeof body === 'string') {
    return new Request(url, { method, headers: { ...headers }, ...(body === undefined ? {} : { body }) });
  }
  const bytes = 'open' in body ? await readAll(body.open()) : body;
  onSent?.(bytes.byteLength);
  return new Request(url, { method, headers: { ...headers }, body: new Uint8Array(bytes) });
}

async function asAnswer(answer: Response): Promise<HttpAnswer> {
  return {
    status: answer.status,
    reason: answer.statusText,
    headers: Object.fromEntries(answer.headers),
    setCookies: answer.headers.getSetCookie(),
    body: await answer.text(),
    address: null,
  };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A host that is always well and runs nothing: for stories in which only the platform matters. */
export const playedRuntime: HostRuntime = {
  start: (_start: HostStart) => ({
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      return pathname === '/' ? new Response(null, { status: 204 }) : Response.json({ state: 'Running' });
    },
    stop: async () => {},
  }),
  close: async () => {},
};
