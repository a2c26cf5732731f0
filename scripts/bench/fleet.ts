/** One rollout to a large fleet, in one process: what it takes of memory and computing, and how soon it answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { findBuilt } from '../../test/entry/built.ts';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';

const kit = join(import.meta.dirname, '../bench-kit');
/**
 * A look at each app every minute is one every three seconds then: in that time some hundred targets ask as often
 * as some thousand would, and neither of two processors is ever idle for long.
 */
const usual = { targets: 500, timeScale: 20 };

export const row: BenchRow = {
  name: 'fleet',
  about: `a clean rollout to ${usual.targets} targets in four waves by the command line as it is shipped, over HTTPS to an emulator in another process whose time runs ${usual.timeScale} times as fast; a timer's lateness counts what other processes take from the processors, the longest turn is computing alone`,
  measure: () => measureFleet(usual),
};

interface Watched {
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly latestMs: number;
  readonly mostlyMs: number;
  readonly longestTurnMs: number;
  readonly tookMs: number;
}

export async function measureFleet({ targets, timeScale }: typeof usual): Promise<readonly BenchLine[]> {
  const { cli } = await findBuilt();
  const azure = await startAzure(targets, timeScale);
  try {
    const { cpuMs, peakMiB, latestMs, mostlyMs, longestTurnMs, tookMs } = await rollOut(cli, azure);
    const line = (what: string, unit: string, ours: number, limit: number | null): BenchLine => ({
      ...{ what, unit, ours, peer: null, limit },
    });
    return [
      line('memory at its peak', 'MiB', peakMiB, 400),
      line('CPU, looks over fresh TLS included', 'ms per target', cpuMs / targets, null),
      line('the longest turn of the event loop', 'ms of computing', longestTurnMs, 50),
      line('a timer, at its latest', 'ms late', latestMs, 50),
      line('a timer, 99.9 %', 'ms late', mostlyMs, 50),
      line('one processor', '% taken', (100 * cpuMs) / tookMs, null),
      line('all of it', 's', tookMs / 1000, null),
    ];
  } finally {
    await azure.close();
  }
}

interface Azure {
  readonly folder: string;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

async function startAzure(targets: number, timeScale: number): Promise<Azure> {
  const words = [join(kit, 'fleet-azure.ts'), `${targets}`, `${timeScale}`];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => Promise.reject(new Error('the emulator did not start'))),
  ])) as [string];
  const told = JSON.parse(line) as Omit<Azure, 'close'>;
  return {
    ...told,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

async function rollOut(cli: string, { folder, flags, environment }: Azure): Promise<Watched> {
  const file = join(tmpdir(), `slotwave-watched-${process.pid}.json`);
  const words = ['--import', join(kit, 'watch-process.mjs'), cli, 'deploy', ...flags];
  const child: ChildProcess & { stdout: Readable; stderr: Readable; stdin: Writable | null } = spawn(
    process.execPath,
    words,
    {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, WATCHED_FILE: file, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`the rollout was to be clean: ${String(code)}\n${err}${out.slice(-2_000)}`);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Watched;
  } finally {
    await rm(file, { force: true });
  }
}
