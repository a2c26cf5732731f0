/** One row of the table: what Azure does, what the engine concludes, what the user reads. */
import type { Travelled, Trouble } from './road.ts';

export interface Row {
  /** Of azure-platform.md; `peers`: a line of the list of regressions at the end of peers.md. */
  readonly section: string;
  /** What Azure does. */
  readonly azure: string;
  /** What the engine does about it. */
  readonly engine: string;
  readonly trouble: Trouble;
  /** What the Azure client makes of it, `kind code`; empty: nothing that the engine has to know. */
  readonly concludes: readonly string[];
  readonly outcome: 'settled' | 'refused' | 'rolled-back' | 'stranded' | 'halted' | 'not begun';
  /** How often the package is sent to weu's staging slot, or how often at least and at most; 1 when not given. */
  readonly uploads?: number | readonly [number, number];
  /** How often neu's swap is asked for on its way live; 1 when it settles and 0 when it is refused, if not given. */
  readonly swaps?: number;
  /** A part of what the user reads. */
  readonly reads: RegExp;
  /** What else must be true. */
  readonly holds?: (travelled: Travelled) => void;
}

/** The site on whose staging slot deployments meet their trouble, and the one on which swaps do. */
export const deployed = 'weu';
export const swapped = 'neu';
