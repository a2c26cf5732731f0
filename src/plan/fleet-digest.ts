/** Whether the fleet is still the one that was planned for, and if not, what has changed. */
import { createHash } from 'node:crypto';
import type { Fleet, SlotFacts, TargetFacts } from './fleet.ts';
import type { Plan } from './plan.ts';

/**
 * SHA-256 (hex) over everything in the fleet that a rollout relies on. The order of targets and of names does
 * not matter, because ARM promises none.
 */
export function digestFleet(fleet: Fleet): string {
  const targets = [...fleet.targets].sort((a, b) => compareText(a.target.name, b.target.name));
  const hash = createHash('sha256').update('[');
  // Piece by piece: some hundred targets make a text of megabytes.
  for (const [at, facts] of targets.entries())
    hash.update(`${at === 0 ? '' : ','}${writeCanonical(pickFacts(facts))}`);
  return hash.update(']').digest('hex');
}

/** What changed since the plan was made, one sentence each; empty when nothing did. */
export function describeFleetChanges(plan: Plan, fleet: Fleet): readonly string[] {
  const before = new Map(plan.targets.map(({ facts }) => [facts.target.name, facts]));
  const after = new Map(fleet.targets.map((facts) => [facts.target.name, facts]));
  return [
    ...[...before.keys()]
      .filter((name) => !after.has(name))
      .map((name) => `${name}: is no longer in the fleet.`),
    ...[...after.keys()].filter((name) => !before.has(name)).map((name) => `${name}: is new in the fleet.`),
    ...[...before].flatMap(([name, facts]) => {
      const now = after.get(name);
      return now ? describeTargetChanges(facts, now).map((change) => `${name}: ${change}.`) : [];
    }),
  ];
}

type Shape = Readonly<Record<string, unknown>>;

/** One list of facts for the digest and for the sentences: what is not told is not held against a plan either. */
function pickFacts(facts: TargetFacts): Shape {
  return {
    ...facts.target,
    region: facts.region,
    planId: facts.planId,
    planTier: facts.planTier,
    operatingSystem: facts.operatingSystem,
    runtime: facts.runtime,
    stickyNames: sortNames(facts.stickyNames),
    differences: sortNames(facts.differences.map((difference) => writeCanonical({ ...difference }))),
    operationInProgress: facts.operationInProgress,
    preparedFor: facts.preparedFor,
    lastSwapAt: facts.lastSwapAt,
    settingsInPlace: facts.settingsInPlace,
    production: pickSlot(facts.production),
    staging: facts.staging && pickSlot(facts.staging),
  };
}

function pickSlot(slot: SlotFacts): Shape {
  return {
    hostName: slot.hostName,
    scmHostName: slot.scmHostName,
    state: slot.state,
    releaseId: slot.releaseId,
    settingNames: sortNames(slot.settingNames),
    lastModified: slot.lastModified,
    autoSwapSlot: slot.autoSwapSlot,
  };
}

const slotWords: Readonly<Record<string, string>> = {
  hostName: 'has the host name',
  scmHostName: 'has the SCM host name',
  state: 'has the state',
  releaseId: 'runs',
  lastModified: 'was last modified at',
  autoSwapSlot: 'swaps by itself into',
};

const targetWords: Readonly<Record<string, string>> = {
  subscriptionId: 'the subscription is',
  resourceGroup: 'the resource group is',
  site: 'the function app is',
  slot: 'the staging slot is',
  region: 'the region is',
  planId: 'the App Service plan is',
  planTier: 'the tier of the plan is',
  operatingSystem: 'the operating system is',
  runtime: 'the runtime is',
  operationInProgress: 'the operation in progress is',
  preparedFor: 'the staging slot is prepared for',
  lastSwapAt: 'the last swap was at',
};

function describeTargetChanges(before: TargetFacts, after: TargetFacts): readonly string[] {
  const [was, is] = [pickFacts(before), pickFacts(after)];
  return [
    ...describeValues(was, is, targetWords, ''),
    ...(same(was['labels'], is['labels']) ? [] : ['its labels have changed']),
    ...describeNames('sticky settings', before.stickyNames, after.stickyNames),
    ...(same(was['differences'], is['differences'])
      ? []
      : ['the settings in which the two slots differ have changed']),
    ...(same(was['settingsInPlace'], is['settingsInPlace'])
      ? []
      : ['production has other values for settings of the config']),
    ...describeSlot('production', before.production, after.production),
    ...describeSlot('the staging slot', before.staging, after.staging),
  ];
}

function describeSlot(name: string, before: SlotFacts | null, after: SlotFacts | null): readonly string[] {
  if (!before || !after) {
    if (before === after) return [];
    return [`${name} ${after ? 'exists now' : 'no longer exists'}`];
  }
  return [
    ...describeValues(pickSlot(before), pickSlot(after), slotWords, `${name} `),
    ...describeNames(`settings of ${name}`, before.settingNames, after.settingNames),
  ];
}

function describeValues(
  was: Shape,
  is: Shape,
  words: Readonly<Record<string, string>>,
  prefix: string,
): readonly string[] {
  return Object.entries(words)
    .filter(([key]) => !same(was[key], is[key]))
    .map(
      ([key, word]) =>
        `${prefix}${word} ${describeValue(is[key])}, and ${describeValue(was[key])} when planned`,
    );
}

function describeNames(what: string, before: readonly string[], after: readonly string[]): readonly string[] {
  const added = after.filter((name) => !before.includes(name));
  const removed = before.filter((name) => !after.includes(name));
  return [
    ...(added.length > 0 ? [`${what} were added: ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`${what} were removed: ${removed.join(', ')}`] : []),
  ];
}

function describeValue(value: unknown): string {
  return value === null || value === undefined ? 'nothing' : String(value);
}

function same(a: unknown, b: unknown): boolean {
  return writeCanonical(a) === writeCanonical(b);
}

function sortNames(names: readonly string[]): readonly string[] {
  return [...names].sort(compareText);
}

/** By code unit, not by locale: the same on every machine. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** JSON with sorted keys: equal data, equal text. */
function writeCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeCanonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${writeCanonical(item)}`).join(',')}}`;
}
