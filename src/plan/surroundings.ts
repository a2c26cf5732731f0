/**
 * What stands around a target: its network, storage, identity, runtime and rights. Read for preflight alone, so it is
 * in no plan and no journal. Values of settings never stand here, only what was derived from them. Null always means
 * "nobody could read it" or "it was not asked"; what is known to be absent is an empty list, `false` or `none`.
 */
export interface Surroundings {
  readonly nowMs: number;
  readonly plan: PlanSurroundings;
  /** Slots beside production; asked only where the staging slot is missing. */
  readonly slotCount: number | null;
  /** Hybrid connections of production; asked only where they could not work. */
  readonly hybridConnections: readonly string[] | null;
  readonly rights: { readonly site: readonly Grant[] | null; readonly slot: readonly Grant[] | null };
  readonly production: SlotSurroundings;
  readonly staging: SlotSurroundings | null;
  readonly unread: readonly Unread[];
}

export interface PlanSurroundings {
  /** What the plan can grow to: `maximumElasticWorkerCount` where it scales by itself, else its size now. */
  readonly maximumInstances: number | null;
}

/** One entry of ARM's permissions API: `actions` without `notActions`; several add up. */
export interface Grant {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** Something that could not be read, and why. */
export interface Unread {
  readonly what: string;
  readonly why: string;
}

export interface SlotSurroundings {
  /** Whether strangers get as far as the access rules. */
  readonly publicAccess: boolean;
  readonly siteRules: AccessRules;
  readonly scmRules: AccessRules;
  /** Null where nobody had to know. */
  readonly endpoints: readonly PrivateEndpointFacts[] | null;
  /** Resource id; null is "not integrated". */
  readonly subnetId: string | null;
  readonly subnet: SubnetFacts | null;
  /** Name of the network of a gateway-required integration. */
  readonly gatewayNetwork: string | null;
  readonly routesAll: boolean;
  readonly scaleMonitoring: boolean;
  readonly stack: Stack | null;
  readonly identity: { readonly system: boolean; readonly user: readonly string[] };
  /** Key Vault references; empty where no setting has one. */
  readonly references: readonly VaultReference[] | null;
  readonly settings: SettingTraits;
  readonly contentShareRouted: boolean;
  readonly storageAccount: StorageAccountFacts | null;
  readonly contentAccount: StorageAccountFacts | null;
  /** Functions that wait for something other than HTTP; null: the host lists none, or did not answer. */
  readonly triggers: readonly TriggerFacts[] | null;
}

export interface AccessRules {
  /** True when a caller that no rule names is turned away. */
  readonly deniesOthers: boolean;
  /** One text a rule, in a form that can be compared. */
  readonly rules: readonly string[];
}

export interface PrivateEndpointFacts {
  readonly name: string;
  /** `Approved`, `Pending`, `Rejected`, `Disconnected`. */
  readonly status: string;
  readonly addresses: readonly string[];
  /** Records of the private zone, null when no zone is known or may be read. */
  readonly records: readonly DnsRecord[] | null;
}

/** `expected` in the zone, and what stands there. */
export interface DnsRecord {
  readonly zone: string;
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface SubnetFacts {
  readonly id: string;
  /** Null when only the subnet could be read, and not its network. */
  readonly region: string | null;
  /** Length of the IPv4 prefix. */
  readonly prefixLength: number;
  /** Addresses that Azure leaves to instances: all but five. */
  readonly usableAddresses: number;
  readonly delegations: readonly string[];
  /** Plans that are joined to it, by resource id. */
  readonly planIds: readonly string[];
  /** What decides where its traffic may go; equal texts are equal ways. */
  readonly ways: {
    readonly network: string;
    readonly securityGroup: string;
    readonly routeTable: string;
    readonly natGateway: string;
    readonly serviceEndpoints: string;
  };
}

export interface Stack {
  /** `node`, `python`, `dotnet`, `dotnet-isolated`, `java`, `powershell`. */
  readonly language: string;
  /** `22`, `3.11`, `8.0`. */
  readonly version: string;
}

export interface VaultReference {
  readonly setting: string;
  readonly status: string;
  readonly vault: string | null;
}

export interface StorageAccountFacts {
  readonly name: string;
  /** False where nobody gets in from outside of a network; true where somebody may. */
  readonly open: boolean;
  readonly sharedKey: boolean;
}

export interface TriggerFacts {
  readonly name: string;
  readonly type: string;
  /** The storage account that it waits on, where that is known. */
  readonly account: string | null;
  readonly disabled: boolean;
}

/** How the host comes to its storage. `other`: a reference to Key Vault, the development storage. */
export type StorageAccess = 'key' | 'identity' | 'other' | 'none';

/** What was derived from the values of a slot's settings. */
export interface SettingTraits {
  readonly extensionVersion: string | null;
  readonly workerRuntime: string | null;
  readonly storage: { readonly access: StorageAccess; readonly account: string | null };
  readonly contentShare: { readonly name: string; readonly account: string | null } | null;
  readonly contentOverVnet: boolean;
  /** Settings that only mean something in a virtual network. */
  readonly networkSettings: readonly string[];
  /** `none`: not by an address. Else when its signature ends; null when it has none. */
  readonly packageUrlEndsAtMs: number | null | 'none';
  readonly warmUp: { readonly path: string | null; readonly statuses: string | null };
  /** Names of settings whose values lead to other services. */
  readonly connections: readonly string[];
  /** `AzureFunctionsWebHost__hostid`. */
  readonly hostId: string | null;
  /** Settings that name a Durable Functions task hub, and the hub. */
  readonly taskHubs: Readonly<Record<string, string>>;
  /** Names of settings that hold a connection with a key or an identity to storage: their account. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Whether a setting other than the host's storage uses an identity (`…__fullyQualifiedNamespace` and others). */
  readonly usesIdentity: boolean;
}
