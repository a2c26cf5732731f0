import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGovernor } from '../../src/azure/governor.ts';
import type { PackageOwner } from '../../src/azure/package-label.ts';
import { openPackageStore } from '../../src/azure/package-store.ts';
import { createTransport, type NodeTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { type Azurite, makeStorageToken, startAzurite } from '../azure/azurite.ts';
import { type FleetChanges, openSmallFleet, type SmallFleet } from './small-fleet.ts';
import { root, startCli } from './start-cli.ts';
import { inTempFolder } from './temp-folder.ts';

let azurite: Azurite;
let wire: NodeTransport;

beforeAll(async () => {
  azurite = await startAzurite();
  wire = createTransport({ clock: systemClock(), ca: azurite.ca });
}, 30_000);
afterAll(async () => {
  wire?.close();
  await azurite?.stop();
});

/** A container of its own for each story. */
async function makeContainer(): Promise<string> {
  const container = `packages-${randomBytes(4).toString('hex')}`;
  const { status } = await ask('PUT', `${azurite.account}/${container}?restype=container`);
  expect(status).toBe(201);
  return `${azurite.account}/${container}`;
}

function ask(method: string, url: string, more: Readonly<Record<string, string>> = {}) {
  const signed = { authorization: `Bearer ${makeStorageToken(Date.now())}`, 'x-ms-version': '2023-11-03' };
  const headers = { ...signed, ...more };
  return wire.send({ method, url, headers, timeoutMs: 10_000 });
}

async function listBlobs(store: string): Promise<readonly string[]> {
  const { body } = await ask('GET', `${store}?restype=container&comp=list`);
  return [...body.matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, name = '']) => name);
}

/** Signatures are judged by the wall's clock, so the fleet's must not run far ahead of it. */
const pace: FleetChanges = { timeScale: 40, behindMs: 25 * 60_000 };

function onFleet(
  { faults, delivery }: { readonly faults: readonly object[]; readonly delivery: string },
  work: (fleet: SmallFleet, folder: string) => Promise<void>,
): Promise<void> {
  return inTempFolder(async (folder) => {
    const fleet = await openSmallFleet(folder, faults, {}, { ...pace, config: delivery, ca: azurite.ca });
    try {
      await work(fleet, folder);
    } finally {
      await fleet.stop();
    }
  });
}

// biome-ignore-start lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
const scmClosed = {
  when: { door: 'scm' },
  then: {
    status: 403,
    body: '<h1>Error 403 - Forbidden</h1>The web app you have attempted to reach has blocked your access.',
  },
};
// biome-ignore-end lint/suspicious/noThenProperty: see above

/** Everything that a rollout leaves on disk, as text. */
function readLeft(folder: string): string {
  const state = join(folder, '.slotwave');
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.endsWith('.zip'),
  );
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');
}

describe('a fleet whose SCM sites are closed to us', () => {
  it.concurrent('is deployed by pull: one upload, every slot fetches, promoted in waves, and no signature is left anywhere', async () => {
    const store = await makeContainer();
    const delivery = `delivery: { mode: pull, store: "${store}" }\n`;
    await onFleet({ faults: [scmClosed], delivery }, async (fleet, folder) => {
      expect(await fleet.run(['plan', '--out', 'seen.json'])).toMatchObject({ code: 0 });
      const earlier = await leaveEarlier(folder, store);
      const deployed = await fleet.run(['deploy']);
      expect([deployed.code, deployed.err]).toEqual([0, expect.not.stringMatching(/error|warning/i)]);
      expect(deployed.out).toMatch(/Settled: the release is live wherever it was planned/);
      expect(deployed.out).toMatch(/Deleted packages .*: 2 in the store \(.*\) and 2 in the state folder/);
      const left = await listBlobs(store);
      const isNew = (name: string) =>
        /^orders\/[0-9a-f]{64}\.zip$/.test(name) && !earlier.blobs.includes(name);
      expect(left.filter((name) => !isNew(name))).toEqual(
        ['billing/other.zip', ...earlier.blobs.slice(2)].sort(),
      );
      expect(left.filter(isNew)).toHaveLength(1);
      const zips = readdirSync(join(folder, '.slotwave'), { recursive: true, encoding: 'utf8' }).filter(
        (name) => name.endsWith('release.zip'),
      );
      expect(zips).toHaveLength(5);
      expect(zips.filter((name) => earlier.ids.slice(0, 2).some((id) => name.includes(id)))).toEqual([]);
      expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 1, 'orders-eus': 1 });
      const told = `${deployed.out}${readLeft(folder)}`;
      expect(told).not.toMatch(/sig=(?!\*\*\*)|skoid=/);
    });
  }, 120_000);

  it.concurrent('is deployed although it is to be pushed, where there is a store, and that is said', async () => {
    const store = await makeContainer();
    await onFleet({ faults: [scmClosed], delivery: `delivery: { store: "${store}" }\n` }, async (fleet) => {
      const deployed = await fleet.run(['deploy']);
      expect([deployed.code, deployed.err]).toEqual([0, expect.not.stringMatching(/error|warning/i)]);
      expect(deployed.out).toMatch(
        /weu.*its SCM site cannot be reached from here \(.*403 Ip Forbidden\).*fetches the package from https:\/\/127/,
      );
      expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 1, 'orders-eus': 1 });
    });
  }, 120_000);

  it.concurrent('is refused without a store: the cause, both ways out, nothing live touched', async () => {
    await onFleet({ faults: [scmClosed], delivery: '' }, async (fleet) => {
      const deployed = await fleet.run(['deploy']);
      expect(deployed.code).toBe(10);
      expect(deployed.out).toMatch(/403 Ip Forbidden/);
      expect(deployed.out).toMatch(/self-hosted runner in the VNet/);
      expect(deployed.out).toMatch(/mode: pull, store:/);
      expect(await fleet.countSwaps()).toEqual({});
    });
  }, 120_000);

  it.concurrent("is deployed from an address where a sealed package lies, by that package's own name", async () => {
    const store = await makeContainer();
    await inTempFolder(async (folder) => {
      const sealed = join(folder, 'release.zip');
      const packed = await startCli(
        ['package', join(root, 'examples/orders'), '--seal', '--out', sealed],
        folder,
      );
      expect(packed.code).toBe(0);
      const id = /Sealed as (\S+)\./.exec(packed.err)?.[1] ?? '';
      const url = await publish(store, sealed);
      const fleet = await openSmallFleet(
        join(folder, 'fleet'),
        [scmClosed],
        {},
        {
          ...pace,
          ca: azurite.ca,
          package: sealed,
          config: `delivery: { mode: url, url: "${url}" }\n`,
        },
      );
      try {
        const deployed = await fleet.run(['deploy']);
        expect([deployed.code, deployed.err]).toEqual([0, expect.not.stringMatching(/error|warning/i)]);
        const status = await fleet.run(['status', '--json']);
        expect(status.out).toContain(`"live":"${id}"`);
        expect(`${deployed.out}${readLeft(join(folder, 'fleet'))}`).not.toMatch(/sig=(?!\*\*\*)|skoid=/);
        const again = await fleet.run(['deploy']);
        expect(again).toMatchObject({ code: 0 });
        expect(again.err).toMatch(/already runs this release/);
      } finally {
        await fleet.stop();
      }
    });
  }, 120_000);
});

describe('a rehearsal', () => {
  const site =
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/g/providers/Microsoft.Web/sites/orders-weu';
  const keyedCheck =
    '{ name: keyed, path: /api/health, headers: { x-key: "${env:PROBE_KEY}", x-tenant: "${env:AZURE_TENANT_ID}" } }';
  const needs =
    '{ host: sql.internal, port: 1433 }, { host: sql.internal, port: 443 }, { host: 10.9.9.9, port: 443 }';
  const write = (folder: string, delivery: string, check = '') =>
    writeFileSync(
      join(folder, 'slotwave.yml'),
      `app: orders\npackage: ${join(root, 'examples/orders')}\nfleet: { targets: [{ resourceId: ${site} }] }\nprobes: { interval: 5s, consecutiveSuccessLimit: 1, checks: [${check}], dependencies: [${needs}] }\n${delivery}\n`,
    );

  it.concurrent(
    'of a pull pushes, says so, and speaks to no store; its checks get their keys, and its app what it needs',
    () =>
      inTempFolder(async (folder) => {
        write(folder, 'delivery: { mode: pull, store: "https://nobody.invalid/packages" }', keyedCheck);
        const lacking = await startCli(['rehearse'], folder);
        expect(lacking).toMatchObject({ code: 2, err: expect.stringContaining('PROBE_KEY is not set') });
        // A name of the identity's own stays the rehearsal's.
        const environment = { PROBE_KEY: 'k-12345678', AZURE_TENANT_ID: 'nobody' };
        const rehearsed = await startCli(['rehearse'], folder, environment);
        expect(rehearsed.code).toBe(0);
        expect(`${rehearsed.out}${readLeft(folder)}`).not.toContain('k-12345678');
        expect(rehearsed.err).toContain(
          'In a rehearsal the package is pushed as it is: no store, no remote build.\n',
        );
      }),
    60_000,
  );

  it.concurrent('of a package at an address is refused before anything is started', () =>
    inTempFolder(async (folder) => {
      write(folder, 'delivery: { mode: url, url: "https://nobody.invalid/x.zip?sig=SECRETSIG" }');
      const rehearsed = await startCli(['rehearse'], folder);
      expect(rehearsed.code).toBe(2);
      expect(rehearsed.err).toMatch(/cannot be rehearsed/);
      expect(rehearsed.err).not.toContain('SECRETSIG');
    }));
});

/** Six rollouts of this fleet, as they leave it: their packages in both places, oldest first; and somebody else's. */
async function leaveEarlier(folder: string, store: string) {
  const plan = JSON.parse(readFileSync(join(folder, 'seen.json'), 'utf8')) as Plan;
  const owner = { app: 'orders', targets: plan.targets.map(({ facts }) => facts.target) };
  const ids = [1, 2, 3, 4, 5, 6].map((day) => `2026010${day}-000000-aaaa`);
  const blobs: string[] = [];
  for (const [at, id] of ids.entries()) {
    const place = join(folder, '.slotwave/rollouts', id);
    mkdirSync(place, { recursive: true });
    const path = join(place, 'release.zip');
    writeFileSync(path, `package ${at}`);
    const release = { id: `${id}.0123456789ab` };
    const common = { at: `2026-01-0${at + 1}T00:00:00.000Z`, rollout: id };
    const begun = { seq: 1, ...common, type: 'rollout.begun', plan, release, settingsDigest: '' };
    const ended = { seq: 2, ...common, type: 'rollout.ended', outcome: 'settled', why: '', standings: [] };
    writeFileSync(join(place, 'journal.ndjson'), `${JSON.stringify(begun)}\n${JSON.stringify(ended)}\n`);
    const shelf = openShelf(store, owner);
    const bytes = readFileSync(path);
    const digest = createHash('sha256').update(bytes).digest('hex');
    await shelf.keep(
      { ...release, contentDigest: digest, digest, path, bytes: bytes.length, files: 1 },
      () => {},
    );
    blobs.push(`orders/${digest}.zip`);
    // The store tells whole seconds.
    if (at === 1) await setTimeout(1_100);
  }
  const { status } = await ask('PUT', `${store}/billing/other.zip`, { 'x-ms-blob-type': 'BlockBlob' });
  expect(status).toBe(201);
  return { ids, blobs };
}

function openShelf(store: string, owner?: PackageOwner) {
  const clock = systemClock();
  const tokens = { current: async () => makeStorageToken(clock.now()), drop: () => {} };
  return openPackageStore({
    ...{ address: store, owner, tokens, transport: wire.send, clock, random: () => 0, hide: () => {} },
    governor: createGovernor({ clock, random: () => 0 }),
  });
}

/** As a release pipeline would: the file put somewhere, and an address that reads it. */
async function publish(store: string, path: string): Promise<string> {
  const bytes = readFileSync(path);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const shelf = openShelf(store);
  const release = { id: 'x', contentDigest: digest, digest, path, bytes: bytes.length, files: 1 };
  await shelf.keep(release, () => {});
  return shelf.lend(release, 60 * 60_000);
}
