/**
 * What happened: the journal's entries and `--json`. Type and data are the public contract; wording is not.
 * Types are `noun.participle`, or `verb.begun|done|failed` for what is done to one target.
 */
import type { Plan } from '../plan/plan.ts';
import type { Reading, Side, Verdict } from '../probe/verdict.ts';
import type { Standing } from '../target/strategy.ts';
import type { Experience } from './expected.ts';

export type Outcome = 'settled' | 'refused' | 'rolled-back' | 'stranded' | 'halted';
export type Verb = 'stage' | 'promote' | 'revert';

export interface ReleaseFacts {
  readonly id: string;
  readonly contentDigest: string;
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
  /** The functions that the package names itself; absent: it names none. */
  readonly functionNames?: readonly string[] | undefined;
}

/** What a target runs when the rollout ends. */
export interface EndStanding {
  readonly target: string;
  readonly live: string | null;
  readonly beside: string | null;
  /** Null when it could not be read. */
  readonly readable: boolean;
  readonly phase: Phase;
}

export type Phase =
  | 'pending'
  | 'staging'
  | 'staged'
  | 'cleared'
  | 'promoting'
  | 'promoted'
  | 'observed'
  | 'baked'
  | 'settled'
  | 'reverting'
  | 'reverted'
  | 'stranded'
  | 'refused'
  | 'left';

export interface Failure {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly next?: string | undefined;
}

/** A package of an earlier rollout, where it is kept. */
export interface ShelvedPackage {
  readonly place: 'store' | 'disk';
  readonly release: string;
  readonly bytes: number;
}

/** Why one of the places could not be tidied. */
export interface ShelfTrouble extends Omit<Failure, 'kind'> {
  readonly place: ShelvedPackage['place'];
}

export type DriftKind = 'taken-back' | 'changed';

/** Why a place is not well, by name (docs/diagnosis.md). */
export interface Cause {
  readonly target: string;
  readonly side: Side;
  /** Stable: `name-unknown`, `ip-forbidden`, `host-without-functions`, … */
  readonly code: string;
  readonly certainty: 'certain' | 'likely';
  readonly door: 'app' | 'scm';
  readonly host: string;
  /** What was seen, and what to do: whole sentences. */
  readonly said: string;
  readonly next: string;
  /** The page about this cause, from the root of the package. */
  readonly docs: string;
}

export type Happening =
  | {
      readonly type: 'rollout.begun';
      readonly plan: Plan;
      readonly release: ReleaseFacts;
      readonly settingsDigest: string;
      /** What targets took in earlier rollouts, where anybody knows: who begins first follows from it. */
      readonly experience?: Experience | undefined;
    }
  | { readonly type: 'rollout.resumed' }
  | { readonly type: 'rollout.interrupted'; readonly signal: string }
  | {
      readonly type: 'rollout.ended';
      readonly outcome: Outcome;
      readonly why: string;
      readonly standings: readonly EndStanding[];
      /** Why targets were not well, where a look found out; absent when none was unwell. */
      readonly causes?: readonly Cause[] | undefined;
    }
  | { readonly type: 'stage.begun'; readonly target: string }
  | {
      readonly type: 'stage.done';
      readonly target: string;
      readonly incumbentId: string | null;
      readonly address: string | null;
      readonly bytes: number;
    }
  | { readonly type: 'stage.failed'; readonly target: string; readonly failure: Failure }
  /** The incumbent, looked at before anything moves: which checks it passes, to be held against it later. */
  | {
      readonly type: 'incumbent.looked';
      readonly target: string;
      readonly passed: readonly string[];
      readonly functions: readonly string[];
    }
  | {
      readonly type: 'reading.taken';
      readonly reading: Reading;
      readonly during: 'clear' | 'preview' | 'proof' | 'observe' | 'bake' | 'revert';
    }
  /** Found out beside a watch: at its first failed look, and at its verdict when that had another reason. */
  | ({
      readonly type: 'look.diagnosed';
      readonly during: 'clear' | 'preview' | 'proof' | 'observe' | 'bake' | 'revert';
    } & Cause)
  /** Names of settings that staging overwrites, taken down before the first write; their values are never here. */
  | {
      readonly type: 'settings.kept';
      readonly target: string;
      readonly changed: readonly string[];
      readonly added: readonly string[];
    }
  /** After a refusal. `left`: could not be put back, because nobody knows the value any more, or somebody wrote. */
  | {
      readonly type: 'settings.restored';
      readonly target: string;
      readonly restored: readonly string[];
      readonly left: readonly string[];
      readonly why?: string | undefined;
    }
  /** Functions of the candidate that do not wait for HTTP, and so run in the staging slot beside production's. */
  | {
      readonly type: 'triggers.found';
      readonly target: string;
      readonly triggers: readonly { readonly name: string; readonly type: string }[];
    }
  /** Production's own settings are put on the candidate, to look at it as it will run. */
  | { readonly type: 'preview.begun'; readonly target: string }
  | { readonly type: 'preview.done'; readonly target: string }
  /** A preparation is cancelled on both slots: a preview that is not followed by a promotion, or what a failed swap left. */
  | { readonly type: 'reset.begun'; readonly target: string; readonly why: string }
  | { readonly type: 'reset.done'; readonly target: string }
  | { readonly type: 'reset.failed'; readonly target: string; readonly failure: Failure }
  | {
      readonly type: 'target.cleared';
      readonly target: string;
      readonly during: 'clear' | 'preview' | 'proof';
      readonly verdict: Verdict;
    }
  | { readonly type: 'target.refused'; readonly target: string; readonly verdict: Verdict }
  | { readonly type: 'wave.opened'; readonly wave: string; readonly targets: readonly string[] }
  | { readonly type: 'promote.begun'; readonly target: string; readonly before: Standing }
  | { readonly type: 'promote.done'; readonly target: string; readonly standing: Standing }
  | { readonly type: 'promote.failed'; readonly target: string; readonly failure: Failure }
  | { readonly type: 'target.observed'; readonly target: string; readonly verdict: Verdict }
  | { readonly type: 'wave.promoted'; readonly wave: string; readonly bakeUntilMs: number }
  | { readonly type: 'wave.baked'; readonly wave: string }
  /** Why a target counts as failed; the count is held against `failureTolerance`. */
  | {
      readonly type: 'target.failed';
      readonly target: string;
      readonly why: string;
      readonly verdict: Verdict | null;
    }
  | {
      readonly type: 'target.drifted';
      readonly target: string;
      readonly expected: Standing;
      readonly found: Standing;
      /** `taken-back`: the slots are as before a swap of ours, which Azure may have done by itself. Absent before 0.2. */
      readonly how?: DriftKind | undefined;
    }
  | { readonly type: 'doubt.raised'; readonly target: string; readonly verb: Verb; readonly failure: Failure }
  | {
      readonly type: 'doubt.settled';
      readonly target: string;
      readonly verb: Verb;
      readonly standing: Standing;
      readonly happened: boolean;
    }
  | {
      readonly type: 'rollback.decided';
      readonly why: string;
      readonly targets: readonly string[];
      readonly failing: readonly string[];
    }
  | { readonly type: 'revert.begun'; readonly target: string; readonly before: Standing }
  | { readonly type: 'revert.done'; readonly target: string; readonly standing: Standing }
  | { readonly type: 'revert.failed'; readonly target: string; readonly failure: Failure }
  | { readonly type: 'target.reverted'; readonly target: string; readonly verdict: Verdict }
  | {
      readonly type: 'target.stranded';
      readonly target: string;
      readonly why: string;
      readonly verdict: Verdict | null;
    }
  | { readonly type: 'halt.decided'; readonly why: string }
  /** After a rollout that settled: packages of earlier ones that nobody can need any more are deleted. */
  | { readonly type: 'tidy.begun'; readonly packages: readonly ShelvedPackage[] }
  /** `troubles` change no outcome. */
  | {
      readonly type: 'tidy.done';
      readonly removed: readonly ShelvedPackage[];
      readonly troubles: readonly ShelfTrouble[];
    };

/** A happening in the journal: numbered from 1 without gaps, with the instant of the rollout's clock. */
export type Recorded = { readonly seq: number; readonly at: string; readonly rollout: string } & Happening;

/** What is worth showing while it lasts, and not worth keeping. */
export type Notice =
  | {
      readonly type: 'upload.progressed';
      readonly target: string;
      readonly sentBytes: number;
      readonly totalBytes: number;
    }
  | { readonly type: 'operation.waited'; readonly target: string; readonly what: string }
  /** The package takes another road than the one that was asked for; `what` ends a sentence about the target. */
  | { readonly type: 'delivery.turned'; readonly target: string; readonly what: string }
  | {
      readonly type: 'reading.noticed';
      readonly target: string;
      readonly side: Side;
      readonly reading: Reading;
    };

export type Shown = Recorded | (Notice & { readonly at: string });
export type Reporter = (events: AsyncIterable<Shown>) => AsyncIterable<string>;
