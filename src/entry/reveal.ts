/** The other half of a plan's checks: what lets them in, which is in no plan and no journal. */
import { demandEnv, type EnvText, expandEnv } from '../config/env-text.ts';
import type { Config } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { type Check, type Plan, withoutKeys } from '../plan/plan.ts';

export interface Revealing {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hide: (secret: string) => void;
  /** Other texts that take values from there: what is missing is told together. */
  readonly also?: readonly EnvText[] | undefined;
}

/**
 * Gives each check of the plan the headers, the body and the query of the same check in the config, with the values
 * that they take from the environment. Those are known as secrets before anybody uses them.
 * @throws InputError `config-of-another-rollout`: a check of the plan needs them, and the config has no such check.
 * @throws InputError `env-missing`: every variable that is not there.
 */
export function revealChecks(
  { probes }: Pick<Plan, 'probes'>,
  config: Pick<Config, 'probes' | 'file'> | null,
  revealing: Revealing,
): (check: Check) => Check {
  if (config === null) return (check) => check;
  const written = config.probes.checks.map((check, at): [string, Check, number] => [
    textOf(withoutKeys(check)),
    check,
    at,
  ]);
  const planned = new Set(probes.checks.map(textOf));
  const used = written.filter(([text]) => planned.has(text));
  refuseLost(probes.checks, new Set(used.map(([text]) => text)), config.file);
  demandEnv(
    [...used.flatMap(([, check, at]) => envTextsOf(check, at)), ...(revealing.also ?? [])],
    (name) => revealing.environment[name],
  );
  const known = new Map(used.map(([text, check, at]) => [text, expandCheck(check, at, revealing)]));
  return (check) => known.get(textOf(check)) ?? check;
}

function refuseLost(checks: readonly Check[], known: ReadonlySet<string>, file: string): void {
  const lost = checks.filter((check) => needsKeys(check) && !known.has(textOf(check)));
  if (lost.length === 0) return;
  throw new InputError('The config file has other checks than this rollout began with.', {
    code: 'config-of-another-rollout',
    where: file,
    problems: lost.map(({ name }) => ({
      path: 'probes.checks',
      message: `the check "${name}" is not there as it was; its headers, its body and its query are kept nowhere else`,
    })),
    next: 'Bring back the config file it began with (git knows it).',
  });
}

function envTextsOf({ headers, body }: Check, at: number): readonly EnvText[] {
  const path = `probes.checks[${at}]`;
  const texts = Object.entries(headers).map(([name, text]) => ({ path: `${path}.headers.${name}`, text }));
  return body === undefined ? texts : [...texts, { path: `${path}.body`, text: body }];
}

function expandCheck(check: Check, at: number, { environment, hide }: Revealing): Check {
  const path = `probes.checks[${at}]`;
  const expand = (text: string) => {
    const expanded = expandEnv({ path, text }, (name) => environment[name]);
    for (const value of expanded.values) hide(value);
    return expanded.text;
  };
  const headers = Object.fromEntries(
    Object.entries(check.headers).map(([name, text]) => [name, expand(text)]),
  );
  return { ...check, headers, ...(check.body === undefined ? {} : { body: expand(check.body) }) };
}

/** Whether nobody can look as this plan says who does not have its config. */
export function hasHiddenKeys({ probes }: Pick<Plan, 'probes'>): boolean {
  return probes.checks.some(needsKeys);
}

function needsKeys(check: Check): boolean {
  return Object.keys(check.headers).length > 0 || check.body !== undefined || check.path.includes('=***');
}

function textOf({ name, method, path, headers, body, expect }: Check): string {
  return JSON.stringify([name, method, path, headers, body, expect]);
}
