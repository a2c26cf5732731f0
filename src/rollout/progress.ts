/** Where each target stands, folded from the journal: for resume, status, reports and the live table. */
import type { Phase, Recorded } from './events.ts';

export interface Progress {
  readonly phases: ReadonlyMap<string, Phase>;
  /** The wave that is open now. */
  readonly wave: string | null;
  readonly bakeUntilMs: number | null;
  readonly waiting: 'nothing' | 'bake';
}

export function progressOf(entries: readonly Recorded[]): Progress {
  const phases = new Map<string, Phase>();
  const failed = new Set<string>();
  const advance = (from: Phase, to: Phase) => {
    // What failed and was tolerated without being taken back has neither baked nor settled.
    for (const [name, phase] of phases) if (phase === from && !failed.has(name)) phases.set(name, to);
  };
  let wave: string | null = null;
  let bakeUntilMs: number | null = null;
  for (const entry of entries) {
    if (entry.type === 'rollout.begun') {
      for (const each of entry.plan.targets)
        phases.set(each.facts.target.name, each.action === 'leave' ? 'left' : 'pending');
    }
    const phase = phaseAfter(entry);
    if (phase && 'target' in entry && !isOnItsWay(entry, phases)) phases.set(entry.target, phase);
    if (entry.type === 'target.failed') failed.add(entry.target);
    if (entry.type === 'wave.opened') wave = entry.wave;
    if (entry.type === 'wave.promoted') bakeUntilMs = entry.bakeUntilMs;
    if (entry.type === 'wave.baked' || entry.type === 'rollback.decided' || entry.type === 'halt.decided')
      bakeUntilMs = null;
    if (entry.type === 'wave.baked') advance('observed', 'baked');
    if (entry.type === 'rollout.ended') {
      bakeUntilMs = null;
      if (entry.outcome === 'settled') advance('baked', 'settled');
    }
  }
  return { phases, wave, bakeUntilMs, waiting: bakeUntilMs === null ? 'nothing' : 'bake' };
}

function phaseAfter(entry: Recorded): Phase | null {
  switch (entry.type) {
    case 'stage.begun':
      return 'staging';
    case 'stage.done':
      return 'staged';
    case 'stage.failed':
    case 'target.refused':
      return 'refused';
    case 'target.cleared':
      return 'cleared';
    case 'promote.begun':
      return 'promoting';
    case 'promote.done':
      return 'promoted';
    // Certainly nothing moved: what was staged still waits beside.
    case 'promote.failed':
      return 'cleared';
    case 'target.observed':
      return 'observed';
    case 'revert.begun':
      return 'reverting';
    case 'target.reverted':
      return 'reverted';
    case 'target.stranded':
      return 'stranded';
    default:
      return null;
  }
}

/** A promotion that is asked for once more is cleared once more, and is no less under way for that. */
function isOnItsWay(entry: Recorded, phases: ReadonlyMap<string, Phase>): boolean {
  return entry.type === 'target.cleared' && phases.get(entry.target) === 'promoting';
}
