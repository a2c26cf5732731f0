/** From the config to a plan and what preflight says of it: everything that comes before the first effect. */

import type { Clock } from '../clock.ts';
import type { Config } from '../config/load.ts';
import { InputError, type Problem } from '../errors.ts';
import type { Fleet } from '../plan/fleet.ts';
import { describeFleetChanges } from '../plan/fleet-digest.ts';
import { type Plan, planRollout } from '../plan/plan.ts';
import { checkFleetInTurns } from '../preflight/check-fleet.ts';
import type { Finding, ProbeWishes } from '../preflight/finding.ts';
import type { Package } from '../release/package.ts';
import { sameContent } from '../release/release.ts';
import { readTraits } from '../release/traits.ts';
import type { Connection } from './connect.ts';

export interface Foreseen {
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly findings: readonly Finding[];
}

export interface ForeseeRequest {
  readonly config: Config;
  readonly pkg: Package;
  readonly connection: Connection;
  readonly clock: Clock;
  /** Promote what already runs this content, too. */
  readonly force: boolean;
}

export async function foresee({ config, pkg, connection, clock, force }: ForeseeRequest): Promise<Foreseen> {
  const { azure } = connection;
  const nowMs = clock.now();
  const [fleet, traits] = await Promise.all([
    azure.survey({ ...config, surroundings: { nowMs } }),
    readTraits(pkg.path, pkg.entries),
  ]);
  // What follows is computed at one go for hundreds of targets: others get their turn in between.
  await nextTurn();
  const plan = planRollout({
    config,
    fleet,
    package: { source: config.packagePath, digest: pkg.digest, bytes: pkg.bytes, files: pkg.files },
    cloud: azure.cloud.wellKnown ? azure.cloud.name : azure.cloud.resourceManager,
    nowMs,
    sameContent,
    force,
  });
  await nextTurn();
  const leave = plan.targets.filter(({ action }) => action === 'leave').map(({ facts }) => facts.target.name);
  const asked = {
    settingNames: plan.settingNames,
    swap: plan.swap,
    delivery: config.delivery,
    leave,
    stagingTriggers: config.stagingTriggers,
    probes: tellWishes(config),
    package: traits,
    silence: config.preflight.silence,
  };
  return {
    plan,
    fleet,
    findings: await checkFleetInTurns(fleet, asked, nextTurn),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What the probes need of the network; a target may have a vantage of its own. */
function tellWishes({ probes, targets }: Config): ProbeWishes {
  const { vantage, requirePrivate, dependencies } = probes;
  const own = targets.flatMap((target) =>
    target.vantage ? [[target.name, target.vantage.via] as const] : [],
  );
  return { via: vantage.via, viaOf: Object.fromEntries(own), requirePrivate, dependencies };
}

/** Errors of preflight stop a rollout before it begins, all of them at once. */
export function refuseFindings(findings: readonly Finding[]): void {
  const errors = findings.filter(isStopping);
  if (errors.length === 0) return;
  const problems = errors.map(
    ({ id, target, found, why, fix }): Problem => ({
      path: target === null ? id : `${target}: ${id}`,
      message: `${found} ${why}`,
      next: fix,
    }),
  );
  throw new InputError('The fleet is not ready for this rollout. Nothing was done.', {
    code: 'preflight-failed',
    problems,
    next: 'Put these right and run it again; "slotwave plan" checks without doing anything.',
  });
}

/** An error that nobody has silenced. */
export function isStopping({ severity, silenced }: Pick<Finding, 'severity' | 'silenced'>): boolean {
  return severity === 'error' && silenced === undefined;
}

/** A saved plan is carried out as it was read, or not at all. */
export function refuseStalePlan(saved: Plan, now: Foreseen, savedIn: string): void {
  const { plan, fleet } = now;
  const problems: Problem[] = [];
  const compare = (what: string, was: string, is: string) => {
    if (was !== is)
      problems.push({ message: `${what} has changed since the plan was made`, found: is, expected: was });
  };
  compare('the app', saved.app, plan.app);
  compare('the cloud', saved.cloud, plan.cloud);
  compare('the content of the package', saved.package.digest, plan.package.digest);
  compare('the config file', saved.configDigest, plan.configDigest);
  if (saved.fleetDigest !== plan.fleetDigest) {
    const changes = describeFleetChanges(saved, fleet);
    problems.push(
      ...(changes.length > 0 ? changes : ['the fleet has changed']).map((message) => ({ message })),
    );
  }
  problems.push(...compareActions(saved, plan));
  if (problems.length === 0) return;
  throw new InputError('The plan does not fit any more. Nothing was done.', {
    code: 'plan-stale',
    where: savedIn,
    problems,
    next: `Make it again: slotwave plan --out ${savedIn}`,
  });
}

/** The fleet may be the same and yet more or less be asked for. Targets that came or went are told already. */
function compareActions(saved: Plan, now: Plan): readonly Problem[] {
  const planned = new Map(saved.targets.map(({ facts, action }) => [facts.target.name, action]));
  return now.targets.flatMap(({ facts, action }) => {
    const { name } = facts.target;
    const was = planned.get(name) ?? action;
    if (was === action) return [];
    const message =
      action === 'promote'
        ? `${name}: would be promoted; the plan leaves it alone`
        : `${name}: would be left alone; the plan promotes it`;
    return [{ message }];
  });
}
