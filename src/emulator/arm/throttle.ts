/** ARM's token buckets: reads 250 and 25 a second, writes and deletes 200 and 10 a second (azure-platform.md §6). */
import type { Clock } from '../../clock.ts';
import type { World } from '../world/schema.ts';

export type RequestKind = 'reads' | 'writes' | 'deletes';

export interface Throttle {
  /** Takes one token. `waitSeconds` is null when there was one. */
  take(
    subscription: string,
    kind: RequestKind,
  ): { readonly remaining: number; readonly waitSeconds: number | null };
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

const sizes = {
  reads: { tokens: 250, perSecond: 25 },
  writes: { tokens: 200, perSecond: 10 },
  deletes: { tokens: 200, perSecond: 10 },
} as const;

/** One caller is assumed: real buckets are for each principal. An empty bucket only refuses when the world says so. */
export function createThrottle(clock: Clock, throttling: World['throttling']): Throttle {
  const enforced = throttling !== false;
  const own = typeof throttling === 'object' ? throttling : null;
  const buckets = new Map<string, Bucket>();
  return {
    take: (subscription, kind) => {
      const size = own?.[kind] ?? sizes[kind];
      const key = `${kind} ${subscription.toLowerCase()}`;
      const nowMs = clock.now();
      const bucket = buckets.get(key) ?? { tokens: size.tokens, filledMs: nowMs };
      buckets.set(key, bucket);
      bucket.tokens = Math.min(
        size.tokens,
        bucket.tokens + ((nowMs - bucket.filledMs) / 1000) * size.perSecond,
      );
      bucket.filledMs = nowMs;
      if (bucket.tokens < 1 && enforced) {
        return { remaining: 0, waitSeconds: Math.max(1, Math.ceil((1 - bucket.tokens) / size.perSecond)) };
      }
      bucket.tokens = Math.max(0, bucket.tokens - 1);
      return { remaining: Math.floor(bucket.tokens), waitSeconds: null };
    },
  };
}

export function kindOf(method: string): RequestKind {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return 'reads';
  return method === 'DELETE' ? 'deletes' : 'writes';
}
