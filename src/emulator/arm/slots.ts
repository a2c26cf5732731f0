/** Slots come and go; apps start, stop and restart. */
import { beginWorker, restartWorker, stopWorkers } from '../hosts.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import { type Platform, spotOf } from '../platform.ts';
import { makeSlot } from '../world/build.ts';
import { skus } from '../world/skus.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, empty, json, list, locationRequired, resourceNotFound } from './answer.ts';
import type { AppCall } from './call.ts';
import { demandQuiet } from './conflicts.ts';
import { shapeSite } from './shapes.ts';
import { writeSite } from './site-writes.ts';

export function listSlots({ platform, site }: AppCall): Response {
  return list([...site.slots.values()].map((slot) => shapeSite(platform, slot)));
}

/** A new slot is empty: no content, no settings of its own but those in the body (azure-platform.md §3.1). */
export async function createSlot(call: AppCall): Promise<Response> {
  const { platform, site } = call;
  const name = call.rest[1]!;
  const body = await takeWhole(call);
  const known = site.slots.get(name.toLowerCase());
  if (known) return update(platform, known, body);
  if (call.method === 'PATCH')
    throw resourceNotFound(`Microsoft.Web/sites/${site.name}/slots/${name}`, site.resourceGroup);
  demandQuiet(platform, site.production);
  const { slotLimit } = skus[site.plan.sku];
  if (!/^[a-z0-9]([a-z0-9-]{0,57}[a-z0-9])?$/i.test(name) || name.toLowerCase() === 'production') {
    return appServiceError(400, 'BadRequest', `The slot name '${name}' is not valid.`, '51008');
  }
  if (site.slots.size + 2 > slotLimit) {
    const message = `Cannot complete the operation because the site will exceed the number of slots allowed for the '${skus[site.plan.sku].siteSku}' SKU.`;
    return appServiceError(409, 'Conflict', message, '04026');
  }
  const slot = makeSlot(
    site,
    name,
    { settings: {}, config: {}, state: 'Running' },
    { random: platform.random, contents: platform.contents, nowMs: platform.clock.now() },
  );
  site.slots.set(name.toLowerCase(), slot);
  platform.slotsByLabel.set(slot.label, slot);
  beginWorker(platform, slot);
  platform.record({ type: 'slot.created', ...spotOf(slot) });
  return writeSite(platform, slot, body) ?? json(200, shapeSite(platform, slot));
}

/** PATCH, or PUT on an app that is there already. */
export async function updateApp(call: AppCall): Promise<Response> {
  return update(call.platform, call.slot, await takeWhole(call));
}

async function takeWhole({ incoming, method }: AppCall): Promise<unknown> {
  const body = await takeJson(incoming);
  if (method === 'PUT' && typeof fieldOf(body, 'location') !== 'string') throw locationRequired();
  return body;
}

function update(platform: Platform, slot: Slot, body: unknown): Response {
  demandQuiet(platform, slot);
  return writeSite(platform, slot, body) ?? json(200, shapeSite(platform, slot));
}

export function deleteSlot({ platform, site, rest }: AppCall): Response {
  const slot = site.slots.get(rest[1]!.toLowerCase());
  if (!slot) return empty(204);
  demandQuiet(platform, slot);
  site.slots.delete(slot.name.toLowerCase());
  platform.slotsByLabel.delete(slot.label);
  stopWorkers(platform, slot);
  platform.record({ type: 'slot.deleted', ...spotOf(slot) });
  return empty(200);
}

export function restart({ platform, slot }: AppCall): Response {
  restartWorker(platform, slot, 'a restart was asked for');
  return empty(200);
}

export function start({ platform, slot }: AppCall): Response {
  if (slot.state === 'Stopped') {
    switchState(platform, slot, 'Running');
    restartWorker(platform, slot, 'the app was started');
    platform.record({ type: 'site.started', ...spotOf(slot) });
  }
  return empty(200);
}

export function stop({ platform, slot }: AppCall): Response {
  if (slot.state === 'Running') {
    switchState(platform, slot, 'Stopped');
    stopWorkers(platform, slot);
    platform.record({ type: 'site.stopped', ...spotOf(slot) });
  }
  return empty(200);
}

function switchState(platform: Platform, slot: Slot, state: Slot['state']): void {
  slot.state = state;
  slot.lastModifiedMs = platform.clock.now();
}
