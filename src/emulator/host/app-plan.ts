/** What kind of app a package holds and how it can be run here. Nothing is started to find out. */
import { access, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from './lenient-json.ts';

/** host.json `customHandler`. */
export interface CustomHandler {
  readonly executable: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly forwardRequests: boolean;
}

export interface AppFacts {
  readonly root: string;
  /** FUNCTIONS_WORKER_RUNTIME, or what the files say where it is not set. */
  readonly runtime: string;
  readonly routePrefix: string;
}

export type AppPlan =
  /** Nothing was deployed: home page and nothing else. */
  | { readonly kind: 'empty' }
  | ({ readonly kind: 'node' } & AppFacts)
  | ({ readonly kind: 'custom'; readonly handler: CustomHandler } & AppFacts)
  | ({ readonly kind: 'func'; readonly funcPath: string } & AppFacts)
  /** We cannot run it and say so. */
  | {
      readonly kind: 'unrunnable';
      readonly runtime: string;
      readonly reason: string;
      readonly advice: string;
    }
  /** The host is up, in state Error: /admin/host/status tells, functions answer 503. */
  | { readonly kind: 'error'; readonly error: string }
  /** The host process does not survive its start. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** app_offline.htm is there. */
  | { readonly kind: 'offline'; readonly page: string };

export interface PlanOptions {
  readonly settings: Readonly<Record<string, string>>;
  /** The `func` to use, or null where there is none. */
  readonly funcPath: string | null;
  /** `always`: even an app that we could run goes to `func`. */
  readonly useFunc: 'when-needed' | 'always';
}

export async function planApp(root: string, options: PlanOptions): Promise<AppPlan> {
  const offline = await readText(path.join(root, 'app_offline.htm'));
  if (offline !== null) return { kind: 'offline', page: offline };
  const host = await readHostJson(root);
  if ('kind' in host) return host;
  const runtime = await findRuntime(root, host.customHandler, options.settings);
  const facts = { root, runtime, routePrefix: host.routePrefix };
  const { funcPath } = options;
  if (options.useFunc === 'always' && funcPath !== null) return { kind: 'func', funcPath, ...facts };
  if (host.customHandler) return { kind: 'custom', handler: host.customHandler, ...facts };
  const obstacle = await findObstacle(root, runtime);
  if (obstacle === null) return { kind: 'node', ...facts };
  if (funcPath !== null) return { kind: 'func', funcPath, ...facts };
  const advice =
    'Put Azure Functions Core Tools (func) on the PATH of the emulator, and it will be run by them.';
  return { kind: 'unrunnable', runtime, reason: obstacle, advice };
}

/** Null: the Node worker of the emulator can run it. */
async function findObstacle(root: string, runtime: string): Promise<string | null> {
  if (runtime !== 'node')
    return 'the emulator itself runs only Node.js (programming model v4) and custom handlers';
  const main = asRecord(parseJson(await readText(path.join(root, 'package.json'))))['main'];
  if (typeof main === 'string' && main !== '') return null;
  const folders = await findFunctionFolders(root);
  return folders.length > 0
    ? 'it is written for the Node.js programming model v3 (function.json files)'
    : null;
}

async function findRuntime(
  root: string,
  handler: CustomHandler | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const set = settings['FUNCTIONS_WORKER_RUNTIME']?.toLowerCase();
  if (set) return set;
  if (handler) return 'custom';
  const has = async (name: string) => (await readdir(root)).some((file) => file.endsWith(name));
  if (await has('package.json')) return 'node';
  if (await has('function_app.py')) return 'python';
  if (await has('.deps.json')) return 'dotnet-isolated';
  if (await has('.jar')) return 'java';
  if (await has('profile.ps1')) return 'powershell';
  return 'node';
}

/** Folders with a function.json, the way of older models and of custom handlers. */
export async function findFunctionFolders(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    if (await isReadable(path.join(root, entry.name, 'function.json'))) found.push(entry.name);
  }
  return found.sort();
}

interface HostJson {
  readonly routePrefix: string;
  readonly customHandler: CustomHandler | undefined;
}

async function readHostJson(root: string): Promise<HostJson | (AppPlan & { kind: 'error' | 'gone' })> {
  const text = await readText(path.join(root, 'host.json'));
  // Without the file the host takes its defaults.
  if (text === null) return { routePrefix: 'api', customHandler: undefined };
  const parsed = parseJson(text);
  if (parsed === undefined) return { kind: 'error', error: 'The host.json file could not be read as JSON.' };
  const json = asRecord(parsed);
  if (json['version'] !== '2.0') {
    return {
      kind: 'error',
      error: `The host.json file needs "version": "2.0"; found ${JSON.stringify(json['version'])}.`,
    };
  }
  if (!isTimeout(json['functionTimeout'])) {
    return {
      kind: 'gone',
      reason: `host.json: functionTimeout ${JSON.stringify(json['functionTimeout'])} is no time span.`,
    };
  }
  const http = asRecord(asRecord(json['extensions'])['http']);
  const routePrefix = typeof http['routePrefix'] === 'string' ? http['routePrefix'] : 'api';
  return { routePrefix, customHandler: toCustomHandler(json['customHandler'], root) };
}

function toCustomHandler(value: unknown, root: string): CustomHandler | undefined {
  const section = asRecord(value);
  const description = asRecord(section['description']);
  const executable = description['defaultExecutablePath'];
  if (typeof executable !== 'string' || executable === '') return undefined;
  const list = (name: string) =>
    Array.isArray(description[name]) ? (description[name] as unknown[]).map(String) : [];
  const folder = typeof description['workingDirectory'] === 'string' ? description['workingDirectory'] : '';
  return {
    executable,
    args: [
      ...list('arguments'),
      ...(description['defaultWorkerPath'] ? [String(description['defaultWorkerPath'])] : []),
      ...list('workerArguments'),
    ],
    workingDirectory: path.resolve(root, folder),
    forwardRequests: section['enableForwardingHttpRequest'] === true,
  };
}

/** A .NET time span (`00:05:00`, `1.00:00:00`), or `-1` for no limit. Anything else ends the real host. */
function isTimeout(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'string') return false;
  return /^(-1|(\d+\.)?([01]?\d|2[0-3]):[0-5]?\d(:[0-5]?\d(\.\d{1,7})?)?)$/.test(value);
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export async function readText(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch(() => null);
}

function isReadable(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
