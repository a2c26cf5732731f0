/** The platform's ping before the routing changes: any answer is fine, unless the app says which ones are. */
import { within } from '../deadline.ts';
import { awaitReady, hostOf } from '../hosts.ts';
import { answerApp } from '../network/front.ts';
import type { Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';

/** One ping may take this long, and so many may run out of it (azure-platform.md §3.2). */
const pingWindowMs = 90_000;
const defaultTimeouts = 5;

/**
 * Pings the source until it answers as it should. Null: it is warm. `ping`: it never did, in as many windows of
 * 90 s as the app allows. How a stopped slot fares is a switch of the world.
 */
export async function warmUp(platform: Platform, source: Slot): Promise<'ping' | 'worker' | null> {
  const { stoppedSwap } = platform.world;
  if (source.state === 'Stopped' && stoppedSwap !== 'times-out')
    return stoppedSwap === 'refused' ? 'worker' : null;
  const { settings } = source;
  const path = settings['WEBSITE_SWAP_WARMUP_PING_PATH'] ?? '/';
  const accepted = readStatuses(settings['WEBSITE_SWAP_WARMUP_PING_STATUSES']);
  const windows = Number(settings['WEBSITE_SLOT_MAX_NUMBER_OF_TIMEOUTS'] ?? defaultTimeouts);
  for (let window = 0; window < windows; window++) {
    const untilMs = platform.clock.now() + pingWindowMs;
    while (platform.clock.now() < untilMs) {
      const status = await ping(platform, source, path, untilMs);
      if (status !== null && (accepted === null || accepted.has(status))) return null;
      const leftMs = untilMs - platform.clock.now();
      if (leftMs > 0)
        await platform.sleep(Math.min(Math.max(platform.world.latencies.swapPing, 1000), leftMs));
    }
  }
  return 'ping';
}

/** The status of one answer, or null when there was none in time. A stopped slot has nobody who could answer. */
async function ping(platform: Platform, source: Slot, path: string, untilMs: number): Promise<number | null> {
  const { worker } = source;
  if (!worker || !(await awaitReady(platform, worker, untilMs))) return null;
  const url = `http://${platform.addresses.host(source.label)}${path.startsWith('/') ? path : `/${path}`}`;
  const leftMs = Math.max(1, untilMs - platform.clock.now());
  const answer = answerApp(platform, source, new Request(url), hostOf(platform, source, worker));
  return within<number | null>(
    platform.clock,
    leftMs,
    answer.then(
      ({ status }) => status,
      () => null,
    ),
    () => null,
  );
}

/** Null when any status will do. */
function readStatuses(list: string | undefined): ReadonlySet<number> | null {
  const statuses = (list ?? '')
    .split(',')
    .map(Number)
    .filter((status) => status > 0);
  return statuses.length === 0 ? null : new Set(statuses);
}
