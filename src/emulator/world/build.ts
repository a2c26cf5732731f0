/** From a world file to a living world. */
import type { Content } from '../host/runtime.ts';
import { makeLabel } from '../network/addresses.ts';
import type { Random } from '../random.ts';
import { splitConfig } from '../swap/travel.ts';
import type { ContentStore } from './content.ts';
import { readPackage } from './package-source.ts';
import type { SiteDefinition, SiteLatencies, SlotDefinition, World } from './schema.ts';
import type { Cargo, Deployment, HostKeys, Plan, ReferenceState, Settings, Site, Slot } from './state.ts';

export interface BuiltWorld {
  readonly sites: Map<string, Site>;
  readonly plans: Map<string, Plan>;
  readonly slotsByLabel: Map<string, Slot>;
}

export interface BuildTools {
  readonly random: Random;
  readonly contents: ContentStore;
  readonly nowMs: number;
}

/** What a slot has when it begins. A slot that is created later says only what its creation says. */
type Occupant = Pick<SlotDefinition, 'settings' | 'config' | 'state'> & Partial<SlotDefinition>;

export function buildWorld(world: World, tools: BuildTools): BuiltWorld {
  const built: BuiltWorld = { sites: new Map(), plans: new Map(), slotsByLabel: new Map() };
  const packages = new Map<string, Uint8Array>();
  const readOnce = (source: string | Uint8Array, release: string | undefined): Uint8Array => {
    if (typeof source !== 'string') return source;
    const key = `${source}\0${release ?? ''}`;
    const bytes = packages.get(key) ?? readPackage(source, release);
    packages.set(key, bytes);
    return bytes;
  };
  for (const definition of world.sites) addSite(built, world, definition, tools, readOnce);
  return built;
}

type ReadPackage = (source: string | Uint8Array, release: string | undefined) => Uint8Array;

function addSite(
  built: BuiltWorld,
  world: World,
  definition: SiteDefinition,
  tools: BuildTools,
  read: ReadPackage,
): void {
  const plan = addPlan(built, world, definition);
  const subscription = definition.subscription ?? world.subscription;
  const resourceGroup = definition.resourceGroup ?? world.resourceGroup;
  const { kind = definition.os === 'linux' ? 'functionapp,linux' : 'functionapp' } = definition;
  const site = makeSite(plan, { ...definition, subscription, resourceGroup, kind }, definition, tools, read);
  built.slotsByLabel.set(site.production.label, site.production);
  for (const slotDefinition of definition.slots) {
    const slot = makeSlot(site, slotDefinition.name, slotDefinition, tools, read);
    site.slots.set(slot.name.toLowerCase(), slot);
    built.slotsByLabel.set(slot.label, slot);
  }
  built.sites.set(site.name.toLowerCase(), site);
}

/** What a site is called and where it is. */
export type SiteFacts = Pick<
  Site,
  'name' | 'subscription' | 'resourceGroup' | 'region' | 'os' | 'kind' | 'tags'
> & {
  readonly sticky?: readonly string[];
  readonly latencies?: SiteLatencies;
};

/** A site with its production slot and no other. */
export function makeSite(
  plan: Plan,
  { sticky = [], latencies = {}, ...facts }: SiteFacts,
  occupant: Occupant,
  tools: BuildTools,
  read: ReadPackage = readPackage,
): Site {
  const { name, subscription, resourceGroup, region, os, kind, tags } = facts;
  const site: Omit<Site, 'production'> & { production: Slot } = {
    name,
    id: `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Web/sites/${name}`,
    ...{ subscription, resourceGroup, region, os, kind, plan, tags, latencies },
    stickyNames: { appSettings: sticky, connectionStrings: [], storageConfigs: [] },
    // Replaced in the next statement; a site and its production slot point at each other.
    production: undefined as never,
    slots: new Map(),
    operation: null,
    operations: new Map(),
    lastSwap: null,
  };
  site.production = makeSlot(site, null, occupant, tools, read);
  return site;
}

function addPlan(built: BuiltWorld, world: World, definition: SiteDefinition): Plan {
  const subscription = definition.subscription ?? world.subscription;
  const resourceGroup = definition.resourceGroup ?? world.resourceGroup;
  const name = definition.plan.name ?? `${definition.name}-plan`;
  const id = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Web/serverfarms/${name}`;
  const known = built.plans.get(id.toLowerCase());
  if (known) return known;
  const plan = {
    id,
    name,
    resourceGroup,
    subscription,
    region: definition.region,
    sku: definition.plan.sku,
    os: definition.os,
  };
  built.plans.set(id.toLowerCase(), plan);
  return plan;
}

/** A slot as it is when the world begins; `name` null means production. */
export function makeSlot(
  site: Site,
  name: string | null,
  occupant: Occupant,
  tools: BuildTools,
  read: ReadPackage = readPackage,
): Slot {
  const { random, nowMs } = tools;
  const settings = firstSettings(occupant);
  const { travels, stays } = splitConfig(occupant.config);
  return {
    name: name ?? 'production',
    site,
    label: makeLabel(site.name, name, random.hex),
    keys: makeKeys(random),
    publishingPassword: random.hex(60),
    basicAuth: { scm: occupant.basicAuth ?? true, ftp: occupant.basicAuth ?? true },
    settings,
    settingsBefore: settings,
    settingsWrittenMs: Number.NEGATIVE_INFINITY,
    config: stays,
    cargo: firstCargo(occupant, travels, tools, read),
    state: occupant.state,
    lastModifiedMs: nowMs,
    worker: null,
    retiring: null,
    prepared: null,
    deploying: null,
    connectionStrings: occupant.connectionStrings ?? {},
    scmSettings: {},
    scmColdRequests: occupant.scmCold ?? 0,
    triggerSyncRefusals: occupant.triggerSyncRefusals ?? 0,
    publicNetworkAccess:
      occupant.publicNetworkAccess === undefined ? 'Enabled' : occupant.publicNetworkAccess,
    privateEndpoints: occupant.privateEndpoints ?? [],
    subnet: occupant.subnet ?? null,
    written: {},
    authentication: null,
    references: readReferences(occupant.references ?? {}),
    counts: null,
  };
}

function readReferences(written: SlotDefinition['references']): Readonly<Record<string, ReferenceState>> {
  const states = Object.entries(written).map(([name, state]): readonly [string, ReferenceState] => [
    name,
    typeof state === 'string'
      ? { status: state, resolvedAfterMs: null }
      : { status: state.status, resolvedAfterMs: state.resolvedAfter ?? null },
  ]);
  return Object.fromEntries(states);
}

function firstSettings(occupant: Occupant): Settings {
  return {
    FUNCTIONS_EXTENSION_VERSION: '~4',
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    ...(occupant.package === undefined ? {} : { WEBSITE_RUN_FROM_PACKAGE: '1' }),
    ...(occupant.release === undefined ? {} : { SLOTWAVE_RELEASE_ID: occupant.release }),
    ...occupant.settings,
  };
}

function firstCargo(
  occupant: Occupant,
  config: Readonly<Record<string, unknown>>,
  tools: BuildTools,
  read: ReadPackage,
): Cargo {
  const { nowMs, contents } = tools;
  const empty: Cargo = {
    wwwroot: null,
    packages: [],
    deployments: [],
    config,
    sinceMs: nowMs,
    mountedUrl: undefined,
    arrivedBy: 'world',
  };
  if (occupant.package === undefined) return empty;
  const content = contents.keep(read(occupant.package, occupant.release));
  const deployment = firstDeployment(tools, occupant.release, content);
  return {
    ...empty,
    wwwroot: content,
    packages: [{ name: '20200101000000.zip', content }],
    deployments: [deployment],
  };
}

function firstDeployment(
  { random, nowMs }: BuildTools,
  release: string | undefined,
  content: Content,
): Deployment {
  return {
    id: random.hex(40),
    temporaryId: `temp-${random.hex(8)}`,
    deployer: 'ZipDeploy',
    author: 'N/A',
    authorEmail: 'N/A',
    message: release ?? 'Created via a push deployment',
    receivedMs: nowMs,
    permanentMs: nowMs,
    endedMs: nowMs,
    status: 4,
    active: true,
    log: [],
    content,
  };
}

function makeKeys(random: Random): HostKeys {
  const key = () => `${random.hex(46)}AzFu==`;
  return { master: key(), functionKeys: { default: key() }, systemKeys: {} };
}
