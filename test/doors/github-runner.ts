/**
 * A runner of GitHub, as far as one step is concerned: it reads action.yml, gives inputs and their defaults as
 * INPUT_*, puts files behind GITHUB_OUTPUT and the others, reads `::` commands, keeps masks for the whole job, and
 * starts `main` and `post` as the processes that they are.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';
import { readSources } from '../tidy.ts';
import { root, startScript } from './start-script.ts';

export interface Annotation {
  readonly kind: 'error' | 'warning' | 'notice';
  readonly title?: string;
  readonly file?: string;
  readonly line?: string;
  readonly text: string;
}

export interface Step {
  readonly code: number | string | null;
  /** What the runner shows: commands are gone, masks are laid over. */
  readonly log: string;
  /** Every line as the process wrote it. */
  readonly raw: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly groups: readonly string[];
  /** From its start to its first line. */
  readonly firstLineMs: number;
}

export interface Ladder {
  /** Cancels when the log has such a line. */
  readonly when: RegExp;
  /** The signals and when they come after that; GitHub's are SIGINT, SIGTERM after 7.5 s, SIGKILL after 10 s. */
  readonly signals: readonly (readonly [NodeJS.Signals, number])[];
}

export interface Runner {
  /** Runs the step; `cancel` presses the button in the middle of it. */
  run(inputs: Readonly<Record<string, string>>, cancel?: Ladder): Promise<Step>;
  /** What comes after the job's last step. */
  post(): Promise<Step>;
  /** Everything that this job ever showed, as the runner shows it. */
  readonly shown: string[];
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly using: string; readonly main: string; readonly post: string };
}

/** `folder` is the job's workspace. */
export async function startJob(
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<Runner> {
  const actionFolder = await buildAction();
  const action = parse(await readFile(join(actionFolder, 'action.yml'), 'utf8')) as Action;
  if (action.runs.using !== 'node24') throw new Error(`This runner has no ${action.runs.using}.`);
  const masks = new Set<string>();
  const shown: string[] = [];
  let state: Record<string, string> = {};
  let inputsOfJob: Readonly<Record<string, string>> = {};
  let steps = 0;
  const start = async (file: string, cancel?: Ladder): Promise<Step> => {
    steps += 1;
    const files = await makeFiles(join(folder, `runner-${steps}`));
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      NODE_COMPILE_CACHE: join(tmpdir(), 'slotwave-compile-cache'),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: folder,
      RUNNER_TEMP: folder,
      ...environment,
      ...files,
      ...nameInputs(action, inputsOfJob),
      ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])),
    };
    const startedMs = Date.now();
    const child = spawn(process.execPath, [join(actionFolder, file)], { cwd: folder, env });
    const step = await follow(child, masks, startedMs, cancel);
    Object.assign(state, readPairs(await readFile(files.GITHUB_STATE, 'utf8')));
    const outputs = readPairs(await readFile(files.GITHUB_OUTPUT, 'utf8'));
    const summary = await readFile(files.GITHUB_STEP_SUMMARY, 'utf8');
    shown.push(step.log, hide(summary, masks), JSON.stringify(outputs));
    return { ...step, outputs, summary };
  };
  return {
    shown,
    run(inputs, cancel) {
      for (const name of Object.keys(inputs))
        if (!(name in action.inputs)) throw new Error(`The action has no input "${name}".`);
      inputsOfJob = inputs;
      // Each step has a state of its own.
      state = {};
      return start(action.runs.main, cancel);
    },
    post: () => start(action.runs.post),
  };
}

/** Built once from these sources, whoever asks first; a checkout of the action holds no more. */
async function buildAction(): Promise<string> {
  const hash = createHash('sha256');
  for (const { path, text } of readSources(root, ['src', 'scripts'])) hash.update(`${path}\0${text}\0`);
  hash.update(await readFile(join(root, 'package-lock.json')));
  const folder = join(tmpdir(), `slotwave-action-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(join(folder, 'action.yml'))) return folder;
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  await startScript(join(root, 'scripts/build.ts'), ['--out', join(draft, 'dist')]);
  for (const name of ['action.yml', 'package.json']) await copyFile(join(root, name), join(draft, name));
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  return folder;
}

async function makeFiles(folder: string) {
  await mkdir(folder, { recursive: true });
  const names = [
    'GITHUB_OUTPUT',
    'GITHUB_STEP_SUMMARY',
    'GITHUB_STATE',
    'GITHUB_ENV',
    'GITHUB_PATH',
  ] as const;
  const files = Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<
    (typeof names)[number],
    string
  >;
  for (const file of Object.values(files)) await writeFile(file, '');
  return files;
}

/** Spaces become `_`, dashes stay. `${{ github.token }}` is all that a default here asks for. */
function nameInputs(action: Action, given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, { default: fallback = '' }]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      given[name] ?? fallback.replace('${{ github.token }}', jobToken),
    ]),
  );
}

export const jobToken = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';

/** `name=value`, or `name<<mark` and lines until the mark. */
function readPairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const several = /^(.*?)<<(.*)$/.exec(lines[at] ?? '');
    if (!several) continue;
    const [, name = '', mark = ''] = several;
    const end = lines.indexOf(mark, at + 1);
    pairs[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return pairs;
}

function hide(text: string, masks: ReadonlySet<string>): string {
  let hidden = text;
  for (const mask of masks) hidden = hidden.replaceAll(mask, '***');
  return hidden;
}

async function follow(
  child: ChildProcess,
  masks: Set<string>,
  startedMs: number,
  cancel: Ladder | undefined,
): Promise<Omit<Step, 'outputs' | 'summary'>> {
  const [raw, log, annotations, groups]: [string[], string[], Annotation[], string[]] = [[], [], [], []];
  const timers: NodeJS.Timeout[] = [];
  let firstLineMs = 0;
  const hear = (line: string) => {
    firstLineMs ||= Date.now() - startedMs;
    raw.push(line);
    const command = readCommand(line);
    if (command?.name === 'add-mask') masks.add(command.text);
    else if (command?.name === 'group') groups.push(command.text);
    else if (command?.name === 'error' || command?.name === 'warning' || command?.name === 'notice')
      annotations.push({ kind: command.name, ...command.properties, text: hide(command.text, masks) });
    const isShown = command === null || ['group', 'error', 'warning', 'notice'].includes(command.name);
    if (isShown) log.push(hide(command === null ? line : command.text, masks));
    if (!cancel?.when.test(line) || timers.length > 0) return;
    for (const [signal, afterMs] of cancel.signals)
      timers.push(setTimeout(() => child.kill(signal), afterMs));
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream! }).on('line', hear);
  const patience = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  for (const timer of [patience, ...timers]) clearTimeout(timer);
  if (cancel && timers.length === 0) throw new Error(`Nothing to cancel at:\n${raw.join('\n')}`);
  return { code: code ?? signal, log: log.join('\n'), raw: raw.join('\n'), annotations, groups, firstLineMs };
}

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly text: string;
}

function readCommand(line: string): Command | null {
  const found = /^::([a-z-]+)(?: (.*?))?::(.*)$/.exec(line);
  if (!found) return null;
  const [, name = '', properties = '', text = ''] = found;
  const pairs = properties.split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at), readEscapes(pair.slice(at + 1))] as const];
  });
  return { name, properties: Object.fromEntries(pairs), text: readEscapes(text) };
}

function readEscapes(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}
