/**
 * The one way out of this room: a request in, an answer or a TransportError out. ARM's SDK, the credentials and
 * the SCM client all go through it, so that one place decides what may leave (law 8) and what is certain to
 * have left (law 1).
 */
import type { RoadFacts } from '../probe/road.ts';
import type { Road } from './road.ts';

/** A body that is read again from its first byte each time it is sent. */
export interface StreamedBody {
  readonly bytes: number;
  open(): AsyncIterable<Buffer>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | StreamedBody | undefined;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the body handed to the network so far; they may still be under way. */
  readonly onSent?: ((sentBytes: number) => void) | undefined;
  /** An answer longer than this is an error; 8 MiB when absent. */
  readonly maxAnswerBytes?: number | undefined;
  /**
   * A connection of its own. A kept one may have been closed by the other side at that very moment, and then
   * nobody can tell whether the request arrived: no risk to take for a mutation.
   */
  readonly freshConnection?: boolean | undefined;
  /** Absent: straight, or through the proxy that the environment names for this host. */
  readonly road?: Road | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** The reason phrase: App Service says `Ip Forbidden` here and nowhere else. */
  readonly reason: string;
  /** Lower-case names; several values of one name joined with `, ` (cookies are in `setCookies`). */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly body: string;
  /** The IP address that answered; null when a proxy connected to it, or there was no socket of our own. */
  readonly address: string | null;
  /** How it went there; absent where no network was in between. */
  readonly road?: RoadFacts | undefined;
}

/** Sends one request, once. Never follows a redirect, never repeats. Rejects with TransportError only. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** No answer. */
export class TransportError extends Error {
  /**
   * ECONNREFUSED, ENOTFOUND, ETIMEDOUT, ECONNRESET, ABORTED, a TLS error's code, …; of a proxy's own:
   * PROXY_REFUSED, PROXY_AUTH_REQUIRED, PROXY_UNREACHABLE.
   */
  readonly code: string;
  /** False only when the other side certainly never saw the whole request. */
  readonly sent: boolean;
  readonly host: string;
  /** How far it came; absent where no network was in between. */
  readonly road: RoadFacts | undefined;

  constructor(
    message: string,
    facts: { code: string; sent: boolean; host: string; cause?: unknown; road?: RoadFacts | undefined },
  ) {
    super(message, { cause: facts.cause });
    this.name = 'TransportError';
    this.code = facts.code;
    this.sent = facts.sent;
    this.host = facts.host;
    this.road = facts.road;
  }
}

export const defaultMaxAnswerBytes = 8 * 1024 * 1024;

/** How long a request that moves no package may take. ARM itself gives up after about a minute. */
export const requestTimeoutMs = 100_000;

/** The same failure for every answer that is longer than its limit. */
export function answerTooLong(host: string, limitBytes: number): TransportError {
  return new TransportError(`The answer of ${host} is longer than ${limitBytes} bytes.`, {
    code: 'EANSWERTOOLONG',
    sent: true,
    host,
  });
}
