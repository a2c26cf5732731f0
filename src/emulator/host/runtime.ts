/** The seam between the platform (slots, swaps, deployments) and what runs the deployed package. */
import type { Clock } from '../../clock.ts';

/** What a deployment brought: bytes of a zip, known by their digest. Unpacked only by who needs files. */
export interface Content {
  /** SHA-256 of the zip, hex. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** What the platform gives to a host when it starts one for a slot. */
export interface HostStart {
  readonly site: string;
  /** `production` or the slot's name. */
  readonly slot: string;
  readonly hostName: string;
  readonly operatingSystem: 'windows' | 'linux';
  /** The region's display name (`West Europe`): the app finds it in REGION_NAME, as in Azure. */
  readonly region?: string;
  /** Null: the slot never got a package. */
  readonly content: Content | null;
  /** App settings: the environment of the app. */
  readonly settings: Readonly<Record<string, string>>;
  /** `x-functions-key` values: the master key opens /admin. */
  readonly keys: {
    readonly master: string;
    readonly functionKeys: Readonly<Record<string, string>>;
    readonly systemKeys: Readonly<Record<string, string>>;
  };
  /** The world's time. Processes are waited for in that of the wall. */
  readonly clock: Clock;
}

/** One running function host. */
export interface RunningHost {
  /**
   * Answers `/`, `/admin/*`, `/api/*` as the real host does (azure-platform.md §4.1). A request without the
   * header `x-arr-log-id` comes from the platform itself. Waits until the app is loaded, within reason.
   */
  fetch(request: Request): Promise<Response>;
  /** Ends the app's processes; resolves when they are gone. */
  stop(): Promise<void>;
  /** The last lines that the app wrote, oldest first. */
  readonly recentLines?: () => readonly string[];
}

/**
 * The host process itself is gone, as after a `functionTimeout` that is nonsense: `fetch` rejects with this
 * for every path. In Azure the connection is refused and the front answers 503 in its place.
 */
export class HostGoneError extends Error {
  readonly code = 'host-gone';

  constructor(reason: string) {
    super(reason);
    this.name = 'HostGoneError';
  }
}

/** Starts hosts. Starting returns at once; the app loads behind the first request. */
export interface HostRuntime {
  start(start: HostStart): RunningHost;
  /** Ends every process and removes every file that it made. */
  close(): Promise<void>;
}
