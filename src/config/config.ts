/** What was asked, ready to be used: every default filled in, every duration in milliseconds, every path absolute. */
export interface Config {
  /** Absolute path of the config file. */
  readonly file: string;
  /** SHA-256 (hex) of the file's bytes. */
  readonly digest: string;
  readonly app: string;
  /** Folder or zip, absolute; relative paths start at the file's folder. Not looked at yet. */
  readonly packagePath: string;
  /** In the order of the file; empty when everything is discovered. */
  readonly targets: readonly ConfigTarget[];
  /** Null when nothing is to be discovered. */
  readonly discover: { readonly tags: Readonly<Record<string, string>> } | null;
  /** The staging slot of discovered targets. */
  readonly discoverSlot: string;
  readonly strategy: ConfigStrategy;
  readonly probes: ConfigProbes;
  readonly swap: ConfigSwap;
  readonly stagingTriggers: 'tell' | 'disable';
  /** Written to the staging slot with the release. Values may be secrets: they are never shown. */
  readonly settings: Readonly<Record<string, string>>;
  readonly delivery: ConfigDelivery;
  readonly preflight: ConfigPreflight;
}

export interface ConfigPreflight {
  /** Findings that stop nothing, and why. */
  readonly silence: readonly {
    readonly rule: string;
    readonly reason: string;
    /** Absent: on all targets. */
    readonly targets?: readonly string[] | undefined;
  }[];
}

/** How the package comes to each slot. */
export interface ConfigDelivery {
  /** push: to the SCM site. pull: the slot fetches it from `store`. url: the slot fetches it from `url`. */
  readonly mode: 'push' | 'pull' | 'url';
  /** `https://<account>.blob.core.windows.net/<container>`, without a slash at the end. */
  readonly store: string | null;
  /** Its query may be a secret. */
  readonly url: string | null;
  readonly remoteBuild: boolean;
  /** How many of the newest packages are kept, in the store and in the state folder. */
  readonly keep: number;
}

/** `name` is the site's name where the file gives none. */
export interface ConfigTarget {
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly site: string;
  readonly slot: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Absent: the tenant that is signed in to. */
  readonly tenantId?: string | undefined;
  /** Absent: the cloud of the whole rollout. */
  readonly cloud?: string | undefined;
  /** Absent: as the probes say. */
  readonly vantage?: ConfigVantage | undefined;
}

// What follows has the shape of the plan's StrategyRequest and ProbeRequest. They are written again because a
// config is read before anything is planned and imports no sibling; test/config holds them together.

export interface ConfigStrategy {
  readonly maxConcurrency: number;
  readonly maxConcurrencyPer: {
    readonly region?: number | undefined;
    readonly subscription?: number | undefined;
    readonly plan: number;
  };
  readonly regionPairs: 'never-together' | 'ignore';
  readonly waves: readonly ConfigWave[];
  readonly failureTolerance: number;
  readonly progressDeadlineMs: number;
  readonly onFailure: { readonly action: 'rollback' | 'halt'; readonly scope: 'target' | 'wave' | 'all' };
}

export interface ConfigSwap {
  readonly preview: boolean;
  readonly resetPrepared: boolean;
  readonly preserveVnet: boolean;
  readonly observeForMs: number;
  /** Null: as the slot has it, or the usual. */
  readonly warmUp: { readonly path: string; readonly statuses: readonly number[] } | null;
}

export interface ConfigWave {
  readonly name: string;
  readonly match?: Readonly<Record<string, string>> | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly count?: number | undefined;
  readonly percent?: number | undefined;
  readonly bakeTimeMs: number;
  readonly maxConcurrency?: number | undefined;
}

/** `${env:NAME}` in the proxy's address is still there. */
export type ConfigVantage =
  | { readonly via: 'direct' }
  | {
      readonly via: 'private-endpoint';
      readonly addresses: { readonly live: string; readonly beside: string } | null;
    }
  | { readonly via: 'dns'; readonly servers: readonly string[] }
  | { readonly via: 'proxy'; readonly proxy: string }
  | { readonly via: 'arm' };

export interface ConfigProbes {
  readonly vantage: ConfigVantage;
  readonly checks: readonly ConfigCheck[];
  readonly functions: readonly string[];
  readonly initialDelayMs: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly consecutiveSuccessLimit: number;
  readonly failureLimit: number;
  readonly consecutiveErrorLimit: number;
  readonly deadlineMs: number;
  readonly healthyStateDurationMs: number;
  readonly requirePrivate: boolean;
  readonly dependencies: readonly { readonly host: string; readonly port: number }[];
  /** Absent where it is not asked for. */
  readonly exposure?: { readonly expect: 'closed'; readonly from: ConfigProbes['vantage'] } | undefined;
  readonly certificate?: { readonly daysLeft: number } | undefined;
}

export interface ConfigCheck {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON where it was written as a mapping or list. */
  readonly body?: string | undefined;
  readonly expect: {
    readonly status: number | readonly number[];
    readonly maxLatencyMs?: number | undefined;
    readonly json?: Readonly<Record<string, string | number | boolean>> | undefined;
    readonly text?: string | undefined;
  };
}
