/** A fleet and a rollout to report about: written by hand, so that a report is held against known facts. */
import type { SlotFacts, TargetFacts } from '../../src/plan/fleet.ts';
import type { Plan, PlannedTarget } from '../../src/plan/plan.ts';
import type { Condition, Reading, Side, Verdict } from '../../src/probe/verdict.ts';
import type { Happening, Notice, Recorded, Shown } from '../../src/rollout/events.ts';

export const rolloutId = '20261120-135812-k3f9';
export const newId = `${rolloutId}.0123456789ab`;
export const oldId = '20261101-080000-aaaa.ffeeddccbbaa';
const startMs = Date.UTC(2026, 10, 20, 13, 58, 12);

export function planFor(names: readonly string[], waves: readonly (readonly string[])[]): Plan {
  return {
    version: 1,
    app: 'orders',
    cloud: 'AzureCloud',
    createdAt: new Date(startMs).toISOString(),
    package: { source: './app', digest: '0123456789ab'.padEnd(64, '0'), bytes: 1_400_000, files: 12 },
    settingNames: ['ORDERS_VERSION'],
    strategy: {
      maxConcurrency: 8,
      maxConcurrencyPer: {},
      regionPairs: 'never-together',
      waves: [],
      failureTolerance: 0,
      progressDeadlineMs: 1_800_000,
      onFailure: { action: 'rollback', scope: 'all' },
    },
    probes: {
      vantage: { via: 'direct' },
      checks: [],
      functions: [],
      initialDelayMs: 0,
      intervalMs: 10_000,
      timeoutMs: 5_000,
      consecutiveSuccessLimit: 3,
      failureLimit: 2,
      consecutiveErrorLimit: 4,
      deadlineMs: 300_000,
    },
    waves: waves.map((targets, index) => ({
      name: ['canary', 'half', 'rest'][index] ?? `wave${index}`,
      targets,
      bakeTimeMs: 600_000,
      maxConcurrency: null,
      why: 'by hand',
    })),
    targets: names.map((name) => plannedTarget(name, waves)),
    fleetDigest: 'f'.repeat(64),
    configDigest: 'c'.repeat(64),
  };
}

function plannedTarget(name: string, waves: readonly (readonly string[])[]): PlannedTarget {
  const index = waves.findIndex((targets) => targets.includes(name));
  return {
    facts: factsOf(name),
    action: index < 0 ? 'leave' : 'promote',
    wave: index < 0 ? null : (['canary', 'half', 'rest'][index] ?? `wave${index}`),
    why: 'by hand',
  };
}

const regions: Readonly<Record<string, string>> = { weu: 'westeurope', neu: 'northeurope', eus: 'eastus' };

function factsOf(name: string): TargetFacts {
  const slot: SlotFacts = {
    hostName: `orders-${name}.azurewebsites.net`,
    scmHostName: `orders-${name}.scm.azurewebsites.net`,
    state: 'Running',
    releaseId: oldId,
    settingNames: [],
    lastModified: null,
    autoSwapSlot: null,
  };
  return {
    target: {
      name,
      subscriptionId: 's',
      resourceGroup: 'g',
      site: `orders-${name}`,
      slot: 'staging',
      labels: {},
    },
    region: regions[name] ?? 'swedencentral',
    planId: `plan-${name}`,
    planTier: 'ElasticPremium',
    operatingSystem: 'linux',
    runtime: 'NODE|22',
    production: slot,
    staging: { ...slot, releaseId: null },
    stickyNames: [],
    differences: [],
    operationInProgress: null,
    preparedFor: null,
    lastSwapAt: null,
    settingsInPlace: false,
  };
}

export function begun(names: readonly string[], waves: readonly (readonly string[])[]): Happening {
  const release = {
    id: newId,
    contentDigest: 'd'.repeat(64),
    digest: 'e'.repeat(64),
    bytes: 1_400_512,
    files: 13,
  };
  return { type: 'rollout.begun', plan: planFor(names, waves), release, settingsDigest: 'a'.repeat(64) };
}

export function reading(target: string, side: Side, condition: Condition, said = 'as expected'): Reading {
  const findings = [{ check: 'health', condition, said }];
  return { target, side, expected: newId, vantage: 'direct', atMs: startMs, tookMs: 12, condition, findings };
}

export function verdict(
  conclusion: Verdict['conclusion'],
  why: string,
  readings: readonly Reading[] = [],
): Verdict {
  return { conclusion, why, readings };
}

/** Pairs of [seconds after the start, event]; those of the journal are numbered. */
export function timeline(steps: readonly (readonly [number, Happening | Notice])[]): readonly Shown[] {
  let seq = 0;
  return steps.map(([second, event]) => {
    const at = new Date(startMs + second * 1000).toISOString();
    if (isNotice(event)) return { ...event, at };
    seq += 1;
    return { seq, at, rollout: rolloutId, ...event } satisfies Recorded;
  });
}

function isNotice(event: Happening | Notice): event is Notice {
  return ['upload.progressed', 'operation.waited', 'reading.noticed'].includes(event.type);
}

export async function* stream<T>(events: readonly T[]): AsyncGenerator<T> {
  yield* events;
}

export async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** One good and one bad region: staged, doubted, promoted, sick, taken back. */
export const rolledBack: readonly Shown[] = timeline([
  [0, begun(['weu', 'neu', 'eus'], [['weu'], ['neu']])],
  [1, { type: 'incumbent.looked', target: 'weu', passed: ['health'], functions: ['orders', 'health'] }],
  [1, { type: 'stage.begun', target: 'weu' }],
  [1, { type: 'stage.begun', target: 'neu' }],
  [2, { type: 'upload.progressed', target: 'weu', sentBytes: 7_100_000, totalBytes: 14_000_512 }],
  [2, { type: 'upload.progressed', target: 'weu', sentBytes: 7_200_000, totalBytes: 14_000_512 }],
  [4, { type: 'operation.waited', target: 'neu', what: 'the SCM site is cold' }],
  [
    9,
    {
      type: 'stage.done',
      target: 'weu',
      incumbentId: oldId,
      address: 'https://orders-weu-staging.azurewebsites.net/',
      bytes: 1_400_512,
    },
  ],
  [
    11,
    {
      type: 'stage.done',
      target: 'neu',
      incumbentId: oldId,
      address: 'https://orders-neu-staging.azurewebsites.net/',
      bytes: 1_400_512,
    },
  ],
  [
    12,
    {
      type: 'reading.taken',
      during: 'clear',
      reading: reading('weu', 'beside', 'starting', 'HTTP 503 after 40 ms'),
    },
  ],
  [
    13,
    {
      type: 'reading.taken',
      during: 'clear',
      reading: reading('weu', 'beside', 'starting', 'HTTP 503 after 55 ms'),
    },
  ],
  [22, { type: 'reading.taken', during: 'clear', reading: reading('weu', 'beside', 'healthy') }],
  [
    42,
    {
      type: 'target.cleared',
      during: 'clear',
      target: 'weu',
      verdict: verdict('healthy', '3 healthy readings in a row'),
    },
  ],
  [
    43,
    {
      type: 'target.cleared',
      during: 'clear',
      target: 'neu',
      verdict: verdict('healthy', '3 healthy readings in a row'),
    },
  ],
  [43, { type: 'wave.opened', wave: 'canary', targets: ['weu'] }],
  [
    44,
    {
      type: 'target.cleared',
      during: 'proof',
      target: 'weu',
      verdict: verdict('healthy', '1 healthy reading'),
    },
  ],
  [44, { type: 'promote.begun', target: 'weu', before: { live: oldId, beside: newId } }],
  [
    60,
    {
      type: 'doubt.raised',
      target: 'weu',
      verb: 'promote',
      failure: {
        kind: 'doubt',
        code: 'answer-lost',
        message: 'The connection was reset after the request was sent',
      },
    },
  ],
  [
    71,
    {
      type: 'doubt.settled',
      target: 'weu',
      verb: 'promote',
      standing: { live: newId, beside: oldId },
      happened: true,
    },
  ],
  [
    72,
    { type: 'target.observed', target: 'weu', verdict: verdict('healthy', '3 healthy readings in a row') },
  ],
  [72, { type: 'wave.promoted', wave: 'canary', bakeUntilMs: startMs + 72_000 + 600_000 }],
  [672, { type: 'wave.baked', wave: 'canary' }],
  [672, { type: 'wave.opened', wave: 'half', targets: ['neu'] }],
  [673, { type: 'promote.begun', target: 'neu', before: { live: oldId, beside: newId } }],
  [690, { type: 'promote.done', target: 'neu', standing: { live: newId, beside: oldId } }],
  [
    700,
    {
      type: 'reading.taken',
      during: 'observe',
      reading: reading('neu', 'live', 'unhealthy', 'HTTP 500 instead of 200'),
    },
  ],
  [
    720,
    {
      type: 'target.failed',
      target: 'neu',
      why: '3 bad answers, 2 are tolerated',
      verdict: verdict('unhealthy', '3 bad answers, 2 are tolerated'),
    },
  ],
  [
    720,
    {
      type: 'rollback.decided',
      why: '1 target failed, 0 are tolerated',
      targets: ['neu', 'weu'],
      failing: ['neu'],
    },
  ],
  [721, { type: 'revert.begun', target: 'neu', before: { live: newId, beside: oldId } }],
  [740, { type: 'revert.done', target: 'neu', standing: { live: oldId, beside: newId } }],
  [745, { type: 'target.reverted', target: 'neu', verdict: verdict('healthy', '1 healthy reading') }],
  [746, { type: 'revert.begun', target: 'weu', before: { live: newId, beside: oldId } }],
  [760, { type: 'revert.done', target: 'weu', standing: { live: oldId, beside: newId } }],
  [765, { type: 'target.reverted', target: 'weu', verdict: verdict('healthy', '1 healthy reading') }],
  [
    766,
    {
      type: 'rollout.ended',
      outcome: 'rolled-back',
      why: 'neu was not well in production',
      standings: [
        { target: 'weu', live: oldId, beside: newId, readable: true, phase: 'reverted' },
        { target: 'neu', live: oldId, beside: newId, readable: true, phase: 'reverted' },
        { target: 'eus', live: null, beside: null, readable: false, phase: 'left' },
      ],
    },
  ],
]);
