/** Plans come, change and go (`serverfarms`). */
import { fieldOf, takeJson } from '../incoming.ts';
import type { Platform } from '../platform.ts';
import { shortRegion } from '../world/regions.ts';
import { type SkuName, skuNames, skus } from '../world/skus.ts';
import type { Plan } from '../world/state.ts';
import { appServiceError, empty, json, locationRequired, Refused } from './answer.ts';
import { type ArmCall, demandGroup, is } from './call.ts';
import { readResourcePath } from './lists.ts';
import { shapePlan } from './shapes.ts';

/** Writes of one plan; null when the path or the method asks for something else. */
export async function writePlans(call: ArmCall): Promise<Response | null> {
  const { platform, segments, method } = call;
  const path = readResourcePath(segments);
  const [name, ...more] = path?.rest ?? [];
  if (!path?.group || !is(path.type, 'serverfarms') || name === undefined || more.length > 0) return null;
  if (!['PUT', 'PATCH', 'DELETE'].includes(method)) return null;
  const place = { subscription: path.subscription, resourceGroup: path.group };
  demandGroup(platform, place.subscription, place.resourceGroup);
  const known = platform.plans.get(idOf(place, name).toLowerCase()) ?? null;
  if (method === 'DELETE') return known ? deletePlan(platform, known) : empty(204);
  if (method === 'PATCH' && !known) throw planNotFound(name);
  const body = await takeJson(call.incoming);
  const location = fieldOf(body, 'location');
  if (method === 'PUT' && typeof location !== 'string') throw locationRequired();
  const sku = readSku(body) ?? known?.sku ?? null;
  if (sku === null)
    return appServiceError(400, 'BadRequest', 'The parameter SKU.Name has an invalid value.', '51021');
  if (known) return changeSku(platform, known, sku);
  const os = fieldOf(body, 'properties', 'reserved') === true ? 'linux' : 'windows';
  const region = shortRegion(String(location));
  return json(200, shapePlan(platform, addPlan(platform, { ...place, name, region, sku, os })));
}

/** By its resource id, or by its name in the group of whoever asks. */
export function findPlan(
  platform: Platform,
  wanted: string,
  place: { readonly subscription: string; readonly resourceGroup: string },
): Plan {
  const id = wanted.startsWith('/') ? wanted : idOf(place, wanted);
  const found = platform.plans.get(id.toLowerCase());
  if (found) return found;
  throw planNotFound(id.split('/').at(-1)!);
}

export function addPlan(platform: Platform, facts: Omit<Plan, 'id'>): Plan {
  const id = idOf(facts, facts.name);
  const known = platform.plans.get(id.toLowerCase());
  if (known) return known;
  const plan: Plan = { id, ...facts };
  platform.plans.set(id.toLowerCase(), plan);
  platform.record({ type: 'plan.written', plan: plan.name });
  return plan;
}

export function removePlan(platform: Platform, plan: Plan): void {
  platform.plans.delete(plan.id.toLowerCase());
  platform.record({ type: 'plan.deleted', plan: plan.name });
}

function deletePlan(platform: Platform, plan: Plan): Response {
  const sites = [...platform.sites.values()].filter((site) => site.plan === plan);
  if (sites.length === 0) {
    removePlan(platform, plan);
    return empty(200);
  }
  const names = sites.map(({ name }) => name).join(', ');
  const message = `Server farm '${plan.name}' cannot be deleted because it has web app(s) ${names} assigned to it.`;
  return appServiceError(409, 'Conflict', message, '11003');
}

/** Up or down, as long as the sites on it keep the slots that they have. */
function changeSku(platform: Platform, plan: Plan, sku: SkuName): Response {
  const { slotLimit, siteSku } = skus[sku];
  const crowded = [...platform.sites.values()].some(
    (site) => site.plan === plan && site.slots.size + 1 > slotLimit,
  );
  if (crowded) {
    const message = `Cannot complete the operation because the site will exceed the number of slots allowed for the '${siteSku}' SKU.`;
    return appServiceError(409, 'Conflict', message, '04026');
  }
  plan.sku = sku;
  platform.record({ type: 'plan.written', plan: plan.name });
  return json(200, shapePlan(platform, plan));
}

function readSku(body: unknown): SkuName | null {
  const name = fieldOf(body, 'sku', 'name');
  return skuNames.find((one) => is(String(name), one)) ?? null;
}

function idOf(
  { subscription, resourceGroup }: { readonly subscription: string; readonly resourceGroup: string },
  name: string,
): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Web/serverfarms/${name}`;
}

function planNotFound(name: string): Refused {
  return new Refused(appServiceError(404, 'NotFound', `Cannot find serverFarm with name ${name}.`, '51004'));
}
