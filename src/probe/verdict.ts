/** One look, and the conclusion from many. */

/** `live` is the production slot, `beside` the staging slot. */
export type Side = 'live' | 'beside';

/**
 * healthy: the right release answered, and answered well. unhealthy: something answered, and it was wrong.
 * starting: not up yet (503, host state Starting, the release before it still answering). unreachable: no answer.
 */
export type Condition = 'healthy' | 'unhealthy' | 'starting' | 'unreachable';

export interface Finding {
  /** `host`, `functions`, `release`, or the name of a check in the config. */
  readonly check: string;
  readonly condition: Condition;
  /** What was seen, in words: `200, but 0 functions are listed`. Neutralised before it is shown. */
  readonly said: string;
  /** Why there was no answer: `TIMEOUT`, `ECONNREFUSED`, … Only with `unreachable`. */
  readonly code?: string | undefined;
}

export interface Reading {
  readonly target: string;
  readonly side: Side;
  /** The release that was expected to answer. */
  readonly expected: string | null;
  readonly vantage: string;
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
