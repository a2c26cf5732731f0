/** Following a deployment to a verdict that is bounded, and never green by default. */
import { RefusalError, type SlotwaveError, TransientError } from '../errors.ts';
import { classify } from './classify.ts';
import { AnswerError } from './error-facts.ts';
import { nextLookMs } from './pace.ts';
import { type Course, type Looked, pickOwn } from './scm-course.ts';
import { type Deployment, judgeDeployment, nameStatus } from './scm-deployments.ts';

/** Where nobody knows better: an upload of a usual size that is put in place without a build. */
const usualMs = 30_000;
const pace = { nearMs: 2_000, farMs: 20_000, lateMs: 10_000 };
/** How long a deployment may be without a record after it was accepted, or lose it again while the SCM site restarts. */
const recordGraceMs = 120_000;

/**
 * First any record of ours is looked for; as soon as it has a permanent id, that id is followed, so that
 * another's later deployment cannot be taken for ours.
 *
 * @param location where the SCM site said to look, a path; null when it said nothing.
 */
export async function followDeployment(course: Course, location: string | null): Promise<void> {
  const { clock, untilMs } = course;
  course.onSent?.();
  const sinceMs = clock.now();
  const { expectedEndMs } = course;
  const expectedMs = expectedEndMs === undefined ? usualMs : expectedEndMs - sinceMs;
  const ownPace = { ...pace, expectedMs, isGuess: expectedEndMs === undefined };
  let pinned: string | null = null;
  let last: Deployment | null = null;
  for (let seenAtMs = clock.now(); ; ) {
    const { found, retryAfterMs } = await look(course, { location, pinned });
    if (found) {
      last = found;
      seenAtMs = clock.now();
      if (!found.temporary) {
        pinned = found.id;
        if (await isOver(course, found)) return;
      }
    }
    // What the site asks for is about its newest deployment, whosever that is; ours is asked for by its own name.
    const askedMs = found ? null : retryAfterMs;
    await clock.sleep(nextLookMs(ownPace, clock.now() - sinceMs, askedMs));
    if (clock.now() > untilMs) throw notEnded(course, last, `within its deadline`);
    if (clock.now() - seenAtMs > recordGraceMs) throw notEnded(course, last, `and has no record any more`);
  }
}

const nothing: Looked = { found: null, retryAfterMs: null };

async function look(
  course: Course,
  { location, pinned }: { readonly location: string | null; readonly pinned: string | null },
): Promise<Looked> {
  const { desk } = course;
  if (pinned !== null) return (await glance(course, () => desk.one(pinned))) ?? nothing;
  const list = await glance(course, () => desk.list());
  const own = pickOwn(course, list ?? []);
  if (location === null || (own && !own.temporary)) return { found: own, retryAfterMs: null };
  const latest = (await glance(course, () => desk.at(location))) ?? nothing;
  return { ...latest, found: (latest.found && pickOwn(course, [latest.found])) ?? own };
}

/** One look; what may pass by waiting (404 before the record, a restarting site, silence) is only "not seen". */
async function glance<T>(course: Course, act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (thrown) {
    if (thrown instanceof AnswerError && thrown.facts.status === 404) return null;
    const error = classify(thrown, course.asked);
    if (error.kind === 'transient') return null;
    throw error;
  }
}

async function isOver(course: Course, found: Deployment): Promise<boolean> {
  const verdict = judgeDeployment(found);
  switch (verdict) {
    case 'success':
      return true;
    case 'running':
      return false;
    case 'failed':
      throw new RefusalError(
        `${where(course)}: the deployment ended as "${nameStatus(found)}"${await told(course, found)}`,
        {
          code: 'deployment-failed',
          where: course.target.name,
          next: `Read its log: ${course.desk.logAddress(found.id)}`,
        },
      );
    case 'conflict':
      throw new TransientError(`${where(course)}: the deployment met another one ("${nameStatus(found)}").`, {
        code: 'deployment-conflict',
        where: course.target.name,
      });
    default:
      return verdict satisfies never;
  }
}

async function told(course: Course, found: Deployment): Promise<string> {
  const log = await glance(course, () => course.desk.log(found.id)).catch(() => null);
  const said = log || found.doing;
  return said ? `: ${said}` : '.';
}

function notEnded(course: Course, last: Deployment | null, how: string): SlotwaveError {
  const state = last
    ? `last seen as "${nameStatus(last)}"${last.doing ? ` (${last.doing})` : ''}`
    : 'never seen in the list of deployments';
  return new TransientError(`${where(course)}: the deployment did not come to a verdict ${how}; ${state}.`, {
    code: 'deployment-without-verdict',
    where: course.target.name,
  });
}

function where({ target }: Course): string {
  return `${target.site}/${target.slot}`;
}
