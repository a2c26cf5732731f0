/** What it costs to push a package to many SCM sites, over real TLS connections to sinks on this machine. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';
import { makePackage, openSinkHouse } from '../bench-kit/sink-house.ts';
import type { UploadCost, UploadTask } from '../bench-kit/uploader.ts';

const root = join(import.meta.dirname, '../..');

export type UploadSize = Pick<UploadTask, 'bytes' | 'uploads' | 'atOnce'> & {
  /** In which order who measures; the median of each counts. */
  readonly order: readonly UploadTask['mode'][];
};

/** Each in every place of the order, so that whatever the machine does meanwhile falls on all of them. */
const full: UploadSize = {
  bytes: 100e6,
  uploads: 100,
  atOnce: 8,
  order: ['ours', 'pipe', 'wide', 'wide', 'ours', 'pipe', 'pipe', 'wide', 'ours'],
};

export const row: BenchRow = {
  name: 'uploads',
  about:
    `${full.uploads} uploads of ${full.bytes / 1e6} MB, ${full.atOnce} at once, to TLS sinks in another process: our ` +
    'transport and our upload to SCM sites, bundled as they are shipped, in turns with file streams piped into ' +
    'requests of node:https, as they come and in reads of 1 MiB; medians of three',
  measure: () => measureUploads(full),
};

export async function measureUploads(size: UploadSize): Promise<readonly BenchLine[]> {
  const sinks = await openSinkHouse();
  try {
    const { bytes, uploads, atOnce, order } = size;
    const file = join(sinks.folder, 'package.zip');
    await makePackage(file, bytes);
    const program = await bundleUploader(sinks.folder);
    const costs: { readonly mode: UploadTask['mode']; readonly cost: UploadCost }[] = [];
    for (const mode of order) {
      const { port, caFile } = sinks;
      const cost = await upload(program, { mode, port, caFile, file, bytes, uploads, atOnce });
      const { packageBytes } = await sinks.received();
      if (packageBytes !== bytes * uploads) throw new Error(`${mode}: ${packageBytes} bytes have arrived`);
      costs.push({ mode, cost });
    }
    return describeCosts(bytes * uploads, (mode, of) =>
      median(costs.filter((each) => each.mode === mode).map(({ cost }) => cost[of])),
    );
  } finally {
    await sinks.stop();
  }
}

type Cost = (mode: UploadTask['mode'], of: keyof UploadCost) => number;

function describeCosts(bytes: number, cost: Cost): readonly BenchLine[] {
  const cpu = (mode: UploadTask['mode']) => cost(mode, 'cpuSeconds') / (bytes / 1e9);
  const rate = (mode: UploadTask['mode']) => bytes / 1e6 / cost(mode, 'seconds');
  const line = (what: string, unit: string, ours: number, peer: number, limit: number | null): BenchLine => ({
    ...{ what, unit, ours, peer, limit },
  });
  return [
    line('CPU beside a plain pipe', 's per GB', cpu('ours'), cpu('pipe'), cpu('pipe') * 1.1),
    line('CPU beside a pipe in reads of 1 MiB', 's per GB', cpu('ours'), cpu('wide'), null),
    line('peak memory', 'MiB', cost('ours', 'mebibytes'), cost('pipe', 'mebibytes'), 200),
    line('rate on this machine', 'MB/s', rate('ours'), rate('pipe'), null),
  ];
}

/** Compiled: what strips types while a process runs would be counted as its memory. */
async function bundleUploader(folder: string): Promise<string> {
  const outfile = join(folder, 'uploader.mjs');
  await rm(outfile, { force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/bench-kit/uploader.ts'],
    ...{ outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' },
    banner: { js: "import{createRequire as r}from'node:module';var require=r(import.meta.url);" },
  });
  return outfile;
}

async function upload(program: string, task: UploadTask): Promise<UploadCost> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(task)]);
  return JSON.parse(stdout) as UploadCost;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2;
}
