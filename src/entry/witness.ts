/** What a door gets to know of the work behind it, beside the lines that are written: all parts may be left out. */
import type { Plan } from '../plan/plan.ts';
import type { Finding } from '../preflight/finding.ts';
import type { Package } from '../release/package.ts';
import type { Recorded, Shown } from '../rollout/events.ts';
import type { RolloutPlace } from './state.ts';

export interface Witness {
  /** What would be done, and what preflight says of it; whoever hears it tells the warnings. */
  foreseen?(foreseen: { readonly plan: Plan; readonly findings: readonly Finding[] }): void;
  /** A plan was written there. */
  saved?(planFile: string): void;
  /** A rollout that is begun, gone on with, taken back or asked for. */
  placed?(place: RolloutPlace): void;
  /** What was packed, and where it was put. */
  packed?(pkg: Package): void;
  /** In place of the plain lines about a rollout. `history` is what its journal held before. */
  report?(events: AsyncIterable<Shown>, history: readonly Recorded[]): AsyncIterable<string>;
}
