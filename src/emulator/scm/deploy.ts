/** A deployment as it runs: receiving, building, deploying, and then the slot has other content (azure-platform.md §2.4, §2.5). */
import { restartWorker } from '../hosts.ts';
import { type Platform, spotOf } from '../platform.ts';
import { listZip } from '../world/content.ts';
import type { Deployment, Settings, Slot } from '../world/state.ts';

export interface Delivery {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly deployer: string;
  readonly message: string;
  readonly author: string;
  readonly authorEmail: string;
  /** The settings as the SCM site knows them: they decide where the package goes. */
  readonly settings: Settings;
}

/** Kudu keeps so many packages (`SCM_MAX_ZIP_PACKAGE_COUNT`). */
const keptPackages = 5;
/** The share of a deployment's time in which it only has its temporary id. */
const receivingShare = 0.2;

/** Takes the slot's lock and begins; the deployment goes on after this returns. */
export function beginDeployment(platform: Platform, slot: Slot, delivery: Delivery): Deployment {
  const nowMs = platform.clock.now();
  const { deploy } = platform.world.latencies;
  const deployment: Deployment = {
    id: platform.random.hex(40),
    temporaryId: `temp-${platform.random.hex(8)}`,
    deployer: delivery.deployer,
    author: delivery.author,
    authorEmail: delivery.authorEmail,
    message: delivery.message,
    receivedMs: nowMs,
    permanentMs: nowMs + deploy * receivingShare,
    endedMs: null,
    status: 1,
    active: false,
    log: [],
  };
  slot.deploying = deployment;
  slot.cargo.deployments = [...slot.cargo.deployments, deployment];
  platform.record({
    type: 'deployment.begun',
    ...spotOf(slot),
    id: deployment.id,
    digest: delivery.digest,
    bytes: delivery.bytes.byteLength,
  });
  write(platform, deployment, 'Updating submodules.', 0);
  platform.inBackground(async () => {
    await platform.sleep(deploy);
    finish(platform, slot, deployment, delivery);
  });
  return deployment;
}

/** Waits until it has ended, looking every second. */
export async function waitForDeployment(platform: Platform, deployment: Deployment): Promise<void> {
  while (deployment.endedMs === null) await platform.sleep(1000);
}

function finish(platform: Platform, slot: Slot, deployment: Deployment, delivery: Delivery): void {
  const problem = checkZip(delivery.bytes);
  deployment.endedMs = platform.clock.now();
  slot.deploying = null;
  if (problem !== null) {
    deployment.status = 3;
    write(platform, deployment, 'Deployment Failed.', 2);
    write(platform, deployment, problem, 2);
    platform.record({ type: 'deployment.failed', ...spotOf(slot), id: deployment.id, why: problem });
    return;
  }
  for (const other of slot.cargo.deployments) other.active = other === deployment;
  deployment.status = 4;
  putInPlace(platform, slot, delivery);
  write(platform, deployment, 'Deployment successful.', 0);
  platform.record({ type: 'deployment.done', ...spotOf(slot), id: deployment.id, digest: delivery.digest });
  // Kudu syncs the triggers and restarts by itself (§2.5).
  restartWorker(platform, slot, 'a deployment was done');
}

function putInPlace(platform: Platform, slot: Slot, delivery: Delivery): void {
  const { cargo } = slot;
  const content = platform.contents.keep(delivery.bytes, delivery.digest);
  const nowMs = platform.clock.now();
  if (delivery.settings['WEBSITE_RUN_FROM_PACKAGE'] === '1') {
    const name = `${new Date(nowMs).toISOString().replace(/\D/g, '').slice(0, 14)}.zip`;
    cargo.packages = [...cargo.packages, { name, content }].slice(-keptPackages);
  } else {
    cargo.wwwroot = content;
  }
  cargo.sinceMs = nowMs;
  cargo.arrivedBy = 'deployment';
  slot.lastModifiedMs = nowMs;
}

function checkZip(bytes: Uint8Array): string | null {
  try {
    listZip(bytes);
    return null;
  } catch (thrown) {
    return `The package is not a zip that can be read: ${thrown instanceof Error ? thrown.message : String(thrown)}.`;
  }
}

function write(platform: Platform, deployment: Deployment, message: string, type: 0 | 1 | 2): void {
  deployment.log.push({ id: platform.random.guid(), atMs: platform.clock.now(), message, type });
}
