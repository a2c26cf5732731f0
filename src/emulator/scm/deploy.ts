/** A deployment as it runs: receiving, building, deploying, and then the slot has other content (azure-platform.md §2.4, §2.5). */
import type { DeploymentEnd } from '../faults/schema.ts';
import type { Content } from '../host/runtime.ts';
import { restartWorker } from '../hosts.ts';
import { latenciesOf, type Platform, spotOf } from '../platform.ts';
import { beginSwap } from '../swap/swap.ts';
import { listZip, sha256 } from '../world/content.ts';
import type { Deployment, DeploymentStatus, Settings, Slot } from '../world/state.ts';

interface Received {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

export interface Delivery {
  /** The zip itself, or where the SCM site finds it. */
  readonly package: Received | { readonly url: string };
  readonly deployer: string;
  readonly message: string;
  readonly author: string;
  readonly authorEmail: string;
  /** The settings as the SCM site knows them: they decide where the package goes. */
  readonly settings: Settings;
  /** A deployment of before that is carried out once more, under its own id. */
  readonly again?: Deployment | undefined;
}

/** Kudu keeps so many packages (`SCM_MAX_ZIP_PACKAGE_COUNT`). */
const keptPackages = 5;
/** The share of a deployment's time in which it only has its temporary id. */
const receivingShare = 0.2;

/** Takes the slot's lock and begins; the deployment goes on after this returns. */
export function beginDeployment(platform: Platform, slot: Slot, delivery: Delivery): Deployment {
  const nowMs = platform.clock.now();
  const { deploy } = latenciesOf(platform, slot);
  const isFlex = isFlexible(slot);
  const { again } = delivery;
  const deployment: Deployment = {
    id: again?.id ?? (isFlex ? platform.random.guid() : platform.random.hex(40)),
    temporaryId: `temp-${platform.random.hex(8)}`,
    deployer: delivery.deployer,
    author: delivery.author,
    authorEmail: delivery.authorEmail,
    message: delivery.message,
    receivedMs: nowMs,
    permanentMs: isFlex || again ? nowMs : nowMs + deploy * receivingShare,
    endedMs: null,
    status: 1,
    active: false,
    log: [],
    content: null,
  };
  const end = platform.faults.deploymentEnd(slot);
  slot.deploying = deployment;
  slot.cargo.deployments = [...slot.cargo.deployments.filter((one) => one !== again), deployment];
  const known = 'url' in delivery.package ? null : delivery.package;
  const facts = { digest: known?.digest ?? '', bytes: known?.bytes.byteLength ?? 0 };
  platform.record({ type: 'deployment.begun', ...spotOf(slot), id: deployment.id, ...facts });
  write(platform, deployment, 'Updating submodules.', 0);
  for (const line of platform.world.deploymentLog) write(platform, deployment, line, 0);
  platform.inBackground(async () => {
    const received = await receive(platform, delivery);
    await platform.sleep(deploy);
    if (end !== 'never') finish(platform, slot, deployment, { delivery, received, end });
  });
  return deployment;
}

/** Flex Consumption's SCM site is another program (§2.7). */
export function isFlexible(slot: Slot): boolean {
  return slot.site.plan.sku === 'FC1';
}

/** Waits until it has ended, looking every second. */
export async function waitForDeployment(platform: Platform, deployment: Deployment): Promise<void> {
  while (deployment.endedMs === null) await platform.sleep(1000);
}

/** The SCM worker fetches a package from its address; what is secret in the address is told to nobody. */
async function receive(platform: Platform, delivery: Delivery): Promise<Received | string> {
  if (!('url' in delivery.package)) return delivery.package;
  const { url } = delivery.package;
  const host = URL.canParse(url) ? new URL(url).host : 'an address that is none';
  try {
    const bytes = await platform.fetchPackage(url);
    return { bytes, digest: sha256(bytes) };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.replaceAll(url, host) : 'no answer';
    return `Failed to download the package from ${host}: ${why}`;
  }
}

interface Ending {
  readonly delivery: Delivery;
  readonly received: Received | string;
  readonly end: DeploymentEnd | null;
}

const endStatuses: Readonly<Record<Exclude<DeploymentEnd, 'never'>, DeploymentStatus>> = {
  failed: 3,
  partial: 6,
  cancelled: -1,
  conflict: 5,
};
const endLines: Readonly<Record<Exclude<DeploymentEnd, 'never'>, string>> = {
  failed: 'Deployment Failed.',
  partial: '[KuduSpecializer] Kudu has been restarted after package deployed',
  cancelled: 'Deployment was cancelled.',
  conflict: 'Another deployment is in progress.',
};

function finish(
  platform: Platform,
  slot: Slot,
  deployment: Deployment,
  { delivery, received, end }: Ending,
): void {
  const struck = end === null || end === 'never' ? null : end;
  const problem =
    typeof received === 'string'
      ? received
      : (checkZip(received.bytes) ?? (struck && struck !== 'partial' ? endLines[struck] : null));
  deployment.endedMs = platform.clock.now();
  slot.deploying = null;
  deployment.status = struck ? endStatuses[struck] : problem === null ? 4 : 3;
  if (problem !== null || typeof received === 'string') {
    write(platform, deployment, 'Deployment Failed.', 2);
    write(platform, deployment, problem ?? '', 2);
    platform.record({ type: 'deployment.failed', ...spotOf(slot), id: deployment.id, why: problem ?? '' });
    return;
  }
  for (const other of slot.cargo.deployments) other.active = other === deployment;
  deployment.content = putInPlace(platform, slot, delivery, received);
  write(platform, deployment, struck ? endLines[struck] : 'Deployment successful.', struck ? 1 : 0);
  const { digest } = received;
  platform.record({ type: 'deployment.done', ...spotOf(slot), id: deployment.id, digest });
  // Kudu syncs the triggers and restarts by itself (§2.5).
  restartWorker(platform, slot, 'a deployment was done');
  swapAutomatically(platform, slot);
}

/** Auto swap begins after a deployment, on Windows only (§3.6). Whoever is busy already is left alone. */
function swapAutomatically(platform: Platform, slot: Slot): void {
  const name = slot.config['autoSwapSlotName'];
  if (typeof name !== 'string' || name === '' || slot.site.os !== 'windows' || slot.site.operation) return;
  const { site } = slot;
  const target = /^production$/i.test(name) ? site.production : site.slots.get(name.toLowerCase());
  if (target && target !== slot) beginSwap(platform, slot, target, { automatic: true });
}

function putInPlace(platform: Platform, slot: Slot, { settings }: Delivery, received: Received): Content {
  const { cargo } = slot;
  const content = platform.contents.keep(received.bytes, received.digest);
  const nowMs = platform.clock.now();
  if (settings['WEBSITE_RUN_FROM_PACKAGE'] === '1' && !isFlexible(slot)) {
    const name = `${new Date(nowMs).toISOString().replace(/\D/g, '').slice(0, 14)}.zip`;
    cargo.packages = [...cargo.packages, { name, content }].slice(-keptPackages);
  } else {
    cargo.wwwroot = content;
  }
  cargo.sinceMs = nowMs;
  cargo.arrivedBy = 'deployment';
  slot.lastModifiedMs = nowMs;
  return content;
}

/** What is wrong with a package; null when its directory can be read. */
export function checkZip(bytes: Uint8Array): string | null {
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
