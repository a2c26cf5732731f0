/** What will be done, as a value: printed, saved, compared, carried out. Deciding is pure; nothing here does anything. */
import type { TargetFacts } from './fleet.ts';

export interface WaveRequest {
  readonly name: string;
  readonly match?: Readonly<Record<string, string>> | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly count?: number | undefined;
  /** Of all targets of the fleet; rounds down, never below 1. */
  readonly percent?: number | undefined;
  readonly bakeTimeMs: number;
  readonly maxConcurrency?: number | undefined;
}

export type FailureAction = 'rollback' | 'halt';
export type FailureScope = 'target' | 'wave' | 'all';

export interface StrategyRequest {
  readonly maxConcurrency: number;
  readonly maxConcurrencyPer: {
    readonly region?: number | undefined;
    readonly subscription?: number | undefined;
    readonly plan?: number | undefined;
  };
  readonly regionPairs: 'never-together' | 'ignore';
  readonly waves: readonly WaveRequest[];
  /** How many failed targets are tolerated; the rollout turns when there are more. */
  readonly failureTolerance: number;
  /** Per target, waiting for its turn excluded. */
  readonly progressDeadlineMs: number;
  readonly onFailure: { readonly action: FailureAction; readonly scope: FailureScope };
}

export interface Check {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expect: {
    readonly status: number;
    /** Dotted path in the JSON body → expected value. `{releaseId}` stands for the release that should answer. */
    readonly json?: Readonly<Record<string, string | number | boolean>> | undefined;
    readonly text?: string | undefined;
  };
}

export interface ProbeRequest {
  readonly vantage: { readonly via: 'direct' };
  readonly checks: readonly Check[];
  /** Functions that must be listed; empty: at least one function must be. */
  readonly functions: readonly string[];
  readonly initialDelayMs: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Healthy readings in a row that make a healthy verdict. */
  readonly consecutiveSuccessLimit: number;
  /** Bad answers tolerated; one more is unhealthy. */
  readonly failureLimit: number;
  /** Looks without any answer tolerated in a row; one more is inconclusive. */
  readonly consecutiveErrorLimit: number;
  /** How long a slot may take until it is first healthy. */
  readonly deadlineMs: number;
}

export interface PlannedWave {
  readonly name: string;
  readonly targets: readonly string[];
  readonly bakeTimeMs: number;
  readonly maxConcurrency: number | null;
  /** Why these targets: `label ring=canary`, `50 % of 6 targets`, `the rest`. */
  readonly why: string;
}

export interface PlannedTarget {
  readonly facts: TargetFacts;
  readonly action: 'promote' | 'leave';
  readonly wave: string | null;
  /** Why it is promoted or left alone, in one sentence. */
  readonly why: string;
}

export interface PackageFacts {
  readonly source: string;
  /** SHA-256 of the packed bytes without the stamp, hex. */
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
}

export interface Plan {
  readonly version: 1;
  readonly app: string;
  readonly cloud: string;
  readonly createdAt: string;
  readonly package: PackageFacts;
  /** Names only; the values are read from the config again when they are written. */
  readonly settingNames: readonly string[];
  readonly strategy: StrategyRequest;
  readonly probes: ProbeRequest;
  readonly waves: readonly PlannedWave[];
  readonly targets: readonly PlannedTarget[];
  /** SHA-256 over everything in the fleet that a rollout relies on; a deploy refuses when it has changed. */
  readonly fleetDigest: string;
  /** SHA-256 of the config file's bytes. */
  readonly configDigest: string;
}
