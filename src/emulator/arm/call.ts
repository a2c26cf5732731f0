/** An ARM request taken apart: what it is about, and what is asked of it. */
import type { Incoming } from '../incoming.ts';
import type { Platform } from '../platform.ts';
import type { Site, Slot } from '../world/state.ts';
import { appServiceError, frontDoorError, Refused, resourceNotFound } from './answer.ts';

export interface ArmCall {
  readonly platform: Platform;
  readonly incoming: Incoming;
  readonly method: string;
  /** Path segments, decoded, as they were written. */
  readonly segments: readonly string[];
  readonly apiVersion: string;
}

/** A call about one app: the site itself, or one of its slots. */
export interface AppCall extends ArmCall {
  readonly site: Site;
  readonly slot: Slot;
  /** What comes after the app in the path. */
  readonly rest: readonly string[];
}

export interface AppPath {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly site: string;
  /** Null: production. */
  readonly slot: string | null;
  readonly rest: readonly string[];
}

export function splitPath(path: string): readonly string[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeSegment);
}

/** Some clients encode what is encoded already, and ARM takes it. */
function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    const once = decodeURIComponent(segment);
    return /%[0-9a-f]{2}/i.test(once) ? decodeURIComponent(once) : once;
  } catch {
    return segment;
  }
}

/** Reads `…/resourceGroups/{rg}/providers/Microsoft.Web/sites/{site}[/slots/{slot}]/…`; null for any other path. */
export function readAppPath(segments: readonly string[]): AppPath | null {
  const [subscriptions, subscription, groups, resourceGroup, providers, provider, sites, site, ...rest] =
    segments;
  if (site === undefined || !is(subscriptions, 'subscriptions') || !is(groups, 'resourceGroups')) return null;
  if (!is(providers, 'providers') || !is(provider, 'Microsoft.Web') || !is(sites, 'sites')) return null;
  const base = { subscription: subscription!, resourceGroup: resourceGroup!, site };
  if (is(rest[0], 'slots') && rest[1] !== undefined) return { ...base, slot: rest[1], rest: rest.slice(2) };
  return { ...base, slot: null, rest };
}

export function is(segment: string | undefined, word: string): boolean {
  return segment?.toLowerCase() === word.toLowerCase();
}

/** The slot that a path is about, if it is in the world. */
export function findSlot(platform: Platform, path: AppPath): Slot | null {
  const site = platform.sites.get(path.site.toLowerCase());
  if (!site || !is(site.subscription, path.subscription) || !is(site.resourceGroup, path.resourceGroup))
    return null;
  if (path.slot === null || is(path.slot, 'production')) return site.production;
  return site.slots.get(path.slot.toLowerCase()) ?? null;
}

/** The same, or the 404 that Azure gives for the first thing on the way that is not there. */
export function demandSlot(platform: Platform, path: AppPath): Slot {
  demandGroup(platform, path.subscription, path.resourceGroup);
  const slot = findSlot(platform, path);
  if (slot) return slot;
  const resource =
    path.slot === null
      ? `Microsoft.Web/sites/${path.site}`
      : `Microsoft.Web/sites/${path.site}/slots/${path.slot}`;
  if (path.slot !== null && platform.world.missingSlot === 'app-service')
    throw new Refused(appServiceError(404, 'NotFound', `Cannot find Slot with name ${path.slot}.`, '51004'));
  throw resourceNotFound(resource, path.resourceGroup);
}

export function demandSubscription(platform: Platform, subscription: string): void {
  const known =
    is(platform.world.subscription, subscription) ||
    [...platform.sites.values()].some((site) => is(site.subscription, subscription));
  if (known) return;
  const message = `The subscription '${subscription}' could not be found.`;
  throw new Refused(frontDoorError(404, 'SubscriptionNotFound', message));
}

export function demandGroup(platform: Platform, subscription: string, group: string): void {
  demandSubscription(platform, subscription);
  const known =
    is(platform.world.resourceGroup, group) ||
    [...platform.sites.values()].some((site) => is(site.resourceGroup, group));
  if (known) return;
  throw new Refused(
    frontDoorError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`),
  );
}
