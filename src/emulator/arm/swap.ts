/** `slotsswap` in both forms, its operation, its preview, and what it would change. */
import { fieldOf, takeJson } from '../incoming.ts';
import { spotOf } from '../platform.ts';
import { findDifferences } from '../swap/differences.ts';
import { beginSwap, prepareSource, releaseSource } from '../swap/swap.ts';
import { displayRegion } from '../world/regions.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, empty, list, Refused, resourceNotFound } from './answer.ts';
import { type AppCall, is } from './call.ts';
import { demandQuiet } from './conflicts.ts';
import { idOf, typeOf } from './shapes.ts';

export async function swapSlots(call: AppCall): Promise<Response> {
  const { platform, incoming } = call;
  const pair = await readPair(call);
  demandQuiet(platform, pair.source);
  if (pair.source.prepared && pair.source.prepared.target !== pair.target) throw preparedAlready(pair.source);
  const facts = { door: 'arm', method: 'POST', path: incoming.url.pathname, slot: pair.source } as const;
  const operation = beginSwap(platform, pair.source, pair.target, platform.faults.swapFailure(facts));
  const location = `${platform.addresses.origin}${idOf(call.slot)}/operationresults/${operation.id}?api-version=${call.apiVersion}`;
  return pending(call, location);
}

export function readOperation(call: AppCall): Response {
  const operation = call.site.operations.get(call.rest.at(-1)!.toLowerCase());
  if (!operation)
    return appServiceError(404, 'NotFound', `Cannot find Operation with id ${call.rest.at(-1)}.`, '51004');
  if (!operation.outcome) {
    const location = `${call.platform.addresses.origin}${call.incoming.url.pathname}${call.incoming.url.search}`;
    return pending(call, location);
  }
  const { outcome } = operation;
  return outcome.status === 'succeeded'
    ? empty(200)
    : appServiceError(outcome.http, outcome.code, outcome.message, '04006');
}

export async function applySlotConfig(call: AppCall): Promise<Response> {
  const { platform } = call;
  const { source, target } = await readPair(call);
  demandQuiet(platform, source);
  if (source.prepared) throw preparedAlready(source);
  if (target.prepared) throw preparedAlready(target);
  prepareSource(platform, source, target);
  platform.record({ type: 'swap.prepared', ...spotOf(source), target: target.name });
  return empty(200);
}

export function resetSlotConfig({ platform, slot }: AppCall): Response {
  demandQuiet(platform, slot);
  if (slot.prepared) {
    releaseSource(platform, slot);
    platform.record({ type: 'swap.cancelled', ...spotOf(slot) });
  }
  return empty(200);
}

export async function listDifferences(call: AppCall): Promise<Response> {
  const other = await readOther(call);
  const differences = findDifferences(call.slot, other).map((properties) => ({
    id: `${idOf(call.slot)}/slotsdiffs/${encodeURIComponent(properties.settingName)}`,
    name: properties.settingName,
    type: `${typeOf(call.slot)}/slotsdiffs`,
    location: displayRegion(call.site.region),
    properties,
  }));
  return list(differences);
}

/**
 * Who is brought to where. Called on production, the named slot is the source all the same: that is how VS Code
 * promotes (§3.1), and which of the two the service takes is not documented.
 */
async function readPair(call: AppCall): Promise<{ readonly source: Slot; readonly target: Slot }> {
  const other = await readOther(call);
  const isProduction = call.slot === call.site.production;
  return isProduction ? { source: other, target: call.slot } : { source: call.slot, target: other };
}

async function readOther(call: AppCall): Promise<Slot> {
  const body = await takeJson(call.incoming);
  const name = fieldOf(body, 'targetSlot');
  if (typeof name !== 'string' || name === '' || typeof fieldOf(body, 'preserveVnet') !== 'boolean') {
    throw new Refused(
      appServiceError(400, 'BadRequest', 'The parameters targetSlot and preserveVnet are required.', '51008'),
    );
  }
  const other = is(name, 'production') ? call.site.production : call.site.slots.get(name.toLowerCase());
  if (!other)
    throw resourceNotFound(`Microsoft.Web/sites/${call.site.name}/slots/${name}`, call.site.resourceGroup);
  if (other !== call.slot) return other;
  const message = `Cannot swap slot '${call.slot.name}' of site '${call.site.name}' with itself.`;
  throw new Refused(appServiceError(400, 'BadRequest', message, '51008'));
}

function pending({ platform }: AppCall, location: string): Response {
  const waitSeconds = Math.ceil(platform.world.latencies.swapPoll / 1000);
  return empty(202, { location, ...(waitSeconds > 0 ? { 'retry-after': String(waitSeconds) } : {}) });
}

function preparedAlready(slot: Slot): Refused {
  const other = slot.prepared?.target.name ?? '';
  const message = `Cannot apply configuration from slot 'Production' because this slot has already been prepared for swap with slot '${other}'.`;
  return new Refused(appServiceError(409, 'Conflict', message, '04067'));
}
