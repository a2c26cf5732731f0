/** 409: what Azure refuses while something else is going on (azure-platform.md §3.4). */
import type { Platform } from '../platform.ts';
import { shortRegion } from '../world/regions.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, Refused } from './answer.ts';

/** One operation for each site; whoever comes second is told about the first. */
export function demandQuiet(_platform: Platform, slot: Slot): void {
  const { operation } = slot.site;
  if (!operation) return;
  const details = [
    `Id: ${operation.id}`,
    `OperationName: ${operation.name}`,
    `CreatedTime: ${americanTime(operation.createdMs)}`,
    'WebSystemName: websites',
    `SubscriptionName: ${slot.site.subscription}`,
    `WebspaceName: ${slot.site.resourceGroup}-${shortRegion(slot.site.region)}webspace`,
    `SiteName: ${slot.site.name}`,
    `SlotName: ${operation.slot.name}`,
    'ServerFarmName: ',
    'GeoOperationId: (null)',
  ];
  const message = `Cannot modify this site because another operation is in progress. Details: ${details.join(', ')}`;
  throw new Refused(appServiceError(409, 'Conflict', message, '59205'));
}

/** A slot that carries another slot's settings for a swap must not change. */
export function demandUnprepared(slot: Slot): void {
  if (!slot.prepared) return;
  const message =
    'The slot cannot be changed because its configuration settings have been prepared for swap.';
  throw new Refused(appServiceError(409, 'Conflict', message, '04068'));
}

/** `9/20/2019 11:04:18 AM` */
function americanTime(ms: number): string {
  const time = new Date(ms);
  const hours = time.getUTCHours();
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getUTCMonth() + 1}/${time.getUTCDate()}/${time.getUTCFullYear()}`;
  return `${day} ${hours % 12 || 12}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} ${hours < 12 ? 'AM' : 'PM'}`;
}
