/** The other half of a plan's checks: what lets them in, which is in no plan and no journal. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { demandEnv, type EnvText, expandEnv, findEnvNames } from '../config/env-text.ts';
import type { Config } from '../config/load.ts';
import { InputError, type Problem } from '../errors.ts';
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
 * @throws InputError `env-missing`: every variable that is not there. `header-unsendable`: one that no header takes.
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
  refuseUnsendable(
    used.flatMap(([text, check, at]) => findUnsendable(check, known.get(text)?.headers ?? {}, at)),
    config.file,
  );
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
  const { body: written } = check;
  if (written === undefined) return { ...check, headers };
  const body = expand(written);
  if (!isSound(() => JSON.parse(written) as unknown)) return { ...check, headers, body };
  // Within JSON a value stays the text that it is, quotation marks and all.
  const escaped = (name: string) => JSON.stringify(environment[name] ?? '').slice(1, -1);
  return { ...check, headers, body: expandEnv({ path, text: written }, escaped).text };
}

/** In the middle of a rollout such a value would be an error that nobody expects. The values are not told. */
function findUnsendable(written: Check, headers: Check['headers'], at: number): readonly Problem[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const names = findEnvNames(written.headers[name] ?? '');
    const message = tellUnsendable(name, value, names.length === 0 ? 'the value' : names.join(', '));
    return message === null ? [] : [{ path: `probes.checks[${at}].headers.${name}`, message }];
  });
}

function tellUnsendable(name: string, value: string, whose: string): string | null {
  if (!isSound(() => validateHeaderName(name))) return 'is not the name of a header';
  if (isSound(() => validateHeaderValue(name, value))) return null;
  return /[\r\n]\s*$/.test(value)
    ? `${whose} ends with a line break`
    : `${whose} holds what no header may: a line break, or a character beyond Latin-1`;
}

function isSound(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

function refuseUnsendable(problems: readonly Problem[], file: string): void {
  if (problems.length === 0) return;
  throw new InputError('Headers of checks cannot be sent as they are.', {
    code: 'header-unsendable',
    where: file,
    problems,
    next: 'Put the value right where it is kept: secrets are often saved with a line break behind them (printf %s saves none).',
  });
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
