/** The other half of a plan's checks: what lets them in, which is in no plan and no journal. */
import type { Config } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { type Check, type Plan, withoutKeys } from '../plan/plan.ts';

/**
 * Gives each check of the plan the headers and the query of the same check in the config.
 * @throws InputError `config-of-another-rollout`: a check of the plan needs them, and the config has no such check.
 */
export function revealChecks(
  { probes }: Pick<Plan, 'probes'>,
  config: Pick<Config, 'probes' | 'file'> | null,
): (check: Check) => Check {
  if (config === null) return (check) => check;
  const known = new Map(config.probes.checks.map((check) => [textOf(withoutKeys(check)), check]));
  const lost = probes.checks.filter((check) => needsKeys(check) && !known.has(textOf(check)));
  if (lost.length > 0) {
    throw new InputError('The config file has other checks than this rollout began with.', {
      code: 'config-of-another-rollout',
      where: config.file,
      problems: lost.map(({ name }) => ({
        path: 'probes.checks',
        message: `the check "${name}" is not there as it was; its headers and its query are kept nowhere else`,
      })),
      next: 'Bring back the config file it began with (git knows it).',
    });
  }
  return (check) => known.get(textOf(check)) ?? check;
}

/** Whether nobody can look as this plan says who does not have its config. */
export function hasHiddenKeys({ probes }: Pick<Plan, 'probes'>): boolean {
  return probes.checks.some(needsKeys);
}

function needsKeys(check: Check): boolean {
  return Object.keys(check.headers).length > 0 || check.path.includes('=***');
}

function textOf({ name, method, path, headers, expect }: Check): string {
  return JSON.stringify([name, method, path, headers, expect]);
}
