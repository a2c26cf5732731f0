/** A fleet of two on an emulator of its own: everything is a real process, only Azure is played. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { findBuilt } from './built.ts';
import { type Ran, root, startCli } from './start-cli.ts';

const subscription = '00000000-0000-4000-8000-000000000001';
const names = ['weu', 'eus'] as const;

const config = `app: orders
package: ${join(root, 'examples/orders')}
fleet:
  targets:
${names.map((name) => `    - { name: ${name}, resourceId: /subscriptions/${subscription}/resourceGroups/g/providers/Microsoft.Web/sites/orders-${name} }`).join('\n')}
strategy:
  waves:
    - { name: first, targets: [weu], bakeTime: 90s }
    - { name: rest, bakeTime: 5s }
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }]
  requirePrivate: true
  exposure: closed
  certificate: { daysLeft: 1 }
  dependencies: [{ host: sql.internal, port: 1433 }]
  interval: 5s
  timeout: 5s
  consecutiveSuccessLimit: 2
  deadline: 15m
settings: { ORDERS_VERSION: "a-secret-in-a-setting" }
`;

const regions = { weu: 'westeurope', eus: 'eastus' } as const;

const world = {
  network: { hosts: { 'sql.internal': { addresses: ['10.2.0.7'], ports: [1433] } } },
  latencies: {
    arm: 0,
    login: 0,
    scm: 0,
    front: 0,
    deploy: '2s',
    scmSettings: 0,
    hostStart: 0,
    restart: 0,
    swapApply: '1s',
    swapPing: '2s',
    swapRoute: '1s',
    swapPost: '1s',
  },
  sites: names.map((name) => ({
    name: `orders-${name}`,
    region: regions[name],
    subscription,
    resourceGroup: 'g',
    package: join(root, 'examples/orders'),
  })),
};

export interface Change {
  readonly type: string;
  readonly site?: string;
}

export interface SmallFleet {
  /** Runs the command line against this Azure; `environment` replaces parts of what it signs in with. */
  run(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Starts it and leaves it running; resolves when it has printed a line that fits. */
  startUntil(words: readonly string[], line: RegExp): Promise<ChildProcess>;
  /** Starts it, sends the signal once it has said so or something has come, and waits for the end. */
  stopWhen(
    words: readonly string[],
    signal: NodeJS.Signals,
    when: RegExp | Promise<unknown>,
  ): Promise<Stopped>;
  /** What changed in this Azure since it was made: the emulator's word, not the engine's. */
  readChanges(): Promise<readonly Change[]>;
  /** How many swaps each site has seen. */
  countSwaps(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

export interface Stopped {
  readonly code: number | string | null;
  readonly told: string;
  /** From the signal to the end. */
  readonly tookMs: number;
}

export const timeScale = 60;

export interface FleetChanges {
  /** Lines at the end of the config. */
  readonly config?: string;
  /** More of the emulator's world. */
  readonly world?: Readonly<Record<string, unknown>>;
  /** In place of the example app. */
  readonly package?: string;
  /** PEM of another authority that both sides trust. */
  readonly ca?: string;
  readonly timeScale?: number;
  /** How far the fleet's clock is behind the wall's when it starts. */
  readonly behindMs?: number;
}

export async function openSmallFleet(
  folder: string,
  faults: readonly object[] = [],
  latencies: Readonly<Record<string, string>> = {},
  changed: FleetChanges = {},
): Promise<SmallFleet> {
  const scale = changed.timeScale ?? timeScale;
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'slotwave.yml'),
    `${changed.package ? config.replace(/^package: .*$/m, `package: ${changed.package}`) : config}${changed.config ?? ''}`,
  );
  await writeFile(
    join(folder, 'world.yml'),
    JSON.stringify({ ...world, ...changed.world, latencies: { ...world.latencies, ...latencies } }),
  );
  await writeFile(join(folder, 'faults.yml'), JSON.stringify(faults));
  const words = ['--world', 'world.yml', '--faults', 'faults.yml', '--time-scale', String(scale)];
  // A clock that runs faster than the wall meets it later: until then it is behind.
  if (changed.behindMs)
    words.push('--anchor', String(Date.now() + Math.round(changed.behindMs / (scale - 1))));
  const otherCa = join(folder, 'other-ca.pem');
  if (changed.ca) await writeFile(otherCa, changed.ca);
  const { cli, compileCache: NODE_COMPILE_CACHE } = await findBuilt();
  const emulator = spawn(process.execPath, [cli, 'emulator', ...words], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE, ...(changed.ca ? { NODE_EXTRA_CA_CERTS: otherCa } : {}) },
  });
  const [line] = (await once(createInterface({ input: emulator.stdout }), 'line')) as [string];
  const facts = JSON.parse(line) as Readonly<
    Record<'url' | 'ca' | 'tenantId' | 'clientId' | 'clientSecret' | 'anchorMs', string>
  >;
  const environment = {
    AZURE_TENANT_ID: facts.tenantId,
    AZURE_CLIENT_ID: facts.clientId,
    AZURE_CLIENT_SECRET: facts.clientSecret,
  };
  const bothCa = join(folder, 'both-ca.pem');
  if (changed.ca) await writeFile(bothCa, `${readFileSync(facts.ca, 'utf8')}\n${changed.ca}`);
  const common = [
    '--cloud',
    facts.url,
    '--ca',
    changed.ca ? bothCa : facts.ca,
    '--time-scale',
    String(scale),
    '--anchor',
    String(facts.anchorMs),
  ];
  const changes = () => readChanges(facts.url, readFileSync(facts.ca, 'utf8'));
  return {
    run: ([command = '', ...words], changed = {}) =>
      startCli([command, ...common, ...words], folder, { ...environment, ...changed }),
    startUntil: (command, expected) => startUntil([...command, ...common], folder, environment, expected),
    stopWhen: (words, signal, when) =>
      stopWhen([...words.slice(0, 1), ...common, ...words.slice(1)], { folder, environment, signal, when }),
    readChanges: changes,
    countSwaps: async () => countSwaps(await changes()),
    async stop() {
      const ended = once(emulator, 'exit');
      emulator.kill('SIGTERM');
      await ended;
    },
  };
}

async function readChanges(url: string, ca: string): Promise<readonly Change[]> {
  const [answer] = (await once(get(`${url}/_emulator/history`, { ca }), 'response')) as [IncomingMessage];
  const history = (await json(answer)) as readonly Change[];
  return history.filter(({ type }) => !type.startsWith('host.'));
}

function countSwaps(changes: readonly Change[]): Readonly<Record<string, number>> {
  const swaps: Record<string, number> = {};
  for (const { type, site = '' } of changes) if (type === 'swap.done') swaps[site] = (swaps[site] ?? 0) + 1;
  return swaps;
}

async function startUntil(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
  expected: RegExp,
): Promise<ChildProcess> {
  const { cli, compileCache: NODE_COMPILE_CACHE } = await findBuilt();
  const child = spawn(process.execPath, [cli, ...words], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, NODE_COMPILE_CACHE, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const line of createInterface({ input: child.stdout })) {
    said += `${line}\n`;
    if (expected.test(line)) return child;
  }
  throw new Error(`"slotwave ${words.join(' ')}" ended without ${expected}:\n${said}`);
}

interface Stopping {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: NodeJS.Signals;
  readonly when: RegExp | Promise<unknown>;
}

async function stopWhen(
  words: readonly string[],
  { folder, environment, signal, when }: Stopping,
): Promise<Stopped> {
  const { cli, compileCache: NODE_COMPILE_CACHE } = await findBuilt();
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: folder,
    // What it leaves behind is found there.
    env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, NODE_COMPILE_CACHE, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  let sentMs = 0;
  const stop = () => {
    if (sentMs > 0) return;
    sentMs = Date.now();
    child.kill(signal);
  };
  const listen = (text: string) => {
    told += text;
    if (when instanceof RegExp && when.test(told)) stop();
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', listen);
  if (!(when instanceof RegExp)) void when.then(stop);
  const patience = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [code, name] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(patience);
  if (sentMs === 0) throw new Error(`"slotwave ${words.join(' ')}" was not stopped:\n${told}`);
  return { code: code ?? name, told, tookMs: Date.now() - sentMs };
}

/** Sends a signal and waits for the end; an exit code, or the signal's name where it killed. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | string | null> {
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code, name] = (await ended) as [number | null, string | null];
  return code ?? name;
}
