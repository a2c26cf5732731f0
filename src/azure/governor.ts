/**
 * Every request about a subscription passes here, to ARM, to SCM sites, to the store of packages: as fast as quotas
 * allow, no faster, and every target in its turn. Holding a request back before it is sent is free of doubt; having
 * it refused costs quota.
 */
import { Lane, type LaneFacts, type LaneParts, type Pass } from './lane.ts';
import { type BucketSize, createBucket, createWindow, readHostQuietMs, readQuietMs } from './quota.ts';

export interface Governor {
  /**
   * Resolves when the request may leave; tell the pass what was answered.
   *
   * @throws TransientError `throttled`: it would have to wait longer than anybody should. `stopped`: somebody asked
   * to stop while it waited. It was not sent.
   */
  enter(method: string, url: string): Promise<Pass>;
  /** The same for a host that ARM does not count for, in a lane of its own: it waits for what that host asks for. */
  enterHost(visit: Visit): Promise<Pass>;
  /**
   * How long another try has to wait for its place among all second tries of this subscription (or store); null
   * when that is longer than `longestMs`. An outage must not be answered with a storm.
   */
  retryWaitMs(share: string, longestMs: number): number | null;
}

export interface Visit {
  /** The host that is asked, as in its URL. */
  readonly host: string;
  /** What it is, in a sentence: `the SCM site`. */
  readonly who: string;
  /** ARM's path of the site that it belongs to; null when it serves many. */
  readonly site: string | null;
}

export function createGovernor(parts: LaneParts): Governor {
  const lanes = new Map<string, Lane>();
  const shares = new Map<string, RetryShare>();
  const callOff = () => {
    for (const lane of lanes.values()) lane.callOff();
  };
  parts.stop?.addEventListener('abort', callOff, { once: true });
  return {
    enter: async (method, url) => {
      const { key, site, facts } = readRequest(method, url);
      return keep(lanes, key, () => new Lane(facts(), parts)).enter(site);
    },
    enterHost: async ({ host, who, site }) => {
      const key = `host ${host.toLowerCase()}`;
      const facts = { who: `${who} ${host}`, what: 'requests', quotas: [], readQuietMs: readHostQuietMs };
      return keep(lanes, key, () => new Lane(facts, parts)).enter(site);
    },
    retryWaitMs: (share, longestMs) =>
      keep(shares, share.toLowerCase(), createRetryShare)(parts.clock.now(), longestMs),
  };
}

function keep<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = make();
  kept.set(key, made);
  return made;
}

interface Asked {
  /** One lane for each of ARM's buckets: reads, writes and deletes of a subscription are counted apart. */
  readonly key: string;
  readonly site: string | null;
  readonly facts: () => LaneFacts;
}

const graphPath = /^\/providers\/microsoft\.resourcegraph\//i;
const subscriptionPath = /^\/subscriptions\/([^/]+)/i;
const sitePath = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Web\/sites\/[^/]+/i;

function readRequest(method: string, url: string): Asked {
  const { pathname, origin } = new URL(url);
  if (graphPath.test(pathname)) {
    const facts = () => ({
      who: 'Resource Graph',
      what: `queries at ${origin}`,
      quotas: [createWindow()],
      readQuietMs,
    });
    return { key: `graph ${origin}`, site: null, facts };
  }
  const kind = kindOf(method);
  const subscription = subscriptionPath.exec(pathname)?.[1];
  const what = `${kind} of ${subscription === undefined ? origin : `subscription ${subscription}`}`;
  return {
    key: `${kind} ${subscription?.toLowerCase() ?? origin}`,
    site: sitePath.exec(pathname)?.[0] ?? null,
    facts: () => ({ who: 'ARM', what, quotas: sizes[kind].map(createBucket), readQuietMs }),
  };
}

type Kind = 'reads' | 'writes' | 'deletes';

/** ARM counts by the method: a POST that only reads is one of its writes (azure-platform.md §6). */
function kindOf(method: string): Kind {
  const upper = method.toUpperCase();
  if (upper === 'DELETE') return 'deletes';
  return ['GET', 'HEAD', 'OPTIONS'].includes(upper) ? 'reads' : 'writes';
}

const sizes: Readonly<Record<Kind, readonly BucketSize[]>> = {
  reads: sizesOf('reads', 250, 25),
  writes: sizesOf('writes', 200, 10),
  deletes: sizesOf('deletes', 200, 10),
};

/** For one identity, and for all identities of a subscription together, which is 15 times as much (§6). */
function sizesOf(kind: Kind, tokens: number, perSecond: number): readonly BucketSize[] {
  const prefix = 'x-ms-ratelimit-remaining-subscription';
  return [
    { tokens, perSecond, header: `${prefix}-${kind}` },
    { tokens: tokens * 15, perSecond: perSecond * 15, header: `${prefix}-global-${kind}` },
  ];
}

type RetryShare = (nowMs: number, longestMs: number) => number | null;

const retryBurst = 20;
const retryIntervalMs = 200;

/** Twenty at once and five a second: a fifth of what ARM lets through, so that first tries keep their place. */
function createRetryShare(): RetryShare {
  let nextMs = Number.NEGATIVE_INFINITY;
  return (nowMs, longestMs) => {
    const placeMs = Math.max(nextMs, nowMs - (retryBurst - 1) * retryIntervalMs);
    const waitMs = Math.max(0, placeMs - nowMs);
    if (waitMs > longestMs) return null;
    nextMs = placeMs + retryIntervalMs;
    return waitMs;
  };
}
