import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Config } from '../../src/config/config.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import type { Target } from '../../src/plan/fleet.ts';
import type { PlanRequest, ProbeRequest, StrategyRequest } from '../../src/plan/plan.ts';
import { problemsOf, siteId, sound, subscription, writeYaml } from './wrong.ts';

/** Kept apart from what follows it, so that no linter takes the text for a template. */
const dollar = '$';

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
      healthyStateDurationMs: 0,
      requirePrivate: false,
      dependencies: [],
    });
  });

  it('asks of an app what it is told to ask', () => {
    const written = `probes:
  requirePrivate: true
  exposure: closed
  certificate: {}
  healthyStateDuration: 30s
  dependencies: [{ host: sql.internal, port: 1433 }, { host: 10.0.0.4, port: 443 }]
  checks:
    - name: deep
      method: POST
      path: /api/deep
      headers: { x-key: "${dollar}{env:PROBE_KEY}" }
      body: { deep: [1, true, null] }
      expect: { status: [200, 204], maxLatency: 800ms }
    - { name: text, method: PUT, path: /api/text, body: "a=1" }
`;
    const { probes } = parseConfig(writeYaml({ ...sound, extra: written }), 'c.yml');
    expect(probes).toMatchObject({
      requirePrivate: true,
      exposure: { expect: 'closed', from: { via: 'direct' } },
      certificate: { daysLeft: 14 },
      healthyStateDurationMs: 30_000,
      dependencies: [
        { host: 'sql.internal', port: 1433 },
        { host: '10.0.0.4', port: 443 },
      ],
    });
    expect(probes.checks).toEqual([
      {
        name: 'deep',
        method: 'POST',
        path: '/api/deep',
        headers: { 'x-key': `${dollar}{env:PROBE_KEY}` },
        body: '{"deep":[1,true,null]}',
        expect: { status: [200, 204], maxLatencyMs: 800 },
      },
      { name: 'text', method: 'PUT', path: '/api/text', headers: {}, body: 'a=1', expect: { status: 200 } },
    ]);
  });

  it.each([
    ['{ via: direct }', { via: 'direct' }],
    ['{}', { via: 'direct' }],
    ['{ via: arm }', { via: 'arm' }],
    ['{ via: private-endpoint }', { via: 'private-endpoint', addresses: null }],
    [
      '{ via: private-endpoint, address: 10.1.0.4 }',
      { via: 'private-endpoint', addresses: { live: '10.1.0.4', beside: '10.1.0.4' } },
    ],
    [
      '{ via: private-endpoint, addresses: { live: 10.1.0.4, beside: "fd00::5" } }',
      { via: 'private-endpoint', addresses: { live: '10.1.0.4', beside: 'fd00::5' } },
    ],
    [
      '{ via: dns, servers: [10.0.0.4, "10.0.0.5:5353", "[fd00::4]:53", "fd00::4"] }',
      { via: 'dns', servers: ['10.0.0.4', '10.0.0.5:5353', '[fd00::4]:53', 'fd00::4'] },
    ],
    ['{ via: proxy, proxy: "socks5://hub.corp" }', { via: 'proxy', proxy: 'socks5://hub.corp' }],
    ['{ via: proxy, proxy: "http://[fd00::4]:3128/" }', { via: 'proxy', proxy: 'http://[fd00::4]:3128/' }],
    [
      `{ via: proxy, proxy: "https://me:${dollar}{env:PW}@hub:${dollar}{env:PORT}" }`,
      { via: 'proxy', proxy: `https://me:${dollar}{env:PW}@hub:${dollar}{env:PORT}` },
    ],
    [`{ via: proxy, proxy: "${dollar}{env:HUB}" }`, { via: 'proxy', proxy: `${dollar}{env:HUB}` }],
  ])('looks from where it is told to, at all targets or at one: %s', (written, vantage) => {
    const config = parseConfig(
      writeYaml({
        ...sound,
        fleet: `fleet:\n  targets:\n    - { name: a, resourceId: ${siteId('a')}, vantage: ${written} }\n    - { name: b, resourceId: ${siteId('b')} }\n`,
        strategy: 'strategy: { waves: [{ name: rest }] }',
        extra: `probes: { vantage: ${written} }`,
      }),
      'c.yml',
    );
    expect(config.probes.vantage).toEqual(vantage);
    expect(config.targets.map((each) => each.vantage)).toEqual([vantage, undefined]);
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

  it('may say of a target in which cloud and tenant it is', () => {
    const place = 'tenantId: ABCDEF01-1111-4111-8111-111111111111, cloud: AzureChinaCloud';
    const fleet = `fleet: { targets: [{ resourceId: ${siteId('a')}, ${place} }] }`;
    const { targets } = parseConfig(writeYaml({ ...sound, fleet }), 'c.yml');
    expect(targets[0]).toMatchObject({
      tenantId: 'abcdef01-1111-4111-8111-111111111111',
      cloud: 'AzureChinaCloud',
    });
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

  it.each([
    ['nothing', '', { mode: 'push', store: null, url: null, remoteBuild: false }],
    ['a word', 'delivery: push', { mode: 'push', store: null, url: null, remoteBuild: false }],
    [
      'a store for when the SCM site cannot be reached',
      'delivery: { store: https://a.blob.core.windows.net/packages/ }',
      { mode: 'push', store: 'https://a.blob.core.windows.net/packages', url: null, remoteBuild: false },
    ],
    [
      'a store to fetch from, with its account in the path',
      'delivery: { mode: pull, store: https://127.0.0.1:10000/devstoreaccount1/packages }',
      {
        mode: 'pull',
        store: 'https://127.0.0.1:10000/devstoreaccount1/packages',
        url: null,
        remoteBuild: false,
      },
    ],
    [
      'an address, and a remote build',
      'delivery: { mode: url, url: "https://a.example/x.zip?v=1", remoteBuild: true }',
      { mode: 'url', store: null, url: 'https://a.example/x.zip?v=1', remoteBuild: true },
    ],
  ])('delivers as it says: %s', (_, delivery, expected) => {
    const { keep, ...rest } = parseConfig(writeYaml({ ...sound, delivery }), 'c.yml').delivery;
    expect([keep, rest]).toEqual([5, expected]);
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
