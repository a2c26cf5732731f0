/** One look, and the conclusion from many. */

/** `live` is the production slot, `beside` the staging slot. */
export type Side = 'live' | 'beside';

/**
 * healthy: the right release answered, and answered well. unhealthy: something answered, and it was wrong.
 * starting: not up yet (503, host state Starting, the release before it still answering, a check that hangs).
 * unreachable: no answer.
 */
export type Condition = 'healthy' | 'unhealthy' | 'starting' | 'unreachable';

/** How one question was answered. unasked: it could not be asked from here, and counts neither way. */
export type Answered = Condition | 'unasked';

/** The code of a finding when Azure could not give the host's key now, as it cannot while the host starts. */
export const keyNotYetCode = 'KEY_NOT_YET';

export interface Finding {
  /**
   * `host`, `functions`, `release`, `private`, `certificate`, `exposure`, `dependency <host>:<port>`, `references`,
   * or the name of a check in the config.
   */
  readonly check: string;
  readonly condition: Answered;
  /** What was seen, in words: `200, but 0 functions are listed`. Neutralised before it is shown. */
  readonly said: string;
  /** Why there was no answer (`ETIMEDOUT`, `ECONNREFUSED`, …), or what was wrong with it (`TOO_SLOW`, `EXPOSED`, …). */
  readonly code?: string | undefined;
  /** The HTTP status, where that was what was wrong. */
  readonly status?: number | undefined;
}

/** What one question came to, whatever it was called. */
export type Remark = Omit<Finding, 'check'>;

export interface Reading {
  readonly target: string;
  readonly side: Side;
  /** The release that was expected to answer. */
  readonly expected: string | null;
  readonly vantage: string;
  /** The address that answered last, and whether it is private; null: not known from that vantage. */
  readonly address?: string | null | undefined;
  readonly isPrivate?: boolean | null | undefined;
  readonly atMs: number;
  readonly tookMs: number;
  readonly condition: Condition;
  readonly findings: readonly Finding[];
}

export type Conclusion = 'healthy' | 'unhealthy' | 'inconclusive';

export interface Verdict {
  readonly conclusion: Conclusion;
  /** The reason in one sentence, for people. */
  readonly why: string;
  /** The readings that decided, newest last. */
  readonly readings: readonly Reading[];
}
