/** What leaves this machine when a package goes to many regions: pushed to each, or put once where they fetch it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Target } from '../../src/plan/fleet.ts';
import type { Release } from '../../src/release/release.ts';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';
import { makePackage, openSinkHouse, type SinkHouse } from '../bench-kit/sink-house.ts';

export interface MovingSize {
  readonly bytes: number;
  readonly regions: number;
  readonly atOnce: number;
}

const full: MovingSize = { bytes: 100e6, regions: 60, atOnce: 20 };

export const row: BenchRow = {
  name: 'bytes',
  about:
    `Bytes that ARM, SCM sites and the store received, when ${full.bytes / 1e6} MB ` +
    `go to ${full.regions} regions by delivery: pull; peer: by delivery: push, as everybody does who uploads to each region`,
  measure: () => measureBytes(full),
};

export async function measureBytes({ bytes, regions, atOnce }: MovingSize): Promise<readonly BenchLine[]> {
  const sinks = await openSinkHouse();
  try {
    const path = join(sinks.folder, 'package.zip');
    await makePackage(path, bytes);
    const digest = createHash('sha256').update(path).digest('hex');
    const release = { id: 'r.0123456789ab', contentDigest: digest, digest, path, bytes, files: 1 };
    const targets = Array.from({ length: regions }, (_, at) => targetOf(at));
    const sent = async (mode: 'push' | 'pull') => {
      await deliverAll({ sinks, mode, release, targets, atOnce });
      return sinks.received();
    };
    const [push, pull] = [await sent('push'), await sent('pull')];
    const line = (what: string, unit: string, of: (each: typeof push) => number, limit: number | null) => {
      return { what, unit, ours: of(pull), peer: of(push), limit };
    };
    return [
      line('packages sent by this machine', 'packages', ({ packageBytes }) => packageBytes / bytes, 1),
      line('with all requests, headers and TLS', 'packages', ({ received }) => received / bytes, null),
      line(
        'beside packages',
        'kB per region',
        (each) => (each.received - each.packageBytes) / 1e3 / regions,
        null,
      ),
    ];
  } finally {
    await sinks.stop();
  }
}

function targetOf(index: number): Target {
  const site = `orders-${index}`;
  return { name: site, subscriptionId: 's', resourceGroup: 'g', site, slot: 'staging', labels: {} };
}

interface Moving {
  readonly sinks: SinkHouse;
  readonly mode: 'push' | 'pull';
  readonly release: Release;
  readonly targets: readonly Target[];
  readonly atOnce: number;
}

/** Whole deployments, as a rollout has them: looked for, sent or asked for, followed, judged. */
async function deliverAll({ sinks, mode, release, targets, atOnce }: Moving): Promise<void> {
  const { createArm } = await import('../../src/azure/arm.ts');
  const { createDelivery, plainPush } = await import('../../src/azure/delivery.ts');
  const { createGovernor } = await import('../../src/azure/governor.ts');
  const { openPackageStore } = await import('../../src/azure/package-store.ts');
  const { createTransport } = await import('../../src/azure/transport-node.ts');
  const { systemClock } = await import('../../src/clock.ts');
  const clock = systemClock();
  const { send: transport, close } = createTransport({ clock, ca: readFileSync(sinks.caFile, 'utf8') });
  const origin = `https://localhost:${sinks.port}`;
  const cloud = {
    name: 'sinks',
    resourceManager: origin,
    loginEndpoint: origin,
    scope: '',
    wellKnown: false,
  };
  const tokens = { current: async () => 'a-token', drop: () => {} };
  const common = { tokens, transport, clock, random: () => 0.5, hide: () => {} };
  const address = `${origin}/packages`;
  const owner = { app: 'orders', targets };
  const governor = createGovernor({ clock, random: () => 0.5 });
  const deliver = createDelivery(
    {
      ...common,
      arm: createArm({ cloud, ...common, governor }),
      store: mode === 'pull' ? openPackageStore({ ...common, address, owner, governor }) : null,
    },
    { delivery: { ...plainPush, mode, store: mode === 'pull' ? address : null }, onNotice: () => {} },
  );
  const limit = pLimit(atOnce);
  await Promise.all(targets.map((target) => limit(() => deliver(target, release, () => {}))));
  close();
}
