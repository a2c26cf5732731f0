/** What the fleet is right now, read from ARM once before anything is decided. Reads only. */
import { listSlotDifferencesSlot } from '@azure/arm-appservice/api/webApps';
import pLimit from 'p-limit';
import { InputError, type Problem, RefusalError, type SlotwaveError } from '../errors.ts';
import type { Fleet, SettingDifference, SlotFacts, Target, TargetFacts } from '../plan/fleet.ts';
import type { Surroundings } from '../plan/surroundings.ts';
import { stampSetting } from '../release/release.ts';
import type { Arm } from './arm.ts';
import { readAuthenticated } from './authentication.ts';
import { discoverTargets } from './discover.ts';
import { createPlanReader, type PlanReader } from './plans.ts';
import { tame } from './server-text.ts';
import {
  aboutSlot,
  readProductionSettings,
  readSite,
  readSlot,
  readSlotSettings,
  type Settings,
  type SiteFacts,
  sitePath,
} from './site-client.ts';
import { readStickyNames } from './sticky-names.ts';
import { createSurroundingsReader, type SurroundingsReader } from './surroundings.ts';
import { readWebConfig } from './web-config.ts';

export interface SurveyRequest {
  readonly targets: readonly Target[];
  /** Every function app that carries all of these tags is a target as well. */
  readonly discover?: { readonly tags: Readonly<Record<string, string>> } | null | undefined;
  /** The staging slot of discovered targets. */
  readonly discoverSlot?: string | undefined;
  /** What the config would write: compared with production, never kept. */
  readonly settings: Settings;
  /** With a preview asked for, it matters whether the slots sign callers in. */
  readonly swap?: { readonly preview: boolean } | undefined;
  /** For preflight, what stands around each target is read as well: some seven requests more for each. */
  readonly surroundings?: { readonly nowMs: number } | undefined;
}

/** Targets read at the same time: enough for a hundred in seconds, far below ARM's buckets (§6). */
const surveyLimit = 8;

/**
 * @param arm where discovery asks; `armOf` where each target is asked for, when that is not the same.
 * @throws InputError `targets-not-found` with every target that is not there or not ours to see. Everything else
 * that cannot be read rejects as it is.
 */
export async function surveyFleet(
  arm: Arm,
  request: SurveyRequest,
  armOf: (target: Target) => Promise<Arm> = () => Promise.resolve(arm),
): Promise<Fleet> {
  const found = request.discover
    ? await discoverTargets(arm, request.discover.tags, request.discoverSlot ?? 'staging')
    : [];
  const discovered = joinTargets(request.targets, found);
  const readers: Readers = {
    readPlan: createPlanReader(),
    readSurroundings: request.surroundings ? createSurroundingsReader(request.surroundings.nowMs) : null,
  };
  const limit = pLimit(surveyLimit);
  const survey = (target: Target) =>
    limit(async () => surveyTarget(await armOf(target), target, readers, request));
  const targets = [...request.targets, ...discovered];
  const looked = await Promise.allSettled([
    ...request.targets.map(survey),
    ...discovered.map((target) =>
      survey(target).catch((error: SlotwaveError) => lookAgain(arm, target, error)),
    ),
  ]);
  demandAll(targets, looked);
  const read = looked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const vanished = discovered.filter((_, at) => read[request.targets.length + at] === null).map(sitePath);
  if (vanished.length > 0 && vanished.length === read.length) throw nothingLeft(vanished);
  const there = read.filter((each) => each !== null);
  const around = there.flatMap(({ facts, surroundings }) =>
    surroundings ? [[facts.target.name, surroundings] as const] : [],
  );
  return {
    targets: there.map(({ facts }) => facts),
    ...(vanished.length === 0 ? {} : { vanished }),
    ...(readers.readSurroundings ? { surroundings: Object.fromEntries(around) } : {}),
  };
}

interface Readers {
  readonly readPlan: PlanReader;
  /** Null where nobody asked for them. */
  readonly readSurroundings: SurroundingsReader | null;
}

interface Surveyed {
  readonly facts: TargetFacts;
  readonly surroundings: Surroundings | null;
}

/**
 * Resource Graph lags (§1.5): a site that it found may be gone by now. Null when ARM says so twice; something else
 * that was not found, a plan or a setting, is told as it is.
 */
async function lookAgain(arm: Arm, target: Target, error: SlotwaveError): Promise<null> {
  if (!isGone(error)) throw error;
  const gone = await readSite(arm, target).then(
    () => false,
    (again: SlotwaveError) => isGone(again),
  );
  if (gone) return null;
  throw error;
}

function isGone({ code }: SlotwaveError): boolean {
  return code === 'not-found' || code === 'resource-group-not-found';
}

function nothingLeft(vanished: readonly string[]): InputError {
  return new InputError('Every function app that Resource Graph found by these tags is gone by now.', {
    code: 'nothing-discovered',
    where: 'fleet.discover.tags',
    problems: vanished.map((path) => ({ message: 'is not there any more', found: path })),
    next: 'Wait a minute and try again, or list the targets under fleet.targets.',
  });
}

/** What was found beside what is written down: that is not discovered a second time, its own labels and slot win. */
function joinTargets(written: readonly Target[], discovered: readonly Target[]): readonly Target[] {
  const known = new Set(written.map((each) => sitePath(each).toLowerCase()));
  const fresh = discovered.filter((each) => !known.has(sitePath(each).toLowerCase()));
  const counts = new Map<string, number>();
  for (const { name } of [...written, ...fresh]) counts.set(name, (counts.get(name) ?? 0) + 1);
  // One site's name may be taken in two groups or subscriptions; the names of targets may not.
  return fresh.map((each) =>
    (counts.get(each.name) ?? 0) > 1 ? { ...each, name: `${each.name}@${each.resourceGroup}` } : each,
  );
}

const noSettings: Settings = {};

async function surveyTarget(
  arm: Arm,
  target: Target,
  { readPlan, readSurroundings }: Readers,
  { settings, swap }: Pick<SurveyRequest, 'settings' | 'swap'>,
): Promise<Surveyed> {
  const site = await readSite(arm, target);
  const slot = await readSlot(arm, target).catch((error: SlotwaveError) => {
    if (error.code === 'not-found') return null;
    throw error;
  });
  const [live, beside, sticky, plan, differences, config, liveConfig, authenticated] = await Promise.all([
    readProductionSettings(arm, target),
    slot ? readSlotSettings(arm, target) : noSettings,
    listStickyNames(arm, target),
    readPlan(arm, site.planId, target),
    slot ? readDifferences(arm, target) : [],
    slot ? readWebConfig(arm, target, 'beside') : null,
    readSurroundings ? readWebConfig(arm, target, 'live') : null,
    slot && swap?.preview ? readAuthenticated(arm, target) : undefined,
  ]);
  const facts: TargetFacts = {
    target,
    region: site.region.replace(/ /g, '').toLowerCase(),
    planId: site.planId,
    planTier: plan.tier,
    operatingSystem: site.operatingSystem,
    runtime: live['FUNCTIONS_WORKER_RUNTIME'] ?? beside['FUNCTIONS_WORKER_RUNTIME'] ?? null,
    production: asSlotFacts(site, live, null),
    staging: slot ? asSlotFacts(slot, beside, config?.autoSwapSlotName || null) : null,
    stickyNames: sticky,
    differences: differences.map((each) => markRule(each, sticky)),
    operationInProgress: site.operation ?? slot?.operation ?? null,
    preparedFor: slot?.preparedFor ?? site.preparedFor ?? null,
    lastSwapAt: site.lastSwapAt,
    settingsInPlace: Object.entries(settings).every(([name, value]) => live[name] === value),
    ...(authenticated === undefined ? {} : { authenticated }),
  };
  if (!readSurroundings || !liveConfig) return { facts, surroundings: null };
  const surroundings = await readSurroundings(arm, {
    target,
    plan,
    production: { side: 'live', site, settings: live, config: liveConfig },
    staging: slot && config ? { side: 'beside', site: slot, settings: beside, config } : null,
  });
  return { facts, surroundings };
}

/** Names only, sorted so that two surveys of one world are equal. */
function asSlotFacts(site: SiteFacts, settings: Settings, autoSwapSlot: string | null): SlotFacts {
  return {
    hostName: site.hostName,
    scmHostName: site.scmHostName,
    state: site.state,
    releaseId: settings[stampSetting] || null,
    settingNames: Object.keys(settings).sort(),
    lastModified: site.lastModified,
    autoSwapSlot,
  };
}

async function listStickyNames(arm: Arm, target: Target): Promise<readonly string[]> {
  const { settings, connectionStrings } = await readStickyNames(arm, target);
  return [...settings, ...connectionStrings].sort();
}

type Difference = Omit<SettingDifference, 'rule'> & { readonly diffRule: string };

/** The two values of each setting stand in the answer as well; they end here. */
async function readDifferences(arm: Arm, target: Target): Promise<readonly Difference[]> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  return arm.read(subscriptionId, aboutSlot(target, 'compare production with'), async (context) => {
    const found: Difference[] = [];
    const entity = { targetSlot: 'production', preserveVnet: true };
    for await (const each of listSlotDifferencesSlot(context, resourceGroup, site, slot, entity)) {
      const values = [each.valueInCurrentSlot, each.valueInTargetSlot].filter(
        (value) => value !== undefined && value !== '',
      );
      const description = values.reduce<string>(
        (text, value) => text.replaceAll(value!, '…'),
        each.description ?? '',
      );
      found.push({
        name: each.settingName ?? '',
        kind: each.settingType ?? '',
        description: tame(description, 200),
        diffRule: each.diffRule ?? '',
      });
    }
    return found.sort((one, other) => compare(`${one.kind}/${one.name}`, `${other.kind}/${other.name}`));
  });
}

/**
 * Which settings stay is documented (names made sticky, `*_EXTENSION_VERSION`: §3.3); the values of `diffRule`
 * are not, so its words only add to that.
 */
function markRule({ diffRule, ...difference }: Difference, sticky: readonly string[]): SettingDifference {
  const named = sticky.some((name) => name.toLowerCase() === difference.name.toLowerCase());
  const stays =
    named || /_EXTENSION_VERSION$/i.test(difference.name) || /not(be)?swap|unchanged|sticky/i.test(diffRule);
  return { ...difference, rule: stays ? 'stays' : 'travels' };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

const notThere = new Set([
  'not-found',
  'resource-group-not-found',
  'subscription-not-found',
  'permission-missing',
  'forbidden',
]);

function demandAll(targets: readonly Target[], looked: readonly PromiseSettledResult<unknown>[]): void {
  const failures = looked.flatMap((each, at) =>
    each.status === 'rejected' ? [{ target: targets[at]!, error: each.reason as SlotwaveError }] : [],
  );
  const other = failures.find(({ error }) => !notThere.has(error.code));
  if (other) throw other.error;
  if (failures.length === 0) return;
  const problems = failures.map(
    ({ target, error }): Problem => ({
      path: target.name,
      message: error.message,
      found: sitePath(target),
      ...(error.next === undefined ? {} : { next: error.next }),
    }),
  );
  const facts = {
    where: 'fleet',
    problems,
    next: 'Check each resource id, and that this identity has a role on it (Website Contributor).',
  };
  const count = `${failures.length} of ${targets.length} target${targets.length === 1 ? '' : 's'}`;
  if (failures.every(({ error }) => error.code === 'permission-missing' || error.code === 'forbidden')) {
    throw new RefusalError(`${count} may not be read by this identity.`, {
      ...facts,
      code: 'permission-missing',
    });
  }
  throw new InputError(`${count} could not be found.`, { ...facts, code: 'targets-not-found' });
}
