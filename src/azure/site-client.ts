/** The few things that we ask ARM about a site and its slot, in our words. */
import {
  get,
  getSlot,
  listApplicationSettings,
  listApplicationSettingsSlot,
  updateApplicationSettingsSlot,
} from '@azure/arm-appservice/api/webApps';
import type { OperatingSystem, Target } from '../plan/fleet.ts';
import type { About, Arm } from './arm.ts';

export type Settings = Readonly<Record<string, string>>;

/** A site or one of its slots, as ARM describes it. */
export interface SiteFacts {
  readonly id: string;
  readonly region: string;
  readonly kind: string;
  readonly planId: string;
  readonly hostName: string;
  readonly scmHostName: string | null;
  readonly state: string;
  readonly operatingSystem: OperatingSystem;
  readonly lastModified: string | null;
  /** `inProgressOperationId`, null when all is quiet. */
  readonly operation: string | null;
  readonly preparedFor: string | null;
  readonly lastSwapAt: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly place: PlaceFacts;
}

/** Where it stands in the network, and as whom it acts. */
export interface PlaceFacts {
  /** `Enabled`, `Disabled`; null: open unless it has a private endpoint (azure-platform.md §5.2). */
  readonly publicAccess: string | null;
  readonly subnetId: string | null;
  readonly routesAll: boolean;
  readonly routesContentShare: boolean;
  readonly systemIdentity: boolean;
  /** Resource ids, sorted. */
  readonly userIdentities: readonly string[];
}

export function readSite(arm: Arm, target: Target): Promise<SiteFacts> {
  return arm.read(target.subscriptionId, aboutSite(target, 'read the site'), async (context) =>
    asFacts(await get(context, target.resourceGroup, target.site)),
  );
}

export function readSlot(arm: Arm, target: Target): Promise<SiteFacts> {
  return arm.recent.slots.read(slotPath(target), askSlot(arm, target));
}

/** What a slot is, and never what happens to it: names and systems are the same as some minutes ago. */
export function recallSlot(arm: Arm, target: Target): Promise<Pick<SiteFacts, LastingFact>> {
  return arm.recent.slots.take(slotPath(target), lastingMs, askSlot(arm, target));
}

type LastingFact = 'hostName' | 'scmHostName' | 'operatingSystem';
const lastingMs = 10 * 60_000;

function askSlot(arm: Arm, target: Target): () => Promise<SiteFacts> {
  return () =>
    arm.read(target.subscriptionId, aboutSlot(target, 'read the slot'), async (context) =>
      asFacts(await getSlot(context, target.resourceGroup, target.site, target.slot)),
    );
}

/** Values included: they stay in memory. */
export function readProductionSettings(arm: Arm, target: Target): Promise<Settings> {
  return arm.read(target.subscriptionId, aboutSite(target, 'read the settings of'), async (context) => {
    const { properties } = await listApplicationSettings(context, target.resourceGroup, target.site);
    return properties ?? {};
  });
}

/** @param ageMs how long ago they may have been asked for, by us and with nothing of ours written since. */
export function readSlotSettings(arm: Arm, target: Target, ageMs = -1): Promise<Settings> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  return arm.recent.slotSettings.take(slotPath(target), ageMs, () =>
    arm.read(subscriptionId, aboutSlot(target, 'read the settings of'), async (context) => {
      const { properties } = await listApplicationSettingsSlot(context, resourceGroup, site, slot);
      return properties ?? {};
    }),
  );
}

/** Replaces all of them, and restarts the slot. Sent once. Answers with what Azure says that there is now. */
export async function replaceSlotSettings(arm: Arm, target: Target, settings: Settings): Promise<Settings> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  arm.recent.slotSettings.forget(slotPath(target));
  const { properties } = await arm.change(
    subscriptionId,
    aboutSlot(target, 'write the settings of'),
    (context) =>
      updateApplicationSettingsSlot(context, resourceGroup, site, slot, { properties: { ...settings } }),
  );
  return properties ?? {};
}

export function aboutSite(target: Target, verb: string): About {
  return { what: `${verb} ${target.site}`, where: target.name, site: target.site };
}

export function aboutSlot(target: Target, verb: string): About {
  return { what: `${verb} ${target.site}/${target.slot}`, where: target.name, site: target.site };
}

/** ARM's path of the site: `/subscriptions/…/sites/x`. */
export function sitePath({
  subscriptionId,
  resourceGroup,
  site,
}: Pick<Target, 'subscriptionId' | 'resourceGroup' | 'site'>): string {
  const part = encodeURIComponent;
  return `/subscriptions/${part(subscriptionId)}/resourceGroups/${part(resourceGroup)}/providers/Microsoft.Web/sites/${part(site)}`;
}

export function slotPath(target: Target): string {
  return `${sitePath(target)}/slots/${encodeURIComponent(target.slot)}`;
}

type ArmSite = Awaited<ReturnType<typeof get>>;

function asFacts(site: ArmSite): SiteFacts {
  const kind = site.kind ?? '';
  const linux = site.reserved === true || kind.toLowerCase().split(',').includes('linux');
  return {
    id: site.id ?? '',
    region: site.location,
    kind,
    planId: site.serverFarmId ?? '',
    hostName: site.defaultHostName ?? '',
    scmHostName: site.hostNameSslStates?.find(({ hostType }) => hostType === 'Repository')?.name ?? null,
    state: site.state ?? 'Unknown',
    operatingSystem: linux ? 'linux' : 'windows',
    lastModified: instant(site.lastModifiedTimeUtc),
    operation: site.inProgressOperationId || null,
    preparedFor: site.targetSwapSlot || null,
    lastSwapAt: instant(site.slotSwapStatus?.timestampUtc),
    tags: site.tags ?? {},
    place: asPlace(site),
  };
}

function asPlace({
  publicNetworkAccess,
  virtualNetworkSubnetId,
  outboundVnetRouting,
  identity,
}: ArmSite): PlaceFacts {
  const { allTraffic, applicationTraffic, contentShareTraffic } = outboundVnetRouting ?? {};
  return {
    publicAccess: publicNetworkAccess || null,
    subnetId: virtualNetworkSubnetId || null,
    routesAll: allTraffic === true || applicationTraffic === true,
    routesContentShare: allTraffic === true || contentShareTraffic === true,
    systemIdentity: /SystemAssigned/i.test(identity?.type ?? ''),
    userIdentities: Object.keys(identity?.userAssignedIdentities ?? {}).sort(),
  };
}

function instant(date: Date | undefined): string | null {
  return date === undefined || Number.isNaN(date.getTime()) ? null : date.toISOString();
}
