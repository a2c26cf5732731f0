/** Sound plans, fleets and readings for tests; each takes what the test is about and makes up the rest. */
import type { Target, TargetFacts } from '../src/plan/fleet.ts';
import type { Plan, PlannedWave, ProbeRequest, StrategyRequest } from '../src/plan/plan.ts';
import type { Condition, Finding, Reading } from '../src/probe/verdict.ts';
import type { Release } from '../src/release/release.ts';

export const incumbentId = 'r-old.0000000000aa';
export const releaseId = 'r-new.0000000000bb';

/** Targets of tests without a region of their own live in one that has no pair. */
const loneRegion = 'polandcentral';

export interface TargetWish {
  readonly name: string;
  readonly region?: string;
  readonly subscriptionId?: string;
  readonly planId?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What production runs at the survey; null: a release without a stamp. */
  readonly liveId?: string | null;
}

export function makeTarget(wish: TargetWish): Target {
  return {
    name: wish.name,
    subscriptionId: wish.subscriptionId ?? '00000000-0000-0000-0000-000000000001',
    resourceGroup: `rg-${wish.name}`,
    site: `app-${wish.name}`,
    slot: 'staging',
    labels: wish.labels ?? {},
  };
}

export function makeFacts(wish: TargetWish): TargetFacts {
  const liveId = wish.liveId === undefined ? incumbentId : wish.liveId;
  const slot = { state: 'Running', settingNames: [], lastModified: null, autoSwapSlot: null };
  return {
    target: makeTarget(wish),
    region: wish.region ?? loneRegion,
    planId: wish.planId ?? `/plans/${wish.name}`,
    planTier: 'ElasticPremium',
    operatingSystem: 'linux',
    runtime: 'NODE|22',
    production: { ...slot, hostName: liveHostOf(wish.name), scmHostName: null, releaseId: liveId },
    staging: { ...slot, hostName: besideHostOf(wish.name), scmHostName: null, releaseId: null },
    stickyNames: [],
    differences: [],
    operationInProgress: null,
    preparedFor: null,
    lastSwapAt: null,
    settingsInPlace: false,
  };
}

export const liveHostOf = (name: string): string => `app-${name}.azurewebsites.net`;
export const besideHostOf = (name: string): string => `app-${name}-staging.azurewebsites.net`;

export function makeStrategy(wish: Partial<StrategyRequest> = {}): StrategyRequest {
  return {
    maxConcurrency: 8,
    maxConcurrencyPer: {},
    regionPairs: 'never-together',
    waves: [],
    failureTolerance: 0,
    progressDeadlineMs: 30 * 60_000,
    onFailure: { action: 'rollback', scope: 'all' },
    ...wish,
  };
}

export function makeProbes(wish: Partial<ProbeRequest> = {}): ProbeRequest {
  return {
    vantage: { via: 'direct' },
    checks: [],
    functions: [],
    initialDelayMs: 0,
    intervalMs: 10_000,
    timeoutMs: 5_000,
    consecutiveSuccessLimit: 3,
    failureLimit: 2,
    consecutiveErrorLimit: 4,
    deadlineMs: 5 * 60_000,
    ...wish,
  };
}

export interface WaveWish {
  readonly name: string;
  readonly targets: readonly string[];
  readonly bakeTimeMs?: number;
  readonly maxConcurrency?: number;
}

export interface PlanWish {
  readonly waves: readonly WaveWish[];
  /** What differs from a plain target; targets of the waves need not be named here. */
  readonly targets?: readonly TargetWish[];
  /** Names of targets that are planned to be left alone. */
  readonly left?: readonly string[];
  readonly strategy?: Partial<StrategyRequest>;
  readonly probes?: Partial<ProbeRequest>;
}

export function makePlan(wish: PlanWish): Plan {
  const waves: readonly PlannedWave[] = wish.waves.map((wave) => ({
    name: wave.name,
    targets: wave.targets,
    bakeTimeMs: wave.bakeTimeMs ?? 0,
    maxConcurrency: wave.maxConcurrency ?? null,
    why: 'by name',
  }));
  const wishOf = (name: string) => wish.targets?.find((each) => each.name === name) ?? { name };
  const promoted = waves.flatMap((wave) =>
    wave.targets.map((name) => ({
      facts: makeFacts(wishOf(name)),
      action: 'promote' as const,
      wave: wave.name,
      why: 'Production runs other content.',
    })),
  );
  const left = (wish.left ?? []).map((name) => ({
    facts: makeFacts(wishOf(name)),
    action: 'leave' as const,
    wave: null,
    why: 'Production already runs this content with these settings.',
  }));
  return {
    version: 1,
    app: 'orders',
    cloud: 'AzureCloud',
    createdAt: '2026-01-01T00:00:00.000Z',
    package: { source: './app', digest: makeRelease().contentDigest, bytes: 4_096, files: 3 },
    settingNames: [],
    strategy: makeStrategy(wish.strategy),
    probes: makeProbes(wish.probes),
    waves,
    targets: [...promoted, ...left],
    fleetDigest: 'f'.repeat(64),
    configDigest: 'c'.repeat(64),
  };
}

export function makeRelease(wish: Partial<Release> = {}): Release {
  return {
    id: releaseId,
    contentDigest: '0000000000bb'.padEnd(64, '0'),
    digest: 'd'.repeat(64),
    path: '/nowhere/orders.zip',
    bytes: 4_096,
    files: 4,
    ...wish,
  };
}

export interface ReadingWish {
  readonly condition: Condition;
  readonly target?: string;
  /** Only with `unreachable`: why there was no answer. */
  readonly code?: string;
  readonly said?: string;
  readonly atMs?: number;
}

export function makeReading(wish: ReadingWish): Reading {
  const said = wish.said ?? wish.condition;
  const finding: Finding =
    wish.condition === 'unreachable'
      ? { check: 'host', condition: wish.condition, said, code: wish.code ?? 'ECONNREFUSED' }
      : { check: 'host', condition: wish.condition, said };
  return {
    target: wish.target ?? 'weu',
    side: 'live',
    expected: releaseId,
    vantage: 'test',
    atMs: wish.atMs ?? 0,
    tookMs: 1,
    condition: wish.condition,
    findings: [finding],
  };
}
