/** Facts of a target in which nothing is wrong, for tests to change. */
import type { SlotFacts, TargetFacts } from '../../src/plan/fleet.ts';
import type { PlanRequest, StrategyRequest } from '../../src/plan/plan.ts';
import { sameContent } from '../../src/release/release.ts';

export const oldRelease = 'r7k2m9.0123456789ab';
export const contentDigest = 'fedcba9876543210'.repeat(4);
export const newRelease = `r8a1b2.${contentDigest.slice(0, 12)}`;

export function slotFacts(changes: Partial<SlotFacts> = {}): SlotFacts {
  return {
    hostName: 'orders.azurewebsites.net',
    scmHostName: 'orders.scm.azurewebsites.net',
    state: 'Running',
    releaseId: oldRelease,
    settingNames: ['AzureWebJobsStorage', 'SLOTWAVE_RELEASE_ID'],
    lastModified: '2026-01-01T00:00:00Z',
    autoSwapSlot: null,
    ...changes,
  };
}

export function targetFacts(name: string, changes: Partial<TargetFacts> = {}): TargetFacts {
  return {
    target: {
      name,
      subscriptionId: '11111111-2222-3333-4444-555555555555',
      resourceGroup: `orders-${name}`,
      site: `orders-${name}`,
      slot: 'staging',
      labels: {},
    },
    region: 'West Europe',
    planId: `/subscriptions/1/plans/${name}`,
    planTier: 'ElasticPremium',
    operatingSystem: 'linux',
    runtime: 'node',
    production: slotFacts(),
    staging: slotFacts({ releaseId: null }),
    stickyNames: [],
    differences: [],
    operationInProgress: null,
    preparedFor: null,
    lastSwapAt: null,
    settingsInPlace: true,
    ...changes,
  };
}

export const strategy: StrategyRequest = {
  maxConcurrency: 8,
  maxConcurrencyPer: { region: 2, plan: 1 },
  regionPairs: 'never-together',
  waves: [
    { name: 'canary', count: 1, bakeTimeMs: 600_000 },
    { name: 'half', percent: 50, bakeTimeMs: 300_000, maxConcurrency: 2 },
    { name: 'rest', bakeTimeMs: 0 },
  ],
  failureTolerance: 0,
  progressDeadlineMs: 1_800_000,
  onFailure: { action: 'rollback', scope: 'all' },
};

export function planRequest(
  targets: readonly TargetFacts[],
  changes: Partial<PlanRequest['config']> = {},
): PlanRequest {
  return {
    config: {
      app: 'orders',
      digest: 'c0ffee',
      targets: targets.map(({ target }) => target),
      strategy,
      probes: {
        vantage: { via: 'direct' },
        checks: [
          { name: 'health', method: 'GET', path: '/api/health', headers: {}, expect: { status: 200 } },
        ],
        functions: [],
        initialDelayMs: 0,
        intervalMs: 10_000,
        timeoutMs: 5_000,
        consecutiveSuccessLimit: 3,
        failureLimit: 2,
        consecutiveErrorLimit: 4,
        deadlineMs: 300_000,
      },
      settings: { ORDERS_VERSION: 'a-value-that-must-not-be-shown' },
      ...changes,
    },
    fleet: { targets },
    package: { source: './app', digest: contentDigest, bytes: 1_234_567, files: 42 },
    cloud: 'AzureCloud',
    nowMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    sameContent,
  };
}
