/** What the slot strategy needs from Azure, in its own words; src/azure/slots.ts is one of it. */
import type { Target } from '../plan/fleet.ts';
import type { Release } from '../release/release.ts';

export interface SlotsReading {
  /** The stamp found in production's settings. */
  readonly liveId: string | null;
  /** The stamp found in the staging slot's settings. */
  readonly besideId: string | null;
  /** Host name of the staging slot, as the site says it. */
  readonly besideHost: string;
  readonly liveHost: string;
  /** Something that ARM says is running on the site; null when all is quiet. */
  readonly operation: string | null;
  /** Timestamp of the last swap that succeeded. */
  readonly lastSwapAt: string | null;
  /** The other slot, when a swap with preview was left half done. */
  readonly preparedFor: string | null;
}

export interface DeployProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface SlotClient {
  readSlots(target: Target): Promise<SlotsReading>;
  /** Merges these into the staging slot's settings in one PUT and verifies them; nothing else is lost. Idempotent. */
  writeSettings(target: Target, settings: Readonly<Record<string, string>>): Promise<void>;
  /** Uploads to the staging slot and follows the deployment to its end. Doing it again is harmless. */
  deployPackage(
    target: Target,
    release: Release,
    onProgress: (progress: DeployProgress) => void,
  ): Promise<void>;
  /** Asks for the swap exactly once and follows it. Errors as `Strategy.promote` describes. */
  swap(target: Target): Promise<void>;
}
