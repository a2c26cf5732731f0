/** The story of a rollout, top to bottom. */
import { bakeWave } from './bake.ts';
import { chooseReverts, decideTurn, explainFailures } from './decide.ts';
import { type Ended, end, settle } from './ending.ts';
import { type Assignment, Interruption } from './ports.ts';
import { prepareAll } from './prepare.ts';
import { promoteWave, type WaveEnd } from './promote.ts';
import { recall, recallDecision, recallFailures, recallToRevert, recallTouched } from './recall.ts';
import { createRun, type Run } from './run.ts';
import { takeBackAll } from './take-back.ts';

export interface Interrupted {
  readonly kind: 'interrupted';
  /** The signal that cancelled: `SIGINT`, `SIGTERM`. */
  readonly signal: string;
}

/**
 * Carries a plan out, or carries on where the journal stops: a new journal begins a rollout, one with entries
 * resumes it. Throws a DefectError when this program is at fault; everything else is an end.
 */
export function rollOut(assignment: Assignment): Promise<Ended | Interrupted> {
  return untilStopped(assignment, async (run) => {
    const decision = recallDecision(run.entries);
    // Nothing is written behind an end: whoever reads the last entry must find it there.
    if (decision.kind === 'ended') return { kind: 'ended', outcome: decision.outcome, why: decision.why };
    await begin(run, assignment);
    if (decision.kind === 'halt') return end(run, 'halted', decision.why);
    if (decision.kind === 'rollback') return takeBack(run, decision.why, decision.targets);

    const prepared = await prepareAll(run);
    if (prepared.kind === 'refused') return end(run, 'refused', prepared.why);

    for (const [at, wave] of run.plan.waves.entries()) {
      const promoted = await promoteWave(run, wave, prepared.candidates);
      if (promoted.kind !== 'well') return turn(run, promoted);
      const baked = await bakeWave(run, wave, prepared.candidates, run.plan.waves[at + 1]);
      if (baked.kind !== 'well') return turn(run, baked);
    }
    return settle(run);
  });
}

/** Takes back what an earlier rollout promoted, because somebody asks for it. */
export function rollBackRollout(assignment: Assignment, why: string): Promise<Ended | Interrupted> {
  return untilStopped(assignment, async (run) => {
    const decision = recallDecision(run.entries);
    await begin(run, assignment);
    if (decision.kind === 'rollback') return takeBack(run, decision.why, decision.targets);
    const targets = chooseReverts(run.plan, 'all', recallToRevert(run.entries), []);
    if (recallTouched(run.entries).length === 0)
      return end(run, 'refused', 'nothing was promoted, so there is nothing to take back');
    await run.note({ type: 'rollback.decided', why, targets, failing: [] });
    return takeBack(run, why, targets);
  });
}

async function begin(
  run: Run,
  { plan, release, settingsDigest, experience = {} }: Assignment,
): Promise<void> {
  if (recall(run.entries, 'rollout.begun')) return run.note({ type: 'rollout.resumed' });
  const { id, contentDigest, digest, bytes, files, functionNames } = release;
  const own = Object.entries(experience).filter(([name]) => run.names.includes(name));
  return run.note({
    type: 'rollout.begun',
    plan,
    release: { id, contentDigest, digest, bytes, files, ...(functionNames ? { functionNames } : {}) },
    settingsDigest,
    ...(own.length === 0 ? {} : { experience: Object.fromEntries(own) }),
  });
}

/** More failed than is tolerated, or nobody can tell: from here on the rollout never goes forward again. */
async function turn(run: Run, ending: Exclude<WaveEnd, { kind: 'well' }>): Promise<Ended> {
  if (ending.kind === 'lost') return halt(run, ending.why);
  const failed = recallFailures(run.entries);
  const why = explainFailures(failed);
  if (decideTurn(failed, run.plan.strategy) === 'halt') return halt(run, why);
  if (recallTouched(run.entries).length === 0) return end(run, 'refused', why);
  const failing = failed.map((each) => each.target);
  const { scope } = run.plan.strategy.onFailure;
  const targets = chooseReverts(run.plan, scope, recallToRevert(run.entries), failing);
  await run.note({ type: 'rollback.decided', why, targets, failing });
  return takeBack(run, why, targets);
}

async function halt(run: Run, why: string): Promise<Ended> {
  await run.note({ type: 'halt.decided', why });
  return end(run, 'halted', why);
}

async function takeBack(run: Run, why: string, targets: readonly string[]): Promise<Ended> {
  // Those for which the rollback was decided; none when a person asks for it, who then gets all that can be done.
  const failed = new Set(recall(run.entries, 'rollback.decided')?.failing);
  const failing = targets.filter((name) => failed.has(name));
  const others = targets.filter((name) => !failed.has(name));
  const { stranded, isEnvironment } = await takeBackAll(run, failing, others);
  if (stranded.length === 0) return end(run, 'rolled-back', why);
  const told = `${why}. Not taken back: ${explainFailures(stranded)}`;
  return isEnvironment ? halt(run, told) : end(run, 'stranded', told);
}

/**
 * A cancellation is written down at once, not when the step under way has ended: a runner may kill us within
 * seconds. Steps under way find `stop` aborted and write nothing more; what they asked of Azure is looked into
 * by the next run.
 */
async function untilStopped(
  assignment: Assignment,
  story: (run: Run) => Promise<Ended>,
): Promise<Ended | Interrupted> {
  const { stop, journal } = assignment.ports;
  const run = createRun(assignment);
  let forget = () => {};
  const stopped = new Promise<Interrupted>((resolve, reject) => {
    const interrupt = () => {
      const signal = String(stop.reason);
      // Nothing is written behind an end: one that is on its way is what this rollout comes to, one that was there
      // before this process stays the last entry.
      if (run.isEnding()) return;
      const written =
        run.entries.at(-1)?.type === 'rollout.ended'
          ? Promise.resolve()
          : journal.append({ type: 'rollout.interrupted', signal });
      written.then(() => resolve({ kind: 'interrupted', signal }), reject);
    };
    if (stop.aborted) interrupt();
    else stop.addEventListener('abort', interrupt, { once: true });
    forget = () => stop.removeEventListener('abort', interrupt);
  });
  const told = story(run).catch((thrown: unknown) => {
    if (thrown instanceof Interruption) return stopped;
    throw thrown;
  });
  return Promise.race([told, stopped]).finally(forget);
}
