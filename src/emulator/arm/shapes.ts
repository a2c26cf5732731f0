/** Sites, slots and plans as ARM writes them (azure-platform.md §1.2, §1.3). */
import { isoTime, type Platform } from '../platform.ts';
import { displayRegion } from '../world/regions.ts';
import { skus } from '../world/skus.ts';
import type { Plan, Site, Slot } from '../world/state.ts';
import { identityOf, sizeOf } from './defined.ts';

export function idOf(slot: Slot): string {
  return slot === slot.site.production ? slot.site.id : `${slot.site.id}/slots/${slot.name}`;
}

export function typeOf(slot: Slot): string {
  return slot === slot.site.production ? 'Microsoft.Web/sites' : 'Microsoft.Web/sites/slots';
}

/** `site` or `site/slot`. */
export function nameOf(slot: Slot): string {
  return slot === slot.site.production ? slot.site.name : `${slot.site.name}/${slot.name}`;
}

/** A site, or a slot of it, as GET answers. */
export function shapeSite(platform: Platform, slot: Slot): Record<string, unknown> {
  const { site } = slot;
  return {
    id: idOf(slot),
    name: nameOf(slot),
    type: typeOf(slot),
    kind: site.kind,
    location: displayRegion(site.region),
    tags: site.tags,
    ...identityOf(platform, slot),
    properties: siteProperties(platform, slot),
  };
}

function siteProperties(platform: Platform, slot: Slot): Record<string, unknown> {
  const { site } = slot;
  const host = platform.addresses.host(slot.label);
  const scm = platform.addresses.scmHost(slot.label);
  return {
    state: slot.state,
    hostNames: [host],
    repositorySiteName: site.name,
    usageState: 'Normal',
    enabled: slot.state === 'Running',
    enabledHostNames: [host, scm],
    availabilityState: 'Normal',
    hostNameSslStates: [
      { name: host, sslState: 'Disabled', hostType: 'Standard' },
      { name: scm, sslState: 'Disabled', hostType: 'Repository' },
    ],
    serverFarmId: site.plan.id,
    reserved: site.os === 'linux',
    isXenon: false,
    hyperV: false,
    lastModifiedTimeUtc: isoTime(slot.lastModifiedMs),
    siteConfig: shapeSiteConfig(slot),
    scmSiteAlsoStopped: false,
    targetSwapSlot: preparedWith(slot),
    clientAffinityEnabled: false,
    clientCertEnabled: false,
    hostNamesDisabled: false,
    containerSize: 1536,
    dailyMemoryTimeQuota: 0,
    resourceGroup: site.resourceGroup,
    defaultHostName: host,
    slotSwapStatus: shapeSwapStatus(slot),
    httpsOnly: false,
    redundancyMode: 'None',
    inProgressOperationId: site.operation?.id ?? null,
    publicNetworkAccess: slot.publicNetworkAccess,
    storageAccountRequired: false,
    keyVaultReferenceIdentity: 'SystemAssigned',
    virtualNetworkSubnetId: slot.subnet,
    sku: skus[site.plan.sku].siteSku,
    ...(site.plan.sku === 'FC1' ? { functionAppConfig: flexConfig(slot) } : {}),
    ...slot.written,
  };
}

/** Flex Consumption's own part of a site (azure-platform.md §2.7). */
function flexConfig({ site }: Slot): Record<string, unknown> {
  const storage = {
    type: 'blobContainer',
    value: `https://${site.name.replaceAll('-', '')}.blob.core.windows.net/app-package`,
    authentication: { type: 'SystemAssignedIdentity' },
  };
  return {
    deployment: { storage },
    runtime: { name: 'node', version: '22' },
    scaleAndConcurrency: { maximumInstanceCount: 100, instanceMemoryMB: 2048 },
  };
}

/** In an answer about a site most of the configuration is empty; `config/web` has the real values. */
function shapeSiteConfig(slot: Slot): Record<string, unknown> {
  return {
    numberOfWorkers: 1,
    linuxFxVersion: slot.cargo.config['linuxFxVersion'] ?? '',
    alwaysOn: false,
    http20Enabled: false,
    minimumElasticInstanceCount: 0,
  };
}

/** The other slot of a swap that was prepared: both sides know it. */
function preparedWith(slot: Slot): string | null {
  if (slot.prepared) return slot.prepared.target.name;
  const all = [slot.site.production, ...slot.site.slots.values()];
  return all.find((other) => other.prepared?.target === slot)?.name ?? null;
}

function shapeSwapStatus(slot: Slot): Record<string, unknown> | null {
  const { lastSwap, production } = slot.site;
  if (!lastSwap || slot !== production) return null;
  return {
    timestampUtc: isoTime(lastSwap.atMs),
    sourceSlotName: lastSwap.source,
    destinationSlotName: lastSwap.destination,
  };
}

export function shapePlan(platform: Platform, plan: Plan): Record<string, unknown> {
  const sku = skus[plan.sku];
  const sites = [...platform.sites.values()].filter((site) => site.plan === plan);
  const { capacity, maximumElasticWorkerCount } = sizeOf(platform, plan);
  return {
    id: plan.id,
    name: plan.name,
    type: 'Microsoft.Web/serverfarms',
    kind: sku.planKind[plan.os],
    location: displayRegion(plan.region),
    sku: { name: plan.sku, tier: sku.tier, size: plan.sku, family: sku.family, capacity },
    properties: {
      status: 'Ready',
      geoRegion: displayRegion(plan.region),
      numberOfSites: sites.reduce((count, site: Site) => count + 1 + site.slots.size, 0),
      maximumNumberOfWorkers: 20,
      numberOfWorkers: capacity,
      resourceGroup: plan.resourceGroup,
      reserved: plan.os === 'linux',
      isXenon: false,
      hyperV: false,
      elasticScaleEnabled: sku.tier === 'ElasticPremium',
      maximumElasticWorkerCount,
      provisioningState: 'Succeeded',
      zoneRedundant: false,
      hostingEnvironmentProfile: null,
      kubeEnvironmentProfile: null,
    },
  };
}
