/** Surroundings in which nothing is wrong, for tests to change. */
import type {
  PrivateEndpointFacts,
  SettingTraits,
  SlotSurroundings,
  SubnetFacts,
  Surroundings,
} from '../../src/plan/surroundings.ts';

export const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
export const dayMs = 24 * 3_600_000;

const network = '/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub';

export function subnet(changes: Partial<SubnetFacts> = {}, name = 'apps'): SubnetFacts {
  return {
    id: `${network}/subnets/${name}`,
    region: 'westeurope',
    prefixLength: 24,
    usableAddresses: 251,
    delegations: ['Microsoft.Web/serverFarms'],
    planIds: [],
    ways: { network, securityGroup: '', routeTable: '', natGateway: '', serviceEndpoints: '' },
    ...changes,
  };
}

/** A slot that is integrated with it, with all traffic routed. */
export function inSubnet(one: SubnetFacts, changes: Partial<SlotSurroundings> = {}): SlotSurroundings {
  return slot({ subnetId: one.id, subnet: one, routesAll: true, ...changes });
}

export function endpoint(changes: Partial<PrivateEndpointFacts> = {}): PrivateEndpointFacts {
  return { name: 'pe-orders', status: 'Approved', addresses: ['10.1.0.4'], records: null, ...changes };
}

export function settings(changes: Partial<SettingTraits> = {}): SettingTraits {
  return {
    extensionVersion: '~4',
    workerRuntime: 'node',
    storage: { access: 'key', account: null },
    contentShare: null,
    contentOverVnet: false,
    networkSettings: [],
    packageUrlEndsAtMs: 'none',
    warmUp: { path: null, statuses: null },
    connections: [],
    hostId: null,
    taskHubs: {},
    accounts: {},
    usesIdentity: false,
    ...changes,
  };
}

export function slot(changes: Partial<SlotSurroundings> = {}): SlotSurroundings {
  return {
    publicAccess: true,
    siteRules: { deniesOthers: false, rules: [] },
    scmRules: { deniesOthers: false, rules: [] },
    endpoints: [],
    subnetId: null,
    subnet: null,
    gatewayNetwork: null,
    routesAll: false,
    scaleMonitoring: false,
    stack: { language: 'node', version: '22' },
    identity: { system: true, user: [] },
    references: [],
    settings: settings(),
    contentShareRouted: false,
    storageAccount: null,
    contentAccount: null,
    triggers: [],
    ...changes,
  };
}

export function surroundings(changes: Partial<Surroundings> = {}): Surroundings {
  const all = [{ actions: ['*'], notActions: [] }];
  return {
    nowMs,
    plan: { maximumInstances: 20 },
    slotCount: null,
    hybridConnections: [],
    rights: { site: all, slot: all },
    production: slot(),
    staging: slot(),
    unread: [],
    ...changes,
  };
}
