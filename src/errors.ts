/**
 * Errors are sorted by who must act. Each has a stable code, says what happened and where, and names the next
 * thing to try. Wording may change between versions; `kind` and `code` do not.
 */
export type ErrorKind = 'input' | 'refusal' | 'transient' | 'doubt' | 'defect';

export interface ErrorFacts {
  /** Stable, kebab-case: `config-unreadable`, `slot-not-found`. */
  readonly code: string;
  /** Where: a file and line, a target, a request. */
  readonly where?: string;
  /** What the reader should type, change or ask for next. */
  readonly next?: string;
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** How many more times the same is worth asking for, where that is known; absent: as often as the caller would. */
  readonly retryLimit?: number;
  /** Every single problem, when there are several: all are shown at once. */
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

/** One thing that is wrong with what the user gave us. */
export interface Problem {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Where in the document: `strategy.waves[1].percent`. */
  readonly path?: string;
  readonly message: string;
  readonly found?: string;
  readonly expected?: string;
  readonly next?: string;
}

export abstract class SlotwaveError extends Error {
  abstract readonly kind: ErrorKind;
  /** Written out in each: a bundle's classes have short names. */
  abstract override readonly name: string;
  readonly code: string;
  readonly where: string | undefined;
  readonly next: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retryLimit: number | undefined;
  readonly problems: readonly Problem[];

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.where = facts.where;
    this.next = facts.next;
    this.retryAfterMs = facts.retryAfterMs;
    this.retryLimit = facts.retryLimit;
    this.problems = facts.problems ?? [];
  }
}

/** You: what was asked cannot be done as it is written. Nothing was started. */
export class InputError extends SlotwaveError {
  override readonly name = 'InputError';
  readonly kind = 'input';
}

/** Azure says no, for good: asking again without a change gives the same answer. */
export class RefusalError extends SlotwaveError {
  override readonly name = 'RefusalError';
  readonly kind = 'refusal';
}

/** Not now: the request certainly had no effect, and may be sent again later. */
export class TransientError extends SlotwaveError {
  override readonly name = 'TransientError';
  readonly kind = 'transient';
}

/** Sent, and the outcome is unknown: only a look at the world can tell. Never repeat it blindly. */
export class DoubtError extends SlotwaveError {
  override readonly name = 'DoubtError';
  readonly kind = 'doubt';
}

/** Us: a state that this program believes impossible. */
export class DefectError extends SlotwaveError {
  override readonly name = 'DefectError';
  readonly kind = 'defect';
}

/** Any thrown value as one of ours; a stranger is a defect, with its own stack kept as the cause. */
export function asSlotwaveError(thrown: unknown): SlotwaveError {
  if (thrown instanceof SlotwaveError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DefectError(message, {
    code: 'unexpected',
    next: 'This is a defect in slotwave: please report it with the journal.',
    cause: thrown,
  });
}
