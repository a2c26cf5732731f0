/** What Azure refuses while something else is going on (azure-platform.md §3.4). */
import type { Platform } from '../platform.ts';
import { shortRegion } from '../world/regions.ts';
import type { Operation, Slot } from '../world/state.ts';
import { type AppServiceRefusal, Refused, refusal, worded } from './answer.ts';

/** One operation for each site; whoever comes second is told about the first. */
export function demandQuiet(platform: Platform, slot: Slot): void {
  const { operation } = slot.site;
  if (operation) throw new Refused(refusal(busySite(slot, operation)));
  demandQuietPlan(platform, slot);
}

/** With the switch `planLocks`, one operation for each plan as well. */
function demandQuietPlan(platform: Platform, slot: Slot): void {
  const { planLocks } = platform.world;
  if (planLocks === false) return;
  for (const other of platform.sites.values()) {
    if (other === slot.site || other.plan !== slot.site.plan || !other.operation) continue;
    throw new Refused(refusal(busyPlan(slot, other.operation, planLocks === 'throttled' ? 429 : 409)));
  }
}

/** A slot that carries another slot's settings for a swap must not change. */
export function demandUnprepared(slot: Slot): void {
  if (slot.prepared) throw new Refused(refusal(preparedForSwap()));
}

/** What a refusal tells of the operation that is in its way. */
export type Obstacle = Pick<Operation, 'id' | 'name' | 'createdMs' | 'slot'>;

export function busySite(slot: Slot, operation: Obstacle): AppServiceRefusal {
  const details = describe(slot, operation, '');
  return worded(
    409,
    'Conflict',
    '59205',
    'Cannot modify this site because another operation is in progress. Details: {0}',
    details,
  );
}

export function busyPlan(slot: Slot, operation: Obstacle, http: 409 | 429): AppServiceRefusal {
  const code = http === 409 ? 'Conflict' : 'TooManyRequests';
  const details = describe(slot, operation, slot.site.plan.name);
  const template =
    'Cannot modify this web hosting plan because another operation is in progress. Details: {0}';
  return worded(http, code, '59207', template, details);
}

export function preparedForSwap(): AppServiceRefusal {
  const message =
    'The slot cannot be changed because its configuration settings have been prepared for swap.';
  return worded(409, 'Conflict', '04068', message);
}

export function preparedAlready(other: string): AppServiceRefusal {
  const template =
    "Cannot apply configuration from slot '{0}' because this slot has already been prepared for swap with slot '{1}'.";
  return worded(409, 'Conflict', '04067', template, 'Production', other);
}

export function authenticationInTheWay(): AppServiceRefusal {
  const message = 'Swap with Preview cannot be used when one of the slots has site authentication enabled.';
  return worded(409, 'Conflict', '04066', message);
}

function describe(slot: Slot, operation: Obstacle, plan: string): string {
  const { site } = operation.slot;
  const details = [
    `Id: ${operation.id}`,
    `OperationName: ${operation.name}`,
    `CreatedTime: ${americanTime(operation.createdMs)}`,
    'WebSystemName: websites',
    `SubscriptionName: ${site.subscription}`,
    `WebspaceName: ${site.resourceGroup}-${shortRegion(slot.site.region)}webspace`,
    `SiteName: ${site.name}`,
    `SlotName: ${operation.slot.name}`,
    `ServerFarmName: ${plan}`,
    'GeoOperationId: (null)',
  ];
  return details.join(', ');
}

/** `9/20/2019 11:04:18 AM` */
function americanTime(ms: number): string {
  const time = new Date(ms);
  const hours = time.getUTCHours();
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getUTCMonth() + 1}/${time.getUTCDate()}/${time.getUTCFullYear()}`;
  return `${day} ${hours % 12 || 12}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} ${hours < 12 ? 'AM' : 'PM'}`;
}
