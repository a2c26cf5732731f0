/** What preflight has to say about a target before anything moves. */
import type { TargetFacts } from '../plan/fleet.ts';
import type { SwapRequest } from '../plan/plan.ts';

/** An error stops the rollout, a warning is shown. */
export type Severity = 'error' | 'warning';

export interface Finding {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly severity: Severity;
  /** Null when it is about the fleet as a whole. */
  readonly target: string | null;
  /** What is there, in one sentence. Names read from Azure stand in it as they came. */
  readonly found: string;
  /** What would go wrong. */
  readonly why: string;
  /** What to type or click. */
  readonly fix: string;
  /** Where the platform documents it. */
  readonly source: string;
}

/** What the rules may know beside the fleet. */
export interface PreflightRequest {
  /** Names of the settings that the config would write. */
  readonly settingNames: readonly string[];
  readonly swap?:
    | (Pick<SwapRequest, 'preview' | 'resetPrepared'> & Partial<Pick<SwapRequest, 'warmUp'>>)
    | undefined;
  /** How the package comes to the slots; a push to their SCM sites when absent. */
  readonly delivery?: { readonly mode: string; readonly remoteBuild: boolean } | undefined;
  /** Targets that the plan leaves alone: nothing will happen to them, so nothing is said about them. */
  readonly leave?: readonly string[] | undefined;
}

/** What a rule says about a target; null when all is well. */
export type Said = { readonly found: string; readonly fix: string } | null;

/** One rule about one target: a pure function and its words. */
export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  readonly why: string;
  readonly source: string;
  check(facts: TargetFacts, request: PreflightRequest): Said;
}
