/** The world while it lives: what belongs to a place, and what travels between places in a swap. */
import type { Content, HostStart, RunningHost } from '../host/runtime.ts';

export type Settings = Readonly<Record<string, string>>;
export type HostKeys = HostStart['keys'];

export type DeploymentStatus = 0 | 1 | 2 | 3 | 4;

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
  /** `world`: it was there at the start. */
  arrivedBy: 'world' | 'deployment';
}

/** One instance of the function host. It is kept by the platform, and moves when the routing moves. */
export interface Worker {
  readonly content: Content | null;
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
}

/** A long-running operation, as its `operationresults` address tells it. */
export interface Operation {
  readonly id: string;
  readonly name: string;
  readonly slot: Slot;
  readonly createdMs: number;
  outcome:
    | null
    | { readonly status: 'succeeded' }
    | { readonly status: 'failed'; readonly http: number; readonly code: string; readonly message: string };
}

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly subscription: string;
  readonly region: string;
  readonly sku: import('./skus.ts').SkuName;
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
  readonly plan: Plan;
  tags: Readonly<Record<string, string>>;
  stickyNames: {
    appSettings: readonly string[];
    connectionStrings: readonly string[];
    storageConfigs: readonly string[];
  };
  readonly production: Slot;
  /** By name in lower case, production not among them. */
  readonly slots: Map<string, Slot>;
  /** The one that runs now. */
  operation: Operation | null;
  readonly operations: Map<string, Operation>;
  lastSwap: { readonly atMs: number; readonly source: string; readonly destination: string } | null;
}
