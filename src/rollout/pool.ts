/** How many targets may move at once: in all, in a region, in a subscription, on a plan, and never a region pair. */
import pLimit, { type LimitFunction } from 'p-limit';
import type { TargetFacts } from '../plan/fleet.ts';
import type { StrategyRequest } from '../plan/plan.ts';
import { arePaired, normaliseRegion } from '../plan/region-pairs.ts';

export interface Pool {
  /** Runs `work` when every limit that the target falls under has room. */
  run<T>(facts: TargetFacts, work: () => Promise<T>): Promise<T>;
}

/**
 * A target takes its places from the narrowest limit to the widest, always in that order: nobody can wait in a
 * circle, and who waits for a narrow place does not hold a wide one meanwhile.
 */
export function createPool(
  strategy: StrategyRequest,
  waveConcurrency: number | null,
  keepPairsApart: boolean,
): Pool {
  const { maxConcurrency, maxConcurrencyPer: per } = strategy;
  const all = pLimit(Math.max(1, Math.min(maxConcurrency, waveConcurrency ?? maxConcurrency)));
  const plans = limitEach(per.plan);
  const regions = limitEach(per.region);
  const subscriptions = limitEach(per.subscription);
  const pairs = keepPairsApart && strategy.regionPairs === 'never-together' ? createPairGate() : passFreely;
  return {
    run: (facts, work) =>
      plans(facts.planId.toLowerCase())(() =>
        pairs(normaliseRegion(facts.region), () =>
          regions(normaliseRegion(facts.region))(() =>
            subscriptions(facts.target.subscriptionId.toLowerCase())(() => all(work)),
          ),
        ),
      ),
  };
}

type LimitOf = (key: string) => <T>(work: () => Promise<T>) => Promise<T>;

function limitEach(limit: number | undefined): LimitOf {
  if (limit === undefined) return () => (work) => work();
  const limits = new Map<string, LimitFunction>();
  return (key) => {
    const known = limits.get(key) ?? pLimit(limit);
    limits.set(key, known);
    return (work) => known(work);
  };
}

type Gate = <T>(region: string, work: () => Promise<T>) => Promise<T>;

const passFreely: Gate = (_region, work) => work();

/**
 * Lets several targets of one region through together, but never of two regions that Azure pairs (its own rule for
 * its own updates). Pairs may be one-way, so every region inside is asked about.
 */
function createPairGate(): Gate {
  const inside = new Map<string, number>();
  const waiting: (() => void)[] = [];
  const isClosed = (region: string) => [...inside.keys()].some((other) => arePaired(region, other));
  return async (region, work) => {
    while (isClosed(region)) await new Promise<void>((resolve) => waiting.push(resolve));
    inside.set(region, (inside.get(region) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (inside.get(region) ?? 1) - 1;
      if (left > 0) inside.set(region, left);
      else {
        inside.delete(region);
        for (const wake of waiting.splice(0)) wake();
      }
    }
  };
}
