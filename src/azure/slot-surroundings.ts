/** What stands around one slot of a target: its settings' traits, its configuration, its network and storage. */
import type { OperatingSystem, Target } from '../plan/fleet.ts';
import type { PrivateEndpointFacts, SlotSurroundings, VaultReference } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import type { EndpointReader } from './endpoints.ts';
import { readTriggerFacts } from './functions.ts';
import { readReferences, refersToVault } from './key-vault.ts';
import type { Notes } from './read-once.ts';
import { readStack, readTraits } from './setting-traits.ts';
import { type Settings, type SiteFacts, sitePath, slotPath } from './site-client.ts';
import type { AccountReader } from './storage-accounts.ts';
import type { SubnetReader } from './subnets.ts';
import { readAccessRules, type WebConfig } from './web-config.ts';

/** What many targets share: subnets, zones, accounts. */
export interface SharedReaders {
  readonly readSubnet: SubnetReader;
  readonly readEndpoints: EndpointReader;
  readonly readAccount: AccountReader;
}

/** One slot as the survey has read it already. */
export interface SlotView {
  readonly side: 'live' | 'beside';
  readonly site: SiteFacts;
  readonly settings: Settings;
  readonly config: WebConfig;
}

export interface SlotQuestion {
  readonly arm: Arm;
  readonly target: Target;
  readonly operatingSystem: OperatingSystem;
  readonly shared: SharedReaders;
  readonly notes: Notes;
}

/** @param endpoints read already, because whether they are asked for depends on the other slot. */
export async function readSlotSurroundings(
  question: SlotQuestion,
  view: SlotView,
  endpoints: readonly PrivateEndpointFacts[] | null,
): Promise<SlotSurroundings> {
  const { site, settings, config } = view;
  const { place } = site;
  const traits = readTraits(settings);
  const [subnet, storageAccount, contentAccount, references, triggers] = await Promise.all([
    readSubnet(question, place.subnetId),
    readAccount(question, traits.storage.account),
    readAccount(question, traits.contentShare?.account ?? null),
    readVault(question, view),
    readTriggers(question, view),
  ]);
  const rules = readAccessRules(config);
  const isAlone = endpoints === null || endpoints.length === 0;
  return {
    publicAccess: place.publicAccess === null ? isAlone : place.publicAccess.toLowerCase() === 'enabled',
    siteRules: rules.site,
    scmRules: rules.scm,
    endpoints,
    subnetId: place.subnetId,
    subnet,
    // `vnetName` is also set for regional integration; only the other kind has no subnet.
    gatewayNetwork: place.subnetId === null ? config.vnetName || null : null,
    routesAll: place.routesAll || config.vnetRouteAllEnabled === true,
    contentShareRouted: place.routesContentShare,
    scaleMonitoring: config.functionsRuntimeScaleMonitoringEnabled === true,
    stack: readStack(question.operatingSystem, settings, { ...config }),
    identity: { system: place.systemIdentity, user: place.userIdentities },
    references,
    settings: traits,
    storageAccount,
    contentAccount,
    triggers,
  };
}

/** A host is asked only where it runs; of production only what the staging slot cannot tell. */
async function readTriggers({ arm, target, notes }: SlotQuestion, { side, site, settings }: SlotView) {
  if (site.state.toLowerCase() !== 'running' || side === 'live') return null;
  return notes.attempt(`the functions of ${placeOf(target, side)}`, () =>
    readTriggerFacts(arm, target, side, readTraits(settings)),
  );
}

async function readSubnet({ arm, target, shared, notes }: SlotQuestion, subnetId: string | null) {
  if (subnetId === null) return null;
  return notes.attempt(`the subnet ${subnetId.split('/').at(-1)}`, () =>
    shared.readSubnet(arm, target, subnetId),
  );
}

async function readAccount({ arm, target, shared, notes }: SlotQuestion, name: string | null) {
  if (name === null) return null;
  return notes.attempt(`the storage account ${name}`, () => shared.readAccount(arm, target, name));
}

/** Only the staging slot's are asked for: production's were good enough to run with. */
async function readVault(
  { arm, target, notes }: SlotQuestion,
  { side, settings }: SlotView,
): Promise<readonly VaultReference[] | null> {
  if (side === 'live' || !refersToVault(settings)) return [];
  return notes.attempt(`the Key Vault references of ${placeOf(target, side)}`, async () =>
    (await readReferences(arm, target)).map(({ setting, status, vault }) => ({ setting, status, vault })),
  );
}

export function placeOf({ site, slot }: Target, side: 'live' | 'beside'): string {
  return side === 'live' ? site : `${site}/${slot}`;
}

export function pathOf(target: Target, side: 'live' | 'beside'): string {
  return side === 'live' ? sitePath(target) : slotPath(target);
}
