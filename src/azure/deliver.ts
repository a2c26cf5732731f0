/** Sending the package until it is taken once, and no more often than that: the same for every road. */
import { RefusalError, type SlotwaveError, TransientError } from '../errors.ts';
import type { Asked } from './asked.ts';
import { classify } from './classify.ts';
import { AnswerError } from './error-facts.ts';
import { delayBefore } from './retry.ts';
import { type Course, endedIds, findEarlier, pickOwn, type Sent } from './scm-course.ts';
import type { Deployment } from './scm-deployments.ts';
import { followDeployment } from './scm-follow.ts';
import { TransportError } from './transport.ts';

const sendLimit = 4;
const busyDelayMs = 5_000;
const longestBusyDelayMs = 60_000;

/**
 * Resolves when the deployment of these bytes succeeded. Doing it again is harmless: one that is done is
 * recognised where the site keeps names, one that runs is followed.
 *
 * @param earlier the deployments that were there before.
 */
export async function deliver(start: Omit<Course, 'known'>, earlier: readonly Deployment[]): Promise<void> {
  const { release } = start;
  const own = findEarlier(release, earlier);
  if (own.is === 'done') return;
  // One that runs under our name is ours from an earlier life; all others that are there are not.
  const others =
    own.is === 'running' ? earlier.filter((each) => !each.message.includes(release.id)) : earlier;
  const course = { ...start, known: new Set([...others.map(({ id }) => id), ...endedIds(earlier)]) };
  await (own.is === 'running' ? followDeployment(course, null) : sendAndFollow(course));
}

/** Sends until one sending is taken, then follows it. A lost answer is looked after before anything is sent again. */
async function sendAndFollow(start: Course): Promise<void> {
  let course = start;
  for (let sends = 1, refusals = 0; ; ) {
    const sent = await course.send(course);
    if (sent.is === 'taken') return followDeployment(course, sent.location);
    if (sent.is === 'lost' && (await findLost(course))) return followDeployment(course, null);
    if (sent.is === 'busy') refusals++;
    else if (++sends > sendLimit) throw sent.error;
    await waitToSend(course, sent, sent.is === 'busy' ? refusals : sends);
    const list = await course.desk.list();
    const own = findEarlier(course.release, list);
    if (own.is === 'done') return;
    if (own.is === 'running') return followDeployment(course, null);
    // What others finished while we waited is not ours either.
    course = { ...course, known: new Set([...course.known, ...endedIds(list)]) };
  }
}

/** A busy site is knocked at less and less often: each knock may carry the whole package. */
async function waitToSend(
  course: Course,
  sent: Exclude<Sent, { is: 'taken' }>,
  times: number,
): Promise<void> {
  const { clock, random, untilMs } = course;
  const ownDelayMs = delayBefore(times, sent.error.retryAfterMs, random);
  const busyMs = Math.min(longestBusyDelayMs, busyDelayMs * 2 ** (times - 1));
  const delayMs = sent.is === 'busy' ? Math.max(busyMs, ownDelayMs) : ownDelayMs;
  if (clock.now() + delayMs > untilMs) throw sent.error;
  await clock.sleep(delayMs);
}

/** What a sending that failed means for the next step; throws when no step helps. */
export function readFailedSend(thrown: unknown, asked: Asked): Exclude<Sent, { is: 'taken' }> {
  const error = classify(thrown, { ...asked, act: 'change' });
  if (thrown instanceof TransportError && thrown.code === 'EBODYCHANGED') {
    throw new RefusalError(`The package changed while it was sent: ${thrown.message}`, {
      code: 'package-changed',
      where: asked.where,
      cause: thrown,
    });
  }
  if (error.kind === 'doubt') return { is: 'lost', error };
  if (error.kind === 'transient')
    return {
      is: thrown instanceof TransportError || error.code === 'token-expired' ? 'missed' : 'busy',
      error,
    };
  if (
    !(thrown instanceof AnswerError) ||
    thrown.facts.status !== 409 ||
    !busyTexts.test(thrown.facts.message)
  )
    throw asPackageRefusal(error, thrown);
  return {
    is: 'busy',
    error: new TransientError(error.message, {
      code: 'deployment-in-progress',
      where: asked.where,
      cause: thrown,
    }),
  };
}

/** §2.2: another deployment, an auto swap, a lock. The fourth 409, a package from a URL, does not pass. */
const busyTexts = /currently in progress|auto swap deployment currently ongoing|conflicts with the pending/i;

function asPackageRefusal(error: SlotwaveError, thrown: unknown): SlotwaveError {
  const status = thrown instanceof AnswerError ? thrown.facts.status : 0;
  if (status === 409 && /remote URL|run-from-zip/i.test(error.message)) {
    return new RefusalError(error.message, {
      code: 'package-is-remote',
      next: 'Set WEBSITE_RUN_FROM_PACKAGE to 1 on this slot, or remove it.',
      cause: thrown,
      ...(error.where ? { where: error.where } : {}),
    });
  }
  return error;
}

const lostLooksAfterMs = [2_000, 5_000, 10_000, 15_000];

/** After a lost answer: is there a deployment that was not there before? Temporary ones count, ours is coming. */
async function findLost(course: Course): Promise<boolean> {
  for (const delayMs of lostLooksAfterMs) {
    await course.clock.sleep(delayMs);
    if (pickOwn(course, await course.desk.list())) return true;
  }
  return false;
}
