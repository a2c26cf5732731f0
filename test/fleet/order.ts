/** Waves in their order, each after the bake of the one before, each site once: from the emulator's record. */
import type { WorldEvent } from '../../src/emulator/world/history.ts';
import type { ExpectedWave } from './hundred.ts';

export function findDisorder(
  history: readonly WorldEvent[],
  waves: readonly ExpectedWave[],
): readonly string[] {
  const wrong: string[] = [];
  const swaps = history.filter((event) => event.type === 'swap.begun' || event.type === 'swap.done');
  const expected = new Set(waves.flatMap(({ sites }) => sites));
  for (const { site } of swaps) if (!expected.has(site)) wrong.push(`${site} is in no wave and was swapped`);
  let quietFromMs = Number.NEGATIVE_INFINITY;
  let mayBeginMs = Number.NEGATIVE_INFINITY;
  for (const { name, sites, bakeTimeMs } of waves) {
    for (const site of sites) {
      const mine = swaps.filter((event) => event.site === site);
      if (mine.map(({ type }) => type).join() !== 'swap.begun,swap.done')
        wrong.push(`${site}: ${mine.map(({ type }) => type).join(', ') || 'never swapped'}`);
      const [begun, done] = mine;
      if (begun && begun.atMs < mayBeginMs)
        wrong.push(`${site} of wave ${name} began ${mayBeginMs - begun.atMs} ms before the bake was over`);
      if (done) quietFromMs = Math.max(quietFromMs, done.atMs);
    }
    mayBeginMs = quietFromMs + bakeTimeMs;
  }
  return wrong;
}
