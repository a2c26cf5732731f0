import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { fillReadme } from '../../scripts/door-files.ts';
import { findStale, generateFiles } from '../../scripts/generate.ts';
import { buildJsonSchema, type JsonSchema } from '../../src/config/json-schema.ts';
import { parseConfig } from '../../src/config/load.ts';
import { splitWaves } from '../../src/plan/waves.ts';
import { stampSetting } from '../../src/release/release.ts';
import { siteId, sound, writeYaml } from './wrong.ts';

function listKeys(schema: JsonSchema, path = ''): readonly (readonly [string, JsonSchema])[] {
  const own = Object.entries((schema.items ?? schema).properties ?? {});
  return own.flatMap(([name, child]) => {
    const key = path ? `${path}.${name}` : name;
    return [[key, child] as const, ...listKeys(child, key)];
  });
}

describe('what is made from the schema', () => {
  it('is fresh', async () => {
    expect(await findStale(await generateFiles())).toEqual([]);
  });

  it('is found stale when it is not', async () => {
    expect(
      await findStale(
        new Map([
          ['schema.json', '{}'],
          ['docs/no-such-page.md', ''],
        ]),
      ),
    ).toEqual(['schema.json', 'docs/no-such-page.md']);
  });

  it('has in the README a table of what most steps ask for, which lacks no row unseen', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    expect(readme).toMatch(/^\| `command` \| `deploy` stages/m);
    expect(readme).toMatch(/^\| `resource-group-name` \| /m);
    expect(fillReadme(readme)).toBe(readme);
    expect(fillReadme(readme.replace(/^\| `slot-name` .*\n/m, ''))).toBe(readme);
    expect(() => fillReadme(readme.replace('<!-- /inputs -->', ''))).toThrow(/README\.md lacks/);
  });

  it('describes every key', () => {
    const silent = listKeys(buildJsonSchema()).filter(([, schema]) => !schema.description);
    expect(silent.map(([key]) => key)).toEqual([]);
  });

  it('refuses unknown keys in the editor as well', () => {
    const open = listKeys(buildJsonSchema()).filter(
      ([, schema]) => schema.properties && schema.additionalProperties !== false,
    );
    expect(open.map(([key]) => key)).toEqual([]);
  });
});

describe('the example in the reference', () => {
  it('is a config, and its waves take everybody', async () => {
    const page = await readFile(new URL('../../docs/config.md', import.meta.url), 'utf8');
    const text = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const config = parseConfig(text, '/repo/slotwave.yml');
    const waves = splitWaves(config.targets, config.strategy);
    expect(waves.map((wave) => [wave.name, wave.targets])).toEqual([
      ['canary', ['weu']],
      ['half', ['neu']],
      ['rest', []],
    ]);
  });
});

/** architecture.md §7, with real resource IDs and without the keys that are refused by name for now. */
const written = `
app: orders
package: ./app
fleet:
  targets:
    - { name: weu, resourceId: ${siteId('orders-weu')}, slot: staging, labels: { ring: canary } }
  discover: { tags: { app: orders } }
strategy:
  maxConcurrency: 8
  maxConcurrencyPer: { region: 2, subscription: 8, plan: 1 }
  regionPairs: never-together
  waves:
    - { name: canary, match: { ring: canary }, bakeTime: 10m }
    - { name: half, percent: 50, bakeTime: 5m }
    - { name: rest }
  failureTolerance: 0
  progressDeadline: 30m
  onFailure: { action: rollback, scope: all }
probes:
  checks:
    - { name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }
  interval: 10s
  timeout: 5s
  consecutiveSuccessLimit: 3
  failureLimit: 2
  consecutiveErrorLimit: 4
  deadline: 5m
settings: { ORDERS_VERSION: "1.2.3" }
`;

describe('the file of the architecture', () => {
  it('is read as it was meant', () => {
    const config = parseConfig(written, '/repo/slotwave.yml');
    expect(config.discover).toEqual({ tags: { app: 'orders' } });
    expect(config.settings).toEqual({ ORDERS_VERSION: '1.2.3' });
    expect(config.strategy.maxConcurrencyPer).toEqual({ region: 2, subscription: 8, plan: 1 });
    expect(config.strategy.waves).toEqual([
      { name: 'canary', match: { ring: 'canary' }, bakeTimeMs: 600_000 },
      { name: 'half', percent: 50, bakeTimeMs: 300_000 },
      { name: 'rest', bakeTimeMs: 0 },
    ]);
    expect(config.probes.checks).toEqual([
      {
        name: 'health',
        method: 'GET',
        path: '/api/health',
        headers: {},
        expect: { status: 200, json: { release: '{releaseId}' } },
      },
    ]);
  });

  it('has no key that the schema does not know', () => {
    const known = new Set(listKeys(buildJsonSchema()).map(([key]) => key));
    const words = [
      'fleet.discover.tags',
      'probes.vantage.via',
      'probes.requirePrivate',
      'state.blob',
      'fleet.targets.labels',
    ];
    expect(words.filter((key) => !known.has(key))).toEqual([]);
  });
});

it("knows the stamp's setting by the name that the release gives it", () => {
  expect(() =>
    parseConfig(writeYaml({ ...sound, extra: `settings: { ${stampSetting}: "x" }` }), 'c.yml'),
  ).toThrow(/one problem/);
});
