import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorldEvent } from '../src/emulator/world/history.ts';
import { keepYoungSpaceSmall } from '../src/entry/memory.ts';
import type { Recorded } from '../src/rollout/events.ts';
import { countStragglers } from '../src/rollout/pool.ts';
import { type Ran, root, startCli } from './entry/start-cli.ts';
import { deploying, swapping, watchCrowd } from './fleet/crowd.ts';
import { fleet, limits, waves, writeConfig, writeWorld } from './fleet/hundred.ts';
import { findDisorder } from './fleet/order.ts';
import { type ServedAzure, serveAzure } from './fleet/served-azure.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';

/** Whoever takes twice as long as the others, as any may on a busy machine, stands beside its place (docs/config.md). */
const withStragglers = (most: number) => most + countStragglers(most);

/** As fast as real sockets on two busy cores allow: a swap of forty seconds lasts a third of one. */
const timeScale = 120;
const maxMemoryBytes = 300 * 2 ** 20;
const hasProc = existsSync('/proc/self/status');

describe('a rollout to a hundred targets, from the built command line over HTTPS', () => {
  let baggage: Baggage;
  let azure: ServedAzure;
  let ran: Ran;
  let journal: readonly Recorded[];
  let history: readonly WorldEvent[];

  beforeAll(async () => {
    baggage = await packBaggage();
    const { folder } = baggage;
    await writeFile(join(folder, 'slotwave.yml'), writeConfig(join(folder, 'after')));
    azure = await serveAzure({ folder, world: writeWorld(baggage), timeScale });
    ran = await startCli(
      ['deploy', ...azure.flags],
      folder,
      { ...azure.environment, PEAK_MEMORY_FILE: join(folder, 'peak-memory') },
      {
        nodeWords: hasProc ? ['--import', join(root, 'test/fleet/peak-memory.mjs')] : [],
        timeoutMs: 150_000,
      },
    );
    journal = await readJournal(join(folder, '.slotwave/rollouts'));
    history = [...azure.emulator.history];
  }, 180_000);
  afterAll(async () => {
    await azure?.close();
    await baggage?.close();
  });

  it('settles, says so, and ends with 0', () => {
    expect({ ...ran, out: ran.out.split('\n').slice(-4) }).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('Settled');
    expect(azure.defects).toEqual([]);
  });

  it('leaves every production on the new release and the old one beside it', () => {
    const ended = journal.at(-1);
    const release = journal[0]?.type === 'rollout.begun' ? journal[0].release : null;
    expect(ended).toMatchObject({ type: 'rollout.ended', outcome: 'settled' });
    const sites = Object.values(azure.emulator.snapshot().sites);
    expect(sites).toHaveLength(100);
    for (const { slots } of sites) {
      expect(slots['production']).toMatchObject({ release: release?.id, content: release?.digest });
      expect(slots['staging']).toMatchObject({ release: baggage.incumbentId });
    }
  });

  it('has never more swaps under way than allowed: in all, in a region, a subscription, a plan, a pair', () => {
    const wide = { ...limits, all: withStragglers(limits.all) };
    const { peaks, violations } = watchCrowd(history, swapping, fleet, wide, true);
    expect(violations).toEqual([]);
    // Otherwise the limits would not have been tried. How full it gets depends on how fast this machine is.
    expect(peaks.plan).toBe(1);
    for (const scope of ['all', 'region', 'subscription'] as const)
      expect(peaks[scope]).toBeGreaterThan(limits[scope] / 2);
  });

  it('has never more deployments under way than allowed', () => {
    const wide = { ...limits, all: withStragglers(limits.all) };
    const { peaks, violations } = watchCrowd(history, deploying, fleet, wide, false);
    expect(violations).toEqual([]);
    // How full it gets depends on how fast this machine is; that it fills at all shows that something was held.
    expect(peaks.subscription).toBeGreaterThan(limits.subscription / 2);
    expect(peaks.all).toBeGreaterThan(limits.all / 4);
  });

  it('holds what one wave asks for itself', () => {
    for (const { sites, maxConcurrency } of waves) {
      const own = history.filter(
        (event) => 'site' in event && event.site !== null && sites.includes(event.site),
      );
      const { violations } = watchCrowd(
        own,
        swapping,
        fleet,
        { ...limits, all: withStragglers(maxConcurrency) },
        true,
      );
      expect(violations).toEqual([]);
    }
  });

  it('moves the waves in order, each after the bake of the one before, and each site once', () => {
    expect(waves.map(({ sites }) => sites.length)).toEqual([4, 30, 66]);
    expect(findDisorder(history, waves)).toEqual([]);
    const staged = history.filter(({ type }) => type === 'deployment.begun');
    expect(staged.map((event) => ('slot' in event ? event.slot : ''))).toEqual(Array(100).fill('staging'));
  });

  it('has a complete journal', () => {
    expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1));
    const names = fleet.map(({ site }) => site);
    for (const type of [
      'stage.begun',
      'stage.done',
      'promote.begun',
      'promote.done',
      'target.observed',
    ] as const) {
      const told = journal.filter((entry) => entry.type === type);
      expect(told.map((entry) => ('target' in entry ? entry.target : '')).sort()).toEqual(names);
    }
    const told = journal.flatMap((entry) => ('wave' in entry ? [`${entry.type} ${entry.wave}`] : []));
    const steps = ['wave.opened', 'wave.promoted', 'wave.baked'];
    expect(told).toEqual(waves.flatMap(({ name }) => steps.map((step) => `${step} ${name}`)));
  });

  // Only Linux tells the peak of one process alone.
  (hasProc ? it : it.skip)(`stays under ${maxMemoryBytes / 2 ** 20} MiB`, async () => {
    const peakBytes = Number(await readFile(join(baggage.folder, 'peak-memory'), 'utf8'));
    expect(peakBytes).toBeGreaterThan(2 ** 20);
    expect(peakBytes).toBeLessThan(maxMemoryBytes);
  });

  it('leaves its memory to whoever has said how much it may be', () => {
    expect(keepYoungSpaceSmall(['--max-semi-space-size=64'])).toBe(false);
    expect(keepYoungSpaceSmall(['', '--max-old-space-size=500 --min-semi-space-size=4'])).toBe(false);
  });
});

async function readJournal(rollouts: string): Promise<readonly Recorded[]> {
  const [id = '', ...others] = await readdir(rollouts);
  expect(others).toEqual([]);
  const text = await readFile(join(rollouts, id, 'journal.ndjson'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
}
