/** How many targets may move at once: in all, in a region, in a subscription, on a plan, and never a region pair. */
import type { Clock } from '../clock.ts';
import type { TargetFacts } from '../plan/fleet.ts';
import type { StrategyRequest } from '../plan/plan.ts';
import { createGates, type Seat, seatOf } from './gates.ts';

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

interface Inside {
  readonly seat: Seat;
  isBeside: boolean;
  hasLeft: boolean;
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
  const places = createPlaces(Math.max(1, Math.min(strategy.maxConcurrency, waveConcurrency ?? Infinity)));
  const gates = createGates(strategy, keepPairsApart);
  const waiting: Waiting[] = [];

  const letIn = () => {
    for (let at = 0; at < waiting.length && places.hasRoom(); ) {
      const next = waiting[at];
      if (next && gates.every((gate) => gate.hasRoom(next.seat))) {
        waiting.splice(at, 1);
        for (const gate of gates) gate.count(next.seat, 1);
        places.take();
        next.enter();
      } else at++;
    }
  };
  const placeOf = (own: Inside, left: AbortSignal): Place => ({
    onlyWaits: () => {
      if (patience === null || !places.mayStraggle) return;
      const giveUp = () => {
        places.giveUp(own);
        letIn();
      };
      patience.clock.sleep(patience.forMs, left).then(giveUp, () => {});
    },
  });
  return {
    async run(facts, work) {
      const own: Inside = { seat: seatOf(facts), isBeside: false, hasLeft: false };
      await new Promise<void>((enter) => {
        waiting.push({ seat: own.seat, enter });
        letIn();
      });
      const left = new AbortController();
      try {
        return await work(placeOf(own, left.signal));
      } finally {
        left.abort(null);
        for (const gate of gates) gate.count(own.seat, -1);
        places.leave(own);
        letIn();
      }
    },
  };
}

/** The places among all, and the few beside them. Who gives up when all of those are taken keeps its place till one is free. */
function createPlaces(limit: number) {
  const straggling: Inside[] = [];
  let taken = 0;
  let beside = 0;
  const moveBeside = () => {
    for (let next = straggling[0]; next && beside < countStragglers(limit); next = straggling[0]) {
      straggling.shift();
      next.isBeside = true;
      beside++;
      taken--;
    }
  };
  return {
    mayStraggle: countStragglers(limit) > 0,
    hasRoom: () => taken < limit,
    take: () => void taken++,
    giveUp(own: Inside) {
      // A waker may be late, and a package may be sent twice: who has left has no place to give, and nobody has two.
      if (own.hasLeft || own.isBeside || straggling.includes(own)) return;
      straggling.push(own);
      moveBeside();
    },
    leave(own: Inside) {
      own.hasLeft = true;
      if (own.isBeside) beside--;
      else taken--;
      const at = straggling.indexOf(own);
      if (at >= 0) straggling.splice(at, 1);
      moveBeside();
    },
  };
}
