/** The wire of a regression: the emulator behind it, and on it whatever Azure does that the emulator was not asked for. */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  TransportError,
} from '../../src/azure/transport.ts';
import type { VirtualClock } from '../../src/clock.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { matchesRequest } from '../../src/emulator/faults/match.ts';

/** One request on its way, and the way on. */
export interface Passing {
  readonly request: HttpRequest;
  /** From 1: the how-manieth that fits `on`. */
  readonly nth: number;
  /** Azure carries it out and answers. */
  pass(): Promise<HttpAnswer>;
}

/** What becomes of requests like `POST *\/slotsswap` (`on`), to hosts that contain `host`. */
export interface Twist {
  readonly on: string;
  readonly host?: string;
  readonly becomes: (passing: Passing) => Promise<HttpAnswer>;
}

export interface Sent {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  readonly atMs: number;
}

export function createWire(
  { clock, emulator }: { readonly clock: VirtualClock; readonly emulator: Emulator },
  twists: readonly Twist[],
): { readonly transport: Transport; readonly sent: readonly Sent[] } {
  const sent: Sent[] = [];
  const counts = new Map<Twist, number>();
  const transport: Transport = async (request) => {
    const { origin, pathname, search, host } = new URL(request.url);
    const { method, headers } = request;
    const bodyBytes = typeof request.body === 'object' && 'bytes' in request.body ? request.body.bytes : 0;
    sent.push({ method, origin, path: `${pathname}${search}`, headers, bodyBytes, atMs: clock.now() });
    const pass = () => send(clock, emulator, request);
    const twist = twists.find(
      (each) => matchesRequest(each.on, method, pathname) && host.includes(each.host ?? ''),
    );
    if (!twist) return pass();
    const nth = (counts.get(twist) ?? 0) + 1;
    counts.set(twist, nth);
    return twist.becomes({ request, nth, pass });
  };
  return { transport, sent };
}

async function send(clock: VirtualClock, emulator: Emulator, request: HttpRequest): Promise<HttpAnswer> {
  const body = await bytesOf(clock, request);
  const init: RequestInit = { method: request.method, headers: { ...request.headers } };
  if (body !== null) init.body = body;
  const { host } = new URL(request.url);
  const working = emulator.fetch(new Request(request.url, init)).catch((thrown: unknown) => {
    throw new TransportError(String(thrown), { code: 'ECONNRESET', sent: true, host });
  });
  const answered = new AbortController();
  const answer = await Promise.race([working, giveUp(clock, request, answered.signal)]).finally(() =>
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
}

async function giveUp(clock: VirtualClock, request: HttpRequest, answered: AbortSignal): Promise<never> {
  await clock.sleep(request.timeoutMs, answered).catch(() => new Promise<never>(() => {}));
  const { host } = new URL(request.url);
  throw new TransportError(`no answer within ${request.timeoutMs} ms`, {
    code: 'ETIMEDOUT',
    sent: true,
    host,
  });
}

async function bytesOf(
  clock: VirtualClock,
  { body, onSent }: HttpRequest,
): Promise<Uint8Array<ArrayBuffer> | string | null> {
  if (body === undefined || typeof body === 'string') return body ?? null;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const bytes = new Uint8Array(await clock.hold(buffer(body.open() as Readable)));
  onSent?.(bytes.length);
  return bytes;
}
