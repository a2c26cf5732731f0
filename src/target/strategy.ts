/** How one hosting plan moves a release: four verbs and no more. */
import { DefectError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Release } from '../release/release.ts';

/** What a target runs live and what waits beside it, as read from Azure. A null id: that slot carries no stamp. */
export interface Standing {
  readonly live: string | null;
  readonly beside: string | null;
  /** What is half done on the target, in words: neither id is final while it is there. */
  readonly pending?: string;
  /** When the two were last exchanged, as Azure says it; absent: never, or nobody tells. */
  readonly swappedAt?: string;
}

/** The release that sits ready beside the live one. */
export interface Candidate {
  readonly target: Target;
  /** The id that will be live after a promotion. */
  readonly releaseId: string | null;
  /** The id that is live now and will wait beside. */
  readonly incumbentId: string | null;
  /** Where the candidate can be looked at before it is live; null: this plan has no such place. */
  readonly address: URL | null;
}

/** Names of settings that staging changes or adds: what a refusal puts back. Values stay with the strategy. */
export interface KeptSettings {
  readonly changed: readonly string[];
  readonly added: readonly string[];
}

export interface RestoredSettings {
  readonly restored: readonly string[];
  /** Changed by us, and their value from before is not known any more, or somebody else changed them since. */
  readonly left: readonly string[];
}

declare const clearance: unique symbol;
/** A candidate that was looked at and found healthy. Nothing else can be promoted. */
export type Cleared = Candidate & { readonly [clearance]: true };

/** Law 7: the only way to a `Cleared`. The verdict must come from looks at this very candidate. */
export function clear(candidate: Candidate, verdict: { readonly conclusion: string }): Cleared {
  if (verdict.conclusion !== 'healthy') {
    throw new DefectError(
      `${candidate.target.name} was to be cleared on a verdict "${verdict.conclusion}".`,
      {
        code: 'cleared-without-health',
        where: candidate.target.name,
      },
    );
  }
  return candidate as Cleared;
}

/** What is known beforehand. Nothing but the pace of looking follows from it. */
export interface Hints {
  /** How long it is likely to take. */
  readonly expectedMs?: number | undefined;
}

export interface StagingHints extends Hints {
  /** Called when the release is handed over: from then on there is nothing to do but wait. */
  readonly onSent?: (() => void) | undefined;
}

export interface Strategy {
  /**
   * Waits out an operation in flight, then reads. Where somebody says what is `expected`, two stamps that are so
   * are enough: nothing is told then of what is pending, or of when they were exchanged.
   */
  inspect(target: Target, expected?: Standing): Promise<Standing>;
  /** Puts the release beside the live one. Doing it again is harmless. Starts nothing more once `stop` aborts. */
  stage(target: Target, release: Release, stop?: AbortSignal, hints?: StagingHints): Promise<Candidate>;
  /**
   * Makes the candidate live, exactly once. Throws TransientError when certainly nothing moved, RefusalError
   * when it never will, DoubtError when only `inspect` can tell; the signal's reason when `stop` aborted before
   * anything was asked for.
   */
  promote(candidate: Cleared, stop?: AbortSignal, hints?: Hints): Promise<Standing>;
  /** Brings the release that waits beside back: here `releaseId` is the incumbent, `incumbentId` the sick one. */
  revert(candidate: Cleared, stop?: AbortSignal, hints?: Hints): Promise<Standing>;

  // What only some ways of moving a release can do. A strategy without one of these is never asked for it.

  /** Makes the candidate run as it will in production, where it can still be looked at. Doing it again is harmless. */
  readonly preview?: (candidate: Candidate, stop?: AbortSignal) => Promise<void>;
  /** Cancels what is half prepared on a target, ours or not. Doing it again is harmless; live is not touched. */
  readonly reset?: (target: Target) => Promise<void>;
  /** Takes down what staging will overwrite. To be asked before the first `stage`, never after it. */
  readonly keep?: (target: Target) => Promise<KeptSettings>;
  /** Puts back what `keep` took down. Doing it again is harmless. */
  readonly restore?: (target: Target, kept: KeptSettings) => Promise<RestoredSettings>;
}
