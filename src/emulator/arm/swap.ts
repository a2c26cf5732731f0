/** `slotsswap` in both forms, its operation, its preview, and what it would change. */
import { fieldOf, takeJson } from '../incoming.ts';
import { spotOf } from '../platform.ts';
import { findDifferences } from '../swap/differences.ts';
import { describeFailure } from '../swap/failure.ts';
import { beginSwap, prepareSource, releaseSource } from '../swap/swap.ts';
import type { Operation, Slot } from '../world/state.ts';
import { appServiceError, empty, json, list, Refused, refusal, resourceNotFound } from './answer.ts';
import { isAuthenticated } from './authentication.ts';
import { type AppCall, is } from './call.ts';
import { authenticationInTheWay, demandQuiet, preparedAlready } from './conflicts.ts';
import { idOf, typeOf } from './shapes.ts';

export async function swapSlots(call: AppCall): Promise<Response> {
  const { platform, incoming } = call;
  const { source, target } = await readPair(call);
  demandQuiet(platform, source);
  if (source.prepared && source.prepared.target !== target)
    throw new Refused(refusal(preparedAlready(source.prepared.target.name)));
  const facts = { door: 'arm', method: 'POST', path: incoming.url.pathname, slot: source } as const;
  const failure = platform.faults.swapFailure(facts);
  if (failure?.failAt === 'request') return refusal(describeFailure(platform, failure.as, source, target));
  const twist = platform.faults.operationTwist(facts);
  const operation = beginSwap(platform, source, target, { failure, twist });
  const location = `${platform.addresses.origin}${idOf(call.slot)}/operationresults/${operation.id}?api-version=${call.apiVersion}`;
  return pending(call, operation, location);
}

/** Poll results (§3.1): 202 while it runs, 200 or the failure afterwards, 404 when it is forgotten. */
export function readOperation(call: AppCall): Response {
  const { platform, incoming } = call;
  const operation = call.site.operations.get(call.rest.at(-1)!.toLowerCase());
  const endedMs = operation?.outcome?.atMs ?? Number.POSITIVE_INFINITY;
  const isForgotten = platform.clock.now() - endedMs > platform.world.latencies.operationResults;
  if (!operation || isForgotten || operation.twist?.results === 'vanish')
    return appServiceError(404, 'NotFound', `Cannot find Operation with id ${call.rest.at(-1)}.`, '51004');
  const { outcome } = operation;
  if (!outcome) {
    const location = `${platform.addresses.origin}${incoming.url.pathname}${incoming.url.search}`;
    return pending(call, operation, location);
  }
  if (outcome.status === 'succeeded') return empty(200);
  const { code, message } = outcome.refusal;
  return operation.twist?.results === 'failed-in-200'
    ? json(200, { id: operation.id, name: operation.id, status: 'Failed', error: { code, message } })
    : refusal(outcome.refusal);
}

export async function applySlotConfig(call: AppCall): Promise<Response> {
  const { platform, incoming } = call;
  const { source, target } = await readPair(call);
  demandQuiet(platform, source);
  const facts = { door: 'arm', method: 'POST', path: incoming.url.pathname, slot: source } as const;
  const failure = platform.faults.swapFailure(facts, 'request');
  if (failure) return refusal(describeFailure(platform, failure.as, source, target));
  const prepared = source.prepared ?? target.prepared;
  if (prepared) return refusal(preparedAlready(prepared.target.name));
  if ([source, target].some((slot) => slot.config['siteAuthEnabled'] === true || isAuthenticated(slot)))
    return refusal(authenticationInTheWay());
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

function pending({ platform }: AppCall, { twist }: Operation, location: string): Response {
  const waitSeconds = Math.ceil(platform.world.latencies.swapPoll / 1000);
  const retryAfter = twist?.retryAfter ?? (waitSeconds > 0 ? String(waitSeconds) : '');
  return empty(202, {
    ...(twist?.location === 'absent' ? {} : { location }),
    ...(retryAfter === '' ? {} : { 'retry-after': retryAfter }),
  });
}
