/** What a journal comes to, for those who read about it afterwards. */
import type { PlannedTarget } from '../plan/plan.ts';
import type { Reading, Verdict } from '../probe/verdict.ts';
import type { Cause, Outcome, Phase, Recorded } from '../rollout/events.ts';
import { emptyView, nextView, type View } from './view.ts';

export interface TargetStory {
  readonly name: string;
  readonly region: string;
  readonly wave: string | null;
  readonly action: PlannedTarget['action'];
  /** Null: without a stamp; undefined: not known. */
  readonly was: string | null | undefined;
  readonly is: string | null | undefined;
  readonly phase: Phase;
  readonly reading: Reading | null;
  readonly trouble: string | null;
  /** From its first step to its last. */
  readonly tookMs: number | null;
}

export interface Span {
  readonly verb: 'stage' | 'promote' | 'bake' | 'revert';
  /** A target, or a wave that bakes. */
  readonly of: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly failed: boolean;
}

/** Why something was turned, and what was seen. */
export interface Decider {
  readonly target: string;
  readonly why: string;
  readonly readings: readonly Reading[];
  /** What helps, where whoever failed knew; empty when not. */
  readonly next: string;
}

export interface Story {
  readonly app: string;
  readonly rollout: string;
  readonly release: string;
  /** Null while it is not at its end. */
  readonly outcome: Outcome | null;
  readonly why: string;
  /** The signal, when the journal ends with it. */
  readonly interruptedBy: string | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly targets: readonly TargetStory[];
  readonly waves: readonly string[];
  readonly spans: readonly Span[];
  readonly rollback: { readonly why: string; readonly targets: readonly string[] } | null;
  readonly deciders: readonly Decider[];
  /** What was found to be behind it, by name. */
  readonly causes: readonly Cause[];
  /** Packages of earlier rollouts that were deleted, and why some could not be; null: nobody had a reason to. */
  readonly tidied: Pick<Tidied, 'removed' | 'troubles'> | null;
}

type Tidied = Extract<Recorded, { readonly type: 'tidy.done' }>;

/** Null for a journal that begins no rollout. */
export function tellStory(entries: readonly Recorded[]): Story | null {
  const begun = entries.find((entry) => entry.type === 'rollout.begun');
  const last = entries.at(-1);
  if (begun === undefined || last === undefined) return null;
  const view = entries.reduce<View>((known, entry) => nextView(known, entry), emptyView());
  const times = findTimes(entries);
  const ended = entries.findLast((entry) => entry.type === 'rollout.ended');
  const turned = entries.findLast((entry) => entry.type === 'rollback.decided');
  return {
    app: begun.plan.app,
    rollout: begun.rollout,
    release: begun.release.id,
    outcome: ended?.outcome ?? null,
    why: ended?.why ?? '',
    interruptedBy: last.type === 'rollout.interrupted' ? last.signal : null,
    fromMs: Date.parse(begun.at),
    untilMs: Date.parse(last.at),
    targets: begun.plan.targets.map((planned) =>
      tellTarget(planned, view, times.get(planned.facts.target.name)),
    ),
    waves: begun.plan.waves.map(({ name }) => name),
    spans: findSpans(entries),
    rollback: turned ? { why: turned.why, targets: turned.targets } : null,
    deciders: findDeciders(entries),
    causes: ended?.causes ?? [],
    tidied: entries.findLast((entry) => entry.type === 'tidy.done') ?? null,
  };
}

interface Times {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** When anything was done with each target, first and last. */
function findTimes(entries: readonly Recorded[]): ReadonlyMap<string, Times> {
  const times = new Map<string, Times>();
  for (const entry of entries) {
    if (!('target' in entry)) continue;
    const untilMs = Date.parse(entry.at);
    times.set(entry.target, { fromMs: times.get(entry.target)?.fromMs ?? untilMs, untilMs });
  }
  return times;
}

function tellTarget(
  { facts, wave, action }: PlannedTarget,
  view: View,
  times: Times | undefined,
): TargetStory {
  const { name } = facts.target;
  const row = view.rows.get(name);
  return {
    name,
    region: facts.region,
    wave,
    action,
    was: facts.production.releaseId,
    is: row?.live,
    phase: row?.phase ?? 'pending',
    reading: row?.reading ?? null,
    trouble: row?.trouble ?? null,
    tookMs: times ? times.untilMs - times.fromMs : null,
  };
}

type Opened = { readonly verb: Span['verb']; readonly of: string; readonly fromMs: number };

const opens: Partial<Record<Recorded['type'], Span['verb']>> = {
  'stage.begun': 'stage',
  'promote.begun': 'promote',
  'revert.begun': 'revert',
};

/** What ends a span, and whether well. A promotion lasts until it has been watched. */
const closes: Partial<Record<Recorded['type'], readonly [Span['verb'], boolean]>> = {
  'stage.done': ['stage', true],
  'stage.failed': ['stage', false],
  'target.observed': ['promote', true],
  'promote.failed': ['promote', false],
  'target.failed': ['promote', false],
  'target.reverted': ['revert', true],
  'revert.failed': ['revert', false],
  'target.stranded': ['revert', false],
};

function findSpans(entries: readonly Recorded[]): readonly Span[] {
  const open = new Map<string, Opened>();
  const spans: Span[] = [];
  const close = (key: string, at: string, failed: boolean) => {
    const opened = open.get(key);
    if (opened && open.delete(key)) spans.push({ ...opened, untilMs: Date.parse(at), failed });
  };
  for (const entry of entries) {
    const atMs = Date.parse(entry.at);
    const verb = opens[entry.type];
    if (verb && 'target' in entry)
      open.set(`${verb} ${entry.target}`, { verb, of: entry.target, fromMs: atMs });
    const closing = closes[entry.type];
    if (closing && 'target' in entry) {
      const isWell = entry.type !== 'target.observed' || entry.verdict.conclusion === 'healthy';
      close(`${closing[0]} ${entry.target}`, entry.at, !closing[1] || !isWell);
    }
    if (entry.type === 'wave.promoted' && entry.bakeUntilMs > atMs)
      open.set(`bake ${entry.wave}`, { verb: 'bake', of: entry.wave, fromMs: atMs });
    if (entry.type === 'wave.baked') close(`bake ${entry.wave}`, entry.at, false);
    if (entry.type === 'rollback.decided' || entry.type === 'halt.decided')
      for (const [key, { verb: left }] of [...open]) if (left === 'bake') close(key, entry.at, true);
  }
  for (const key of [...open.keys()]) close(key, entries.at(-1)?.at ?? '', false);
  return spans;
}

/** The newest word on each target that was not well, with the readings that were not. */
function findDeciders(entries: readonly Recorded[]): readonly Decider[] {
  const found = new Map<string, Decider>();
  for (const entry of entries) {
    const said = sayOf(entry);
    if (said === null) continue;
    const readings = (said.verdict?.readings ?? [])
      .filter(({ condition }) => condition !== 'healthy')
      .slice(-3);
    const before = found.get(said.target);
    found.set(said.target, {
      target: said.target,
      why: said.why,
      readings: readings.length > 0 ? readings : (before?.readings ?? []),
      next: said.next ?? '',
    });
  }
  return [...found.values()];
}

interface Said {
  readonly target: string;
  readonly why: string;
  readonly verdict: Verdict | null;
  readonly next?: string | undefined;
}

function sayOf(entry: Recorded): Said | null {
  switch (entry.type) {
    case 'target.refused':
      return { target: entry.target, why: entry.verdict.why, verdict: entry.verdict };
    case 'target.failed':
    case 'target.stranded':
      return { target: entry.target, why: entry.why, verdict: entry.verdict };
    case 'stage.failed':
    case 'promote.failed':
    case 'revert.failed':
      return {
        ...{ target: entry.target, why: entry.failure.message, verdict: null },
        next: entry.failure.next,
      };
    case 'target.drifted':
      return { target: entry.target, why: 'somebody else changed it', verdict: null };
    default:
      return null;
  }
}
