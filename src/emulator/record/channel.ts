/**
 * Where the emulator tells of every exchange with ARM: the diagnostics channel `slotwave:arm-exchange`. Whoever holds
 * the emulator against something else listens there (the OpenAPI in the tests; main.ts when it records), however deep
 * the emulator sits in what it tests. While nobody listens, nothing is kept and nothing is built.
 */
import { channel } from 'node:diagnostics_channel';

export const exchangeChannelName = 'slotwave:arm-exchange';

/** One request to ARM and its answer, as they were: what they hold is secret in part, and no copy of it is safe. */
export interface ArmExchange {
  readonly method: string;
  readonly url: URL;
  /** The request's body as far as it was read: a refusal may have come before. Null: nobody read it. */
  readonly asked: string | null;
  readonly status: number;
  readonly headers: Headers;
  /** Null: a stream that somebody else wrote, such as a host's answer through the proxy. */
  readonly answered: string | null;
}

const exchanges = channel(exchangeChannelName);
const bodies = new WeakMap<Request | Response, string>();

/** Keeps what was read from a request. */
export function keepAsked(request: Request, bytes: Uint8Array): void {
  if (exchanges.hasSubscribers) bodies.set(request, Buffer.from(bytes).toString('utf8'));
}

/** Keeps what an answer was made of, so that nobody has to read its stream for it. */
export function keepAnswered(response: Response, text: string): Response {
  if (exchanges.hasSubscribers) bodies.set(response, text);
  return response;
}

/** Synchronous and without a look at any stream: an exchange takes the same turns whether somebody listens or not. */
export function tellExchange(request: Request, url: URL, response: Response): void {
  if (!exchanges.hasSubscribers) return;
  const { method } = request;
  const { status, headers } = response;
  const asked = bodies.get(request) ?? (request.body === null ? '' : null);
  const answered = bodies.get(response) ?? (response.body === null ? '' : null);
  exchanges.publish({ method, url, asked, status, headers, answered } satisfies ArmExchange);
}
