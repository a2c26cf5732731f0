/** What the engine is given. Every effect and every instant passes through here, so that a test can hold it. */
import type { Clock } from '../clock.ts';
import type { Plan } from '../plan/plan.ts';
import type { Diagnosis } from '../probe/diagnosis.ts';
import type { Look, Question } from '../probe/look.ts';
import type { RoadFacts } from '../probe/road.ts';
import type { Finding } from '../probe/verdict.ts';
import type { Release } from '../release/release.ts';
import type { Strategy } from '../target/strategy.ts';
import type { Notice } from './events.ts';
import type { Experience } from './expected.ts';
import type { Journal } from './journal.ts';
import type { Shelf } from './shelf.ts';

export interface Ports {
  readonly strategy: Strategy;
  readonly look: Look;
  /** Finds out why a look failed, within seconds, by reads alone. Nobody asks why where it is absent. */
  readonly diagnose?: Diagnose | undefined;
  readonly journal: Journal;
  /** Where packages of earlier rollouts are kept; nothing is taken away where absent. */
  readonly shelves?: readonly Shelf[] | undefined;
  readonly clock: Clock;
  readonly tell: (notice: Notice) => void;
  /** Aborted when the user or the runner cancels; the reason names the signal. */
  readonly stop: AbortSignal;
}

/** Never rejects for want of facts. */
export type Diagnose = (
  failed: Pick<Question, 'target' | 'side' | 'hostName'> & {
    readonly findings: readonly Finding[];
    readonly road: RoadFacts | undefined;
  },
  signal: AbortSignal,
) => Promise<Diagnosis>;

export interface Assignment {
  readonly plan: Plan;
  readonly release: Release;
  /** Tells whether the settings of a resumed rollout are the ones it began with; never the values. */
  readonly settingsDigest: string;
  /** What earlier rollouts took; counts only where this one begins. */
  readonly experience?: Experience | undefined;
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
