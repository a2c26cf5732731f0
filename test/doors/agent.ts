/**
 * An agent of Azure Pipelines, as far as one task is concerned: it unpacks what the extension holds, reads task.json,
 * gives inputs as INPUT_*, service connections as ENDPOINT_*, secret variables as SECRET_*, reads `##vso` commands,
 * keeps masks and task variables, and starts the handler on the Node that its name stands for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { findNode } from '../release/trees.ts';
import { readSources } from '../tidy.ts';
import { type AgentCommand, readCommand } from './agent-commands.ts';
import type { Ladder } from './github-runner.ts';
import { root, startScript } from './start-script.ts';

export interface Issue {
  readonly type: string;
  readonly text: string;
  readonly sourcepath?: string;
  readonly linenumber?: string;
}

export interface TaskStep {
  readonly code: number | string | null;
  /** As `task.complete` said; null: it did not. */
  readonly result: string | null;
  /** What the agent shows: commands are gone, masks are laid over. */
  readonly log: string;
  /** Every line as the process wrote it. */
  readonly raw: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly issues: readonly Issue[];
  readonly groups: readonly string[];
  readonly progress: readonly number[];
}

export interface Connection {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

export interface AgentJob {
  readonly environment: Readonly<Record<string, string>>;
  readonly connections: Readonly<Record<string, Connection>>;
  readonly accessToken: string;
}

/** What there is to run a task on; an agent brings both. */
export type Handler = 'Node20_1' | 'Node24';

export interface Agent {
  run(handler: Handler, inputs: Readonly<Record<string, string>>, cancel?: Ladder): Promise<TaskStep>;
  /** What comes after the job's last step. */
  post(handler: Handler): Promise<TaskStep>;
  /** Everything that this job ever showed, with what it shows when somebody debugs it. */
  readonly shown: string[];
}

interface Task {
  readonly inputs: readonly {
    readonly name: string;
    readonly type: string;
    readonly defaultValue?: string;
  }[];
  readonly outputVariables: readonly { readonly name: string }[];
  readonly execution: Readonly<Record<string, { readonly target: string }>>;
  readonly postjobexecution: Readonly<Record<string, { readonly target: string }>>;
}

/** Where Node 20 is not installed its handler is played by this Node. */
const nodes: Readonly<Record<Handler, string>> = {
  Node20_1: findNode(20) ?? process.execPath,
  Node24: process.execPath,
};

/** For a title: on which Node 20 its handler is played, or that there is none here. */
export const node20Said =
  findNode(20) === null
    ? `Node 20 is not installed: its handler is played by ${process.version}`
    : 'on Node 20 and 24';

/** `folder` is where the job's sources are. */
export async function startAgent(folder: string, job: AgentJob): Promise<Agent> {
  const taskFolder = join(await unpackTask(), 'task');
  const task = JSON.parse(await readFile(join(taskFolder, 'task.json'), 'utf8')) as Task;
  const temp = `${folder}-temp`;
  await mkdir(temp, { recursive: true });
  const secrets = Object.values(job.connections).flatMap(({ parameters }) =>
    Object.entries(parameters).flatMap(([key, value]) =>
      /key|certificate$|token/i.test(key) ? [value] : [],
    ),
  );
  const masks = new Set([...secrets, job.accessToken]);
  const shown: string[] = [];
  const variables: Record<string, string> = {};
  let given: Readonly<Record<string, string>> = {};
  const start = async (handler: Handler, target: string | undefined, cancel?: Ladder): Promise<TaskStep> => {
    if (target === undefined) throw new Error(`The task has no handler ${handler}.`);
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      NODE_COMPILE_CACHE: join(tmpdir(), 'slotwave-compile-cache'),
      TF_BUILD: 'True',
      AGENT_VERSION: '4.268.0',
      AGENT_TEMPDIRECTORY: temp,
      BUILD_SOURCESDIRECTORY: folder,
      SYSTEM_DEFAULTWORKINGDIRECTORY: folder,
      ...job.environment,
      ...nameInputs(task, given, folder),
      ...nameConnections(job),
      ...Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [`VSTS_TASKVARIABLE_${name.toUpperCase()}`, value]),
      ),
    };
    const child = spawn(nodes[handler], [join(taskFolder, target)], { cwd: folder, env });
    const { step, debug } = await follow(child, { masks, variables, task }, cancel);
    shown.push(step.log, debug, hide(step.summary, masks), JSON.stringify(step.outputs));
    return step;
  };
  return {
    shown,
    run(handler, inputs, cancel) {
      const known = new Set(task.inputs.map(({ name }) => name));
      for (const name of Object.keys(inputs))
        if (!known.has(name)) throw new Error(`The task has no input "${name}".`);
      given = inputs;
      // Task variables belong to one step.
      for (const name of Object.keys(variables)) delete variables[name];
      return start(handler, task.execution[handler]?.target, cancel);
    },
    post: (handler) => start(handler, task.postjobexecution[handler]?.target),
  };
}

/** The extension's files, made once from these sources, whoever asks first. */
async function unpackTask(): Promise<string> {
  const hash = createHash('sha256');
  for (const { path, text } of readSources(root, ['src', 'scripts'])) hash.update(`${path}\0${text}\0`);
  for (const name of ['package-lock.json', 'task.json']) hash.update(await readFile(join(root, name)));
  const folder = join(tmpdir(), `slotwave-task-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  await startScript(join(root, 'scripts/vsix.ts'), ['--stage', draft]);
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  return folder;
}

/** A path that nobody gave is the root of the sources, a relative one begins there. */
function nameInputs(
  { inputs }: Task,
  given: Readonly<Record<string, string>>,
  folder: string,
): Record<string, string> {
  return Object.fromEntries(
    inputs.map(({ name, type, defaultValue = '' }) => {
      const value = given[name] ?? defaultValue;
      const isRelative = type === 'filePath' && !isAbsolute(value);
      return [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, isRelative ? join(folder, value) : value];
    }),
  );
}

function nameConnections({ connections, accessToken }: AgentJob): Record<string, string> {
  const all: Readonly<Record<string, Connection>> = {
    ...connections,
    SystemVssConnection: { scheme: 'OAuth', parameters: { AccessToken: accessToken }, data: {} },
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([id, { scheme, parameters, data }]) => [
      [`ENDPOINT_URL_${id}`, 'https://management.azure.com/'],
      [`ENDPOINT_AUTH_${id}`, JSON.stringify({ scheme, parameters })],
      [`ENDPOINT_AUTH_SCHEME_${id}`, scheme],
      ...Object.entries(parameters).map(([key, value]) => [
        `ENDPOINT_AUTH_PARAMETER_${id}_${key.toUpperCase()}`,
        value,
      ]),
      ...Object.entries(data).map(([key, value]) => [`ENDPOINT_DATA_${id}_${key.toUpperCase()}`, value]),
    ]),
  ) as Record<string, string>;
}

function hide(text: string, masks: ReadonlySet<string>): string {
  let hidden = text;
  for (const mask of masks) if (mask !== '') hidden = hidden.replaceAll(mask, '***');
  return hidden;
}

interface Kept {
  readonly masks: Set<string>;
  readonly variables: Record<string, string>;
  readonly task: Task;
}

interface Heard {
  readonly raw: string[];
  readonly log: string[];
  readonly debug: string[];
  readonly issues: Issue[];
  readonly groups: string[];
  readonly progress: number[];
  readonly summaries: string[];
  readonly outputs: Record<string, string>;
  result: string | null;
}

async function follow(
  child: ChildProcess,
  kept: Kept,
  cancel: Ladder | undefined,
): Promise<{ readonly step: TaskStep; readonly debug: string }> {
  const heard: Heard = {
    ...{ raw: [], log: [], debug: [], issues: [], groups: [], progress: [], summaries: [] },
    ...{ outputs: {}, result: null },
  };
  const timers: NodeJS.Timeout[] = [];
  const hear = (line: string) => {
    heard.raw.push(line);
    const command = readCommand(line);
    if (command === null) {
      const group = /^##\[group\](.*)$/.exec(line)?.[1];
      if (group !== undefined) heard.groups.push(group);
      heard.log.push(hide(line, kept.masks));
    } else obey(command, kept, heard);
    if (!cancel?.when.test(line) || timers.length > 0) return;
    for (const [signal, afterMs] of cancel.signals)
      timers.push(setTimeout(() => child.kill(signal), afterMs));
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream! }).on('line', hear);
  const patience = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  for (const timer of [patience, ...timers]) clearTimeout(timer);
  if (cancel && timers.length === 0) throw new Error(`Nothing to cancel at:\n${heard.raw.join('\n')}`);
  const { raw, log, debug, issues, groups, progress, outputs, result } = heard;
  const told = { issues, groups, progress, outputs, result, summary: heard.summaries.join('\n') };
  const step = { code: code ?? signal, raw: raw.join('\n'), log: log.join('\n'), ...told };
  return { step, debug: debug.join('\n') };
}

/** Results by the agent's own names: it throws on others. */
const results = ['Succeeded', 'SucceededWithIssues', 'Failed', 'Canceled', 'Skipped'];

function obey({ name, properties, text }: AgentCommand, kept: Kept, heard: Heard): void {
  switch (name) {
    case 'task.debug':
      heard.debug.push(hide(text, kept.masks));
      return;
    case 'task.setsecret':
      if (text.includes('\n')) throw new Error('A secret of several lines is refused.');
      kept.masks.add(text);
      return;
    case 'task.settaskvariable':
      kept.variables[properties['variable'] ?? ''] = text;
      return;
    case 'task.setvariable': {
      const variable = properties['variable'] ?? '';
      if (!kept.task.outputVariables.some((each) => each.name === variable))
        throw new Error(`The task declares no output variable ${variable}.`);
      if (properties['isOutput'] === 'true') heard.outputs[variable] = hide(text, kept.masks);
      return;
    }
    case 'task.setprogress':
      heard.progress.push(Number(properties['value']));
      return;
    case 'task.uploadsummary':
      heard.summaries.push(readFileSync(text, 'utf8'));
      return;
    case 'task.issue':
    case 'task.logissue': {
      const issue = { ...properties, type: properties['type'] ?? '', text: hide(text, kept.masks) };
      heard.issues.push(issue);
      heard.log.push(`##[${issue.type}]${issue.text}`);
      return;
    }
    case 'task.complete':
      if (!results.includes(properties['result'] ?? ''))
        throw new Error(`No result: ${properties['result']}`);
      heard.result = properties['result'] ?? null;
      return;
    default:
      throw new Error(`There is no command ${name}.`);
  }
}
