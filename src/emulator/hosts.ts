/** Workers: which instance of the function host answers for a slot, since when, and until when. */
import type { Content, RunningHost } from './host/runtime.ts';
import { latenciesOf, type Platform, releaseOf, spotOf } from './platform.ts';
import type { Slot, Worker } from './world/state.ts';

/** How long a request may wait for a host that starts: the front end gives up after about 230 s (§6). */
export const frontDeadlineMs = 230_000;

/** What runs in the slot, by `WEBSITE_RUN_FROM_PACKAGE` (azure-platform.md §2.5). From a URL: what was mounted. */
export function contentOf(slot: Slot): Content | null {
  if (packageUrlOf(slot) !== null) return slot.worker?.content ?? null;
  // Flex Consumption has a place of its own for packages (§2.7).
  return slot.settings['WEBSITE_RUN_FROM_PACKAGE'] === '1' && slot.site.plan.sku !== 'FC1'
    ? (slot.cargo.packages.at(-1)?.content ?? null)
    : slot.cargo.wwwroot;
}

/** The address of the package that the slot runs from; null when it runs from its own files. */
export function packageUrlOf({ settings }: Slot): string | null {
  const mode = settings['WEBSITE_RUN_FROM_PACKAGE'];
  return mode !== undefined && /^https?:/i.test(mode) ? mode : null;
}

/** The worker that a slot has when the world begins, warm already. */
export function beginWorker(platform: Platform, slot: Slot): void {
  const nowMs = platform.clock.now();
  if (slot.state === 'Running') slot.worker = makeWorker(platform, slot, nowMs, nowMs);
}

/**
 * Replaces the slot's worker by one with the settings and the content of this moment. The old one answers on for
 * the latency `restart`; the new one takes `hostStart` (and what a fault adds) until it is ready.
 */
export function restartWorker(platform: Platform, slot: Slot, why: string): void {
  if (slot.state !== 'Running') return;
  const nowMs = platform.clock.now();
  const { restart, hostStart } = latenciesOf(platform, slot);
  const readyMs = nowMs + restart + hostStart + platform.faults.hostDelayMs(slot);
  retire(platform, slot, nowMs + restart);
  slot.worker = makeWorker(platform, slot, nowMs, readyMs);
  platform.record({ type: 'host.started', ...spotOf(slot), why, release: releaseOf(slot) });
}

/** Ends both workers at once: the slot was stopped or deleted. */
export function stopWorkers(platform: Platform, slot: Slot): void {
  if (slot.retiring) stopHost(platform, slot.retiring.worker);
  if (slot.worker) stopHost(platform, slot.worker);
  slot.retiring = null;
  slot.worker = null;
  platform.record({ type: 'host.stopped', ...spotOf(slot) });
}

/** The host that answers for the slot now, after a wait when it is just starting. Null: it did not come up in time. */
export async function awaitHost(
  platform: Platform,
  slot: Slot,
  deadlineMs: number,
): Promise<HostAtWork | null> {
  for (;;) {
    const nowMs = platform.clock.now();
    if (slot.retiring && nowMs >= slot.retiring.untilMs) {
      stopHost(platform, slot.retiring.worker);
      slot.retiring = null;
    }
    const worker = slot.retiring?.worker ?? slot.worker;
    if (!worker) return null;
    if (nowMs >= worker.readyMs) {
      if (worker.mounting) await worker.mounting;
      return worker.mountFailed ? null : { worker, host: hostOf(platform, slot, worker) };
    }
    if (nowMs >= deadlineMs) return null;
    await platform.sleep(Math.min(worker.readyMs, deadlineMs) - nowMs);
  }
}

export interface HostAtWork {
  readonly worker: Worker;
  readonly host: RunningHost;
}

/** Waits until the slot's own new worker is ready, whoever answers in the meantime. */
export async function awaitReady(platform: Platform, worker: Worker, deadlineMs: number): Promise<boolean> {
  const nowMs = platform.clock.now();
  await platform.sleep(Math.min(worker.readyMs, deadlineMs) - nowMs);
  if (worker.mounting) await worker.mounting;
  return platform.clock.now() >= worker.readyMs && !worker.mountFailed;
}

/** The host of this worker, started by the first who asks for it. */
export function hostOf(platform: Platform, slot: Slot, worker: Worker): RunningHost {
  worker.host ??= platform.runtime.start({
    site: slot.site.name,
    slot: slot.name,
    hostName: platform.addresses.host(slot.label),
    operatingSystem: slot.site.os,
    content: worker.content,
    settings: worker.settings,
    keys: worker.keys,
    clock: platform.clock,
  });
  return worker.host;
}

function makeWorker(platform: Platform, slot: Slot, startedMs: number, readyMs: number): Worker {
  const url = packageUrlOf(slot);
  const worker: Worker = {
    content: url === null ? contentOf(slot) : null,
    mounting: null,
    mountFailed: false,
    syncRefusals: slot.triggerSyncRefusals,
    settings: slot.settings,
    keys: slot.keys,
    startedMs,
    readyMs,
    host: null,
  };
  if (url !== null) beginMount(platform, slot, worker, url);
  return worker;
}

/** A package from a URL is fetched at every start: when it cannot be read, the host does not come up (§2.5). */
function beginMount(platform: Platform, slot: Slot, worker: Worker, url: string): void {
  const mount = async (): Promise<void> => {
    try {
      worker.content = platform.contents.keep(await platform.fetchPackage(url));
      arrive(platform, slot, worker, url);
    } catch (thrown) {
      worker.mountFailed = true;
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      platform.record({ type: 'package.unreadable', ...spotOf(slot), why });
    } finally {
      worker.mounting = null;
    }
  };
  const mounting = mount();
  worker.mounting = mounting;
  platform.inBackground(() => mounting);
}

/** The first mount of another address is how new content comes to a slot that runs from a URL. */
function arrive(platform: Platform, slot: Slot, worker: Worker, url: string): void {
  const { cargo } = slot;
  if (slot.worker !== worker || cargo.mountedUrl === url) return;
  if (cargo.mountedUrl !== undefined || platform.clock.now() > cargo.sinceMs) {
    cargo.sinceMs = platform.clock.now();
    cargo.arrivedBy = 'deployment';
  }
  cargo.mountedUrl = url;
}

/** Whoever answers now goes on answering until `untilMs`; whoever waited behind it will never answer. */
function retire(platform: Platform, slot: Slot, untilMs: number): void {
  if (slot.retiring && platform.clock.now() < slot.retiring.untilMs) {
    if (slot.worker) stopHost(platform, slot.worker);
    return;
  }
  if (slot.retiring) stopHost(platform, slot.retiring.worker);
  slot.retiring = slot.worker ? { worker: slot.worker, untilMs } : null;
}

function stopHost(platform: Platform, worker: Worker): void {
  const { host } = worker;
  worker.host = null;
  if (host) platform.inBackground(() => host.stop());
}
