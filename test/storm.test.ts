/** Death at every moment, and every answer lost: outcome, journal and world agree, and the laws hold. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Engine, loadEngine } from './storm/engine.ts';
import { previewed, previewedAndBack, refused, rolledBack, type Storm, settled } from './storm/scenarios.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';
import { dieEverywhere, loseEverything, never } from './storm/weather.ts';

let engine: Engine;
let baggage: Baggage;

beforeAll(async () => {
  engine = await loadEngine(`${process.cwd()}/src`);
  baggage = await packBaggage();
});
afterAll(() => baggage.close());

const sky = (storm: Storm) => ({ engine, baggage, storm });

describe('a process that dies at every append and every effect, and is resumed', () => {
  it.each([settled, rolledBack, refused, previewed, previewedAndBack])(
    '$name',
    async (storm) => {
      const { rollouts, violations } = await dieEverywhere(sky(storm), never);
      expect(violations).toEqual([]);
      expect(rollouts).toBeGreaterThan(50);
    },
    120_000,
  );
});

describe('every answer of every request that changes something, lost once before and once after its effect', () => {
  it.each([settled, rolledBack, refused, previewed, previewedAndBack])(
    '$name',
    async (storm) => {
      const { rollouts, violations } = await loseEverything(sky(storm));
      expect(violations).toEqual([]);
      expect(rollouts).toBeGreaterThan(10);
    },
    120_000,
  );
});
