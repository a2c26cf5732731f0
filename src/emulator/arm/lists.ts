/** Lists of sites and plans, and single plans. */
import { fieldOf } from '../incoming.ts';
import { json, list, resourceNotFound } from './answer.ts';
import { type ArmCall, demandGroup, is } from './call.ts';
import { shapePlan, shapeSite } from './shapes.ts';

interface ResourcePath {
  readonly subscription: string;
  /** Null: of the whole subscription. */
  readonly group: string | null;
  readonly type: string;
  readonly rest: readonly string[];
}

/** `/subscriptions/{s}[/resourceGroups/{g}]/providers/Microsoft.Web/{type}/…` */
export function readResourcePath(segments: readonly string[]): ResourcePath | null {
  const group = is(segments[2], 'resourceGroups') ? segments[3]! : null;
  const [providers, provider, type, ...rest] = segments.slice(group === null ? 2 : 4);
  if (!is(providers, 'providers') || !is(provider, 'Microsoft.Web') || type === undefined) return null;
  return { subscription: segments[1]!, group, type, rest };
}

/** Sites of a subscription or a group; null when the path asks for something else. */
export function listSites({ platform, segments, method, incoming }: ArmCall): Response | null {
  const path = readResourcePath(segments);
  if (!path || !is(path.type, 'sites') || path.rest.length > 0 || method !== 'GET') return null;
  if (path.group !== null) demandGroup(platform, path.subscription, path.group);
  const includeSlots = incoming.url.searchParams.get('includeSlots')?.toLowerCase() === 'true';
  const sites = [...platform.sites.values()].filter(
    (site) =>
      is(site.subscription, path.subscription) && (path.group === null || is(site.resourceGroup, path.group)),
  );
  const slots = sites.flatMap((site) => [site.production, ...(includeSlots ? site.slots.values() : [])]);
  return list(slots.map((slot) => shapeSite(platform, slot)));
}

/** Plans, one or many; null when the path asks for something else. */
export function answerPlans({ platform, segments, method }: ArmCall): Response | null {
  const path = readResourcePath(segments);
  if (!path || !is(path.type, 'serverfarms') || path.rest.length > 2 || method !== 'GET') return null;
  if (path.group !== null) demandGroup(platform, path.subscription, path.group);
  const plans = [...platform.plans.values()].filter(
    (plan) =>
      is(plan.subscription, path.subscription) && (path.group === null || is(plan.resourceGroup, path.group)),
  );
  const [name, child] = path.rest;
  if (name === undefined) return list(plans.map((plan) => shapePlan(platform, plan)));
  const plan = plans.find((one) => is(one.name, name));
  if (!plan || path.group === null)
    throw resourceNotFound(`Microsoft.Web/serverfarms/${name}`, path.group ?? '');
  if (child === undefined) return json(200, shapePlan(platform, plan));
  if (!is(child, 'sites')) return null;
  const sites = [...platform.sites.values()].filter((site) => site.plan === plan);
  return list(sites.map((site) => shapeSite(platform, site.production)));
}

/** The `properties` of a body as text values; null when it is not an object of such. */
export function readTextProperties(body: unknown): Readonly<Record<string, string>> | null {
  const properties = fieldOf(body, 'properties');
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return null;
  const entries = Object.entries(properties);
  if (entries.some(([, value]) => value !== null && typeof value === 'object')) return null;
  // Azure turns numbers and booleans into text, and drops what is null.
  return Object.fromEntries(
    entries.filter(([, value]) => value !== null).map(([name, value]) => [name, String(value)]),
  );
}
