/** The swap: asked for exactly once, then only watched. */
import type { Clock } from '../clock.ts';
import { type DoubtError, type SlotwaveError, TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { SwapEnd, SwapOptions } from '../target/slot-client.ts';
import type { Arm, ArmAnswer } from './arm.ts';
import { isArm } from './arm-policies.ts';
import { type Asked, inDoubt } from './asked.ts';
import { classify } from './classify.ts';
import { AnswerError, readRetryAfterMs } from './error-facts.ts';
import { nextLookMs } from './pace.ts';
import { isObject, parseObject, stringOf, tame } from './server-text.ts';
import { aboutSlot, slotPath } from './site-client.ts';
import { TransportError } from './transport.ts';

/** Pings may take 90 s, five times an instance, and swaps of 23 minutes were seen before they failed (§3.2). */
export const swapDeadlineMs = 30 * 60_000;
/** The platform's usual: settings, a start, its pings. */
const usualMs = 110_000;
const pace = { nearMs: 3_000, farMs: 30_000, lateMs: 15_000 };

/**
 * Exchanges the staging slot with production, staging being the source: it gets production's settings and is
 * restarted and warmed before anything is routed to it (§3.1).
 *
 * @throws TransientError: certainly nothing moved. RefusalError: nor will it. DoubtError: look.
 */
export async function swapSlots(
  arm: Arm,
  clock: Clock,
  target: Target,
  { preserveVnet = true, expectedMs }: SwapOptions = {},
): Promise<SwapEnd> {
  const asked: Asked = { act: 'swap', ...aboutSlot(target, 'swap') };
  arm.recent.slotSettings.forget(slotPath(target));
  const sentMs = clock.now();
  const answer = await askOnce(arm, target, asked, preserveVnet);
  const state = readOperation(answer);
  if (state.is === 'failed') throw classify(state.error, asked);
  if (state.is === 'done') return { unseenMs: clock.now() - sentMs };
  return followSwap(arm, clock, target, { asked, sentMs, expectedMs, first: answer });
}

async function askOnce(arm: Arm, target: Target, asked: Asked, preserveVnet: boolean): Promise<ArmAnswer> {
  try {
    return await arm.send(target.subscriptionId, {
      method: 'POST',
      url: `${slotPath(target)}/slotsswap?api-version=2025-05-01`,
      body: { targetSlot: 'production', preserveVnet },
    });
  } catch (error) {
    throw classify(error, asked);
  }
}

interface Following {
  readonly asked: Asked;
  readonly sentMs: number;
  readonly expectedMs: number | undefined;
  readonly first: ArmAnswer;
}

async function followSwap(
  arm: Arm,
  clock: Clock,
  target: Target,
  { asked, sentMs, expectedMs, first }: Following,
): Promise<SwapEnd> {
  const location = first.headers['location'];
  if (location === undefined || !URL.canParse(location) || !isArm(arm.cloud, location)) {
    throw inDoubt(`${asked.where}: the swap was accepted, but Azure did not say where to watch it.`, {
      code: 'swap-not-watchable',
      where: asked.where,
    });
  }
  const ownPace = { ...pace, expectedMs: expectedMs ?? usualMs, isGuess: expectedMs === undefined };
  let answer = first;
  let runningMs = sentMs;
  for (let misses = 0; ; ) {
    const nowMs = clock.now();
    const askedMs = readRetryAfterMs(answer.headers, nowMs);
    await clock.sleep(nextLookMs(ownPace, nowMs - sentMs, askedMs));
    if (clock.now() > sentMs + swapDeadlineMs) throw tooLong(asked);
    const lookedMs = clock.now();
    const polled = await pollOnce(arm, target, location);
    if (polled.is === 'answered') {
      answer = polled.answer;
      misses = 0;
      const state = readOperation(answer);
      if (state.is === 'done') return { unseenMs: clock.now() - runningMs };
      if (state.is === 'failed') throw classify(state.error, asked);
      runningMs = lookedMs;
    } else if (polled.is === 'refused') throw asEnd(polled.error, asked);
    else if (++misses > missLimit) throw lostSight(polled.error, asked);
  }
}

/** Looks without an answer that are tolerated in a row: a minute near the end, some minutes where it is far. */
const missLimit = 12;

type Polled =
  | { readonly is: 'answered'; readonly answer: ArmAnswer }
  /** An answer that ends the operation, or our view of it. */
  | { readonly is: 'refused'; readonly error: AnswerError | SlotwaveError }
  /** Looking is free, so silence, throttling and gateway errors are only looks that missed. */
  | { readonly is: 'missed'; readonly error: unknown };

async function pollOnce(arm: Arm, target: Target, location: string): Promise<Polled> {
  try {
    return {
      is: 'answered',
      answer: await arm.send(target.subscriptionId, { method: 'GET', url: location }),
    };
  } catch (error) {
    if (error instanceof TransportError || error instanceof TransientError) return { is: 'missed', error };
    if (!(error instanceof AnswerError)) throw error;
    const { status, message } = error.facts;
    const gateway =
      status === 408 || status === 429 || status < 300 || (status >= 500 && !/swapping slots/i.test(message));
    return gateway ? { is: 'missed', error } : { is: 'refused', error };
  }
}

/**
 * The poll URL says how the swap ended by its own status (§3.4): 400, 409 and 417 with their texts are ends.
 * 401, 403 and 404 say something about the looking, nothing about the swap.
 */
function asEnd(error: AnswerError | SlotwaveError, asked: Asked): SlotwaveError {
  const status = error instanceof AnswerError ? error.facts.status : 401;
  if (status === 401 || status === 403 || status === 404) return lostSight(error, asked);
  return classify(error, asked);
}

function lostSight(error: unknown, asked: Asked): DoubtError {
  const why = classify(error, { ...asked, act: 'read', what: 'watch it' });
  return inDoubt(`${asked.where}: the swap was accepted, then lost from sight. ${why.message}`, {
    code: 'swap-lost-from-sight',
    where: asked.where,
    cause: error,
  });
}

function tooLong(asked: Asked): DoubtError {
  return inDoubt(`${asked.where}: the swap did not end within ${swapDeadlineMs / 60_000} minutes.`, {
    code: 'swap-deadline',
    where: asked.where,
  });
}

type Operation =
  | { readonly is: 'running' }
  | { readonly is: 'done' }
  | { readonly is: 'failed'; readonly error: AnswerError };

/** 202 is running; else a body may still say otherwise, and a failure inside a 200 is a failure. */
function readOperation({ status, headers, body }: ArmAnswer): Operation {
  const parsed = parseObject(body);
  const properties = isObject(parsed?.['properties']) ? parsed['properties'] : null;
  const said = (
    stringOf(parsed?.['status']) ??
    stringOf(properties?.['provisioningState']) ??
    stringOf(properties?.['status']) ??
    ''
  ).toLowerCase();
  if (/^(failed|canceled|cancelled|error|timedout)$/.test(said))
    return { is: 'failed', error: failureIn(parsed, said, headers) };
  if (status === 202 || /^(inprogress|running|accepted|created|pending|started)$/.test(said))
    return { is: 'running' };
  return { is: 'done' };
}

/** A failure told in a success: the texts of §3.4 still decide, and without one of them nobody knows. */
function failureIn(
  parsed: Readonly<Record<string, unknown>> | null,
  said: string,
  headers: ArmAnswer['headers'],
): AnswerError {
  const error = isObject(parsed?.['error']) ? parsed['error'] : parsed;
  const message =
    stringOf(error?.['message']) ?? stringOf(error?.['Message']) ?? `the operation ended as "${said}"`;
  return new AnswerError({
    status: 500,
    reason: '',
    code: stringOf(error?.['code']) ?? stringOf(error?.['Code']) ?? said,
    message: tame(message, 800),
    retryAfterMs: null,
    requestId: headers['x-ms-request-id'] ?? null,
  });
}
