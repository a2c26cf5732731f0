/** How many targets may move at once: in all, in a region, in a subscription, on a plan, and never a region pair. */
import type { Clock } from '../clock.ts';
import type { TargetFacts } from '../plan/fleet.ts';
import type { StrategyRequest } from '../plan/plan.ts';
import { arePaired, normaliseRegion } from '../plan/region-pairs.ts';

export interface Pool {
  /** Runs `work` when every limit that the target falls under has room. Who asks first is let in first. */
  run<T>(facts: TargetFacts, work: (place: Place) => Promise<T>): Promise<T>;
}

/** A target's place among those that move. */
export interface Place {
  /**
   * From here on nothing is done for the target but waiting for Azure. One that waits far longer than others gives
   * its place among all to the next, and keeps those on its plan, in its region and in its subscription.
   */
  onlyWaits(): void;
}

export interface Patience {
  readonly clock: Pick<Clock, 'sleep'>;
  /** How long a target that only waits keeps its place. */
  readonly forMs: number;
}

/** So many may wait beside their places: a limit of 8 lets 2 more begin, a limit below 4 none. */
export function countStragglers(limit: number): number {
  return Math.floor(limit / 4);
}

/** The narrow limits that a target falls under, as keys. */
interface Seat {
  readonly plan: string;
  readonly region: string;
  readonly subscription: string;
}

interface Inside {
  readonly seat: Seat;
  isBeside: boolean;
}

interface Waiting {
  readonly seat: Seat;
  readonly enter: () => void;
}

/** A target takes all its places at once or none, so nobody holds a wide one while waiting for a narrow one. */
export function createPool(
  strategy: StrategyRequest,
  waveConcurrency: number | null,
  keepPairsApart: boolean,
  patience: Patience | null = null,
): Pool {
  const { maxConcurrency } = strategy;
  const limit = Math.max(1, Math.min(maxConcurrency, waveConcurrency ?? maxConcurrency));
  const gates = createGates(strategy, keepPairsApart);
  const waiting: Waiting[] = [];
  const straggling: Inside[] = [];
  let inPlace = 0;
  let beside = 0;

  const letIn = () => {
    for (let next = straggling[0]; next && beside < countStragglers(limit); next = straggling[0]) {
      straggling.shift();
      next.isBeside = true;
      beside++;
      inPlace--;
    }
    for (let at = 0; at < waiting.length && inPlace < limit; ) {
      const next = waiting[at];
      if (next && gates.every((gate) => gate.hasRoom(next.seat))) {
        waiting.splice(at, 1);
        for (const gate of gates) gate.count(next.seat, 1);
        inPlace++;
        next.enter();
      } else at++;
    }
  };
  const leave = (own: Inside) => {
    for (const gate of gates) gate.count(own.seat, -1);
    if (own.isBeside) beside--;
    else inPlace--;
    const at = straggling.indexOf(own);
    if (at >= 0) straggling.splice(at, 1);
    letIn();
  };
  const placeOf = (own: Inside, left: AbortSignal): Place => ({
    onlyWaits: () => {
      if (patience === null || countStragglers(limit) === 0) return;
      const giveUp = () => {
        if (left.aborted) return;
        straggling.push(own);
        letIn();
      };
      patience.clock.sleep(patience.forMs, left).then(giveUp, () => {});
    },
  });
  return {
    async run(facts, work) {
      const own: Inside = { seat: seatOf(facts), isBeside: false };
      await new Promise<void>((enter) => {
        waiting.push({ seat: own.seat, enter });
        letIn();
      });
      const left = new AbortController();
      try {
        return await work(placeOf(own, left.signal));
      } finally {
        left.abort(null);
        leave(own);
      }
    },
  };
}

function seatOf({ planId, region, target }: TargetFacts): Seat {
  return {
    plan: planId.toLowerCase(),
    region: normaliseRegion(region),
    subscription: target.subscriptionId.toLowerCase(),
  };
}

interface Gate {
  hasRoom(seat: Seat): boolean;
  /** Somebody came in, or left. */
  count(seat: Seat, change: 1 | -1): void;
}

function createGates({ maxConcurrencyPer: per, regionPairs }: StrategyRequest, apart: boolean): Gate[] {
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
