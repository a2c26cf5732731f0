/** Sending the package until it is taken once, and no more often than that. */
import { createReadStream } from 'node:fs';
import { RefusalError, type SlotwaveError, TransientError } from '../errors.ts';
import type { Asked } from './asked.ts';
import { classify } from './classify.ts';
import { AnswerError } from './error-facts.ts';
import { delayBefore } from './retry.ts';
import { type Course, endedIds, findEarlier, listDeployments, pickOwn } from './scm-course.ts';
import { followDeployment } from './scm-follow.ts';
import { rebaseLocation } from './scm-session.ts';
import { TransportError } from './transport.ts';

const uploadLimit = 4;
const busyDelayMs = 5_000;
const longestBusyDelayMs = 60_000;

/** Sends until one sending is taken, then follows it. A lost answer is looked after before anything is sent again. */
export async function deliver(start: Course): Promise<void> {
  let course = start;
  for (let uploads = 1, refusals = 0; ; ) {
    const sent = await uploadOnce(course);
    if (sent.is === 'taken') return followDeployment(course, sent.location);
    if (sent.is === 'lost' && (await findLost(course))) return followDeployment(course, null);
    if (sent.is === 'busy') refusals++;
    else if (++uploads > uploadLimit) throw sent.error;
    await waitToSend(course, sent, sent.is === 'busy' ? refusals : uploads);
    const list = await listDeployments(course, course.session, course.asked);
    const own = findEarlier(course.release, list);
    if (own.is === 'done') return;
    if (own.is === 'running') return followDeployment(course, null);
    // What others finished while we waited is not ours either.
    course = { ...course, known: new Set([...course.known, ...endedIds(list)]) };
  }
}

/** A busy site is knocked at less and less often: each knock carries the whole package. */
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

type Sent =
  | { readonly is: 'taken'; readonly location: string | null }
  /** Another deployment holds the site: waiting costs nothing but time. */
  | { readonly is: 'busy'; readonly error: SlotwaveError }
  /** Certainly not taken. */
  | { readonly is: 'missed'; readonly error: SlotwaveError }
  /** Perhaps taken. */
  | { readonly is: 'lost'; readonly error: SlotwaveError };

async function uploadOnce(course: Course): Promise<Sent> {
  const { release, session, asked, onProgress } = course;
  try {
    const answer = await session.upload({
      path: uploadPath(course),
      headers: { 'content-type': 'application/zip', 'x-ms-artifact-checksum': release.digest },
      bytes: release.bytes,
      open: () => createReadStream(release.path),
      timeoutMs: uploadTimeoutMs(release.bytes),
      onSent: (sentBytes) => onProgress({ sentBytes, totalBytes: release.bytes }),
    });
    return { is: 'taken', location: rebaseLocation(answer.headers['location'], session.origin) };
  } catch (thrown) {
    return readRefusedUpload(thrown, asked);
  }
}

function readRefusedUpload(thrown: unknown, asked: Asked): Sent {
  const error = classify(thrown, {
    ...asked,
    act: 'change',
    what: `upload the package: could not ${asked.what}`,
  });
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

function uploadPath({ slot, release }: Course): string {
  const message = encodeURIComponent(release.id);
  return slot.operatingSystem === 'windows'
    ? `/api/zipdeploy?isAsync=true&Deployer=slotwave&message=${message}`
    : `/api/publish?type=zip&async=true&Deployer=slotwave&message=${message}`;
}

/** A minute, and a second for each 128 KiB: 17 minutes for 128 MiB, on a line that nobody should have. */
function uploadTimeoutMs(bytes: number): number {
  return 60_000 + Math.ceil(bytes / (128 * 1024)) * 1000;
}

const lostLooksAfterMs = [2_000, 5_000, 10_000, 15_000];

/** After a lost answer: is there a deployment that was not there before? Temporary ones count, ours is coming. */
async function findLost(course: Course): Promise<boolean> {
  for (const delayMs of lostLooksAfterMs) {
    await course.clock.sleep(delayMs);
    const list = await listDeployments(course, course.session, course.asked);
    if (pickOwn(course, list)) return true;
  }
  return false;
}
