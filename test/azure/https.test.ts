import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { zipSync } from 'fflate';
import { type Azure, createAzure } from '../../src/azure/azure.ts';
import { createTransport, type NodeTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { type Served, serve } from '../../src/emulator/serve/serve.ts';
import type { Target } from '../../src/plan/fleet.ts';
import { type Release, stampSetting } from '../../src/release/release.ts';
import { playedRuntime } from './in-process.ts';

const subscriptionId = '51075a1e-0000-4000-8000-000000000001';
const names = ['orders-weu', 'orders-neu', 'orders-eus'];
const targets = names.map(
  (site): Target => ({
    name: site,
    subscriptionId,
    resourceGroup: 'slotwave',
    site,
    slot: 'staging',
    labels: {},
  }),
);
const timeScale = 120;
const clock = systemClock({ scale: timeScale });
const folder = mkdtempSync(join(tmpdir(), 'slotwave-https-'));

let served: Served;
let wire: NodeTransport;
let azure: Azure;
let release: Release;

beforeAll(async () => {
  const certificates = await makeCertificates(Date.now());
  const sites = names.map((name, at) => ({
    name,
    region: 'westeurope',
    os: at === 1 ? ('windows' as const) : ('linux' as const),
    release: 'old.000000000000',
  }));
  served = await serve({
    certificates,
    create: (origin) =>
      createEmulator({ world: { sites }, clock, runtime: playedRuntime, origin, timeScale }),
  });
  wire = createTransport({ clock, ca: certificates.ca });
  const { tenantId, clientId, clientSecret } = served.emulator.identity;
  const environment = {
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
  };
  azure = await createAzure({
    cloudName: served.url,
    transport: wire.send,
    clock,
    environment,
    random: () => 0.5,
    hide: () => {},
  });
  release = pack('r1.0123456789ab');
});

afterAll(async () => {
  wire?.close();
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A zip of some size: an upload of several chunks. */
function pack(id: string): Release {
  const noise = new Uint8Array(3_000_000).map((_, at) => (at * 2_654_435_761) >>> 13);
  const bytes = zipSync({ 'host.json': new TextEncoder().encode('{"version":"2.0"}'), noise }, { level: 0 });
  const path = join(folder, `${id}.zip`);
  writeFileSync(path, bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { id, contentDigest: digest, digest, path, bytes: bytes.byteLength, files: 2 };
}

describe('Azure over real HTTPS', () => {
  it('surveys, stages and swaps a fleet at once', async () => {
    const fleet = await azure.survey({ targets, settings: {} });
    expect(fleet.targets.map(({ production }) => production.releaseId)).toEqual(
      names.map(() => 'old.000000000000'),
    );
    const told: number[] = [];
    await Promise.all(
      targets.map(async (target) => {
        await azure.slots.writeSettings(target, { [stampSetting]: release.id });
        await azure.slots.deployPackage(target, release, ({ sentBytes }) => told.push(sentBytes));
        await azure.slots.swap(target);
      }),
    );
    for (const target of targets) {
      expect(await azure.slots.readSlots(target)).toMatchObject({
        liveId: release.id,
        besideId: 'old.000000000000',
      });
      expect(served.emulator.snapshot().sites[target.site]?.slots['production']).toMatchObject({
        content: release.digest,
      });
    }
    expect(told.filter((bytes) => bytes === release.bytes).length).toBe(names.length);
    expect(told.length).toBeGreaterThan(names.length * 10);
  }, 60_000);

  it('a fault on the wire is a doubt, and one swap', async () => {
    const fault = Object.fromEntries([
      ['when', { request: 'POST */slotsswap' }],
      ['then', { lost: 'after' }],
    ]);
    served.emulator.setFaults([fault as Parameters<typeof served.emulator.setFaults>[0][number]]);
    await expect(azure.slots.swap(targets[0]!)).rejects.toMatchObject({ kind: 'doubt', code: 'answer-lost' });
    served.emulator.setFaults([]);
    for (;;) {
      const reading = await azure.slots.readSlots(targets[0]!);
      if (reading.operation === null) {
        expect(reading).toMatchObject({ liveId: 'old.000000000000', besideId: release.id });
        break;
      }
      await clock.sleep(5_000);
    }
  }, 60_000);

  it('an upload that is reset in the middle arrives whole', async () => {
    const fault = Object.fromEntries([
      ['when', { door: 'scm', request: 'POST *', occurrence: 1 }],
      ['then', { reset: { afterBytes: 1_000_000 } }],
    ]);
    served.emulator.setFaults([fault as Parameters<typeof served.emulator.setFaults>[0][number]]);
    const other = pack('r2.fedcba987654');
    await azure.slots.writeSettings(targets[2]!, { [stampSetting]: other.id });
    await azure.slots.deployPackage(targets[2]!, other, () => {});
    expect(served.emulator.snapshot().sites['orders-eus']?.slots['staging']).toMatchObject({
      content: other.digest,
      release: other.id,
    });
  }, 60_000);
});
