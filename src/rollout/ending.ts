/** Every end says which release each target runs live (law 4): read from Azure, not remembered. */
import pLimit from 'p-limit';
import type { Target } from '../plan/fleet.ts';
import type { Standing } from '../target/strategy.ts';
import { explainFailures } from './decide.ts';
import { recallCauses } from './diagnosing.ts';
import type { EndStanding, Outcome } from './events.ts';
import { progressOf } from './progress.ts';
import { recall, recallFailures, recallToRevert, recallTouched } from './recall.ts';
import { allEnded, type Run } from './run.ts';
import { tidyShelves } from './shelf.ts';
import { tidyUp } from './tidy-up.ts';

export interface Ended {
  readonly kind: 'ended';
  readonly outcome: Outcome;
  readonly why: string;
}

const maxReads = 16;
/** The last word on a rollout that went well is not spoilt by one answer that ARM did not give. */
const triesPerTarget = 4;
const retryMs = 15_000;

export async function end(run: Run, outcome: Outcome, why: string): Promise<Ended> {
  await tidyUp(run, outcome);
  const standings = await readStandings(run);
  if (outcome === 'rolled-back' || outcome === 'refused') return tellBack(run, outcome, why, standings);
  return writeEnd(run, outcome, why, standings);
}

/** All waves are baked. Settled means that Azure says so too, now. */
export async function settle(run: Run): Promise<Ended> {
  await tidyUp(run, 'settled');
  const standings = await readStandings(run);
  const promoted = run.names.filter(
    (name) => recall(run.entries, 'target.observed', name) && !recall(run.entries, 'target.failed', name),
  );
  const astray = standings.filter((each) => promoted.includes(each.target) && each.live !== run.release.id);
  if (astray.length > 0) return endAstray(run, astray, standings);
  if (promoted.length === 0 && run.names.length > 0) return endWithout(run, standings);
  await tidyShelves(run, standings);
  const why = `${promoted.length} of ${run.names.length} targets run ${run.release.id}`;
  const settled = standings.map((each) =>
    promoted.includes(each.target) ? { ...each, phase: 'settled' as const } : each,
  );
  return writeEnd(run, 'settled', why, settled);
}

/** Nothing runs the release that was taken back, or was never let in: said only when Azure says so too, now. */
async function tellBack(
  run: Run,
  outcome: 'rolled-back' | 'refused',
  why: string,
  standings: readonly EndStanding[],
): Promise<Ended> {
  const astray = standings.filter((each) => isAstray(run, each));
  if (astray.length > 0) return endAstray(run, astray, standings, `${why}. `);
  return writeEnd(run, outcome, why, standings);
}

/** Taken back by us, and something else is live; or never promoted by us, and the release is live all the same. */
function isAstray(run: Run, { target, live }: EndStanding): boolean {
  if (recall(run.entries, 'target.reverted', target))
    return live !== recall(run.entries, 'stage.done', target)?.incumbentId;
  if (recall(run.entries, 'promote.done', target)) return false;
  return live === run.release.id && run.facts(target).production.releaseId !== run.release.id;
}

/** What was done is not what is there: somebody else was here, and only a human can say what is right. */
async function endAstray(
  run: Run,
  astray: readonly EndStanding[],
  standings: readonly EndStanding[],
  before = '',
): Promise<Ended> {
  const tell = ({ target, readable, live }: EndStanding) =>
    `${target} runs ${readable ? (live ?? 'a release without a stamp') : 'nobody knows what'}`;
  const why = `${before}${astray.map(tell).join('; ')}`;
  await run.note({ type: 'halt.decided', why });
  return writeEnd(run, 'halted', why, standings);
}

/** Every failure was tolerated, and nothing is left that runs the release: that is no success. */
async function endWithout(run: Run, standings: readonly EndStanding[]): Promise<Ended> {
  const why = explainFailures(recallFailures(run.entries));
  const isBack = recallToRevert(run.entries).length === 0;
  const wasTouched = recallTouched(run.entries).length > 0;
  if (isBack) return tellBack(run, wasTouched ? 'rolled-back' : 'refused', why, standings);
  return writeEnd(run, 'halted', why, standings);
}

/** The last entry. Whatever is still being found out comes before it. */
async function writeEnd(
  run: Run,
  outcome: Outcome,
  why: string,
  standings: readonly EndStanding[],
): Promise<Ended> {
  await run.caughtUp();
  const causes = outcome === 'settled' ? [] : recallCauses(run.entries);
  const found = causes.length === 0 ? {} : { causes };
  await run.note({ type: 'rollout.ended', outcome, why, standings, ...found });
  return { kind: 'ended', outcome, why };
}

async function readStandings(run: Run): Promise<readonly EndStanding[]> {
  const limit = pLimit(maxReads);
  const { phases } = progressOf(run.entries);
  return allEnded(
    run.plan.targets.map(({ facts: { target } }) =>
      limit(async (): Promise<EndStanding> => {
        const phase = phases.get(target.name) ?? 'pending';
        const standing = await readPatiently(run, target);
        if (!standing) return { target: target.name, live: null, beside: null, readable: false, phase };
        return { target: target.name, live: standing.live, beside: standing.beside, readable: true, phase };
      }),
    ),
  );
}

async function readPatiently(run: Run, target: Target): Promise<Standing | null> {
  for (let tries = 1; ; tries++) {
    run.goOn();
    // As a whole: two stamps that are as they should be do not tell of a swap under way, ours or a stranger's.
    const standing = await run.ports.strategy.inspect(target).catch(() => null);
    if (standing || tries >= triesPerTarget) return standing;
    await run.pause(retryMs);
  }
}
