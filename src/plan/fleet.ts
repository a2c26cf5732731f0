/** What a fleet is: plain data, read from Azure once, before anything is decided. */
import type { Surroundings } from './surroundings.ts';
import type { VantageRequest } from './vantage-request.ts';

/** One function app in one region, and the slot in which a release waits. */
export interface Target {
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly site: string;
  /** The staging slot's name, never `production`. */
  readonly slot: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The tenant of its subscription; absent: the one that is signed in to. */
  readonly tenantId?: string | undefined;
  /** A cloud's name or the URL of its ARM; absent: the one of the whole rollout. */
  readonly cloud?: string | undefined;
  /** From where it is looked at and fed; absent: as the probes say. */
  readonly vantage?: VantageRequest | undefined;
}

/** One slot of a target, as ARM described it during the survey. Values of settings are never kept. */
export interface SlotFacts {
  /** `properties.defaultHostName`; never computed. May carry a port (the emulator's does). */
  readonly hostName: string;
  /** The `hostNameSslStates` entry of type `Repository`. */
  readonly scmHostName: string | null;
  /** `Running` or `Stopped`. */
  readonly state: string;
  /** The stamp found in the slot's settings; null when the slot never had one. */
  readonly releaseId: string | null;
  readonly settingNames: readonly string[];
  readonly lastModified: string | null;
  readonly autoSwapSlot: string | null;
}

export type OperatingSystem = 'windows' | 'linux';

/** A setting that differs between the two slots, as `slotsdiffs` tells. */
export interface SettingDifference {
  readonly name: string;
  /** `AppSetting`, `ConnectionString`, … as Azure names it. */
  readonly kind: string;
  /** `travels` moves with the swap; `stays` belongs to the slot. */
  readonly rule: 'travels' | 'stays';
  readonly description: string;
}

export interface TargetFacts {
  readonly target: Target;
  readonly region: string;
  readonly planId: string;
  /** `sku.tier` of the plan: ElasticPremium, Dynamic, FlexConsumption, … */
  readonly planTier: string;
  readonly operatingSystem: OperatingSystem;
  readonly runtime: string | null;
  readonly production: SlotFacts;
  /** Null when the slot does not exist. */
  readonly staging: SlotFacts | null;
  readonly stickyNames: readonly string[];
  readonly differences: readonly SettingDifference[];
  /** An operation that ARM reports as running on the site. */
  readonly operationInProgress: string | null;
  /** The other slot, when an earlier swap with preview left this one prepared (`targetSwapSlot`). */
  readonly preparedFor: string | null;
  /** `slotSwapStatus.timestampUtc`: the last swap that succeeded. */
  readonly lastSwapAt: string | null;
  /** True when production already carries every setting that the config would write. */
  readonly settingsInPlace: boolean;
  /** Whether either slot signs callers in (App Service authentication); absent where nobody had to know. */
  readonly authenticated?: boolean | undefined;
}

export interface Fleet {
  readonly targets: readonly TargetFacts[];
  /** Resource ids that discovery found and ARM does not have any more. */
  readonly vanished?: readonly string[] | undefined;
  /** What stands around the targets, by their names; absent where nobody asked for it. */
  readonly surroundings?: Readonly<Record<string, Surroundings>> | undefined;
}
