import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { zipSync } from 'fflate';
import { createAzure } from '../../src/azure/azure.ts';
import { readOnly } from '../../src/azure/read-only.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import type { Target } from '../../src/plan/fleet.ts';
import { type Release, stampSetting } from '../../src/release/release.ts';
import { playedRuntime, transportOver } from './in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-azure-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const release = makeRelease('r1.0123456789ab');
const subscription = '51075a1e-0000-4000-8000-000000000001';

function makeRelease(id: string): Release {
  const bytes = zipSync({
    'host.json': new TextEncoder().encode('{"version":"2.0"}'),
    'slotwave.release.json': new TextEncoder().encode(JSON.stringify({ release: id })),
  });
  const path = join(folder, `${id}.zip`);
  writeFileSync(path, bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { id, contentDigest: digest, digest, path, bytes: bytes.byteLength, files: 2 };
}

function targetOf(site: string, slot = 'staging'): Target {
  return { name: site, subscriptionId: subscription, resourceGroup: 'slotwave', site, slot, labels: {} };
}

const weu: NonNullable<WorldInput['sites']>[number] = {
  name: 'orders-weu',
  region: 'westeurope',
  tags: { app: 'orders', ring: 'canary' },
  settings: { FUNCTIONS_WORKER_RUNTIME: 'node', KEEP: 'live' },
  sticky: ['QUEUE'],
  release: 'old.000000000000',
  slots: [{ name: 'staging', settings: { KEEP: 'staged', QUEUE: 'staging-only', OTHER: 'x' } }],
};

/** A linter takes an object with a `then` for a promise; the faults file has the word all the same. */
function fault(when: FaultInput['when'], what: FaultInput['then']): FaultInput {
  return Object.fromEntries([
    ['when', when],
    ['then', what],
  ]) as FaultInput;
}

async function begin(options: { world?: Partial<WorldInput>; faults?: FaultInput[]; dry?: boolean } = {}) {
  const clock = new VirtualClock();
  const emulator = createEmulator({
    world: { sites: [weu], ...options.world },
    faults: options.faults ?? [],
    clock,
    runtime: playedRuntime,
  });
  const sent: string[] = [];
  const hidden: string[] = [];
  const wire = transportOver(emulator.fetch, clock);
  const transport: typeof wire = (request) => {
    sent.push(`${request.method} ${new URL(request.url).pathname}`);
    return wire(request);
  };
  const { tenantId, clientId, clientSecret } = emulator.identity;
  const environment = {
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
  };
  const azure = await clock.run(
    createAzure({
      cloudName: emulator.origin,
      transport: options.dry ? readOnly(transport) : transport,
      clock,
      environment,
      random: () => 0.5,
      hide: (secret) => hidden.push(secret),
    }),
  );
  return {
    clock,
    emulator,
    azure,
    sent,
    hidden,
    posts: (part: string) => sent.filter((each) => each.startsWith('POST') && each.includes(part)).length,
  };
}

/** What the strategy does before a promotion. */
async function stage({ azure, clock }: Awaited<ReturnType<typeof begin>>, target = targetOf('orders-weu')) {
  const progress: number[] = [];
  await clock.run(azure.slots.writeSettings(target, { [stampSetting]: release.id, ORDERS_VERSION: '2' }));
  await clock.run(azure.slots.deployPackage(target, release, ({ sentBytes }) => progress.push(sentBytes)));
  return progress;
}

describe('Azure, as the emulator plays it in process', () => {
  it('surveys a fleet: the written target, and those that tags find', async () => {
    const other = { ...weu, name: 'orders-neu', region: 'northeurope' };
    const stranger = { ...weu, name: 'billing-neu', tags: { app: 'billing' } };
    const { azure, clock } = await begin({ world: { sites: [weu, other, stranger] } });
    const fleet = await clock.run(
      azure.survey({
        targets: [targetOf('orders-weu')],
        discover: { tags: { app: 'orders' } },
        settings: { KEEP: 'live' },
      }),
    );
    expect(fleet.targets.map(({ target }) => [target.name, target.labels['ring']])).toEqual([
      ['orders-weu', undefined],
      ['orders-neu', 'canary'],
    ]);
    const [first] = fleet.targets;
    expect(first).toMatchObject({
      region: 'westeurope',
      planTier: 'ElasticPremium',
      operatingSystem: 'linux',
      runtime: 'node',
      stickyNames: ['QUEUE'],
      settingsInPlace: true,
      operationInProgress: null,
    });
    expect(first?.production).toMatchObject({ state: 'Running', releaseId: 'old.000000000000' });
    expect(first?.staging?.settingNames).toContain('OTHER');
    expect(first?.differences.map(({ name, rule }) => [name, rule])).toEqual(
      expect.arrayContaining([
        ['KEEP', 'travels'],
        ['QUEUE', 'stays'],
      ]),
    );
    expect(JSON.stringify(fleet)).not.toContain('staging-only');
  });

  it('names every target that is not there, and leaves a missing slot to the preflight', async () => {
    const { azure, clock } = await begin();
    const bad = clock.run(
      azure.survey({
        targets: [targetOf('orders-weu'), targetOf('nowhere'), targetOf('neither')],
        settings: {},
      }),
    );
    const error = await bad.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'input', code: 'targets-not-found' });
    expect((error as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual([
      'nowhere',
      'neither',
    ]);
    const fleet = await clock.run(
      azure.survey({ targets: [targetOf('orders-weu', 'preview')], settings: {} }),
    );
    expect(fleet.targets[0]?.staging).toBeNull();
  });

  it('surveys through a transport that cannot write', async () => {
    const { azure, clock, sent } = await begin({ dry: true });
    await clock.run(
      azure.survey({
        targets: [targetOf('orders-weu')],
        discover: { tags: { app: 'orders' } },
        settings: {},
      }),
    );
    expect(sent.length).toBeGreaterThan(5);
    const before = sent.length;
    await expect(clock.run(azure.slots.swap(targetOf('orders-weu')))).rejects.toMatchObject({
      kind: 'defect',
      code: 'write-on-dry-run',
    });
    expect(sent.length).toBe(before);
  });

  for (const os of ['linux', 'windows'] as const) {
    it(`stages and swaps on ${os}: one PUT, one upload, one POST`, async () => {
      const story = await begin({ world: { sites: [{ ...weu, os }] } });
      const { azure, clock, emulator, sent, posts } = story;
      const progress = await stage(story);
      expect(progress.at(-1)).toBe(release.bytes);
      const staged = emulator.snapshot().sites['orders-weu']!.slots['staging']!;
      expect(staged).toMatchObject({ release: release.id, content: release.digest });
      expect(staged.settings).toMatchObject({
        KEEP: 'staged',
        OTHER: 'x',
        ORDERS_VERSION: '2',
        WEBSITE_RUN_FROM_PACKAGE: '1',
        WEBSITE_SWAP_WARMUP_PING_PATH: '/',
        WEBSITE_SWAP_WARMUP_PING_STATUSES: '200,202,204',
      });
      expect(sent.filter((each) => each.startsWith('PUT')).length).toBe(1);
      await clock.run(azure.slots.swap(targetOf('orders-weu')));
      expect(await clock.run(azure.slots.readSlots(targetOf('orders-weu')))).toMatchObject({
        liveId: release.id,
        besideId: 'old.000000000000',
        operation: null,
        preparedFor: null,
      });
      expect(posts('/slotsswap')).toBe(1);
      expect(posts(os === 'linux' ? '/api/publish' : '/api/zipdeploy')).toBe(1);
    });
  }

  it('staging again writes nothing and uploads nothing where the deployment is known by its name', async () => {
    const story = await begin({ world: { sites: [{ ...weu, os: 'windows' }] } });
    await stage(story);
    const before = story.sent.length;
    await stage(story);
    expect(story.sent.slice(before).filter((each) => /PUT|zipdeploy/.test(each))).toEqual([]);
  });

  it.each<[string, FaultInput, number]>([
    ['lost before it was read', fault({ request: 'POST */slotsswap' }, { lost: 'before' }), 0],
    ['carried out, the answer lost', fault({ request: 'POST */slotsswap' }, { lost: 'after' }), 1],
    [
      'answered 500 although accepted',
      fault({ request: 'POST */slotsswap' }, { status: 500, effect: 'before' }),
      1,
    ],
    ['answered 503 before it was read', fault({ request: 'POST */slotsswap' }, { status: 503 }), 0],
  ])('a swap %s is a doubt, and is not asked for again', async (_name, trouble, swaps) => {
    const story = await begin({ faults: [trouble] });
    await stage(story);
    await expect(story.clock.run(story.azure.slots.swap(targetOf('orders-weu')))).rejects.toMatchObject({
      kind: 'doubt',
    });
    expect(story.posts('/slotsswap')).toBe(1);
    story.clock.advance(0);
    await story.clock.run(story.clock.sleep(600_000));
    expect(story.emulator.history.filter(({ type }) => type === 'swap.done').length).toBe(swaps);
  });

  it('a swap whose warm-up fails certainly moved nothing', async () => {
    const story = await begin({
      faults: [fault({ request: 'POST */slotsswap' }, { swap: { failAt: 'warmup' } })],
    });
    await stage(story);
    await expect(story.clock.run(story.azure.slots.swap(targetOf('orders-weu')))).rejects.toMatchObject({
      kind: 'transient',
      code: 'swap-ping-failed',
    });
    expect(await story.clock.run(story.azure.slots.readSlots(targetOf('orders-weu')))).toMatchObject({
      liveId: 'old.000000000000',
      besideId: release.id,
    });
  });

  it('reads are repeated through throttling, gateway errors and cut connections', async () => {
    const faults: FaultInput[] = [
      fault(
        { request: 'GET */sites/orders-weu', occurrence: 1 },
        { status: 429, headers: { 'retry-after': '7' } },
      ),
      fault({ request: 'GET */sites/orders-weu', occurrence: 2 }, { status: 503 }),
      fault({ request: 'POST */config/appsettings/list', occurrence: [1, 2] }, { lost: 'after' }),
    ];
    const { azure, clock } = await begin({ faults });
    expect(await clock.run(azure.slots.readSlots(targetOf('orders-weu')))).toMatchObject({
      liveId: 'old.000000000000',
    });
  });

  for (const os of ['linux', 'windows'] as const) {
    it.each<[string, FaultInput]>([
      [
        'its answer is lost after it was taken',
        fault({ request: 'POST /api/*', door: 'scm', occurrence: 1 }, { lost: 'after' }),
      ],
      [
        'its answer is lost before it was taken',
        fault({ request: 'POST /api/*', door: 'scm', occurrence: 1 }, { lost: 'before' }),
      ],
      ['it is answered 502', fault({ request: 'POST /api/*', door: 'scm', occurrence: 1 }, { status: 502 })],
      [
        'another deployment is in progress',
        fault(
          { request: 'POST /api/*', door: 'scm', occurrence: [1, 2, 3] },
          {
            status: 409,
            body: 'There is a deployment currently in progress. Please try again when it completes.',
          },
        ),
      ],
      [
        'the site is throttled',
        fault(
          { request: 'POST /api/*', door: 'scm', occurrence: 1 },
          { status: 429, headers: { 'retry-after': '3' } },
        ),
      ],
    ])(`an upload on ${os} arrives although %s`, async (_name, trouble) => {
      const story = await begin({ world: { sites: [{ ...weu, os }] }, faults: [trouble] });
      await stage(story);
      expect(story.emulator.snapshot().sites['orders-weu']!.slots['staging']).toMatchObject({
        content: release.digest,
      });
      const wanted = trouble.then.lost === 'after' ? 1 : undefined;
      if (wanted)
        expect(story.emulator.history.filter(({ type }) => type === 'deployment.begun').length).toBe(wanted);
    });
  }

  it('a package that is no zip is refused, with what the log says', async () => {
    const story = await begin();
    const path = join(folder, 'broken.zip');
    writeFileSync(path, 'not a zip');
    const digest = createHash('sha256').update('not a zip').digest('hex');
    const broken: Release = { ...release, path, digest, bytes: 9 };
    await story.clock.run(
      story.azure.slots.writeSettings(targetOf('orders-weu'), { [stampSetting]: broken.id }),
    );
    const error = await story.clock
      .run(story.azure.slots.deployPackage(targetOf('orders-weu'), broken, () => {}))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'refusal', code: 'deployment-failed' });
    expect(String(error)).toContain('not a zip');
  });

  it('a lost answer to the settings is settled by reading them', async () => {
    const story = await begin({
      faults: [fault({ request: 'PUT */config/appsettings' }, { lost: 'after' })],
    });
    await story.clock.run(story.azure.slots.writeSettings(targetOf('orders-weu'), { A: '1' }));
    expect(story.emulator.snapshot().sites['orders-weu']!.slots['staging']!.settings).toMatchObject({
      A: '1',
      OTHER: 'x',
    });
  });

  it('a token that ends in the middle is renewed, and no mutation is sent twice for it', async () => {
    const story = await begin({ world: { sites: [weu], identity: { tokenLifetime: '20m' } } });
    await stage(story);
    await story.clock.run(story.clock.sleep(3 * 3_600_000));
    await story.clock.run(story.azure.slots.swap(targetOf('orders-weu')));
    expect(story.posts('/slotsswap')).toBe(1);
    expect(story.posts('/token')).toBeGreaterThan(1);
  });

  it('hands out the master key once it is hidden, and asks again when it was refused', async () => {
    const { azure, clock, hidden, posts } = await begin();
    const live = await clock.run(azure.hostKey(targetOf('orders-weu'), 'live', false));
    const beside = await clock.run(azure.hostKey(targetOf('orders-weu'), 'beside', false));
    await clock.run(azure.hostKey(targetOf('orders-weu'), 'live', false));
    expect(posts('/listkeys')).toBe(2);
    await clock.run(azure.hostKey(targetOf('orders-weu'), 'live', true));
    expect(posts('/listkeys')).toBe(3);
    expect(hidden).toEqual(expect.arrayContaining([live, beside]));
    expect(live).not.toBe(beside);
  });

  it('a wrong secret is refused by its AADSTS code, and is not told', async () => {
    const clock = new VirtualClock();
    const emulator = createEmulator({ world: { sites: [weu] }, clock, runtime: playedRuntime });
    const environment = {
      AZURE_TENANT_ID: emulator.identity.tenantId,
      AZURE_CLIENT_ID: emulator.identity.clientId,
      AZURE_CLIENT_SECRET: 'hunter2-hunter2',
    };
    const azure = await clock.run(
      createAzure({
        cloudName: emulator.origin,
        transport: transportOver(emulator.fetch, clock),
        clock,
        environment,
        random: () => 0.5,
        hide: () => {},
      }),
    );
    const error = await clock
      .run(azure.survey({ targets: [targetOf('orders-weu')], settings: {} }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'refusal', code: 'credential-refused' });
    expect(String(error)).toContain('AADSTS7000215');
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });
});
