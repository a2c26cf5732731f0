/** A config without a file: one function app, as the inputs of a door describe it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isAlias, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { InputError, type Problem } from '../errors.ts';
import type { Config } from './config.ts';
import { quote } from './found.ts';
import { expectedGuid, guidPattern, resourceGroupPattern, siteNamePattern } from './kinds.ts';
import { parseConfig } from './load.ts';

/** What was given; what was not, is absent. */
export interface AskedApp {
  readonly appName: string;
  readonly resourceGroupName?: string | undefined;
  readonly subscriptionId?: string | undefined;
  readonly slotName?: string | undefined;
  readonly package?: string | undefined;
  /** `NAME: value` lines or JSON. */
  readonly appSettings?: string | undefined;
  readonly healthCheckPath?: string | undefined;
}

/** How a door calls an input: `--app-name` on a command line, `appName` in a pipeline. */
export type NameInput = (name: string) => string;

/**
 * The same config that a file with this one target would give. Goes through the same checks as a file; what is wrong
 * is told by the names of the inputs. Relative paths start at `folder`.
 * @throws InputError `inputs-invalid`, with all problems.
 */
export function configOf(app: AskedApp, folder: string, nameInput: NameInput): Config {
  const settings = readSettings(app.appSettings, nameInput('app-settings'));
  const problems = [...checkPlace(app, nameInput), ...settings.problems];
  // A wrong part would only be told again as a wrong resource id.
  const place = checkPlace(app, nameInput).length === 0 ? app : { ...app, ...soundPlace };
  const text = JSON.stringify(writeDocument(place, settings.values), null, 1);
  try {
    const config = parseConfig(
      text,
      join(folder, 'slotwave.yml'),
      createHash('sha256').update(text).digest('hex'),
    );
    if (problems.length === 0) return config;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(...error.problems.map((problem) => tellByInput(problem, nameInput)));
  }
  throw new InputError(
    problems.length === 1 ? 'An input is not right.' : `${problems.length} inputs are not right.`,
    {
      code: 'inputs-invalid',
      problems,
      next: `docs/inputs.md lists what there is; a fleet is described in a file: ${nameInput('config')}.`,
    },
  );
}

const soundPlace = {
  appName: 'app',
  resourceGroupName: 'group',
  subscriptionId: '00000000-0000-0000-0000-000000000000',
};

function writeDocument(app: AskedApp, settings: Readonly<Record<string, unknown>>): object {
  const resourceId = `/subscriptions/${app.subscriptionId}/resourceGroups/${app.resourceGroupName}/providers/Microsoft.Web/sites/${app.appName}`;
  const check = { name: 'health', path: app.healthCheckPath, expect: { status: 200 } };
  return {
    app: app.appName,
    package: app.package ?? '.',
    fleet: { targets: [{ resourceId, ...(app.slotName === undefined ? {} : { slot: app.slotName }) }] },
    strategy: { waves: [{ name: 'all' }] },
    ...(app.healthCheckPath === undefined ? {} : { probes: { checks: [check] } }),
    settings,
  };
}

/** The three parts of a resource id, each under the name by which it was asked for. */
function checkPlace(app: AskedApp, nameInput: NameInput): readonly Problem[] {
  const parts = [
    [
      'app-name',
      app.appName,
      siteNamePattern,
      'the name of a function app: letters, digits and "-", at most 60',
    ],
    ['resource-group-name', app.resourceGroupName, resourceGroupPattern, 'the name of a resource group'],
    ['subscription-id', app.subscriptionId, guidPattern, expectedGuid],
  ] as const;
  return parts.flatMap(([name, value, pattern, expected]) => {
    if (value !== undefined && pattern.test(value)) return [];
    const path = nameInput(name);
    return [
      value === undefined
        ? { path, message: `is missing; ${nameInput('app-name')} needs it`, expected }
        : { path, message: 'cannot be used like this', found: quote(value), expected },
    ];
  });
}

interface Settings {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
}

/** Values are never repeated in what is told: they may be secrets. */
function readSettings(text: string | undefined, path: string): Settings {
  if (text === undefined || text.trim() === '') return { values: {}, problems: [] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const expected = 'lines like NAME: value, or a JSON object';
  const bad = (offset: number, message: string): Settings => {
    const { line } = lines.linePos(offset);
    return { values: {}, problems: [{ path, message: `line ${Math.max(1, line)}: ${message}`, expected }] };
  };
  const [error] = document.errors;
  if (error !== undefined)
    return error.code === 'DUPLICATE_KEY'
      ? bad(error.pos[0], 'the same name stands there a second time')
      : bad(error.pos[0], 'cannot be read');
  const { contents } = document;
  if (!isMap(contents)) return bad(0, 'is not a list of names and values');
  const values: Record<string, unknown> = {};
  for (const { key, value } of contents.items) {
    const at = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
    if (isAlias(value) || !isScalar(value) || value.value === null) return bad(at, 'has no single value');
    // Here everything is meant as text: a version `1.20` must not lose its zero.
    values[String(isScalar(key) ? key.value : key)] = value.source ?? String(value.value);
  }
  return { values, problems: [] };
}

const inputOfPath: readonly (readonly [RegExp, string])[] = [
  [/^app\b/, 'app-name'],
  [/^package\b/, 'package'],
  [/^fleet\.targets\[0\]\.slot$/, 'slot-name'],
  [/^fleet\b/, 'app-name'],
  [/^probes\b/, 'health-check-path'],
  [/^settings\b/, 'app-settings'],
];

/** A line in a document that nobody wrote would mislead; a place within the input stays. */
function tellByInput({ path = '', message, found, expected, next }: Problem, nameInput: NameInput): Problem {
  const input = inputOfPath.find(([pattern]) => pattern.test(path))?.[1];
  const rest = /^settings\.(.+)$/.exec(path)?.[1];
  return {
    path: `${input === undefined ? path : nameInput(input)}${rest === undefined ? '' : `: ${rest}`}`,
    message,
    ...(found === undefined ? {} : { found }),
    ...(expected === undefined ? {} : { expected }),
    ...(next === undefined || next.includes('slot:') ? {} : { next }),
  };
}
