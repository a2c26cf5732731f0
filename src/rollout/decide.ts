/** What follows from failed targets. Pure: the same failures always lead to the same turn. */
import type { FailureScope, Plan, StrategyRequest } from '../plan/plan.ts';
import type { FailedTarget } from './recall.ts';

export type Turn = 'go-on' | 'rollback' | 'halt';

/** A limit is how many are tolerated: the rollout turns when there are more. */
export function decideTurn(failed: readonly FailedTarget[], strategy: StrategyRequest): Turn {
  return failed.length > strategy.failureTolerance ? strategy.onFailure.action : 'go-on';
}

/** Who is taken back, in which order: the failing first, then the newest first. */
export function chooseReverts(
  plan: Plan,
  scope: FailureScope,
  touched: readonly string[],
  failing: readonly string[],
): readonly string[] {
  const isFailing = (name: string) => failing.includes(name);
  const waveOf = (name: string) => plan.waves.findIndex((wave) => wave.targets.includes(name));
  const failingWaves = new Set(failing.map(waveOf));
  const inScope = touched.filter((name) => {
    if (isFailing(name)) return true;
    return scope === 'all' || (scope === 'wave' && failingWaves.has(waveOf(name)));
  });
  const newestFirst = [...inScope].reverse();
  return [...newestFirst.filter(isFailing), ...newestFirst.filter((name) => !isFailing(name))];
}

export function explainFailures(failed: readonly Pick<FailedTarget, 'target' | 'why'>[]): string {
  return failed.map(({ target, why }) => `${target}: ${why}`).join('; ');
}
