/** Where bad input is tried: one Azure with four sites, one folder with an app and a sound config, one state folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { WorldEvent } from '../../src/emulator/world/history.ts';
import { findBuilt } from '../entry/built.ts';
import { type Ran, type Start, startCli } from '../entry/start-cli.ts';
import { type ServedAzure, serveAzure } from '../fleet/served-azure.ts';
import { type Baggage, packBaggage } from '../storm/stage.ts';

const subscription = '00000000-0000-4000-8000-000000000001';
const clientSecret = 'the-secret-of-the-emulator';
const regions = { weu: 'westeurope', eus: 'eastus', sea: 'southeastasia', busy: 'uksouth' } as const;

export const resourceId = (site: string) =>
  `/subscriptions/${subscription}/resourceGroups/orders/providers/Microsoft.Web/sites/orders-${site}`;

/** `changes` replaces parts of the text, and each must be there. */
export function writeConfig(changes: Readonly<Record<string, string>> = {}): string {
  const sound = `app: orders
package: ./app
fleet:
  targets:
    - { name: weu, resourceId: ${resourceId('weu')} }
    - { name: eus, resourceId: ${resourceId('eus')} }
strategy:
  waves:
    - { name: first, targets: [weu], bakeTime: 30s }
    - { name: rest, bakeTime: 5s }
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }]
  interval: 10s
  timeout: 10s
  consecutiveSuccessLimit: 1
  deadline: 1h
settings: { ORDERS_VERSION: "a-secret-in-a-setting" }
`;
  return Object.entries(changes).reduce((text, [was, is]) => {
    if (!text.includes(was)) throw new Error(`the sound config has no "${was}"`);
    return text.replace(was, is);
  }, sound);
}

export interface Place {
  readonly folder: string;
  readonly azure: ServedAzure;
  path(name: string): string;
  write(name: string, text: string): Promise<void>;
  run(words: readonly string[], environment?: Readonly<Record<string, string>>, start?: Start): Promise<Ran>;
  /** Starts a command and resolves when it has said so; it runs on. */
  startUntil(words: readonly string[], said: RegExp): Promise<Running>;
  /** What was asked of Azure so far; what its hosts do, and how a swap goes on that was begun, is nobody's writing. */
  readChanges(): readonly WorldEvent[];
  /** Files that a run may leave in the state folder and that the next one would find. */
  listState(): Promise<readonly string[]>;
  /** A request to ARM by somebody else who may do everything. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

export interface Running {
  readonly pid: number;
  /** Sends a signal; resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export async function openPlace(): Promise<Place> {
  const baggage = await packBaggage();
  const { folder } = baggage;
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFile(path(name), text);
  // Some rows run as another user, who must be able to come here.
  await chmod(folder, 0o755);
  await mkdir(path('app'));
  const built = await findBuilt();
  await Promise.all([
    write('app/host.json', '{"version":"2.0"}'),
    write('app/played.json', '{"functions":["health"]}'),
    write('slotwave.yml', writeConfig()),
    // A copy, because another user may not be let into where the built files are.
    cp(built.folder, path('dist'), { recursive: true }),
  ]);
  const azure = await serveAzure({ folder, world: makeWorld(baggage), timeScale: 60 });
  return {
    folder,
    azure,
    path,
    write,
    run: (words, environment = {}, start = {}) =>
      startCli(
        words,
        folder,
        { ...azure.environment, ...environment },
        { ...(start.uid === undefined ? {} : { sill: path('dist/cli.js') }), ...start },
      ),
    startUntil: (words, said) =>
      startUntil([built.cli, ...words, ...azure.flags], folder, azure.environment, said),
    readChanges: () =>
      azure.emulator.history.filter(
        ({ type }) => !/^(host|fault)\.|^swap\.(warmed|routed|done|failed)$/.test(type),
      ),
    listState: () => listFiles(path('.slotwave')),
    ask: (method, where, body) => ask(azure, method, where, body),
    async close() {
      await azure.close();
      await baggage.close();
    },
  };
}

function makeWorld(baggage: Baggage) {
  return {
    identity: { clientSecret },
    latencies: { deploy: '5s', hostStart: '2s', swapApply: '2s', swapPing: '5s', swapPost: '2s' },
    sites: Object.entries(regions).map(([name, region]) => ({
      name: `orders-${name}`,
      region,
      subscription,
      resourceGroup: 'orders',
      package: baggage.incumbent,
      release: baggage.incumbentId,
    })),
  };
}

async function startUntil(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
  said: RegExp,
): Promise<Running> {
  const child = spawn(process.execPath, words, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (!said.test(line)) continue;
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      return (await exited)[0];
    };
    return { pid: child.pid ?? 0, end };
  }
  throw new Error(`"slotwave ${words.join(' ')}" ended without ${said}:\n${lines.join('\n')}`);
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function ask({ emulator, url }: ServedAzure, method: string, path: string, body?: object) {
  const { tenantId, clientId } = emulator.identity;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${url}/.default`,
  });
  const login = await emulator.fetch(
    new Request(`${url}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body: form }),
  );
  const { access_token: token } = (await login.json()) as { readonly access_token: string };
  const answer = await emulator.fetch(
    new Request(`${url}${path}?api-version=2024-11-01`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    }),
  );
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  const text = await answer.text();
  return text === '' ? null : (JSON.parse(text) as unknown);
}

/** Where the operating system lets root do everything, a row about permissions runs as nobody. */
export const asNobody: Start = process.getuid?.() === 0 ? { uid: 65_534 } : {};
