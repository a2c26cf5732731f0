/** The world while it lives: what belongs to a place, and what travels between places in a swap. */
import type { AppServiceRefusal } from '../arm/answer.ts';
import type { OperationTwist } from '../faults/schema.ts';
import type { Content, HostStart, RunningHost } from '../host/runtime.ts';
import type { ReferenceStatus } from './fields.ts';
import type { SiteLatencies } from './schema.ts';
import type { PrivateEndpoint } from './switches.ts';

export type Settings = Readonly<Record<string, string>>;
export type HostKeys = HostStart['keys'];

/** Kudu's, and those of Flex (azure-platform.md §2.4). */
export type DeploymentStatus = -1 | 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** One entry of a deployment history, as Kudu keeps it in the site's own files. */
export interface Deployment {
  readonly id: string;
  /** The name it has until the upload has been taken in (azure-platform.md §2.4). */
  readonly temporaryId: string;
  readonly deployer: string;
  readonly author: string;
  readonly authorEmail: string;
  readonly message: string;
  readonly receivedMs: number;
  /** From here on `id` is known. */
  readonly permanentMs: number;
  /** Null while it runs. */
  endedMs: number | null;
  status: DeploymentStatus;
  active: boolean;
  readonly log: DeploymentLogLine[];
  /** What it put in place; null: nothing, or nothing yet. */
  content: Content | null;
}

export interface DeploymentLogLine {
  readonly id: string;
  readonly atMs: number;
  readonly message: string;
  /** 0 message, 1 warning, 2 error. */
  readonly type: 0 | 1 | 2;
}

/** A zip in `data/SitePackages`. */
export interface SitePackage {
  readonly name: string;
  readonly content: Content;
}

/** What a swap moves from slot to slot besides settings: files, history, the part of the configuration that travels. */
export interface Cargo {
  /** What was unpacked into `site/wwwroot`, when the package was not run in place. */
  wwwroot: Content | null;
  /** Newest last. */
  packages: readonly SitePackage[];
  deployments: readonly Deployment[];
  /** General settings: stack, bitness, health check path, … */
  config: Readonly<Record<string, unknown>>;
  /** Since when it is where it is. */
  sinceMs: number;
  /** The address from which it was mounted last, where it runs from one. */
  mountedUrl: string | undefined;
  /** `world`: it was there at the start. */
  arrivedBy: 'world' | 'deployment';
}

export interface ConnectionString {
  readonly value: string;
  readonly type: string;
}

/** One instance of the function host. It is kept by the platform, and moves when the routing moves. */
export interface Worker {
  content: Content | null;
  /** Fetches the package of a `WEBSITE_RUN_FROM_PACKAGE=<url>`; null when there is nothing to fetch, or it was. */
  mounting: Promise<void> | null;
  /** The package could not be fetched: this host never starts. */
  mountFailed: boolean;
  /** How many syncs of triggers it will still refuse. */
  syncRefusals: number;
  readonly settings: Settings;
  readonly keys: HostKeys;
  readonly startedMs: number;
  /** Requests wait until then. */
  readonly readyMs: number;
  /** Null until the first request: most hosts of a large fleet are never asked anything. */
  host: RunningHost | null;
}

export interface Slot {
  /** `production`, or the name as it was created. */
  readonly name: string;
  readonly site: Site;
  /** First label of its host name. */
  readonly label: string;
  readonly keys: HostKeys;
  readonly publishingPassword: string;
  /** `basicPublishingCredentialsPolicies`: each slot has its own. */
  readonly basicAuth: { scm: boolean; ftp: boolean };
  /** What ARM lists: while prepared for a swap, with the other slot's sticky settings in it. */
  settings: Settings;
  settingsBefore: Settings;
  settingsWrittenMs: number;
  /** The part of the configuration that stays: access rules, CORS, auto swap, traffic split, … */
  config: Readonly<Record<string, unknown>>;
  cargo: Cargo;
  state: 'Running' | 'Stopped';
  lastModifiedMs: number;
  worker: Worker | null;
  /** The worker before the last restart: it answers until its time is over. */
  retiring: { readonly worker: Worker; readonly untilMs: number } | null;
  /** Set when another slot's sticky settings were applied to this one. */
  prepared: { readonly target: Slot; readonly ownSettings: Settings } | null;
  /** The deployment that holds this slot's lock. */
  deploying: Deployment | null;
  connectionStrings: Readonly<Record<string, ConnectionString>>;
  /** What Kudu was told by `POST api/settings`. */
  scmSettings: Readonly<Record<string, string>>;
  /** How many requests will still find the SCM site cold. */
  scmColdRequests: number;
  readonly triggerSyncRefusals: number;
  publicNetworkAccess: 'Enabled' | 'Disabled' | null;
  readonly privateEndpoints: readonly PrivateEndpoint[];
  subnet: string | null;
  /** Properties of the site resource as somebody wrote them through ARM, which answers with them. */
  written: Readonly<Record<string, unknown>>;
  /** `authsettingsV2` as it was written; null: never. */
  authentication: Readonly<Record<string, unknown>> | null;
  readonly references: Readonly<Record<string, ReferenceState>>;
  /** What Azure Monitor counted here, by minute; it stays with the slot. Null until the first request. */
  counts: Map<number, MinuteCounts> | null;
}

export interface ReferenceState {
  readonly status: ReferenceStatus;
  /** Resolved so long after its setting was written; null: never. */
  readonly resolvedAfterMs: number | null;
}

export interface MinuteCounts {
  requests: number;
  /** By hundreds: `[0, 0, 2xx, 3xx, 4xx, 5xx]`. */
  readonly byClass: [number, number, number, number, number, number];
  durationMs: number;
}

/** A long-running operation, as its `operationresults` address tells it. */
export interface Operation {
  readonly id: string;
  readonly name: string;
  readonly slot: Slot;
  readonly createdMs: number;
  /** A fault: it is told otherwise than it should be. */
  readonly twist: OperationTwist | null;
  /** True when nobody asked for it: auto swap. */
  readonly automatic: boolean;
  outcome:
    | null
    | { readonly status: 'succeeded'; readonly atMs: number }
    | { readonly status: 'failed'; readonly atMs: number; readonly refusal: AppServiceRefusal };
}

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly subscription: string;
  readonly region: string;
  sku: import('./skus.ts').SkuName;
  readonly os: 'windows' | 'linux';
}

export interface Site {
  readonly name: string;
  readonly id: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly region: string;
  readonly os: 'windows' | 'linux';
  readonly kind: string;
  plan: Plan;
  tags: Readonly<Record<string, string>>;
  stickyNames: {
    appSettings: readonly string[];
    connectionStrings: readonly string[];
    storageConfigs: readonly string[];
  };
  /** Its own; the world's where it says nothing. */
  readonly latencies: SiteLatencies;
  readonly production: Slot;
  /** By name in lower case, production not among them. */
  readonly slots: Map<string, Slot>;
  /** The one that runs now. */
  operation: Operation | null;
  readonly operations: Map<string, Operation>;
  lastSwap: { readonly atMs: number; readonly source: string; readonly destination: string } | null;
}
