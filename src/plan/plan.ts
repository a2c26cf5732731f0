/** What will be done, as a value: printed, saved, compared, carried out. Deciding is pure; nothing here does anything. */
import { InputError, type Problem } from '../errors.ts';
import type { Fleet, Target, TargetFacts } from './fleet.ts';
import { digestFleet } from './fleet-digest.ts';
import { type ProbeRequest, withoutKeys } from './probe-request.ts';
import { selects, splitWaves } from './waves.ts';

export { type Check, type Dependency, type ProbeRequest, withoutKeys } from './probe-request.ts';

export interface WaveRequest {
  readonly name: string;
  readonly match?: Readonly<Record<string, string>> | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly count?: number | undefined;
  /** Of all targets of the fleet; rounds down, never below 1. */
  readonly percent?: number | undefined;
  readonly bakeTimeMs: number;
  readonly maxConcurrency?: number | undefined;
}

export type FailureAction = 'rollback' | 'halt';
export type FailureScope = 'target' | 'wave' | 'all';

export interface StrategyRequest {
  readonly maxConcurrency: number;
  readonly maxConcurrencyPer: {
    readonly region?: number | undefined;
    readonly subscription?: number | undefined;
    readonly plan?: number | undefined;
  };
  readonly regionPairs: 'never-together' | 'ignore';
  readonly waves: readonly WaveRequest[];
  /** How many failed targets are tolerated; the rollout turns when there are more. */
  readonly failureTolerance: number;
  /** Per target, waiting for its turn excluded. */
  readonly progressDeadlineMs: number;
  readonly onFailure: { readonly action: FailureAction; readonly scope: FailureScope };
}

/** How a release and the one it replaces are exchanged. */
export interface SwapRequest {
  /** Looks at the candidate with production's own settings on it before anything is exchanged. */
  readonly preview: boolean;
  /** Cancels a preview that somebody left behind, instead of refusing. */
  readonly resetPrepared: boolean;
  readonly preserveVnet: boolean;
  /** How long a promoted target must stay well before it counts as observed. */
  readonly observeForMs: number;
  /** What the platform asks of the candidate before it routes to it; null: as the slot has it, or the usual. */
  readonly warmUp: { readonly path: string; readonly statuses: readonly number[] } | null;
}

/** What becomes of timers, queues and the like that a staging slot would run beside production's. */
export type StagingTriggers = 'tell' | 'disable';

export interface PlannedWave {
  readonly name: string;
  readonly targets: readonly string[];
  readonly bakeTimeMs: number;
  readonly maxConcurrency: number | null;
  /** Why these targets: `label ring=canary`, `50 % of 6 targets`, `the rest`. */
  readonly why: string;
}

export interface PlannedTarget {
  readonly facts: TargetFacts;
  readonly action: 'promote' | 'leave';
  readonly wave: string | null;
  /** Why it is promoted or left alone, in one sentence. */
  readonly why: string;
}

export interface PackageFacts {
  readonly source: string;
  /** SHA-256 of the packed bytes without the stamp, hex. */
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
}

export interface Plan {
  readonly version: 1;
  readonly app: string;
  readonly cloud: string;
  readonly createdAt: string;
  readonly package: PackageFacts;
  /** Names only; the values are read from the config again when they are written. */
  readonly settingNames: readonly string[];
  readonly strategy: StrategyRequest;
  readonly probes: ProbeRequest;
  /** Absent in plans that were made before there was a choice: nothing of it is done then. */
  readonly swap?: SwapRequest | undefined;
  readonly stagingTriggers?: StagingTriggers | undefined;
  /** True where the slot's SCM site builds the package: that takes settings of its own. */
  readonly remoteBuild?: boolean | undefined;
  /** True where targets that already run this content are promoted as well, because that was asked for. */
  readonly force?: boolean | undefined;
  readonly waves: readonly PlannedWave[];
  readonly targets: readonly PlannedTarget[];
  /** SHA-256 over everything in the fleet that a rollout relies on; a deploy refuses when it has changed. */
  readonly fleetDigest: string;
  /** SHA-256 of the config file's bytes. */
  readonly configDigest: string;
}

/** What a plan is made from. `config` is any Config: only what is named here is read. */
export interface PlanRequest {
  readonly config: {
    readonly app: string;
    readonly digest: string;
    /** Targets named in the file come first and in its order; discovered ones follow by name. */
    readonly targets: readonly { readonly name: string }[];
    readonly strategy: StrategyRequest;
    readonly probes: ProbeRequest;
    readonly swap?: SwapRequest | undefined;
    readonly stagingTriggers?: StagingTriggers | undefined;
    readonly delivery?: { readonly remoteBuild: boolean } | undefined;
    readonly settings: Readonly<Record<string, string>>;
  };
  readonly fleet: Fleet;
  readonly package: PackageFacts;
  /** The cloud's name or the URL of its ARM endpoint. */
  readonly cloud: string;
  readonly nowMs: number;
  /** Whether a release id names this content: `sameContent` of release/release.ts, which plan cannot import. */
  readonly sameContent: (releaseId: string | null, contentDigest: string) => boolean;
  /** Promotes targets that already run this content as well. */
  readonly force?: boolean | undefined;
}

/**
 * Decides what happens to which target, in which wave and why. Waves are cut over the whole fleet, and targets
 * that are left alone are taken out afterwards, so that running a rollout again does not move the others between
 * waves. Waves that are empty then are not in the plan.
 * @throws InputError `waves-do-not-fit` when a wave asks for targets that are not there, or a target is in no wave.
 */
export function planRollout(request: PlanRequest): Plan {
  const { config, fleet } = request;
  const targets = orderTargets(fleet.targets, config.targets);
  const waves = splitWaves(
    targets.map((facts) => facts.target),
    config.strategy,
  );
  refuseMisfits(targets, waves, config.strategy);
  const waveOf = new Map(waves.flatMap((wave) => wave.targets.map((name) => [name, wave.name] as const)));
  const planned = targets.map((facts) => planTarget(facts, waveOf.get(facts.target.name) ?? null, request));
  const promoted = new Set(
    planned.filter(({ action }) => action === 'promote').map(({ facts }) => facts.target.name),
  );
  return {
    version: 1,
    app: config.app,
    cloud: request.cloud,
    createdAt: new Date(request.nowMs).toISOString(),
    package: request.package,
    settingNames: Object.keys(config.settings),
    strategy: config.strategy,
    probes: { ...config.probes, checks: config.probes.checks.map(withoutKeys) },
    ...(config.swap === undefined ? {} : { swap: config.swap }),
    ...(config.stagingTriggers === undefined ? {} : { stagingTriggers: config.stagingTriggers }),
    ...(config.delivery?.remoteBuild ? { remoteBuild: true } : {}),
    ...(request.force ? { force: true } : {}),
    waves: waves
      .map((wave) => ({ ...wave, targets: wave.targets.filter((name) => promoted.has(name)) }))
      .filter((wave) => wave.targets.length > 0),
    targets: planned,
    fleetDigest: digestFleet(fleet),
    configDigest: config.digest,
  };
}

function orderTargets(
  found: readonly TargetFacts[],
  written: readonly { readonly name: string }[],
): readonly TargetFacts[] {
  const places = new Map(written.map(({ name }, at) => [name, at]));
  const place = (facts: TargetFacts) => places.get(facts.target.name) ?? written.length;
  return [...found].sort((a, b) => place(a) - place(b) || (a.target.name < b.target.name ? -1 : 1));
}

function planTarget(facts: TargetFacts, wave: string | null, request: PlanRequest): PlannedTarget {
  const { releaseId } = facts.production;
  const runsIt = request.sameContent(releaseId, request.package.digest);
  if (runsIt && facts.settingsInPlace && !request.force) {
    return {
      facts,
      action: 'leave',
      wave: null,
      why: 'Production already runs this content with these settings.',
    };
  }
  return { facts, action: 'promote', wave, why: explainPromotion(releaseId, runsIt, facts.settingsInPlace) };
}

function explainPromotion(releaseId: string | null, runsIt: boolean, settingsInPlace: boolean): string {
  if (releaseId === null)
    return 'Production carries no release stamp: what it runs was not deployed by slotwave.';
  if (!runsIt) return 'Production runs other content.';
  if (!settingsInPlace) return 'Production runs this content, but its settings are not those of the config.';
  return 'Production already runs this content; it is promoted again because that was asked for.';
}

/** The config was checked against itself when it was read; what was discovered is known only now. */
function refuseMisfits(
  targets: readonly TargetFacts[],
  waves: readonly PlannedWave[],
  strategy: StrategyRequest,
): void {
  const all = targets.map((facts) => facts.target);
  if (all.length === 0) return;
  const taken = new Set(waves.flatMap((wave) => wave.targets));
  const problems: readonly Problem[] = [
    ...strategy.waves.flatMap((wave, at) => findMisfits(wave, at, all)),
    ...all
      .filter(({ name }) => !taken.has(name))
      .map(({ name }) => ({
        path: 'strategy.waves',
        message: `no wave takes the target ${name}`,
        next: 'Add a last wave without a selector: - { name: rest }',
      })),
  ];
  if (problems.length === 0) return;
  throw new InputError('The waves do not fit the fleet.', {
    code: 'waves-do-not-fit',
    next: 'Change strategy.waves, or the names and labels of the targets.',
    problems,
  });
}

function findMisfits(wave: WaveRequest, at: number, targets: readonly Target[]): readonly Problem[] {
  const path = `strategy.waves[${at}]`;
  const names = targets.map((target) => target.name);
  const unknown = (wave.targets ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    return unknown.map((name) => ({
      path: `${path}.targets`,
      message: 'is not the name of a target',
      found: `"${name}"`,
    }));
  }
  if (!wave.match || targets.some((target) => selects(wave, target))) return [];
  return [
    {
      path: `${path}.match`,
      message: 'no target carries all these labels',
      found: JSON.stringify(wave.match),
    },
  ];
}
