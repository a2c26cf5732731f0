/** What the engine is given. Every effect and every instant passes through here, so that a test can hold it. */
import type { Clock } from '../clock.ts';
import type { Plan } from '../plan/plan.ts';
import type { Look } from '../probe/look.ts';
import type { Release } from '../release/release.ts';
import type { Strategy } from '../target/strategy.ts';
import type { Notice } from './events.ts';
import type { Journal } from './journal.ts';

export interface Ports {
  readonly strategy: Strategy;
  readonly look: Look;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly tell: (notice: Notice) => void;
  /** Aborted when the user or the runner cancels; the reason names the signal. */
  readonly stop: AbortSignal;
}

export interface Assignment {
  readonly plan: Plan;
  readonly release: Release;
  /** Tells whether the settings of a resumed rollout are the ones it began with; never the values. */
  readonly settingsDigest: string;
  readonly ports: Ports;
}

/** Thrown inside the engine once `stop` is aborted: nothing new starts, and the journal stays resumable. */
export class Interruption extends Error {
  readonly signalName: string;
  constructor(signalName: string) {
    super(`interrupted by ${signalName}`);
    this.name = 'Interruption';
    this.signalName = signalName;
  }
}
