/** How much Azure still lets through: its limits as documented, corrected by what its answers say is left. */
import { readRetryAfterMs } from './error-facts.ts';

export type Headers = Readonly<Record<string, string>>;

/** An answer, and what is needed to know what it still says: it is about the moment when its request arrived. */
export interface Arrival {
  readonly headers: Headers;
  readonly sentMs: number;
  readonly nowMs: number;
  /** Requests that left after this one. */
  readonly sentSince: number;
  /** Requests that are not answered yet. */
  readonly underWay: number;
}

export interface Quota {
  /** How long until `count` requests more may have left; 0: all of them now. */
  waitMs(nowMs: number, count: number): number;
  take(nowMs: number): void;
  /** What an answer says is left. Only ever lowers: a limit that is wider than documented is nothing to rely on. */
  learn(arrival: Arrival): void;
  /** Nothing is left, and nothing comes until then. */
  drain(untilMs: number): void;
}

export interface BucketSize {
  readonly tokens: number;
  readonly perSecond: number;
  /** The header that tells what is left in this bucket. */
  readonly header: string;
}

/**
 * Tokens never asked for: requests may arrive closer together than they left, and somebody else may use the same
 * identity.
 */
const reserveTokens = 10;

/** A token bucket, as ARM has had them since 2024 (azure-platform.md §6). */
export function createBucket({ tokens: capacity, perSecond, header }: BucketSize): Quota {
  let tokens = capacity;
  let filledMs: number | null = null;
  const fill = (nowMs: number) => {
    filledMs ??= nowMs;
    if (nowMs <= filledMs) return;
    tokens = Math.min(capacity, tokens + ((nowMs - filledMs) / 1000) * perSecond);
    filledMs = nowMs;
  };
  return {
    waitMs: (nowMs, count) => {
      fill(nowMs);
      const missing = count + reserveTokens - tokens;
      if (missing <= 0) return 0;
      return Math.ceil((missing / perSecond) * 1000) + Math.max(0, (filledMs ?? nowMs) - nowMs);
    },
    take: (nowMs) => {
      fill(nowMs);
      tokens -= 1;
    },
    learn: (arrival) => {
      const left = readCount(arrival.headers[header]);
      if (left === null) return;
      fill(arrival.nowMs);
      const since = ((arrival.nowMs - arrival.sentMs) / 1000) * perSecond;
      tokens = Math.min(tokens, left - countUncounted(arrival) + since);
    },
    drain: (untilMs) => {
      tokens = Math.min(tokens, reserveTokens + 1);
      filledMs = Math.max(filledMs ?? untilMs, untilMs);
    },
  };
}

const graphQueries = 15;
const graphWindowMs = 5_000;

/**
 * Resource Graph counts by windows: 15 queries in 5 s for each user, and its answers say how many are left and for
 * how long (§1.5). Whatever its window's beginning, a client that keeps to the limit in every window of its own
 * keeps to it in that one too.
 */
export function createWindow(queries = graphQueries - 1, windowMs = graphWindowMs): Quota {
  let departures: number[] = [];
  let told = { left: Number.POSITIVE_INFINITY, untilMs: 0 };
  /** When the `count`th request from now may leave, counted from now: a window after the one `queries` before it. */
  const ownWaitMs = (nowMs: number, count: number): number => {
    const before = departures.length + count - 1 - queries;
    if (before < 0) return 0;
    const departed = departures[before];
    return (
      windowMs +
      (departed === undefined ? ownWaitMs(nowMs, before - departures.length + 1) : departed - nowMs)
    );
  };
  return {
    waitMs: (nowMs, count) => {
      departures = departures.filter((atMs) => atMs > nowMs - windowMs);
      if (told.untilMs <= nowMs) told = { left: Number.POSITIVE_INFINITY, untilMs: 0 };
      return Math.max(ownWaitMs(nowMs, count), count > told.left ? told.untilMs - nowMs : 0);
    },
    take: (nowMs) => {
      departures.push(nowMs);
      told = { ...told, left: told.left - 1 };
    },
    learn: (arrival) => {
      const left = readCount(arrival.headers['x-ms-user-quota-remaining']);
      const resetsMs = readSpanMs(arrival.headers['x-ms-user-quota-resets-after']);
      if (left === null || resetsMs === null || resetsMs === 0) return;
      told = {
        left: Math.min(told.left, left - countUncounted(arrival)),
        untilMs: Math.max(told.untilMs, arrival.nowMs + resetsMs),
      };
    },
    drain: (untilMs) => {
      told = { left: 0, untilMs };
    },
  };
}

const freshMs = 1_000;

/**
 * How many requests the number in an answer may not know of: those that left later. Of a fresh answer it knows
 * more: what was answered before it had arrived before it.
 */
function countUncounted({ sentMs, nowMs, sentSince, underWay }: Arrival): number {
  return nowMs - sentMs <= freshMs ? Math.min(sentSince, underWay) : sentSince;
}

function readCount(value: string | undefined): number | null {
  return value !== undefined && /^\d{1,9}$/.test(value.trim()) ? Number(value) : null;
}

/** `00:00:05`, as .NET writes a span of time. Null for anything else. */
function readSpanMs(value: string | undefined): number | null {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?$/.exec(value?.trim() ?? '');
  if (!match) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** A 429 that does not say how long: long enough for a bucket to fill a little, short enough to be no harm. */
const quietWithoutWordMs = 1_000;

/** How long a 429 asks everybody to be quiet; null when this answer is none. */
export function readQuietMs(status: number, headers: Headers, nowMs: number): number | null {
  return status === 429 ? (readRetryAfterMs(headers, nowMs) ?? quietWithoutWordMs) : null;
}

/** One host says the same with 503, which is how storage accounts throttle; without a time it only says that it is unwell. */
export function readHostQuietMs(status: number, headers: Headers, nowMs: number): number | null {
  return status === 503 ? readRetryAfterMs(headers, nowMs) : readQuietMs(status, headers, nowMs);
}
