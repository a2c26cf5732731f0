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

/** A request that changes something, and what became of it as far as the sender knows. */
export interface Sent {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  endedMs: number | null;
  /** `silence`: no answer came, or nobody was there any more to hear it. */
  result: number | 'silence';
  /** Of a swap that was accepted: the operation that the answer names. */
  operation: string | null;
}

export interface WireParts {
  /** Grows by one for each request that changes something. */
  readonly sent: Sent[];
  readonly loss: Loss | null;
  readonly mortal?: Mortal;
  /** The engine's own class of error: a broken copy of it knows no other. */
  readonly TransportError: Engine['TransportError'];
  /** What every upload carries. Read from the disk it would come when the disk likes, and no seed would replay. */
  readonly upload?: Uint8Array<ArrayBuffer>;
}

export function createWire({ clock, emulator }: Stage, parts: WireParts): Transport {
  const { sent, loss, mortal, TransportError } = parts;
  const silence = (request: HttpRequest, code: string, message: string) =>
    new TransportError(message, { code, sent: true, host: new URL(request.url).host });
  let count = 0;
  const transport: Transport = async (request) => {
    if (mortal?.isDead()) return new Promise<never>(() => {});
    const changes = !isRead(request.method, request.url) && isAzure(request.url);
    if (!changes) return live(mortal, send(request));
    await mortal?.pass();
    const { method, url } = request;
    const { pathname: path, host } = new URL(url);
    const place = host.includes('.scm.') ? `//${host}${path}` : path;
    const entry: Sent = {
      atMs: clock.now(),
      method,
      path: place,
      endedMs: null,
      result: 'silence',
      operation: null,
    };
    sent.push(entry);
    count++;
    const isLost = loss?.nth === count;
    const lost = () => silence(request, 'ECONNRESET', 'the connection was reset');
    if (isLost && loss.effect === 'none') throw lost();
    const answer = await live(mortal, send(request)).finally(() => {
      entry.endedMs = clock.now();
    });
    entry.operation = operationOf(answer);
    if (!isLost) entry.result = answer.status;
    await mortal?.pass();
    if (isLost) throw lost();
    return answer;
  };
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const body = await bytesOf(request);
    const init: RequestInit = { method: request.method, headers: { ...request.headers } };
    if (body !== null) init.body = body;
    const working = emulator.fetch(new Request(request.url, init)).catch((thrown: unknown) => {
      throw silence(request, 'ECONNRESET', String(thrown));
    });
    const answered = new AbortController();
    // Without a reason of our own each abort would make an exception with a stack.
    const answer = await Promise.race([working, giveUp(request, answered.signal)]).finally(() =>
      answered.abort(null),
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
    throw silence(request, 'ETIMEDOUT', `no answer within ${request.timeoutMs} ms`);
  };
  const bytesOf = async ({ body }: HttpRequest): Promise<Uint8Array<ArrayBuffer> | string | null> => {
    if (body === undefined || typeof body === 'string') return body ?? null;
    if (body instanceof Uint8Array) return new Uint8Array(body);
    if (parts.upload) return parts.upload;
    // The file is read from a real disk: no time passes on the rollout's clock meanwhile.
    return new Uint8Array(await clock.hold(buffer(body.open() as Readable)));
  };
  return transport;
}

export function operationOf({ headers }: HttpAnswer): string | null {
  return /operationresults\/([^/?]+)/.exec(headers['location'] ?? '')?.[1] ?? null;
}

function live<T>(mortal: Mortal | undefined, work: Promise<T>): Promise<T> {
  return mortal ? mortal.live(work) : work;
}

/** A look at an app is no change, whatever its method. */
function isAzure(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname.includes('.scm.');
}
