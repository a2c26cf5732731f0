import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readDurationMs } from '../../src/emulator/duration.ts';
import { readFaults } from '../../src/emulator/faults/schema.ts';
import { fieldOf } from '../../src/emulator/incoming.ts';
import { loadFaults, loadWorld } from '../../src/emulator/input-file.ts';
import { BadInput } from '../../src/emulator/problem.ts';
import { createRandom } from '../../src/emulator/random.ts';
import { readWorld, type WorldInput } from '../../src/emulator/world/schema.ts';
import { play, read } from './played.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotwave-world-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof BadInput)) throw thrown;
    return thrown.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

describe('a world', () => {
  it('needs a name and a region for a site, and nothing else', () => {
    const { sites, latencies } = readWorld({ sites: [{ name: 'orders-weu', region: 'westeurope' }] });
    expect(sites[0]).toMatchObject({
      os: 'linux',
      plan: { sku: 'EP1' },
      state: 'Running',
      slots: [{ name: 'staging' }],
    });
    expect(latencies).toMatchObject({ deploy: 20_000, hostStart: 8000 });
  });

  it('is refused with all that is wrong with it, each with its line', () => {
    const path = file(
      'wrong.yml',
      [
        'subscription: mine',
        'latencies: { arm: soon, warp: 9 }',
        'sites:',
        '  - name: orders_weu',
        '    region: westeurope',
        '    plan: { sku: P9 }',
        '  - { name: orders-neu }',
        '  - name: Orders-Neu',
        '    region: northeurope',
        '    slots:',
        '      - name: production',
        '      - name: blue',
        '      - name: Blue',
        '    colour: red',
      ].join('\n'),
    );
    const problems = problemsOf(() => loadWorld(path));
    const places = problems.map((problem) => problem.split(': ')[0]);
    expect(places).toEqual(
      expect.arrayContaining([
        'line 1, subscription',
        'line 2, latencies.arm',
        'line 2, latencies.warp',
        'line 4, sites[0].name',
        'line 6, sites[0].plan.sku',
        'line 7, sites[1].region',
        'line 11, sites[2].slots[0].name',
        'line 14, sites[2].colour',
      ]),
    );
    expect(problems.join('\n')).toContain('"soon" is not a duration');
  });

  it('is refused when names or slots do not fit together', () => {
    const path = file(
      'clash.yml',
      [
        'sites:',
        '  - { name: a, region: x }',
        '  - { name: A, region: x, plan: { sku: B1 } }',
        '  - { name: b, region: x, slots: [{ name: s }, { name: S }], package: ./nowhere }',
      ].join('\n'),
    );
    const problems = problemsOf(() => loadWorld(path));
    expect(problems).toEqual([
      'line 3, sites[1].name: "A" is already sites[0]: names of sites are unique in the world',
      'line 3, sites[1].slots: a site on B1 may have 1 slot(s) with production; this one has 2',
      'line 4, sites[2].slots[1].name: the site has a slot "s" already',
    ]);
  });

  it.each([
    ['that is not there', () => loadWorld(join(folder, 'absent.yml')), /no such file/],
    ['that is no YAML', () => loadWorld(file('broken.yml', 'sites: [\n  { name: a')), /line \d+: /],
    ['that is empty', () => loadWorld(file('empty.yml', '')), /expected object/],
    [
      'whose package is missing',
      () => loadWorld(file('p.yml', 'sites:\n  - { name: a, region: x, package: ./nowhere.zip }')),
      /line 2, sites\[0\]\.package: there is no .*nowhere\.zip/,
    ],
    ['of faults that is no list', () => loadFaults(file('f.yml', 'when: always')), /expected array/],
  ])('file %s is refused', (_title, load, message) => {
    expect(problemsOf(load).join('\n')).toMatch(message);
  });

  it('runs a folder, relative to its file, with the stamp of its release', async () => {
    mkdirSync(join(folder, 'app/.git'), { recursive: true });
    for (const name of ['host.json', 'local.settings.json', '.git/config'])
      writeFileSync(join(folder, 'app', name), '{}');
    const path = file(
      'good.yml',
      'sites:\n  - { name: orders-weu, region: westeurope, package: ./app, release: r-0 }',
    );
    const played = await play({ world: loadWorld(path) });
    const get = (name: string) => played.scm('GET', 'orders-weu', `/api/vfs/site/wwwroot/${name}`);
    expect((await read(await get('slotwave.release.json'))).body).toMatchObject({
      release: 'r-0',
      content: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await get('host.json')).status).toBe(200);
    for (const secret of ['local.settings.json', '.git/config']) expect((await get(secret)).status).toBe(404);
    const { production, staging } = played.emulator.snapshot().sites['orders-weu']!.slots;
    expect(production).toMatchObject({ release: 'r-0', settings: { WEBSITE_RUN_FROM_PACKAGE: '1' } });
    expect(staging).toMatchObject({ release: null, content: null });
  });

  it('may be JSON, since JSON is YAML', () => {
    const world: WorldInput = { sites: [{ name: 'a', region: 'x' }] };
    expect(loadWorld(file('world.json', JSON.stringify(world)))).toEqual(world);
  });
});

describe('the examples of docs/emulator.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/emulator.md'), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => parse(block!) as unknown);

  it('are worlds and faults', () => {
    expect(blocks).toHaveLength(4);
    for (const block of blocks)
      expect(() => (Array.isArray(block) ? readFaults(block) : readWorld(block))).not.toThrow();
  });

  it('name every default as it is', () => {
    const defaults = readWorld({ sites: [] }).latencies;
    const told = blocks
      .map((block) => fieldOf(block, 'latencies'))
      .find((latencies) => latencies !== undefined);
    expect(
      Object.fromEntries(Object.entries(told!).map(([name, value]) => [name, readDurationMs(value)])),
    ).toEqual(defaults);
  });
});

describe('the same seed', () => {
  it('makes the same world, id for id; another seed another one', async () => {
    const identity = async (seed: number) => JSON.stringify((await play({ seed })).emulator.identity);
    expect(await identity(3)).toBe(await identity(3));
    expect(await identity(3)).not.toBe(await identity(4));
  });

  it('throws evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        const random = createRandom(seed);
        const throws = Array.from({ length: 400 }, () => random.next());
        const mean = throws.reduce((sum, one) => sum + one, 0) / throws.length;
        return throws.every((one) => one >= 0 && one < 1) && mean > 0.35 && mean < 0.65;
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    [17, 17],
    ['', null],
    ['10', null],
    ['5 m', null],
    ['-1s', null],
    [-1, null],
    [Number.NaN, null],
    [null, null],
  ])('%j is %j', (text, ms) => expect(readDurationMs(text)).toBe(ms));
});
