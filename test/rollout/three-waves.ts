/** The fleet that the tests of failures share: three waves, one target at a time. */
import type { Plan, StrategyRequest } from '../../src/plan/plan.ts';
import { makePlan, releaseId } from '../builders.ts';
import type { Health, World } from './played-world.ts';

export function planFor(strategy: Partial<StrategyRequest> = {}): Plan {
  return makePlan({
    waves: [
      { name: 'one', targets: ['a', 'b'], bakeTimeMs: 300_000 },
      { name: 'two', targets: ['c', 'd', 'e'], bakeTimeMs: 300_000 },
      { name: 'three', targets: ['f'] },
    ],
    strategy: { maxConcurrency: 1, ...strategy },
  });
}

/** Sick with the new release in production, and well with everything else. */
export function sickLive(...names: readonly string[]): Health {
  return ({ target, side, release }) =>
    side === 'live' && release === releaseId && names.includes(target) ? 'unhealthy' : null;
}

export const isIn = (world: World, type: string): boolean =>
  world.entries.some((entry) => entry.type === type);
