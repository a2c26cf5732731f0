/** How many targets may move at once: in all, in a region, in a subscription, on a plan, and never a region pair. */
import pLimit, { type LimitFunction } from 'p-limit';
import type { TargetFacts } from '../plan/fleet.ts';
import type { StrategyRequest } from '../plan/plan.ts';
import { pairOf } from '../plan/region-pairs.ts';

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
        pairs(facts.region, () =>
          regions(facts.region)(() =>
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

/** Lets several targets of one region through together, but never of both regions of a pair (Azure's own rule). */
function createPairGate(): Gate {
  const inside = new Map<string, { region: string; count: number; waiting: (() => void)[] }>();
  return async (region, work) => {
    const pair = pairOf(region);
    if (pair === null) return work();
    const key = [region, pair].sort().join('+');
    const gate = inside.get(key) ?? { region, count: 0, waiting: [] };
    inside.set(key, gate);
    while (gate.count > 0 && gate.region !== region)
      await new Promise<void>((resolve) => gate.waiting.push(resolve));
    gate.region = region;
    gate.count++;
    try {
      return await work();
    } finally {
      gate.count--;
      if (gate.count === 0) for (const wake of gate.waiting.splice(0)) wake();
    }
  };
}
