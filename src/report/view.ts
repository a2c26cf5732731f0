/** What a reader of a running rollout should see now: a fold over what happened and what was noticed. */
import type { PlannedTarget } from '../plan/plan.ts';
import type { Reading, Side } from '../probe/verdict.ts';
import type { Cause, Happening, Outcome, Phase, Recorded, ReleaseFacts, Shown } from '../rollout/events.ts';
import type { Standing } from '../target/strategy.ts';

/** One target's line. Undefined releases are not known yet. */
export interface Row {
  readonly name: string;
  readonly region: string;
  readonly wave: string | null;
  readonly phase: Phase;
  readonly live: string | null | undefined;
  readonly beside: string | null | undefined;
  readonly reading: Reading | null;
  readonly upload: { readonly sentBytes: number; readonly totalBytes: number } | null;
  readonly waitingFor: string | null;
  /** Something went wrong here; stays until the end, so that it is found among 200 rows. */
  readonly trouble: string | null;
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
}

export interface WaveView {
  readonly name: string;
  readonly targets: readonly string[];
  readonly stage: 'waiting' | 'open' | 'baking' | 'baked';
  readonly bakeUntilMs: number | null;
  /** Whether it is watched at all before the next one moves. */
  readonly bakes: boolean;
}

export interface View {
  readonly app: string;
  readonly rollout: string;
  readonly release: ReleaseFacts | null;
  /** When this was begun: the rollout, or, where it was taken up again, the newest run of it. */
  readonly begunMs: number | null;
  readonly nowMs: number;
  /** Replaced row by row in place: a fleet has hundreds of them, and each look brings an event. */
  readonly rows: Map<string, Row>;
  readonly waves: readonly WaveView[];
  readonly turn: { readonly to: 'rollback' | 'halt'; readonly why: string } | null;
  readonly end: {
    readonly outcome: Outcome;
    readonly why: string;
    readonly causes: readonly Cause[];
  } | null;
  /** Its Azure is gone when it ends: there is nothing to go on with, and nothing to look at. */
  readonly rehearsal: boolean;
}

/** The shape of an entry that carries time and nothing else, so that clocks go on between events. */
export interface Tick {
  readonly type: 'tick';
  readonly at: string;
}

export function emptyView(rehearsal = false): View {
  return {
    app: '',
    rollout: '',
    release: null,
    begunMs: null,
    nowMs: 0,
    rows: new Map(),
    waves: [],
    turn: null,
    end: null,
    rehearsal,
  };
}

/** The view after one more event; `view` must not be used any more. */
export function nextView(view: View, event: Shown | Tick): View {
  const atMs = Date.parse(event.at);
  const timed = { ...view, nowMs: Number.isNaN(atMs) ? view.nowMs : Math.max(view.nowMs, atMs) };
  if (event.type === 'rollout.begun') return begin(timed, event);
  const change = rowChange(event, timed);
  if (change) for (const name of change.targets) updateRow(timed, name, change.fields, event.type);
  return overall(timed, event);
}

function begin(view: View, event: Extract<Recorded, { type: 'rollout.begun' }>): View {
  const { plan } = event;
  return {
    ...view,
    app: plan.app,
    rollout: event.rollout,
    release: event.release,
    begunMs: view.nowMs,
    rows: new Map(plan.targets.map((target) => [target.facts.target.name, firstRow(target)])),
    waves: plan.waves.map(({ name, targets, bakeTimeMs }) => ({
      name,
      targets,
      stage: 'waiting',
      bakeUntilMs: null,
      bakes: bakeTimeMs > 0,
    })),
  };
}

function firstRow({ facts, wave, action }: PlannedTarget): Row {
  return {
    name: facts.target.name,
    region: facts.region,
    wave,
    phase: action === 'leave' ? 'left' : 'pending',
    live: facts.production.releaseId,
    beside: facts.staging?.releaseId,
    reading: null,
    upload: null,
    waitingFor: null,
    trouble: null,
    sinceMs: null,
    untilMs: null,
  };
}

interface RowChange {
  readonly targets: readonly string[];
  readonly fields: Partial<Omit<Row, 'name'>>;
}

const phases: Partial<Record<Happening['type'], Phase>> = {
  'stage.begun': 'staging',
  'stage.done': 'staged',
  'target.refused': 'refused',
  'promote.begun': 'promoting',
  'promote.done': 'promoted',
  'target.observed': 'observed',
  'revert.begun': 'reverting',
  'target.reverted': 'reverted',
  'target.stranded': 'stranded',
};

const finalPhases: ReadonlySet<Phase> = new Set(['settled', 'reverted', 'stranded', 'refused', 'left']);

function rowChange(event: Shown | Tick, view: View): RowChange | null {
  switch (event.type) {
    case 'upload.progressed':
      return one(event.target, { upload: { sentBytes: event.sentBytes, totalBytes: event.totalBytes } });
    case 'operation.waited':
    case 'delivery.turned':
      return one(event.target, { waitingFor: event.what });
    case 'reading.noticed':
    case 'reading.taken':
      return one(event.reading.target, { reading: event.reading, waitingFor: null });
    case 'stage.failed':
    case 'promote.failed':
    case 'revert.failed':
      return one(event.target, { trouble: event.failure.message, ...calm });
    case 'doubt.raised':
      return one(event.target, { waitingFor: 'the outcome is in doubt' });
    case 'target.failed':
      return one(event.target, { trouble: event.why });
    case 'target.drifted':
      return one(event.target, {
        trouble: event.how === 'taken-back' ? 'its swap was taken back' : 'somebody else changed it',
        ...standing(event.found),
      });
    case 'target.stranded':
      return one(event.target, { ...phaseOf(event.type), trouble: event.why, ...calm });
    case 'target.refused':
      return one(event.target, { ...phaseOf(event.type), trouble: event.verdict.why, ...calm });
    case 'wave.baked':
      return { targets: wellIn(view, event.wave), fields: { phase: 'baked' } };
    default:
      return moveChange(event, view);
  }
}

/** What the steps of the road change in a row. */
function moveChange(event: Shown | Tick, view: View): RowChange | null {
  switch (event.type) {
    case 'stage.done':
      return one(event.target, {
        ...phaseOf(event.type),
        live: event.incumbentId,
        beside: view.release?.id,
        ...calm,
      });
    case 'target.cleared':
      return one(event.target, event.during === 'clear' ? { phase: 'cleared', ...calm } : calm);
    case 'doubt.settled':
      return one(event.target, {
        ...afterDoubt(event.verb, event.happened),
        ...standing(event.standing),
        ...calm,
      });
    case 'promote.done':
    case 'revert.done':
      return one(event.target, { ...phaseOf(event.type), ...standing(event.standing), ...calm });
    case 'promote.begun':
    case 'revert.begun':
      return one(event.target, { ...phaseOf(event.type), ...standing(event.before), ...calm });
    case 'stage.begun':
    case 'target.observed':
    case 'target.reverted':
      return one(event.target, { ...phaseOf(event.type), ...calm });
    default:
      return null;
  }
}

const calm = { upload: null, waitingFor: null } as const;

function one(target: string, fields: RowChange['fields']): RowChange {
  return { targets: [target], fields };
}

function phaseOf(type: Happening['type']): { readonly phase?: Phase } {
  const phase = phases[type];
  return phase ? { phase } : {};
}

function standing({ live, beside }: Standing): Pick<Row, 'live' | 'beside'> {
  return { live, beside };
}

function afterDoubt(verb: string, happened: boolean): { readonly phase?: Phase } {
  if (!happened) return {};
  return verb === 'promote' ? { phase: 'promoted' } : {};
}

function wellIn(view: View, wave: string): readonly string[] {
  const targets = view.waves.find(({ name }) => name === wave)?.targets ?? [];
  return targets.filter((name) => view.rows.get(name)?.phase === 'observed');
}

function updateRow(view: View, name: string, fields: RowChange['fields'], type: string): void {
  const row = view.rows.get(name);
  if (!row) return;
  const phase = fields.phase ?? row.phase;
  const sinceMs = row.sinceMs ?? (type === 'stage.begun' ? view.nowMs : null);
  view.rows.set(name, {
    ...row,
    ...fields,
    sinceMs: sinceMs === null ? null : Math.max(sinceMs, view.begunMs ?? sinceMs),
    untilMs: finalPhases.has(phase) ? (row.untilMs ?? view.nowMs) : null,
  });
}

function overall(view: View, event: Shown | Tick): View {
  switch (event.type) {
    case 'rollout.resumed':
      return takeUp(view);
    case 'wave.opened':
      return withWave(view, event.wave, { stage: 'open' });
    case 'wave.promoted':
      return withWave(view, event.wave, { stage: 'baking', bakeUntilMs: event.bakeUntilMs });
    case 'wave.baked':
      return withWave(view, event.wave, { stage: 'baked', bakeUntilMs: null });
    case 'rollback.decided':
      return { ...view, turn: { to: 'rollback', why: event.why } };
    case 'halt.decided':
      return { ...view, turn: { to: 'halt', why: event.why } };
    case 'rollout.ended':
      return end(view, event);
    default:
      return view;
  }
}

/** Days may lie between: clocks that ran on over them would say nothing about this run. */
function takeUp(view: View): View {
  const resumed = { ...view, begunMs: view.nowMs };
  for (const { name, untilMs } of [...view.rows.values()])
    if (untilMs === null) updateRow(resumed, name, {}, 'rollout.resumed');
  return resumed;
}

function withWave(view: View, name: string, fields: Partial<WaveView>): View {
  return { ...view, waves: view.waves.map((wave) => (wave.name === name ? { ...wave, ...fields } : wave)) };
}

function end(view: View, event: Extract<Recorded, { type: 'rollout.ended' }>): View {
  for (const { target, live, beside, readable, phase } of event.standings) {
    const row = view.rows.get(target);
    if (!row) continue;
    const seen = readable ? { live, beside } : { live: undefined, beside: undefined };
    // The standings are read before the end is known: what baked through a settled rollout has settled with it.
    const last = event.outcome === 'settled' && phase === 'baked' ? 'settled' : phase;
    view.rows.set(target, { ...row, ...seen, ...calm, phase: last, untilMs: row.untilMs ?? view.nowMs });
  }
  return { ...view, end: { outcome: event.outcome, why: event.why, causes: event.causes ?? [] } };
}

/** Which slot a reading looked at, in words. */
export function nameSide(side: Side): string {
  return side === 'live' ? 'production' : 'the staging slot';
}
