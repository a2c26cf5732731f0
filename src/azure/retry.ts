/** Reads are repeated by us, on our clock: the SDK repeats mutations as well, and waits on the wall's. */
import type { Clock } from '../clock.ts';
import { type SlotwaveError, TransientError } from '../errors.ts';
import { TransportError } from './transport.ts';

export interface Patience {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** From the first try to the last. */
  readonly budgetMs?: number | undefined;
  readonly tryLimit?: number | undefined;
  /** How long this try has to wait for its place among others' retries; null: longer than `longestMs`. */
  readonly shareMs?: ((longestMs: number) => number | null) | undefined;
}

const firstDelayMs = 500;
const longestDelayMs = 20_000;
export const readBudgetMs = 120_000;

/**
 * Runs `act` until it succeeds, fails for good, or the budget is spent; only TransientError is worth another
 * try. A `Retry-After` that goes beyond the budget ends it at once: better to say so than to sit.
 */
export async function retryRead<T>(
  patience: Patience,
  act: () => Promise<T>,
  classifyError: (error: unknown) => SlotwaveError,
): Promise<T> {
  const { clock, random, budgetMs = readBudgetMs, tryLimit = 8, shareMs = () => 0 } = patience;
  const untilMs = clock.now() + budgetMs;
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (thrown) {
      const error = classifyError(thrown);
      const limit = isUnknownName(error) ? 2 : tryLimit;
      if (!(error instanceof TransientError) || tries >= limit || error.code === 'stopped') throw error;
      const delayMs = delayBefore(tries, error.retryAfterMs, random);
      const leftMs = untilMs - clock.now();
      const placeMs = delayMs > leftMs ? null : shareMs(leftMs);
      if (placeMs === null) throw error;
      await clock.sleep(Math.max(delayMs, placeMs));
    }
  }
}

/** Doubling, half of it at random so that a whole fleet does not come back at one instant; never before asked. */
export function delayBefore(nextTry: number, retryAfterMs: number | undefined, random: () => number): number {
  const fullMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (nextTry - 1));
  const ownMs = fullMs / 2 + (fullMs / 2) * random();
  return Math.round(retryAfterMs === undefined ? ownMs : retryAfterMs + (ownMs % 1000));
}

/** A name that DNS does not know will not be known in a minute: peers let people wait 52 s for this news. */
function isUnknownName(error: SlotwaveError): boolean {
  return error.cause instanceof TransportError && error.cause.code === 'ENOTFOUND';
}
