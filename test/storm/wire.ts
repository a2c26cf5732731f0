/** The wire between the engine and the emulator, without sockets: it counts what changes something, and loses answers. */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { isRead } from '../../src/azure/read-only.ts';
import type { HttpAnswer, HttpRequest, Transport } from '../../src/azure/transport.ts';
import type { Engine } from './engine.ts';
import type { Mortal } from './mortal.ts';
import type { Stage } from './stage.ts';

/** The nth request that changes something (from 1), and whether Azure carries it out although the answer is lost. */
export interface Loss {
  readonly nth: number;
  readonly effect: 'none' | 'done';
}

export interface WireParts {
  /** Grows by a line for each request that changes something. */
  readonly mutations: string[];
  readonly loss: Loss | null;
  readonly mortal?: Mortal;
  /** The engine's own class of error: a broken copy of it knows no other. */
  readonly TransportError: Engine['TransportError'];
}

export function createWire({ clock, emulator }: Stage, parts: WireParts): Transport {
  const { mutations, loss, mortal, TransportError } = parts;
  const lost = (request: HttpRequest) => {
    const { host } = new URL(request.url);
    return new TransportError('the connection was reset', { code: 'ECONNRESET', sent: true, host });
  };
  let count = 0;
  const transport: Transport = async (request) => {
    if (mortal?.isDead()) return new Promise<never>(() => {});
    const changes = !isRead(request.method, request.url) && isAzure(request.url);
    if (!changes) return live(mortal, send(request));
    await mortal?.pass();
    mutations.push(`${request.method} ${new URL(request.url).pathname}`);
    count++;
    const isLost = loss?.nth === count;
    if (isLost && loss.effect === 'none') throw lost(request);
    const answer = await live(mortal, send(request));
    await mortal?.pass();
    if (isLost) throw lost(request);
    return answer;
  };
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const body = await bytesOf(request);
    const init: RequestInit = { method: request.method, headers: { ...request.headers } };
    if (body !== null) init.body = body;
    const working = emulator.fetch(new Request(request.url, init)).catch((thrown: unknown) => {
      throw new TransportError(String(thrown), {
        code: 'ECONNRESET',
        sent: true,
        host: new URL(request.url).host,
      });
    });
    const answered = new AbortController();
    const answer = await Promise.race([working, giveUp(request, answered.signal)]).finally(() =>
      answered.abort(),
    );
    return {
      status: answer.status,
      reason: answer.statusText,
      headers: Object.fromEntries(answer.headers),
      setCookies: answer.headers.getSetCookie(),
      body: await answer.text(),
      address: '127.0.0.1',
    };
  };
  const giveUp = async (request: HttpRequest, answered: AbortSignal): Promise<never> => {
    await clock.sleep(request.timeoutMs, answered).catch(() => new Promise<never>(() => {}));
    throw new TransportError(`no answer within ${request.timeoutMs} ms`, {
      code: 'ETIMEDOUT',
      sent: true,
      host: new URL(request.url).host,
    });
  };
  const bytesOf = async ({ body }: HttpRequest): Promise<Uint8Array<ArrayBuffer> | string | null> => {
    if (body === undefined || typeof body === 'string') return body ?? null;
    if (body instanceof Uint8Array) return new Uint8Array(body);
    // The file is read from a real disk: no time passes on the rollout's clock meanwhile.
    return new Uint8Array(await clock.hold(buffer(body.open() as Readable)));
  };
  return transport;
}

function live<T>(mortal: Mortal | undefined, work: Promise<T>): Promise<T> {
  return mortal ? mortal.live(work) : work;
}

/** A look at an app is no change, whatever its method. */
function isAzure(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname.includes('.scm.');
}
