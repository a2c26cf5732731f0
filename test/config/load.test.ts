import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Config } from '../../src/config/config.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { InputError, type Problem } from '../../src/errors.ts';
import type { Target } from '../../src/plan/fleet.ts';
import type { PlanRequest, ProbeRequest, StrategyRequest } from '../../src/plan/plan.ts';
import { siteId, sound, subscription, writeYaml, wrongs } from './wrong.ts';

/** Kept apart from what follows it, so that no linter takes the text for a template. */
const dollar = '$';

function problemsOf(text: string): readonly Problem[] {
  try {
    parseConfig(text, '/repo/slotwave.yml');
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.problems;
    throw thrown;
  }
  return [];
}

describe('a config without a mistake', () => {
  it('gets its defaults, its paths and its parsed IDs', () => {
    const text = writeYaml(sound);
    const config = parseConfig(text, '/repo/deploy/slotwave.yml');
    expect(config).toMatchObject({
      file: '/repo/deploy/slotwave.yml',
      digest: createHash('sha256').update(text).digest('hex'),
      packagePath: '/repo/deploy/app',
      discover: null,
      settings: {},
    });
    expect(config.targets[0]).toEqual({
      name: 'weu',
      subscriptionId: subscription,
      resourceGroup: 'orders',
      site: 'orders-weu',
      slot: 'staging',
      labels: { ring: 'canary' },
    });
    expect(config.strategy).toEqual({
      maxConcurrency: 8,
      maxConcurrencyPer: { plan: 1 },
      regionPairs: 'never-together',
      waves: [
        { name: 'first', count: 1, bakeTimeMs: 0 },
        { name: 'rest', bakeTimeMs: 0 },
      ],
      failureTolerance: 0,
      progressDeadlineMs: 1_800_000,
      onFailure: { action: 'rollback', scope: 'all' },
    });
    expect(config.probes).toEqual({
      vantage: { via: 'direct' },
      checks: [],
      functions: [],
      initialDelayMs: 0,
      intervalMs: 10_000,
      timeoutMs: 5_000,
      consecutiveSuccessLimit: 3,
      failureLimit: 2,
      consecutiveErrorLimit: 4,
      deadlineMs: 300_000,
    });
  });

  it('names a target after its site, and reads the ID in any case of its fixed words', () => {
    const id = siteId('orders-x')
      .replace('resourceGroups', 'resourcegroups')
      .replace('Microsoft.Web', 'microsoft.web');
    const config = parseConfig(
      writeYaml({ ...sound, fleet: `fleet: { targets: [{ resourceId: ${id} }] }` }),
      'c.yml',
    );
    expect(config.targets.map(({ name, site }) => [name, site])).toEqual([['orders-x', 'orders-x']]);
  });

  it('may discover its targets beside those that it names', () => {
    const blocks = {
      ...sound,
      fleet: `${sound['fleet']}\n  discover: { tags: { app: orders }, slot: next }`,
    };
    const config = parseConfig(writeYaml(blocks), 'c.yml');
    expect([config.targets.length, config.discover, config.discoverSlot]).toEqual([
      3,
      { tags: { app: 'orders' } },
      'next',
    ]);
  });

  it('keeps a dollar that is escaped, and leaves every other text as it is', () => {
    const values = [
      `${dollar}${dollar}{NAME}`,
      '$$(X)',
      '100%',
      '$1',
      '%HOME%',
      '@Microsoft.KeyVault(SecretUri=https://v/s)',
      `${dollar}{lower}`,
    ];
    const settings = values.map((value, at) => `  S${at}: ${JSON.stringify(value)}`).join('\n');
    const config = parseConfig(writeYaml({ ...sound, extra: `settings:\n${settings}` }), 'c.yml');
    expect(Object.values(config.settings)).toEqual([`${dollar}{NAME}`, '$(X)', ...values.slice(2)]);
  });

  it('may use anchors and merge keys', () => {
    const text = `${writeYaml(sound)}probes: { timeout: &t 7s, interval: *t }\n`;
    expect(parseConfig(text, 'c.yml').probes).toMatchObject({ timeoutMs: 7_000, intervalMs: 7_000 });
  });

  it('accepts waves that together take every target by label', () => {
    const strategy =
      'strategy: { waves: [{ name: a, match: { ring: canary } }, { name: b, match: { ring: broad } }] }';
    expect(parseConfig(writeYaml({ ...sound, strategy }), 'c.yml').strategy.waves).toHaveLength(2);
  });

  it('has the shape that the plan asks for', () => {
    const config: Config = parseConfig(writeYaml(sound), 'c.yml');
    const asked = {
      strategy: config.strategy satisfies StrategyRequest,
      probes: config.probes satisfies ProbeRequest,
      targets: config.targets satisfies readonly Target[],
      plan: config satisfies PlanRequest['config'],
    };
    expect(asked.plan).toBe(config);
  });
});

describe('each mistake by itself', () => {
  it.each(wrongs.map((wrong) => [wrong.about, wrong] as const))('%s', (_, wrong) => {
    const problems = problemsOf(writeYaml({ ...sound, ...wrong.blocks }));
    expect(problems).toHaveLength(1);
    const [problem] = problems;
    expect(problem?.path ?? '').toBe(wrong.path);
    expect(problem?.message).toMatch(wrong.message);
    if (wrong.found !== undefined) expect(problem?.found).toEqual(wrong.found);
    if (wrong.expected) expect(problem?.expected).toMatch(wrong.expected);
    if (wrong.next) expect(problem?.next).toMatch(wrong.next);
    expect(problem?.file).toBe('/repo/slotwave.yml');
    expect(problem?.line).toBeGreaterThan(0);
    expect(problem?.column).toBeGreaterThan(0);
  });
});

const manyMistakes = `app: or/ders
app: orders
fleet:
  targts: []
  targets:
    - { name: weu, resourceId: ${siteId('orders-weu')}, slot: production, labels: { ring: canary } }
    - { name: WEU, resourceId: ${siteId('orders-weu')} }
    - { name: neu, resourceId: /subscriptions/x }
    - { name: eus, resourceId: ${siteId('orders-eus')}, labels: { ring: 2 } }
strategy:
  maxConcurrency: none
  regionPairs: always
  waves:
    - { name: canary, match: { rin: canary }, bakeTime: 10 }
    - { name: half, count: 2, percent: 150 }
    - { name: rest }
    - { name: rest, targets: [nope] }
  failureTolerance: -1
probes:
  vantage: { via: proxy }
  requirePrivate: true
  checks:
    - { name: release, path: health }
  interval: fast
settings:
  SECRET_ONE: 12345678
  SECRET_TWO: "hunter2-$\{TOKEN}"
  "BAD NAME": "hunter3"
state: { blob: https://a.blob.core.windows.net/b }
stratgy: {}
`.replaceAll('\\{', '{');

describe('a file full of mistakes', () => {
  const problems = problemsOf(manyMistakes);

  it('has all of them told at once, in the order of the file', () => {
    expect(
      problems.map(({ line, path, message }) => `${line} ${path ?? '-'}: ${message}`),
    ).toMatchInlineSnapshot(`
[
  "1 package: is missing",
  "2 -: the key "app" stands twice in this mapping",
  "4 fleet.targts: is not a known key",
  "6 fleet.targets[0].slot: is the live slot; a release must be staged beside it",
  "7 fleet.targets[1].name: is also the name of fleet.targets[0]",
  "7 fleet.targets[1].resourceId: is the same function app as fleet.targets[0]",
  "8 fleet.targets[2].resourceId: cannot be used like this",
  "9 fleet.targets[3].labels.ring: is not of the right kind",
  "11 strategy.maxConcurrency: is not of the right kind",
  "12 strategy.regionPairs: is not one of the known words",
  "14 strategy.waves[0].match.rin: is a label that no target has",
  "14 strategy.waves[0].bakeTime: is not a duration",
  "15 strategy.waves[1].percent: cannot stand beside count in one wave",
  "15 strategy.waves[1].percent: is out of range",
  "17 strategy.waves[3]: comes after wave "rest", which takes all the rest, and would be empty",
  "17 strategy.waves[3].name: is also the name of strategy.waves[2]",
  "17 strategy.waves[3].targets[0]: is not the name of a target",
  "18 strategy.failureTolerance: is out of range",
  "20 probes.vantage.via: is not supported yet",
  "21 probes.requirePrivate: is not supported yet",
  "23 probes.checks[0].name: is taken",
  "23 probes.checks[0].path: cannot be used like this",
  "24 probes.interval: is not a duration",
  "26 settings.SECRET_ONE: is not of the right kind",
  "27 settings.SECRET_TWO: refers to a variable, and environment variables are not expanded",
  "28 settings."BAD NAME": cannot be used as a name here",
  "29 state.blob: is not supported yet",
  "30 stratgy: is not a known key",
]
`);
    expect(problems.length).toBeGreaterThanOrEqual(24);
  });

  it('never shows the value of a setting', () => {
    expect(JSON.stringify(problems)).not.toMatch(/12345678|hunter|TOKEN/);
  });

  it('points at the line on which the mistake stands', () => {
    const lines = manyMistakes.split('\n');
    for (const problem of problems) {
      const word = /([\w-]+|"[^"]+")(?:\[\d+\])*$/.exec(problem.path ?? '')?.[1]?.replaceAll('"', '');
      if (!word || problem.path === 'package') continue;
      const near = lines.slice(Math.max(0, (problem.line ?? 0) - 2), problem.line).join('\n');
      expect(near).toContain(word === 'waves' ? 'name' : word);
    }
  });
});

describe('a text that is not a config', () => {
  it.each([
    ['an empty file', '', /file is empty/],
    ['a file of comments', '# nothing\n', /file is empty/],
    ['a list', '- app: orders\n', /not a mapping/],
    ['a word', 'ghp_token_pasted_here\n', /not a mapping/],
    ['a tab', 'app: orders\nfleet:\n\ttargets: []\n', /tab/],
    ['an open quote', 'app: "orders\npackage: x\n', /closing quote|missing/],
    ['an open bracket', 'app: [orders\n', /indented|missing/],
    ['bad indentation', 'fleet:\n    targets: []\n  discover: {}\n', /./],
    ['two documents', 'app: a\n---\napp: b\n', /several documents/],
    ['an unknown alias', 'app: *nobody\n', /alias/],
    ['a mapping within a line', 'app: a: b\n', /./],
  ])('is refused with a line: %s', (_, text, message) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
    expect(
      problems.every((problem) => (problem.line ?? 0) >= 1 && problem.file === '/repo/slotwave.yml'),
    ).toBe(true);
    expect(JSON.stringify(problems)).not.toContain('ghp_');
  });

  it('that unfolds without end is refused and not unfolded', () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) =>
        `l${at}: &l${at} [${
          at === 0
            ? 'x'
            : `${Array(9)
                .fill(`*l${at - 1}`)
                .join(', ')}`
        }]`,
    );
    expect(problemsOf(`${levels.join('\n')}\n`).map((problem) => problem.message)).toEqual([
      expect.stringMatching(/aliases/),
    ]);
  });

  it('is never answered with anything but problems, whatever it is', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 3 }),
        tie('map'),
      ),
      map: fc.dictionary(
        fc.constantFrom(
          'app',
          'fleet',
          'targets',
          'name',
          'resourceId',
          'strategy',
          'waves',
          'match',
          'probes',
          'checks',
          'settings',
          '__proto__',
          'x',
        ),
        tie('any'),
        { maxKeys: 5 },
      ),
    }));
    fc.assert(
      fc.property(value.map, (data) => {
        const problems = problemsOf(JSON.stringify(data));
        expect(problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => problemsOf(text).length > 0),
      { numRuns: 300 },
    );
  });
});

describe('a file on disk', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwave-config-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is read with the digest of its bytes', async () => {
    const file = join(folder, 'slotwave.yml');
    await writeFile(file, `\uFEFF${writeYaml(sound)}`);
    const config = await loadConfig(file);
    expect(config.digest).toBe(
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
    expect(config.packagePath).toBe(join(folder, 'app'));
  });

  it.each([
    ['does not exist', (at: string) => join(at, 'none.yml'), /does not exist/],
    ['is a folder', (at: string) => at, /is a folder/],
    ['lies behind a file', (at: string) => join(at, 'file', 'slotwave.yml'), /does not exist/],
    ['is not text', (at: string) => join(at, 'binary'), /not UTF-8/],
    ['is too large', (at: string) => join(at, 'large'), /larger than/],
  ])('that %s is refused with what to do', async (_, path, message) => {
    await writeFile(join(folder, 'file'), 'x');
    await writeFile(join(folder, 'binary'), Buffer.from([0x61, 0xff, 0xfe]));
    await writeFile(join(folder, 'large'), Buffer.alloc(1024 * 1024 + 1, 0x23));
    await expect(loadConfig(path(folder))).rejects.toMatchObject({
      kind: 'input',
      code: 'config-unreadable',
      message: expect.stringMatching(message),
      next: expect.stringMatching(/./),
    });
  });
});
