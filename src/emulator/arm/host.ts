/** What ARM tells of the function host by asking it: keys, status, functions, triggers (azure-platform.md §4.2, §2.8). */
import { within } from '../deadline.ts';
import { awaitHost, frontDeadlineMs } from '../hosts.ts';
import { fieldOf } from '../incoming.ts';
import { answerApp } from '../network/front.ts';
import type { Platform } from '../platform.ts';
import { displayRegion } from '../world/regions.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { idOf, nameOf, typeOf } from './shapes.ts';

/** ARM gives up earlier than the front end does. */
const runtimeDeadlineMs = 90_000;

/** Keys are kept outside of the app, but the host hands them out: when it is down there are none (§4.2). */
export async function listHostKeys({ platform, slot }: AppCall): Promise<Response> {
  const answer = await askHost(
    platform,
    slot,
    new Request(`https://${platform.addresses.host(slot.label)}/admin/host/status`),
  );
  if (!answer || answer.status >= 500) return runtimeError(answer);
  const { master, functionKeys, systemKeys } = slot.keys;
  return json(200, { masterKey: master, functionKeys, systemKeys });
}

export async function readHostStatus({ platform, slot }: AppCall): Promise<Response> {
  const answer = await askHost(platform, slot, adminRequest(platform, slot, '/admin/host/status'));
  if (!answer?.ok) return runtimeError(answer);
  return json(200, {
    id: `${idOf(slot)}/host/default/properties/status`,
    name: 'status',
    type: `${typeOf(slot)}/host/properties`,
    location: displayRegion(slot.site.region),
    properties: await answer.json(),
  });
}

export async function listFunctions({ platform, slot, rest }: AppCall): Promise<Response> {
  const answer = await askHost(platform, slot, adminRequest(platform, slot, '/admin/functions'));
  if (!answer?.ok) return runtimeError(answer);
  const listed: unknown = await answer.json();
  const functions = (Array.isArray(listed) ? listed : []).map((one) => shapeFunction(slot, one));
  const [, name] = rest;
  if (name === undefined) return list(functions);
  const found = functions.find((one) => String(one.name).toLowerCase().endsWith(`/${name.toLowerCase()}`));
  return found
    ? json(200, found)
    : appServiceError(404, 'NotFound', `Function '${name}' was not found.`, '51004');
}

/** Documented as 204, answered as 200 (§0.3). */
export async function syncTriggers({ platform, slot }: AppCall): Promise<Response> {
  if (slot.worker && slot.worker.syncRefusals > 0) {
    slot.worker.syncRefusals -= 1;
    return runtimeError(null);
  }
  const answer = await askHost(
    platform,
    slot,
    adminRequest(platform, slot, '/admin/host/synctriggers', 'POST'),
  );
  return answer?.ok ? json(200, { status: 'success' }) : runtimeError(answer);
}

/** `hostruntime/*`: the host's own answers, through ARM, with the master key put in for the caller. */
export async function answerHostRuntime(call: AppCall): Promise<Response> {
  const { platform, slot, incoming, rest } = call;
  const url = new URL(`https://${platform.addresses.host(slot.label)}/${rest.slice(1).join('/')}`);
  for (const [name, value] of incoming.url.searchParams)
    if (name !== 'api-version') url.searchParams.append(name, value);
  const headers = new Headers(incoming.request.headers);
  headers.delete('authorization');
  headers.set('x-functions-key', slot.keys.master);
  headers.set('x-arr-log-id', platform.random.guid());
  const { method, body } = incoming.request;
  const init = body ? { method, headers, body, duplex: 'half' as const } : { method, headers };
  const answer = await askHost(platform, slot, new Request(url, init));
  if (!answer || answer.status === 503) return runtimeError(answer);
  return new Response(answer.body, { status: answer.status, headers: answer.headers });
}

function adminRequest(platform: Platform, slot: Slot, path: string, method = 'GET'): Request {
  return new Request(`https://${platform.addresses.host(slot.label)}${path}`, { method });
}

/** Null when nobody can answer. The key is that of the worker, which may have begun its life in the other slot. */
async function askHost(platform: Platform, slot: Slot, request: Request): Promise<Response | null> {
  if (slot.state !== 'Running' || !isReached(platform, slot)) return null;
  const found = await awaitHost(
    platform,
    slot,
    platform.clock.now() + Math.min(runtimeDeadlineMs, frontDeadlineMs),
  );
  if (!found) return null;
  const headers = new Headers(request.headers);
  headers.set('x-functions-key', found.worker.keys.master);
  const keyed = new Request(request, { headers });
  return within<Response | null>(
    platform.clock,
    runtimeDeadlineMs,
    answerApp(platform, slot, keyed, found.host),
    () => null,
  );
}

/** Whether ARM comes through to an app without public access is not documented (§11): the world says. */
function isReached(platform: Platform, slot: Slot): boolean {
  return platform.world.network.armReachesPrivate || slot.publicNetworkAccess === 'Enabled';
}

function runtimeError(answer: Response | null): Response {
  const what =
    answer === null || answer.status === 503
      ? 'ServiceUnavailable'
      : answer.status === 502
        ? 'BadGateway'
        : 'InternalServerError';
  return appServiceError(400, 'BadRequest', `Encountered an error (${what}) from host runtime.`, '00000');
}

function shapeFunction(slot: Slot, listed: unknown): Record<string, unknown> {
  const name = String(fieldOf(listed, 'name'));
  // The host's own list says more than ARM passes on (azure-platform.md §4.2).
  const { isDirect: _, isProxy: __, ...told } = Object(listed) as Record<string, unknown>;
  return {
    id: `${idOf(slot)}/functions/${name}`,
    name: `${nameOf(slot)}/${name}`,
    type: `${typeOf(slot)}/functions`,
    location: displayRegion(slot.site.region),
    properties: { function_app_id: idOf(slot), ...told },
  };
}
