/** The looks of a rollout: at the candidate beside, at what is live, at the incumbent that could come back. */
import type { Limits } from '../probe/judge.ts';
import type { Question, Sight } from '../probe/look.ts';
import { keyNotYetCode, type Reading, type Side, type Verdict } from '../probe/verdict.ts';
import { watch } from '../probe/watch.ts';
import type { Candidate } from '../target/strategy.ts';
import { startDiagnosing } from './diagnosing.ts';
import { type Done, exchangedAtMs } from './expected.ts';
import { recall } from './recall.ts';
import type { Run } from './run.ts';

export type Occasion = 'clear' | 'preview' | 'proof' | 'observe' | 'bake' | 'revert';

interface Watching {
  readonly occasion: Occasion;
  readonly question: Question;
  readonly deadlineMs: number;
  readonly successes?: number;
  readonly holdUntilMs?: number;
  readonly wasHealthy?: boolean;
  readonly wasRestarted?: boolean;
  readonly signal?: AbortSignal;
}

/** Within this the instance that a change of settings makes restart has stopped answering. */
const restartMs = 15_000;

/** Is the candidate that waits beside well? `deadlineMs` is what is left of the target's progress deadline. */
export function watchCandidate(
  run: Run,
  candidate: Candidate,
  occasion: 'clear' | 'preview' | 'proof',
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Verdict> {
  const question = {
    ...askCandidate(run, candidate, 'beside'),
    ...(occasion === 'clear' ? { once: ['dependencies'] as const } : {}),
  };
  // Right before its promotion one more healthy answer is enough: it was lastingly healthy when it was cleared.
  if (occasion === 'proof') {
    const until = signal === undefined ? {} : { signal };
    return watchFor(run, { occasion, question, deadlineMs, successes: 1, ...until });
  }
  const watching = { occasion, question, deadlineMs, wasRestarted: true };
  if (occasion === 'clear') return watchFor(run, watching);
  // The release is the same before and after this restart, so nothing but time tells the two instances apart.
  const applied = recall(run.entries, 'preview.done', candidate.target.name);
  const sinceMs = applied ? Date.parse(applied.at) : run.ports.clock.now();
  return watchFor(run, { ...watching, holdUntilMs: sinceMs + restartMs });
}

/** Is what was promoted well in production? */
export function watchPromoted(run: Run, candidate: Candidate, deadlineMs: number): Promise<Verdict> {
  const question: Question = { ...askCandidate(run, candidate, 'live'), once: ['exposure'] };
  // Swaps that succeeded were followed by 503s for some twenty seconds, and swaps were taken back by the platform:
  // being well once is not enough. From where the promotion ended, not from where a resumed process begins.
  const promoted = recall(run.entries, 'promote.done', candidate.target.name);
  const observeMs = run.plan.swap?.observeForMs ?? 0;
  const sinceMs = promoted ? sinceWhenLive(run, promoted, observeMs) : run.ports.clock.now();
  const holdUntilMs = sinceMs + observeMs;
  return watchFor(run, { occasion: 'observe', question, deadlineMs, holdUntilMs });
}

/**
 * Azure says when, and is asked about it only now and then: the time in between has passed as well. Its clock may
 * not be ours, so half of the time at least is that of our own.
 */
function sinceWhenLive(run: Run, promoted: Done, observeMs: number): number {
  const begun = recall(run.entries, 'promote.begun', promoted.target);
  const atMs = exchangedAtMs(promoted, begun ? Date.parse(begun.at) : undefined);
  return Math.max(atMs, Date.parse(promoted.at) - Math.floor(observeMs / 2));
}

/** Does it stay well until the bake is over? */
export function watchBaking(
  run: Run,
  candidate: Candidate,
  holdUntilMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const question = askCandidate(run, candidate, 'live');
  const deadlineMs = run.plan.probes.deadlineMs;
  return watchFor(run, { occasion: 'bake', question, deadlineMs, holdUntilMs, wasHealthy: true, signal });
}

/** Is the incumbent well: beside, before it is brought back (law 6), or live again afterwards? */
export function watchIncumbent(run: Run, candidate: Candidate, side: Side): Promise<Verdict> {
  const name = candidate.target.name;
  const before = recall(run.entries, 'incumbent.looked', name);
  const question: Question = {
    ...askCandidate(run, candidate, side),
    expected: candidate.incumbentId,
    functionsFrom: undefined,
    spared: spareIncumbent(before?.passed ?? [], side),
    // Only what the incumbent could do before: a check that came with the new release says nothing about the old one.
    functions: before?.functions ?? [],
    checks: run.plan.probes.checks.filter((check) => before?.passed.includes(check.name) ?? false),
  };
  const { deadlineMs } = run.plan.probes;
  // What went beside in a swap got that slot's settings, and was made to restart by them.
  return watchFor(run, { occasion: 'revert', question, deadlineMs, wasRestarted: side === 'beside' });
}

/** The staging slot has an identity of its own: what it cannot follow says nothing of the incumbent in production. */
function spareIncumbent(passed: readonly string[], side: Side): readonly string[] {
  return ['private', 'certificate', 'references'].filter(
    (check) => !passed.includes(check) || (check === 'references' && side === 'beside'),
  );
}

/** For so long Azure may fail to tell the key of a host that runs: what it lists is wanted more than the time. */
const keyPatienceMs = 120_000;

/** One look at the incumbent before anything moves. A silent incumbent is no reason not to deploy. */
export async function lookAtIncumbent(run: Run, name: string): Promise<void> {
  if (recall(run.entries, 'incumbent.looked', name)) return;
  const { target, production } = run.facts(name);
  const { hostName, releaseId: expected } = production;
  const { checks, intervalMs } = run.plan.probes;
  const untilMs = run.ports.clock.now() + keyPatienceMs;
  for (;;) {
    const question = { target, side: 'live', hostName, expected, functions: [], checks } as const;
    const { passed, functions, reading } = await run.look(question, run.ports.stop);
    const isAsked = reading.findings.every(({ code }) => code !== keyNotYetCode);
    if (isAsked || run.ports.clock.now() + intervalMs >= untilMs)
      return run.note({ type: 'incumbent.looked', target: name, passed, functions });
    await run.pause(intervalMs);
  }
}

function askCandidate(run: Run, candidate: Candidate, side: Side): Question {
  const facts = run.facts(candidate.target.name);
  const hostName =
    side === 'live' ? facts.production.hostName : (candidate.address?.host ?? facts.production.hostName);
  const { checks } = run.plan.probes;
  const { target, releaseId: expected } = candidate;
  return { target, side, hostName, expected, checks, ...expectFunctions(run, target.name) };
}

/** Who knows best: the config, else the package itself, else what the release before it lists. */
function expectFunctions(run: Run, name: string): Pick<Question, 'functions' | 'functionsFrom'> {
  const { functions } = run.plan.probes;
  if (functions.length > 0) return { functions, functionsFrom: 'config' };
  const { functionNames } = run.release;
  if (functionNames && functionNames.length > 0)
    return { functions: functionNames, functionsFrom: 'package' };
  const before = recall(run.entries, 'incumbent.looked', name);
  return { functions: before?.functions ?? [], functionsFrom: 'incumbent' };
}

/** How long health must last is asked of what is new; going back is in a hurry. */
function limitsOf({ probes }: Run['plan'], { occasion, successes }: Watching): Limits {
  const lasting = occasion === 'proof' || occasion === 'revert' ? { healthyStateDurationMs: 0 } : {};
  return {
    ...probes,
    ...lasting,
    ...(successes === undefined ? {} : { consecutiveSuccessLimit: successes }),
  };
}

async function watchFor(run: Run, watching: Watching): Promise<Verdict> {
  const { probes } = run.plan;
  let before = '';
  const diagnosing = startDiagnosing(run, watching.question, watching.occasion);
  const record = async (sight: Sight) => {
    const { reading, triggers = [] } = sight;
    diagnosing.see(sight);
    if (watching.occasion === 'clear') await noteTriggers(run, reading.target, triggers);
    // A journal of a long bake holds what changed, not the same line a thousand times; verdicts carry their readings.
    const now = signatureOf(reading);
    if (now === before) {
      const { target, side } = reading;
      run.ports.tell({ type: 'reading.noticed', target, side, reading });
      return;
    }
    before = now;
    await run.note({ type: 'reading.taken', reading, during: watching.occasion });
  };
  const signal = watching.signal ? AbortSignal.any([watching.signal, run.ports.stop]) : run.ports.stop;
  try {
    const verdict = await watch({
      look: run.look,
      question: watching.question,
      limits: limitsOf(run.plan, watching),
      intervalMs: probes.intervalMs,
      initialDelayMs:
        watching.occasion === 'proof' || watching.occasion === 'bake' ? 0 : probes.initialDelayMs,
      deadlineMs: Math.min(probes.deadlineMs, Math.max(0, watching.deadlineMs)),
      ...(watching.holdUntilMs === undefined ? {} : { holdUntilMs: watching.holdUntilMs }),
      wasHealthy: watching.wasHealthy ?? false,
      wasRestarted: watching.wasRestarted ?? false,
      clock: run.ports.clock,
      signal,
      record,
    });
    diagnosing.conclude(verdict);
    return verdict;
  } catch (reason) {
    run.goOn();
    throw reason;
  }
}

/** Told once: the first list in which there are any. */
async function noteTriggers(
  run: Run,
  target: string,
  triggers: NonNullable<Sight['triggers']>,
): Promise<void> {
  if (triggers.length === 0 || recall(run.entries, 'triggers.found', target)) return;
  await run.note({ type: 'triggers.found', target, triggers });
}

function signatureOf(reading: Reading): string {
  return `${reading.condition} ${reading.findings.map((each) => `${each.check}:${each.condition}:${each.said}`).join(' ')}`;
}
