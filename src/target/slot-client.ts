/** What the slot strategy needs from Azure, in its own words; src/azure/slots.ts is one of it. */
import type { Target } from '../plan/fleet.ts';
import type { Release } from '../release/release.ts';

export interface Stamps {
  /** The stamp found in production's settings. */
  readonly liveId: string | null;
  /** The stamp found in the staging slot's settings. */
  readonly besideId: string | null;
}

/** What the site itself says of its swaps. */
export interface SwapState {
  /** Something that ARM says is running on the site; null when all is quiet. */
  readonly operation: string | null;
  /** Timestamp of the last swap that succeeded. */
  readonly lastSwapAt: string | null;
  /** The other slot, when a swap with preview was left half done. */
  readonly preparedFor: string | null;
}

/** Stamps of one moment, and no swap that is told here came after it. */
export interface SlotsReading extends Stamps, SwapState {
  /** Host name of the staging slot, as the site says it. */
  readonly besideHost: string;
  readonly liveHost: string;
  /** True when settings of the staging slot refer to Key Vault; absent: not known to. */
  readonly besideRefers?: boolean | undefined;
}

export interface LiveReading extends SwapState, Pick<Stamps, 'liveId'> {}

export interface BesideReading extends Pick<SlotsReading, 'besideRefers'> {
  readonly settings: Readonly<Record<string, string>>;
}

export interface DeployProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

/** A setting whose value is read from Key Vault, as the platform sees it (azure-platform.md §4.2). */
export interface SettingReference {
  readonly setting: string;
  /** `Resolved`, `AccessToKeyVaultDenied`, `SecretNotFound`, … */
  readonly status: string;
  readonly vault: string | null;
  /** What the platform says about it, tamed. */
  readonly details: string;
}

/** A function that is started by something other than an HTTP request. */
export interface FunctionTrigger {
  readonly name: string;
  /** `timerTrigger`, `queueTrigger`, … */
  readonly type: string;
}

/** How long something is likely to take, for the pace of looking. */
export interface WaitHints {
  readonly expectedMs?: number | undefined;
}

export interface DeployHints extends WaitHints {
  /** Called when the package is handed over: from then on there is nothing to do but wait. */
  readonly onSent?: (() => void) | undefined;
}

export interface SwapOptions extends WaitHints {
  /** Default: true. */
  readonly preserveVnet?: boolean | undefined;
}

/** A swap that was carried out, and how long ago that may have been: since the last look that still saw it run. */
export interface SwapEnd {
  readonly unseenMs: number;
}

/** One change of the staging slot's settings; null takes a setting away. */
export type SettingsChange = Readonly<Record<string, string | null>>;

export interface SlotClient {
  /** The site, the slot, and both lists of settings: four requests. */
  readSlots(target: Target): Promise<SlotsReading>;
  /** Both lists alone: where a swap comes between them, one release stands in both. */
  readStamps(target: Target): Promise<Stamps>;
  /** Production alone, the site and its list of settings. */
  readLive(target: Target): Promise<LiveReading>;
  /** The site alone. */
  readSwapState(target: Target): Promise<SwapState>;
  /** The staging slot's settings as they are now, and whether any of them refers to Key Vault. */
  readBeside(target: Target): Promise<BesideReading>;
  /**
   * The staging slot's settings, values included. With `ageMs` they may be of a reading that we took so long ago,
   * with nothing of ours written since.
   */
  readSettings(target: Target, ageMs?: number): Promise<Readonly<Record<string, string>>>;
  /** Merges these into the staging slot's settings in one PUT and verifies them; nothing else is lost. Idempotent. */
  writeSettings(target: Target, settings: Readonly<Record<string, string>>): Promise<void>;
  /** Changes exactly these and verifies it, in one PUT; none when all is so already. */
  changeSettings(target: Target, change: SettingsChange): Promise<void>;
  /** Makes settings of these names stay with their slots in a swap, beside those that do already. Idempotent. */
  keepWithSlot(target: Target, names: readonly string[]): Promise<void>;
  /** The references to Key Vault in the staging slot's settings, and whether the platform could follow them. */
  readReferences(target: Target): Promise<readonly SettingReference[]>;
  /** Triggers of what runs in a slot; null while its host lists no functions at all. */
  readTriggers(target: Target, side: 'live' | 'beside'): Promise<readonly FunctionTrigger[] | null>;
  /** Uploads to the staging slot and follows the deployment to its end. Doing it again is harmless. */
  deployPackage(
    target: Target,
    release: Release,
    onProgress: (progress: DeployProgress) => void,
    hints?: DeployHints,
  ): Promise<void>;
  /** Asks for the swap exactly once and follows it. Errors as `Strategy.promote` describes. */
  swap(target: Target, options?: SwapOptions): Promise<SwapEnd>;
  /** Phase one of a swap with preview: production's sticky settings on the staging slot. Doubt when nobody answers. */
  applyProductionSettings(target: Target, options?: SwapOptions): Promise<void>;
  /** Cancels a swap that is half prepared, on both slots. Idempotent. */
  resetPrepared(target: Target): Promise<void>;
}
