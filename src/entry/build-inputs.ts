/** From the inputs of a build to what the commands take. All that is wrong with them is told at once. */
import { join } from 'node:path';
import { type CommandName, commands, type Door, type Input } from '../config/input.ts';
import { type InputName, inputsOf } from '../config/inputs.ts';
import { findNearest } from '../config/nearest.ts';
import { InputError, type Problem } from '../errors.ts';
import type { CommonOptions, ProbeOptions } from './options.ts';

export interface BuildInputs {
  readonly command: CommandName;
  /** What was given; an empty input is one that was not. */
  given(name: InputName): string | undefined;
  isOn(name: InputName): boolean;
  readonly options: BuildOptions;
}

/** Every option of every command that a build can run. */
export interface BuildOptions extends ProbeOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly seal?: boolean;
}

export interface BuildRequest {
  readonly door: Door;
  /** The text of an input, empty when it was not given. */
  readInput(name: string): string;
  nameInput(name: string): string;
  /** What fits a pattern, where this door knows patterns; a folder or file for each. */
  findFiles?(pattern: string): readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gone when the job ends. */
  readonly tempFolder: string;
}

export function readInputs(request: BuildRequest): BuildInputs {
  const known = inputsOf(request.door);
  const values = new Map(
    known.map((input) => [input.name, request.readInput(input.name).trim() || (input.fallback ?? '')]),
  );
  const command = commands.find((each) => each === values.get('command')) ?? 'deploy';
  const problems = known.flatMap((input) => [
    ...check(input, values.get(input.name) ?? '', request),
    ...checkGiven(input, values, command, request),
    ...findOne(input, values, request),
  ]);
  if (problems.length > 0)
    throw new InputError(
      problems.length === 1 ? 'An input is not right.' : `${problems.length} inputs are not right.`,
      {
        code: 'inputs-invalid',
        problems,
        next: 'docs/inputs.md lists what there is.',
      },
    );
  const given = (name: InputName) => values.get(name) || undefined;
  const isOn = (name: InputName) => values.get(name)?.toLowerCase() === 'true';
  return { command, given, isOn, options: makeOptions(command, given, isOn, request) };
}

function check({ name, kind }: Input, value: string, { nameInput }: BuildRequest): readonly Problem[] {
  const path = nameInput(name);
  if (value === '') return [];
  const found = `"${value.slice(0, 60)}"`;
  if (kind.type === 'boolean' && !/^(true|false)$/i.test(value))
    return [{ path, message: 'is neither yes nor no', found, expected: 'true or false' }];
  if (kind.type === 'choice' && !kind.options.includes(value)) {
    const near = findNearest(value, [...kind.options]);
    const next = near ? { next: `Did you mean ${near}?` } : {};
    return [
      { path, message: 'is not one of the known words', found, expected: kind.options.join(' | '), ...next },
    ];
  }
  return [];
}

function checkGiven(
  { name, required = false, commands: askedBy, about }: Input,
  values: ReadonlyMap<string, string>,
  command: CommandName,
  { nameInput }: BuildRequest,
): readonly Problem[] {
  if (!required || values.get(name) !== '' || !askedBy.includes(command)) return [];
  return [{ path: nameInput(name), message: 'is not given', next: about }];
}

/** A pattern becomes the one thing that it fits; which of several was meant is nobody's to guess. */
function findOne(
  { name, kind }: Input,
  values: Map<string, string>,
  { nameInput, findFiles }: BuildRequest,
): readonly Problem[] {
  const pattern = values.get(name) ?? '';
  if (kind.type !== 'path' || kind.patterns !== true || !findFiles || !/[*?]/.test(pattern)) return [];
  const fits = findFiles(pattern);
  const [first] = fits;
  if (first !== undefined && fits.length === 1) {
    values.set(name, first);
    return [];
  }
  const shown = [...fits.slice(0, 20), ...(fits.length > 20 ? [`and ${fits.length - 20} more`] : [])];
  return [
    {
      path: nameInput(name),
      message: first === undefined ? 'fits nothing' : `fits ${fits.length} files, and one is needed`,
      found: first === undefined ? `"${pattern}"` : shown.join(', '),
      next:
        first === undefined
          ? 'Was the artifact downloaded, and where to? A pattern begins in the working directory of the job.'
          : 'Write the pattern so that it fits the package alone.',
    },
  ];
}

function makeOptions(
  command: CommandName,
  given: BuildInputs['given'],
  isOn: BuildInputs['isOn'],
  { environment, tempFolder }: BuildRequest,
): BuildOptions {
  const optional = <K extends string>(key: K, value: string | undefined) =>
    (value === undefined ? {} : { [key]: value }) as Partial<Record<K, string>>;
  // A plan or a zip is for a later step, so a build always keeps it.
  const kept =
    command === 'plan' ? 'slotwave-plan.json' : command === 'package' ? 'slotwave-package.zip' : null;
  const out = given('out') ?? (kept === null ? undefined : join(tempFolder, kept));
  return {
    ...optional('config', given('config')),
    ...optional('appName', given('app-name')),
    ...optional('resourceGroupName', given('resource-group-name')),
    ...optional('subscriptionId', given('subscription-id')),
    ...optional('slotName', given('slot-name')),
    ...optional('package', given('package')),
    ...optional('appSettings', given('app-settings')),
    ...optional('healthCheckPath', given('health-check-path')),
    ...optional('cloud', given('cloud')),
    ...optional('ca', given('ca')),
    ...optional('out', out),
    ...readTime(environment),
    state: given('state') ?? '.slotwave',
    ...readProbe(given),
    force: isOn('force'),
    seal: isOn('seal'),
    color: false,
  };
}

function readProbe(given: BuildInputs['given']): Pick<BuildOptions, 'target' | 'side' | 'expect'> {
  const target = given('target')?.split(/[\s,]+/);
  const side = (['staging', 'live', 'both'] as const).find((each) => each === given('side'));
  const expect = given('expect');
  return {
    ...(target === undefined ? {} : { target }),
    ...(side === undefined ? {} : { side }),
    ...(expect === undefined ? {} : { expect }),
  };
}

/** The clock of an emulator, for those who rehearse a whole build: docs/emulator.md. */
function readTime(environment: BuildRequest['environment']): Pick<CommonOptions, 'timeScale' | 'anchor'> {
  const [scale, anchor] = [environment['SLOTWAVE_TIME_SCALE'], environment['SLOTWAVE_ANCHOR']];
  return {
    ...(scale ? { timeScale: Number(scale) } : {}),
    ...(anchor ? { anchor: Number(anchor) } : {}),
  };
}
