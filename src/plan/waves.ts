/** Who is promoted together, and in which order. */
import type { Target } from './fleet.ts';
import type { PlannedWave, StrategyRequest, WaveRequest } from './plan.ts';

/**
 * Splits the targets into waves, in their order. A target belongs to the first wave that takes it; a wave
 * without a selector takes what is left. Waves that take nobody stay, empty; targets that no wave takes are in
 * none (`planRollout` refuses both where they cannot be meant).
 */
export function splitWaves(
  targets: readonly Pick<Target, 'name' | 'labels'>[],
  strategy: Pick<StrategyRequest, 'waves'>,
): readonly PlannedWave[] {
  let left = targets;
  return strategy.waves.map((wave) => {
    const taken = left.filter((target) => selects(wave, target)).slice(0, countWanted(wave, targets.length));
    left = left.filter((target) => !taken.includes(target));
    return {
      name: wave.name,
      targets: taken.map((target) => target.name),
      bakeTimeMs: wave.bakeTimeMs,
      maxConcurrency: wave.maxConcurrency ?? null,
      why: describeSelector(wave, targets.length),
    };
  });
}

/** True when the target is one that the wave asks for by name or label; counting comes after. */
export function selects(wave: WaveRequest, target: Pick<Target, 'name' | 'labels'>): boolean {
  if (wave.targets && !wave.targets.includes(target.name)) return false;
  return Object.entries(wave.match ?? {}).every(([label, value]) => target.labels[label] === value);
}

function countWanted(wave: WaveRequest, fleetSize: number): number {
  if (wave.count !== undefined) return wave.count;
  if (wave.percent === undefined) return fleetSize;
  return Math.max(1, Math.floor((fleetSize * wave.percent) / 100));
}

function describeSelector(wave: WaveRequest, fleetSize: number): string {
  const labels = Object.entries(wave.match ?? {}).map(([label, value]) => `label ${label}=${value}`);
  const names = wave.targets ? ['by name'] : [];
  const counts = [
    ...(wave.count === undefined ? [] : [wave.count === 1 ? 'the next one' : `the next ${wave.count}`]),
    ...(wave.percent === undefined
      ? []
      : [`${wave.percent} % of ${fleetSize} target${fleetSize === 1 ? '' : 's'}`]),
  ];
  return [...labels, ...names, ...counts].join(', ') || 'the rest';
}
