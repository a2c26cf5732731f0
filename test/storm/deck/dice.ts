/** Chance with a seed, in the few shapes that a deck needs. One seed, one hand: nothing else is thrown with. */
import { createRandom } from '../../../src/emulator/random.ts';

export interface Dice {
  /** In [0, 1). */
  next(): number;
  /** A whole number, both ends among them. */
  int(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** As many different ones as asked for, or all, in their order. */
  some<T>(from: readonly T[], count: number): readonly T[];
}

export function createDice(seed: number): Dice {
  // Neighbouring seeds begin alike: what comes first is thrown away.
  const { next } = createRandom(Math.imul(seed, 0x9e3779b1));
  for (let thrown = 0; thrown < 8; thrown++) next();
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(0, from.length - 1)]!,
    some: (from, count) => {
      const keys = from.map(() => next());
      const last = [...keys].sort((a, b) => a - b)[Math.min(count, keys.length) - 1] ?? -1;
      return from.filter((_, at) => keys[at]! <= last);
    },
  };
}
