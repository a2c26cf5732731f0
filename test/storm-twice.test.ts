/** Death at every moment, and once more at every tenth of the one who carries on. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Engine, loadEngine } from './storm/engine.ts';
import { rolledBackSmall, settledSmall } from './storm/scenarios.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';
import { dieEverywhere } from './storm/weather.ts';

let engine: Engine;
let baggage: Baggage;

beforeAll(async () => {
  engine = await loadEngine(`${process.cwd()}/src`);
  baggage = await packBaggage();
});
afterAll(() => baggage.close());

describe('a process that dies at every append and every effect, and is resumed', () => {
  it.each([settledSmall, rolledBackSmall])(
    '$name, and dies again at every tenth moment',
    async (storm) => {
      const { rollouts, violations } = await dieEverywhere({ engine, baggage, storm }, 10);
      expect(violations).toEqual([]);
      expect(rollouts).toBeGreaterThan(250);
    },
    240_000,
  );
});
