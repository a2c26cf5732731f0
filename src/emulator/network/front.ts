/** The front end before every app: waits for a starting host, marks requests from outside, answers for who cannot. */
import { within } from '../deadline.ts';
import type { RunningHost } from '../host/runtime.ts';
import { awaitHost, frontDeadlineMs } from '../hosts.ts';
import type { Platform } from '../platform.ts';
import type { HostKeys, Slot } from '../world/state.ts';
import { checkAccess } from './access.ts';
import type { Caller } from './caller.ts';
import { countRequest } from './counts.ts';
import { stoppedPage, timedOut, unavailable } from './pages.ts';
import { routeRequest } from './split.ts';

/** A request from outside to the address of this slot. */
export async function answerFront(
  platform: Platform,
  slot: Slot,
  request: Request,
  caller: Caller,
): Promise<Response> {
  const startedMs = platform.clock.now();
  await platform.sleep(platform.world.latencies.front);
  const refusal = checkAccess(slot, caller, 'app');
  if (refusal) return refusal;
  const { slot: chosen, cookie } = routeRequest(platform, slot, request);
  const answer = await answerSlot(platform, chosen, request);
  countRequest(chosen, startedMs, platform.clock.now(), answer.status);
  if (cookie !== null) answer.headers.append('set-cookie', cookie);
  return answer;
}

async function answerSlot(platform: Platform, slot: Slot, request: Request): Promise<Response> {
  if (slot.state === 'Stopped') return stoppedPage();
  const deadlineMs = platform.clock.now() + frontDeadlineMs;
  const found = await awaitHost(platform, slot, deadlineMs);
  if (!found) return slot.state === 'Running' ? unavailable() : stoppedPage();
  const marked = markAsExternal(platform, slot, request, found.worker.keys);
  return answerApp(platform, slot, marked, found.host);
}

/** What the app answers, or what the sickness that a fault gave to it makes of it. Pings of the platform come here too. */
export async function answerApp(
  platform: Platform,
  slot: Slot,
  request: Request,
  host: RunningHost,
): Promise<Response> {
  const sick = platform.faults.sickness(slot, new URL(request.url).pathname);
  if (sick?.delay !== undefined) await platform.sleep(sick.delay);
  if (sick?.status !== undefined)
    return new Response(allowsBody(sick.status) ? sick.body : null, {
      status: sick.status,
      headers: sick.headers,
    });
  if (sick && sick.delay === undefined)
    return new Response(sick.body, { status: 500, headers: sick.headers });
  try {
    return await within(platform.clock, frontDeadlineMs, host.fetch(request), timedOut);
  } catch {
    // A host whose process has ended answers nothing; what its caller sees is the front end's own page.
    return unavailable();
  }
}

function allowsBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

/**
 * The headers that the real front end adds. Keys belong to the slot, but a worker that came here by a swap knows
 * those of the slot in which it started; the front end's own translation keeps a slot's keys valid.
 */
function markAsExternal(platform: Platform, slot: Slot, request: Request, workerKeys: HostKeys): Request {
  const headers = new Headers(request.headers);
  const hostName = platform.addresses.host(slot.label);
  headers.set('x-arr-log-id', platform.random.guid());
  headers.set('x-arr-ssl', '2048|256');
  headers.set('x-forwarded-proto', 'https');
  headers.set('disguised-host', hostName);
  headers.set('was-default-hostname', hostName);
  const url = new URL(request.url);
  headers.set('x-original-url', url.pathname + url.search);
  if (slot.keys !== workerKeys) translateKeys(headers, url, slot.keys, workerKeys);
  const { method, body } = request;
  const init = body ? { method, headers, body, duplex: 'half' as const } : { method, headers };
  return new Request(url, init);
}

function translateKeys(headers: Headers, url: URL, mine: HostKeys, workers: HostKeys): void {
  const header = headers.get('x-functions-key');
  if (header !== null) headers.set('x-functions-key', translateKey(header, mine, workers));
  const code = url.searchParams.get('code');
  if (code !== null) url.searchParams.set('code', translateKey(code, mine, workers));
}

function translateKey(key: string, mine: HostKeys, workers: HostKeys): string {
  if (key === mine.master) return workers.master;
  for (const [name, value] of Object.entries(mine.functionKeys)) {
    if (value === key) return workers.functionKeys[name] ?? key;
  }
  // A key of the other slot opens nothing here, although the worker still knows it.
  const known = key === workers.master || Object.values(workers.functionKeys).includes(key);
  return known ? '' : key;
}
