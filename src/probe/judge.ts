/** The conclusion from many looks: a pure function, so that a journal can be judged again and gives the same. */
import { type Conclusion, keyNotYetCode, type Reading, type Verdict } from './verdict.ts';

export interface Limits {
  /** Healthy readings in a row that make a healthy verdict. */
  readonly consecutiveSuccessLimit: number;
  /** Bad answers tolerated; one more is unhealthy. */
  readonly failureLimit: number;
  /** Looks without an answer tolerated in a row; one more is inconclusive. */
  readonly consecutiveErrorLimit: number;
  /** How long the row of healthy readings must last; absent: its length is enough. */
  readonly healthyStateDurationMs?: number | undefined;
}

export interface Circumstances {
  readonly nowMs: number;
  /** From here on a lasting row of healthy readings is enough: the start of the watch, or the end of a bake. */
  readonly settleFromMs: number;
  /** After this instant a verdict must be there. */
  readonly deadlineMs: number;
  /** True when the place was healthy before this watch: then starting again is a failure, not a cold start. */
  readonly wasHealthy: boolean;
  /**
   * True when we made its host restart right before: the first healthy answers may be those of the instance that
   * goes, and the silence after them is the cold start of the one that comes.
   */
  readonly wasRestarted?: boolean | undefined;
}

/** How many of the last readings a verdict carries as its evidence. */
const evidenceCount = 6;

/** Null: nothing can be concluded yet. */
export function judge(readings: readonly Reading[], limits: Limits, at: Circumstances): Verdict | null {
  const tally = count(readings, at);
  const last = readings.at(-1);
  const conclude = (conclusion: Conclusion, why: string): Verdict => ({
    conclusion,
    why,
    readings: readings.slice(-evidenceCount),
  });
  if (tally.failures > limits.failureLimit) {
    return conclude(
      'unhealthy',
      `${tally.failures} bad answers, ${limits.failureLimit} are tolerated: ${said(last)}`,
    );
  }
  if (tally.errorsInRow > limits.consecutiveErrorLimit) {
    const tolerated = limits.consecutiveErrorLimit;
    return conclude(
      'inconclusive',
      `${tally.errorsInRow} looks in a row without an answer, ${tolerated} are tolerated: ${said(last)}`,
    );
  }
  if (isLasting(tally, limits) && at.nowMs >= at.settleFromMs)
    return conclude('healthy', tellRow(tally, limits));
  // The deadline is for becoming healthy: a row of healthy answers that is under way may come to its end.
  if (at.nowMs < at.deadlineMs || tally.successesInRow > 0) return null;
  if (!last) return conclude('inconclusive', 'the deadline passed without a single look');
  const answered = readings.some((reading) => reading.condition !== 'unreachable');
  return answered && last.condition !== 'unreachable'
    ? conclude('unhealthy', `not lastingly healthy when the deadline passed: ${said(last)}`)
    : conclude('inconclusive', `no answer when the deadline passed: ${said(last)}`);
}

/** Enough healthy readings in a row, and far enough between the first and the last of them. */
function isLasting(
  { successesInRow, healthyForMs }: Tally,
  { consecutiveSuccessLimit, healthyStateDurationMs = 0 }: Limits,
): boolean {
  return successesInRow >= Math.max(1, consecutiveSuccessLimit) && healthyForMs >= healthyStateDurationMs;
}

function tellRow({ successesInRow, healthyForMs }: Tally, { healthyStateDurationMs = 0 }: Limits): string {
  const times = successesInRow === 1 ? 'once' : `${successesInRow} times in a row`;
  return `healthy ${times}${healthyStateDurationMs > 0 ? `, for ${Math.floor(healthyForMs / 1000)} s` : ''}`;
}

interface Tally {
  readonly failures: number;
  readonly errorsInRow: number;
  readonly successesInRow: number;
  /** From the first to the last reading of the row of healthy ones at the end. */
  readonly healthyForMs: number;
}

/**
 * A cold start is not a failure: before the first healthy reading neither "starting" nor a time-out counts.
 * Afterwards the same answers mean that something which stood has fallen.
 */
function count(readings: readonly Reading[], { wasHealthy, wasRestarted = false }: Circumstances): Tally {
  let seenHealthy = wasHealthy;
  // One fall is ours, and only one: a host that comes and goes is not well.
  let mayFall = wasRestarted && !wasHealthy;
  let failures = 0;
  let errorsInRow = 0;
  let successesInRow = 0;
  let healthyForMs = 0;
  let sinceMs = 0;
  for (const reading of readings) {
    successesInRow = reading.condition === 'healthy' ? successesInRow + 1 : 0;
    if (successesInRow === 1) sinceMs = reading.atMs;
    healthyForMs = successesInRow > 0 ? reading.atMs - sinceMs : 0;
    if (reading.condition === 'healthy') seenHealthy = true;
    if (mayFall && seenHealthy && isCold(reading)) {
      seenHealthy = false;
      mayFall = false;
    }
    if (reading.condition === 'unhealthy' || (reading.condition === 'starting' && seenHealthy)) failures++;
    if (reading.condition !== 'unreachable') errorsInRow = 0;
    else if (seenHealthy || !isColdSilence(reading)) errorsInRow++;
  }
  return { failures, errorsInRow, successesInRow, healthyForMs };
}

/** Azure's front end holds a request while the host starts: from outside that is a time-out or a cut connection. */
const coldCodes = new Set(['ETIMEDOUT', 'ECONNRESET', keyNotYetCode]);

/** How a host looks that is just starting. */
function isCold(reading: Reading): boolean {
  return reading.condition === 'starting' || (reading.condition === 'unreachable' && isColdSilence(reading));
}

function isColdSilence(reading: Reading): boolean {
  const silent = reading.findings.filter((finding) => finding.condition === 'unreachable');
  return silent.every((finding) => finding.code !== undefined && coldCodes.has(finding.code));
}

function said(reading: Reading | undefined): string {
  const finding = reading?.findings.find((each) => each.condition === reading.condition);
  return finding ? `${finding.check}: ${finding.said}` : 'nothing was read';
}
