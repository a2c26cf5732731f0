/** Somebody else who works on the same slots: swaps, deploys, writes settings, restarts. */
import type { StormSite } from '../stage.ts';
import type { Dice } from './dice.ts';

export interface Stranger {
  readonly kind: 'swap' | 'deploy' | 'stamp' | 'restart';
  readonly site: string;
  /** From the rollout's start. */
  readonly atMs: number;
  readonly said: string;
}

export function drawStrangers(dice: Dice, sites: readonly StormSite[]): readonly Stranger[] {
  return Array.from({ length: dice.int(1, 2) }, () => {
    const kind = dice.pick(['swap', 'swap', 'deploy', 'stamp', 'restart'] as const);
    const site = dice.pick(sites).name;
    const atMs = dice.int(1, 60) * 10_000;
    return { kind, site, atMs, said: `somebody else at ${site} after ${atMs / 1000} s: ${kind}` };
  });
}
