/** ARM's front door: who asks, for which api-version, about what. */

import { answerResourceGraph } from '../graph/graph.ts';
import { fieldOf, type Incoming } from '../incoming.ts';
import { callerTenant, checkBearer } from '../login/bearer.ts';
import { tenantOf } from '../login/tenants.ts';
import type { Platform } from '../platform.ts';
import { empty, frontDoorError, json, list, Refused, throttledAnswer } from './answer.ts';
import { answerApp } from './app.ts';
import { type ArmCall, demandSlot, is, readAppPath, splitPath } from './call.ts';
import { answerMissingSite } from './create-site.ts';
import { addArmHeaders } from './headers.ts';
import { answerPlans, listSites } from './lists.ts';
import { answerMetadata } from './metadata.ts';
import { readMetricsBatch } from './metrics.ts';
import { checkPermission } from './permissions.ts';
import { writePlans } from './plans.ts';
import { answerGroups, listResources } from './resources.ts';
import { answerSurroundings } from './surroundings.ts';
import { kindOf } from './throttle.ts';

/** Answers one request to Azure Resource Manager. */
export async function answerArm(platform: Platform, incoming: Incoming): Promise<Response> {
  await platform.sleep(platform.world.latencies.arm);
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(incoming.url.pathname)?.[1];
  if (incoming.method === 'OPTIONS') return answerPreflight(incoming);
  const turn =
    subscription === undefined ? null : platform.throttle.take(subscription, kindOf(incoming.method));
  const waitSeconds = turn?.waitSeconds ?? null;
  const response =
    waitSeconds === null
      ? await routeOrRefuse(platform, incoming)
      : throttled(platform, incoming, { subscription: subscription!, waitSeconds });
  return addArmHeaders(platform, incoming, response, turn?.remaining ?? null);
}

async function routeOrRefuse(platform: Platform, incoming: Incoming): Promise<Response> {
  try {
    return await route(platform, incoming);
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.answer;
    throw thrown;
  }
}

interface Refusal {
  readonly subscription: string;
  readonly waitSeconds: number;
}

function throttled(
  { world }: Platform,
  { method, url }: Incoming,
  { subscription, waitSeconds }: Refusal,
): Response {
  const { throttling } = world;
  const code = typeof throttling === 'object' ? throttling.code : 'TooManyRequests';
  return throttledAnswer(code, String(waitSeconds), { subscription, operation: `${method}${url.pathname}` });
}

/** The portal's browsers ask before they ask. */
function answerPreflight({ request }: Incoming): Response {
  return empty(200, {
    'access-control-allow-origin': request.headers.get('origin') ?? '*',
    'access-control-allow-methods': 'GET,POST,PUT,DELETE,PATCH,OPTIONS,HEAD',
    'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
    'access-control-max-age': '1728000',
  });
}

async function route(platform: Platform, incoming: Incoming): Promise<Response> {
  const segments = splitPath(incoming.url.pathname);
  const apiVersion = incoming.url.searchParams.get('api-version') ?? '';
  const problem = checkApiVersion(apiVersion);
  if (problem) return problem;
  const call: ArmCall = { platform, incoming, method: incoming.method, segments, apiVersion };
  if (is(segments[0], 'metadata')) return answerMetadata(call);
  const subscription = is(segments[0], 'subscriptions') ? segments[1] : undefined;
  const refusal =
    checkBearer(platform, incoming, subscription) ?? checkPermission(platform, call.method, segments);
  if (refusal) return refusal;
  if (call.method !== 'HEAD') return routeKnown(call);
  // HEAD asks whether something is there, and gets no body to read.
  const found = await routeKnown({ ...call, method: 'GET' });
  return empty(found.status === 200 ? 204 : found.status);
}

async function routeKnown(call: ArmCall): Promise<Response> {
  const { platform, segments } = call;
  const appPath = readAppPath(segments);
  if (!appPath) return answerOther(call);
  const missing = await answerMissingSite(call, appPath);
  if (missing) return missing;
  // The list and the creation of slots are about a slot that need not exist.
  if (appPath.slot !== null && appPath.rest.length === 0 && call.method !== 'GET') {
    const slot = demandSlot(platform, { ...appPath, slot: null });
    return answerApp({ ...call, site: slot.site, slot, rest: ['slots', appPath.slot] });
  }
  const slot = demandSlot(platform, appPath);
  return answerApp({ ...call, site: slot.site, slot, rest: appPath.rest });
}

/** Everything from 2015-08-01 on is taken: real tools send many. */
function checkApiVersion(apiVersion: string): Response | null {
  if (apiVersion === '') {
    const message = 'The api-version query parameter (?api-version=) is required for all requests.';
    return frontDoorError(400, 'MissingApiVersionParameter', message);
  }
  if (/^\d{4}-\d{2}-\d{2}(-[a-z0-9-]+)?$/i.test(apiVersion) && apiVersion >= '2015') return null;
  return frontDoorError(400, 'InvalidApiVersionParameter', `The api-version '${apiVersion}' is invalid.`);
}

async function answerOther(call: ArmCall): Promise<Response> {
  const { segments, method } = call;
  if (
    is(segments[0], 'providers') &&
    is(segments[1], 'Microsoft.ResourceGraph') &&
    is(segments[2], 'resources')
  ) {
    return method === 'POST' ? answerResourceGraph(call) : methodNotAllowed(method);
  }
  if (is(segments[0], 'tenants') && segments.length === 1 && method === 'GET') return listTenants(call);
  if (!is(segments[0], 'subscriptions')) return notFound(call);
  const subscriptions = subscriptionsOf(call);
  if (segments.length === 1 && method === 'GET')
    return json(200, { value: subscriptions, count: { type: 'Total', value: subscriptions.length } });
  const subscription = subscriptions.find((one) => is(segments[1], String(fieldOf(one, 'subscriptionId'))));
  if (!subscription) {
    return frontDoorError(
      404,
      'SubscriptionNotFound',
      `The subscription '${segments[1]}' could not be found.`,
    );
  }
  if (segments.length === 2 && method === 'GET') return json(200, subscription);
  if (segments.length === 3 && is(segments[2], 'metrics:getBatch') && method === 'POST')
    return readMetricsBatch(call);
  return (
    listResources(call) ??
    listSites(call) ??
    answerPlans(call) ??
    answerGroups(call) ??
    (await writePlans(call)) ??
    answerSurroundings(call) ??
    notFound(call)
  );
}

function listTenants({ platform, incoming }: ArmCall): Response {
  const { tenantId } = callerTenant(platform, incoming);
  return list([{ id: `/tenants/${tenantId}`, tenantId, displayName: 'slotwave emulator' }]);
}

function subscriptionsOf({ platform, incoming }: ArmCall): readonly Record<string, unknown>[] {
  const ids = new Set([
    platform.world.subscription,
    ...[...platform.sites.values()].map((site) => site.subscription),
  ]);
  const { tenantId } = callerTenant(platform, incoming);
  const own = [...ids].filter((id) => tenantOf(platform, id).tenantId === tenantId);
  return own.map((id) => ({
    id: `/subscriptions/${id}`,
    authorizationSource: 'RoleBased',
    subscriptionId: id,
    tenantId,
    displayName: 'slotwave emulator',
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  }));
}

function notFound({ incoming }: ArmCall): Response {
  const message = `The requested path '${incoming.url.pathname}' is not known to this emulator (src/emulator/README.md lists what is).`;
  return frontDoorError(404, 'InvalidResourceType', message);
}

function methodNotAllowed(method: string): Response {
  return frontDoorError(
    405,
    'MethodNotAllowed',
    `The requested resource does not support http method '${method}'.`,
  );
}
