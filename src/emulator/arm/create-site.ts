/** Sites come and go (`PUT` and `DELETE` of a site): what templates and `az functionapp create` send. */
import { beginWorker, stopWorkers } from '../hosts.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import { type Platform, spotOf } from '../platform.ts';
import { makeSite } from '../world/build.ts';
import { siteName } from '../world/fields.ts';
import { shortRegion } from '../world/regions.ts';
import type { Plan, Site } from '../world/state.ts';
import { appServiceError, empty, json, locationRequired } from './answer.ts';
import { type AppCall, type AppPath, type ArmCall, demandGroup, findSlot, is } from './call.ts';
import { demandQuiet } from './conflicts.ts';
import { readTextProperties } from './lists.ts';
import { addPlan, findPlan, removePlan } from './plans.ts';
import { shapeSite } from './shapes.ts';
import { writeSite } from './site-writes.ts';

/** A path that is about a whole site which is not there: made by PUT, gone already for DELETE; null for all others. */
export async function answerMissingSite(call: ArmCall, path: AppPath): Promise<Response | null> {
  const { platform, method } = call;
  if (path.slot !== null || path.rest.length > 0 || findSlot(platform, path)) return null;
  if (method !== 'PUT' && method !== 'DELETE') return null;
  demandGroup(platform, path.subscription, path.resourceGroup);
  return method === 'PUT' ? createSite(call, path) : empty(204);
}

async function createSite({ platform, incoming }: ArmCall, path: AppPath): Promise<Response> {
  const body = await takeJson(incoming);
  const location = fieldOf(body, 'location');
  if (typeof location !== 'string') throw locationRequired();
  if (!siteName.safeParse(path.site).success)
    return appServiceError(400, 'BadRequest', `The parameter name has an invalid value.`, '51008');
  // Names are host names, and those are unique in all of Azure.
  if (platform.sites.has(path.site.toLowerCase()))
    return appServiceError(409, 'Conflict', `Website with given name ${path.site} already exists.`, '54001');
  const plan = demandPlan(platform, path, { body, region: shortRegion(location) });
  const kind = fieldOf(body, 'kind');
  const site = makeSite(
    plan,
    {
      name: path.site,
      subscription: path.subscription,
      resourceGroup: path.resourceGroup,
      region: shortRegion(location),
      os: plan.os,
      kind: typeof kind === 'string' ? kind : 'app',
      tags: readTextProperties({ properties: fieldOf(body, 'tags') ?? {} }) ?? {},
    },
    { settings: {}, config: {}, state: 'Running' },
    { random: platform.random, contents: platform.contents, nowMs: platform.clock.now() },
  );
  const { production } = site;
  // What the world file gives every app nobody gives an app that is made by hand.
  production.settings = {};
  production.settingsBefore = {};
  platform.sites.set(site.name.toLowerCase(), site);
  platform.slotsByLabel.set(production.label, production);
  beginWorker(platform, production);
  platform.record({ type: 'site.created', ...spotOf(production) });
  return writeSite(platform, production, body) ?? json(200, shapeSite(platform, production));
}

/** The plan that the body names. Without one Azure makes one for consumption. */
function demandPlan(
  platform: Platform,
  path: AppPath,
  { body, region }: { readonly body: unknown; readonly region: string },
): Plan {
  const wanted = fieldOf(body, 'properties', 'serverFarmId');
  const { subscription, resourceGroup } = path;
  if (typeof wanted === 'string' && wanted !== '') return findPlan(platform, wanted, path);
  const os =
    fieldOf(body, 'properties', 'reserved') === true || /linux/i.test(String(fieldOf(body, 'kind')))
      ? 'linux'
      : 'windows';
  const name = `${region}${os === 'linux' ? 'Linux' : ''}DynamicPlan`;
  return addPlan(platform, { name, subscription, resourceGroup, region, sku: 'Y1', os });
}

/** All of it, slots as well; an empty plan goes too unless somebody says otherwise, as Azure has it. */
export function deleteSite({ platform, site, incoming }: AppCall): Response {
  demandQuiet(platform, site.production);
  for (const slot of [...site.slots.values(), site.production]) {
    platform.slotsByLabel.delete(slot.label);
    stopWorkers(platform, slot);
  }
  platform.sites.delete(site.name.toLowerCase());
  platform.record({ type: 'site.deleted', ...spotOf(site.production) });
  const isKept = is(incoming.url.searchParams.get('deleteEmptyServerFarm') ?? '', 'false');
  if (!isKept && !hasSites(platform, site)) removePlan(platform, site.plan);
  return empty(200);
}

function hasSites(platform: Platform, { plan }: Site): boolean {
  return [...platform.sites.values()].some((other) => other.plan === plan);
}
