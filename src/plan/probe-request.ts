/** How each target is looked at: the part of a plan that the looks go by. */

import type { VantageRequest } from './vantage-request.ts';

export interface Check {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly expect: {
    /** One of these. */
    readonly status: number | readonly number[];
    /** Dotted path in the JSON body → expected value. `{releaseId}` stands for the release that should answer. */
    readonly json?: Readonly<Record<string, string | number | boolean>> | undefined;
    readonly text?: string | undefined;
    /** From before the connection is made until the whole answer is there. */
    readonly maxLatencyMs?: number | undefined;
  };
}

/** What the app itself must reach. */
export interface Dependency {
  readonly host: string;
  readonly port: number;
}

export interface ProbeRequest {
  /** Where a target says nothing else. */
  readonly vantage: VantageRequest;
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
  // The rest is absent where it is not asked for, and in plans that were made before it could be.
  /** How long the row of healthy readings must last at least. */
  readonly healthyStateDurationMs?: number | undefined;
  /** An answer over a public address is not a healthy reading. */
  readonly requirePrivate?: boolean | undefined;
  /** The public way must answer 403 Ip Forbidden once a release is live. */
  readonly exposure?: ExposureRequest | undefined;
  /** How many days the server's certificate must still be valid. */
  readonly certificate?: { readonly daysLeft: number } | undefined;
  /** Asked of the staging slot before a release goes live. */
  readonly dependencies?: readonly Dependency[] | undefined;
}

export interface ExposureRequest {
  readonly expect: 'closed';
  /** The public way. */
  readonly from: ProbeRequest['vantage'];
}

/**
 * A plan is saved, journaled and shown. What a check carries to be let in (headers, a body, the
 * query of its path) is not in it: whoever carries the plan out takes that from the config again.
 */
export function withoutKeys(check: Check): Check {
  const headers = Object.fromEntries(Object.keys(check.headers).map((name) => [name, '***']));
  const path = check.path.replace(/([?&][^=&#]*=)[^&#]+/g, '$1***');
  return { ...check, headers, path, ...(check.body === undefined ? {} : { body: '***' }) };
}
