/** What storms are played on. The app is ill by site, slot and release, as the faults of each scenario say. */
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import { issueToken } from './engine.ts';
import type { Scenario } from './stage.ts';
import { createWire } from './wire.ts';

const bakeTimeMs = 30_000;

const three = [
  { name: 'weu', region: 'westeurope' },
  { name: 'neu', region: 'northeurope' },
  { name: 'eus', region: 'eastus' },
];
const two = three.slice(0, 2);
const waves = [
  { name: 'canary', targets: ['weu'], bakeTimeMs },
  { name: 'rest', bakeTimeMs },
];

export interface Storm extends Scenario {
  readonly expected: string;
}

export const settled: Storm = { name: 'settled', expected: 'settled', sites: three, waves, isStocked: true };

/** Well in staging, sick in production, in one region of the second wave. */
export const rolledBack: Storm = {
  name: 'rolled back',
  isStocked: true,
  expected: 'rolled-back',
  sites: three,
  waves,
  faults: [sick('neu', 'production', 'r-new*')],
};

/** Sick before anything live was touched. */
export const refused: Storm = {
  name: 'refused',
  expected: 'refused',
  sites: three,
  waves,
  faults: [sick('eus', 'staging', 'r-new*')],
};

export const settledSmall: Storm = { ...settled, sites: two, isStocked: false };
export const rolledBackSmall: Storm = { ...rolledBack, sites: two };

const previewing = {
  swap: { preview: true, resetPrepared: false, preserveVnet: true, observeForMs: 60_000, warmUp: null },
} as const;

/** Looked at with production's settings first, and watched for a minute afterwards. */
export const previewed: Storm = { ...settledSmall, ...previewing, name: 'previewed' };
export const previewedAndBack: Storm = { ...rolledBackSmall, ...previewing, name: 'previewed, rolled back' };

/** Neither release is well: nothing may be brought back. */
export const environmentSick: Storm = {
  name: 'the environment is sick',
  expected: 'halted',
  sites: two,
  waves,
  faults: [{ ...sick('neu', '*', '*'), when: { site: 'neu', after: '2m55s' } }],
};

/** One after the other, the sick one first: the second must not be begun once the first has failed. */
export const rolledBackSerially: Storm = {
  ...rolledBack,
  name: 'rolled back, one at a time',
  waves: waves.map((wave) => ({ ...wave, maxConcurrency: 1 })),
};

/**
 * Somebody else deploys the old package to a staging slot after ours: the slot's setting still names our release,
 * its health check answers 200, and what runs there is not what was to be shipped.
 */
export const overwritten: Storm = {
  name: 'overwritten by somebody else',
  expected: 'refused',
  sites: two,
  waves,
  checks: [{ name: 'health', method: 'GET', path: '/api/health', headers: {}, expect: { status: 200 } }],
  meddle: async ({ TransportError }, { clock, emulator }, baggage) => {
    const isThere = () =>
      emulator.history.some((event) => event.type === 'deployment.done' && event.site === 'neu');
    while (!isThere()) await clock.sleep(1_000);
    const transport = createWire({ clock, emulator }, { sent: [], loss: null, TransportError });
    const { value } = await issueToken(transport, emulator.identity);
    await transport({
      method: 'POST',
      url: 'https://neu-staging.scm.azurewebsites.localhost/api/publish?type=zip&async=true',
      headers: { authorization: `Bearer ${value}`, 'content-type': 'application/zip' },
      body: baggage.incumbent,
      timeoutMs: 60_000,
    });
  },
};

function sick(site: string, place: string, release: string): FaultInput {
  // biome-ignore lint/suspicious/noThenProperty: the word of the faults file.
  return { when: { site }, then: { app: { sick: { in: place, status: 500, release } } } };
}
