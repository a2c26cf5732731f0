/** Apps made on the spot, packed and started as the platform would. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { systemClock } from '../../src/clock.ts';
import { createProcessRuntime, type ProcessRuntimeOptions } from '../../src/emulator/host/process-runtime.ts';
import type { Content, HostRuntime, HostStart, RunningHost } from '../../src/emulator/host/runtime.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
export const repository = path.resolve(here, '../..');
export const workerPath = path.join(repository, 'src/emulator/host/worker.ts');

/** Text, or a program, which is packed with its exec bits. */
export type File = string | { readonly run: string };
export type Files = Readonly<Record<string, File>>;

export const master = 'master-key-of-the-test';
export const functionKey = 'function-key-of-the-test';
const hostJson = JSON.stringify({ version: '2.0' });

/** The files of a folder, as `pack` takes them. */
export function readFolder(folder: string, under = ''): Files {
  const files: Record<string, File> = {};
  for (const name of readdirSync(path.join(folder, under))) {
    const inside = path.posix.join(under, name);
    if (statSync(path.join(folder, inside)).isDirectory()) Object.assign(files, readFolder(folder, inside));
    else files[inside] = readFileSync(path.join(folder, inside), 'latin1');
  }
  return files;
}

/** What an app of the Node model v4 needs from the registry, taken from this repository's own modules. */
export function functionsLibrary(): Files {
  const files: Record<string, File> = {};
  for (const name of ['@azure/functions', '@azure/functions-extensions-base']) {
    const under = `node_modules/${name}`;
    files[`${under}/package.json`] = readFileSync(path.join(repository, under, 'package.json'), 'latin1');
    Object.assign(files, readFolder(repository, `${under}/dist`));
  }
  for (const [name] of Object.entries(files))
    if (name.endsWith('.map') || name.endsWith('.min.js')) delete files[name];
  return { ...files, ...readFolder(repository, 'node_modules/cookie') };
}

export function nodeApp(files: Files, packageJson: object = { main: 'index.js' }): Content {
  return pack({
    'host.json': hostJson,
    'package.json': JSON.stringify(packageJson),
    ...functionsLibrary(),
    ...files,
  });
}

export function pack(files: Files): Content {
  const tree: Record<string, [Uint8Array, { os: number; attrs: number; level: 0 }]> = {};
  for (const [name, file] of Object.entries(files)) {
    const bytes = Buffer.from(typeof file === 'string' ? file : file.run, 'latin1');
    const mode = typeof file === 'string' ? 0o100644 : 0o100755;
    tree[name] = [bytes, { os: 3, attrs: mode * 0x10000, level: 0 }];
  }
  const bytes = zipSync(tree);
  return { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
}

export interface Stage {
  readonly runtime: HostRuntime;
  readonly dataDir: string;
  start(content: Content | null, start?: Partial<HostStart>): RunningHost;
  close(): Promise<void>;
}

/** Without options no `func` is looked for, so that a machine that has one runs the same tests. */
export function openStage(options: Partial<ProcessRuntimeOptions> = { funcPath: null }): Stage {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'slotwave-host-'));
  const searchPath = process.env['PATH'] ?? '';
  const basics = { dataDir, nodePath: process.execPath, workerPath, searchPath };
  const runtime = createProcessRuntime({ ...basics, ...options });
  return {
    ...{ runtime, dataDir },
    start: (content, start = {}) => runtime.start({ ...defaultStart(content), ...start }),
    close: async () => {
      await runtime.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function defaultStart(content: Content | null): HostStart {
  return {
    ...{ site: 'orders-weu', slot: 'staging', hostName: 'orders-weu-staging.example.test' },
    ...{ operatingSystem: 'linux', region: 'West Europe', content, clock: systemClock() },
    settings: { FUNCTIONS_WORKER_RUNTIME: 'node' },
    keys: { master, functionKeys: { default: functionKey }, systemKeys: {} },
  };
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Set for requests of the platform itself: they come without x-arr-log-id. */
  readonly internal?: boolean;
}

export async function ask(host: RunningHost, at: string, asked: Asked = {}): Promise<Response> {
  const headers = new Headers(asked.headers);
  if (!asked.internal) headers.set('x-arr-log-id', '7d1c');
  const { method = 'GET', body } = asked;
  const init = body === undefined ? { method, headers } : { method, headers, body };
  return await host.fetch(new Request(new URL(at, 'https://orders-weu-staging.example.test'), init));
}

export const asAdmin: Asked = { headers: { 'x-functions-key': master } };

export async function askJson(host: RunningHost, at: string, asked: Asked = {}): Promise<unknown> {
  return await (await ask(host, at, asked)).json();
}

/** True while the process exists (a zombie that nobody has waited for counts as gone). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export async function until(condition: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('The condition did not become true in time.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
