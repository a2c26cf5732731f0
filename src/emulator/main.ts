/** The emulator's own door: reads its flags and files, serves, prints one line of JSON, and ends in order. */
import { existsSync, fstatSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../clock.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from './emulator.ts';
import { createProcessRuntime } from './host/process-runtime.ts';
import { loadFaults, loadWorld } from './input-file.ts';
import { BadInput } from './problem.ts';
import { type Recording, startRecording } from './record/file.ts';
import { makeCertificates } from './serve/certificates.ts';
import { type ListenAddress, serve } from './serve/serve.ts';
import { readWorld } from './world/schema.ts';

interface Flags {
  readonly world: string;
  readonly faults: string | undefined;
  readonly port: number;
  readonly listen: readonly ListenAddress[];
  readonly timeScale: number;
  readonly seed: number;
  readonly data: string | undefined;
  readonly anchorMs: number;
  readonly verbose: boolean;
}

const usage =
  'emulator --world FILE [--faults FILE] [--port N | --listen ADDRESS[:PORT] …] [--time-scale N] [--seed N] [--data DIR] [--anchor MS] [--verbose]';

function readFlags(): Flags {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      world: text,
      faults: text,
      port: text,
      listen: { ...text, multiple: true },
      'time-scale': text,
      seed: text,
      data: text,
      anchor: text,
      verbose: { type: 'boolean' },
    },
  });
  const problems: string[] = [];
  const number = (
    flag: 'port' | 'time-scale' | 'seed' | 'anchor',
    otherwise: number,
    min: number,
    max: number,
  ): number => {
    const value = Number(values[flag] ?? otherwise);
    if (!(value >= min && value <= max))
      problems.push(`--${flag} must be a number from ${min} to ${max}; found "${values[flag]}"`);
    return value;
  };
  const flags: Flags = {
    world: values.world ?? '',
    faults: values.faults,
    port: number('port', 0, 0, 65_535),
    listen: (values.listen ?? []).flatMap((given) => readListenAddress(given, problems) ?? []),
    timeScale: number('time-scale', 1, 0.001, 100_000),
    seed: number('seed', 1, 0, 2 ** 32 - 1),
    data: values.data,
    anchorMs: number('anchor', Date.now(), 0, Number.MAX_SAFE_INTEGER),
    verbose: values.verbose ?? false,
  };
  if (flags.world === '') problems.push('--world is missing');
  if (problems.length > 0)
    throw new BadInput(
      usage,
      problems.map((message) => ({ path: [], message })),
    );
  return flags;
}

/** `10.1.0.4`, `10.1.0.4:8443`, `[fd00::4]:8443`; 443 is the port that names without one mean. */
function readListenAddress(given: string, problems: string[]): ListenAddress | null {
  const [, bracketed, plain, port = '443'] = /^(?:\[(.+)\]|([^[\]]+?))(?::(\d{1,5}))?$/.exec(given) ?? [];
  const address = isIP(given) === 6 ? given : (bracketed ?? plain ?? '');
  if (isIP(address) !== 0 && Number(port) <= 65_535) return { address, port: Number(port) };
  problems.push(`--listen must be ADDRESS or ADDRESS:PORT with an IP address; found "${given}"`);
  return null;
}

/** A folder of our own, below the given one or the system's; it goes when we go. */
async function makeFolder(data: string | undefined): Promise<string> {
  const parent = data ?? tmpdir();
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, 'slotwave-emulator-'));
}

/** Beside us it is a bundle; in the source tree it is in its own folder. */
function findWorker(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundled = join(here, 'host-worker.js');
  return existsSync(bundled) ? bundled : join(here, 'host', 'worker.ts');
}

async function run(flags: Flags): Promise<void> {
  const world = loadWorld(flags.world);
  const faults = flags.faults === undefined ? [] : loadFaults(flags.faults);
  const folder = await makeFolder(flags.data);
  const recording = record(flags.world);
  try {
    await runIn(folder, flags, { world, faults });
  } finally {
    recording?.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Not a flag: who tests with us sets it for every emulator that is started on the way, by whomever. */
function record(world: string): Recording | null {
  const { SLOTWAVE_EMULATOR_RECORD: folder = '', SLOTWAVE_EMULATOR_RECORD_FOR: asker = '' } = process.env;
  return folder === '' ? null : startRecording(folder, `an emulator of ${world}${asker && `, ${asker}`}`);
}

type Given = Pick<EmulatorOptions, 'world' | 'faults'>;

async function runIn(folder: string, flags: Flags, given: Given): Promise<void> {
  const { timeScale, anchorMs, seed, port, listen } = flags;
  const log = flags.verbose ? (line: string) => void process.stderr.write(`${line}\n`) : () => undefined;
  const { domain, management } = readWorld(given.world).network;
  const certificates = await makeCertificates(Date.now(), { domain, management });
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, certificates.ca);
  const clock = systemClock({ scale: timeScale, anchorMs });
  const runtime = createProcessRuntime({
    dataDir: join(folder, 'hosts'),
    nodePath: process.execPath,
    workerPath: findWorker(),
    searchPath: process.env['PATH'] ?? '',
    log,
  });
  const ended = waitForEnd();
  const served = await serve({
    certificates,
    ...{ port, listen, hostName: management },
    insidePort: 0,
    create: (origin, insideOrigin) =>
      createEmulator({
        ...{ ...given, clock, seed, runtime, origin, timeScale, fetchPackage },
        ...(insideOrigin === undefined ? {} : { insideOrigin }),
      }),
    onDefect: (thrown) => log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)),
  });
  const { url, insideUrl, emulator } = served;
  const facts = {
    emulator: 'slotwave',
    url,
    insideUrl,
    ca,
    ...emulator.identity,
    ...(emulator.tenants.length > 1 ? { tenants: emulator.tenants.slice(1).map(tellTenant) } : {}),
    timeScale,
    anchorMs,
    pid: process.pid,
  };
  process.stdout.write(`${JSON.stringify(facts)}\n`);
  await ended;
  await served.close();
}

function tellTenant({ tenantId, clientId, clientSecret, subscriptions }: Emulator['tenants'][number]) {
  return { tenantId, clientId, clientSecret, subscriptions: [...(subscriptions ?? [])] };
}

/** As a worker fetches it: no credentials but those in the address, and not for ever. */
async function fetchPackage(url: string): Promise<Uint8Array> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(120_000) });
  if (!answer.ok) throw new Error(`responded with ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * A signal, or the end of our standard input where that is a pipe: whoever started us is gone. A terminal,
 * a file or /dev/null says nothing about anybody.
 */
function waitForEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
    const input = fstatSync(0);
    if (!input.isFIFO() && !input.isSocket()) return;
    process.stdin.once('end', () => resolve()).once('error', () => resolve());
    process.stdin.resume();
  });
}

/** Whoever started us can put these right: wrong flags, wrong files, a port that is taken. */
function isAsked(thrown: unknown): thrown is Error {
  if (thrown instanceof BadInput) return true;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return (
    code.startsWith('ERR_PARSE_ARGS') ||
    ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOENT', 'ENOTDIR'].includes(code)
  );
}

try {
  await run(readFlags());
  process.exit(0);
} catch (thrown) {
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  process.stderr.write(`${isAsked(thrown) ? thrown.message : detail}\n`);
  process.exit(isAsked(thrown) ? 2 : 1);
}
