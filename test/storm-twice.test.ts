/** Death at every moment, and once more at tenth moments of the one who carries on. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Engine, loadEngine } from './storm/engine.ts';
import { rolledBackSmall, settledSmall } from './storm/scenarios.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';
import { aQuarter, dieEverywhere, everyTenth } from './storm/weather.ts';

let engine: Engine;
let baggage: Baggage;

beforeAll(async () => {
  engine = await loadEngine(`${process.cwd()}/src`);
  baggage = await packBaggage();
});
afterAll(() => baggage.close());

describe('a process that dies at every append and every effect, and is resumed', () => {
  it.each([
    { storm: settledSmall, again: everyTenth, least: 400, moments: 'at every tenth moment' },
    // All of them are `npm run storm -- --twice`.
    {
      storm: rolledBackSmall,
      again: aQuarter,
      least: 200,
      moments: 'at a quarter of its tenth moments, each time another',
    },
  ])(
    '$storm.name, and dies again $moments',
    async ({ storm, again, least }) => {
      const { rollouts, violations } = await dieEverywhere({ engine, baggage, storm }, again);
      expect(violations).toEqual([]);
      expect(rollouts).toBeGreaterThan(least);
    },
    600_000,
  );
});
