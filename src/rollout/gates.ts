/** The narrow limits: how many targets of one plan, region or subscription may move at once, and never a region pair. */
import type { TargetFacts } from '../plan/fleet.ts';
import type { StrategyRequest } from '../plan/plan.ts';
import { arePaired, normaliseRegion } from '../plan/region-pairs.ts';

/** What a target falls under. */
export interface Seat {
  readonly plan: string;
  readonly region: string;
  readonly subscription: string;
}

export function seatOf({ planId, region, target }: TargetFacts): Seat {
  return {
    plan: planId.toLowerCase(),
    region: normaliseRegion(region),
    subscription: target.subscriptionId.toLowerCase(),
  };
}

export interface Gate {
  hasRoom(seat: Seat): boolean;
  /** Somebody came in, or left. */
  count(seat: Seat, change: 1 | -1): void;
}

export function createGates(
  { maxConcurrencyPer: per, regionPairs }: StrategyRequest,
  apart: boolean,
): readonly Gate[] {
  const keys = ['plan', 'region', 'subscription'] as const;
  const gates = keys.flatMap((key) => (per[key] === undefined ? [] : limitEach(per[key], key)));
  return apart && regionPairs === 'never-together' ? [...gates, keepApart()] : gates;
}

function limitEach(limit: number, key: keyof Seat): Gate {
  const counts = createCounts();
  return {
    hasRoom: (seat) => (counts.get(seat[key]) ?? 0) < limit,
    count: (seat, change) => counts.add(seat[key], change),
  };
}

/**
 * Lets several targets of one region through together, but never of two regions that Azure pairs (its own rule for
 * its own updates). Pairs may be one-way, so every region inside is asked about.
 */
function keepApart(): Gate {
  const counts = createCounts();
  return {
    hasRoom: ({ region }) => [...counts.keys()].every((other) => !arePaired(region, other)),
    count: ({ region }, change) => counts.add(region, change),
  };
}

function createCounts() {
  const counts = new Map<string, number>();
  return {
    get: (key: string) => counts.get(key),
    keys: () => counts.keys(),
    add(key: string, change: 1 | -1) {
      const now = (counts.get(key) ?? 0) + change;
      if (now > 0) counts.set(key, now);
      else counts.delete(key);
    },
  };
}
