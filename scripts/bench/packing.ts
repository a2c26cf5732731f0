/** Packing beside archiver and Info-ZIP, in the same run, each in a process of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { compileLimit, runLimit } from '../bench-kit/pack-limit.ts';
import { cacheFolder, plantShape, type ShapeName, shapes } from '../bench-kit/packing-trees.ts';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';

const runs = Number(process.env['SLOTWAVE_BENCH_RUNS'] ?? 3);
const chosen = process.env['SLOTWAVE_BENCH_SHAPES']?.split(',') ?? Object.keys(shapes);
const root = join(import.meta.dirname, '../..');

/** How many times as fast as the peers we mean to be; performance.md §1. */
const goals: Readonly<Record<ShapeName, { readonly archiver: number; readonly zip: number }>> = {
  'node-S': { archiver: 9, zip: 1.9 },
  'node-L': { archiver: 15, zip: 1.9 },
  py: { archiver: 5, zip: 2.5 },
  dotnet: { archiver: 5, zip: 2.5 },
};

const packers = ['ours', 'again', 'archiver', 'zip', 'reading', 'limit'] as const;
type Packer = (typeof packers)[number];

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly mebibytes: number;
}

export const row: BenchRow = {
  name: 'packing',
  about: `Medians of ${runs} alternated runs; peers: archiver 8 at level 9, zip -r, reading every file alone, and C with libdeflate in as many threads as processors; limits are the goals`,
  async measure() {
    const work = mkdtempSync(join(tmpdir(), 'slotwave-packing-'));
    try {
      const programs = { bundle: await bundleOurs(), limit: await compileLimit() };
      const names = (Object.keys(shapes) as ShapeName[]).filter((name) => chosen.includes(name));
      return names.flatMap((name) => describeShape(name, measureShape(plantShape(name), work, programs)));
    } finally {
      rmSync(work, { recursive: true });
    }
  },
};

/** As it is shipped: bundled, with the thread's file beside it. */
async function bundleOurs(): Promise<string> {
  const outdir = join(cacheFolder, 'ours');
  await build({
    absWorkingDir: root,
    entryPoints: {
      pack: 'src/release/pack.ts',
      'pack-worker': 'src/release/pack-worker.ts',
      // Compiled as well: what strips types while a process runs would be counted as its memory.
      'pack-once': 'scripts/bench-kit/pack-once.ts',
    },
    external: ['archiver'],
    ...{ outdir, bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' },
    banner: { js: "import{createRequire as r}from'node:module';var require=r(import.meta.url);" },
  });
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}');
  return join(outdir, 'pack.js');
}

interface Programs {
  readonly bundle: string;
  /** Null: it cannot be made here. */
  readonly limit: string | null;
}

function measureShape(folder: string, work: string, programs: Programs): Readonly<Record<Packer, Run>> {
  const all: Record<Packer, Run[]> = { ours: [], again: [], archiver: [], zip: [], reading: [], limit: [] };
  // Once beforehand, so that nobody pays for what the disk has to bring.
  runOnce('reading', folder, work, programs);
  for (let n = 0; n < runs; n++)
    for (const packer of packers) {
      // There is no cache: packing again is packing.
      if (packer === 'again') writeFileSync(join(folder, 'host.json'), `{"version":"2.0","again":${n}}`);
      all[packer].push(runOnce(packer, folder, work, programs));
    }
  return Object.fromEntries(packers.map((packer) => [packer, medianOf(all[packer])])) as Record<Packer, Run>;
}

function runOnce(packer: Packer, folder: string, work: string, { bundle, limit }: Programs): Run {
  const out = join(work, `${packer}.zip`);
  rmSync(out, { force: true });
  if (packer === 'zip') return runZip(folder, out);
  if (packer === 'limit') return { ...nothing, seconds: limit ? runLimit(limit, folder, out) : Number.NaN };
  const script = join(dirname(bundle), 'pack-once.js');
  const words = [script, packer === 'again' ? 'ours' : packer, folder, out, bundle];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Run;
}

const nothing = { seconds: Number.NaN, cpuSeconds: Number.NaN, bytes: 0, mebibytes: 0 };

function runZip(folder: string, out: string): Run {
  const begun = performance.now();
  const { status } = spawnSync('zip', ['-qr', out, '.'], { cwd: folder });
  // Where there is no zip there is nothing to compare with.
  if (status !== 0) return nothing;
  return { ...nothing, seconds: (performance.now() - begun) / 1000, bytes: statSync(out).size };
}

function medianOf(measured: readonly Run[]): Run {
  const sorted = [...measured].sort((a, b) => a.seconds - b.seconds);
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  return { ...middle, mebibytes: Math.max(...measured.map(({ mebibytes }) => mebibytes)) };
}

function describeShape(name: ShapeName, of: Readonly<Record<Packer, Run>>): readonly BenchLine[] {
  const { ours, again, archiver, zip, reading, limit } = of;
  const goal = goals[name];
  const megabytes = (bytes: number) => bytes / 1e6;
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  const line = (what: string, unit: string, mine: number, peer: number | null, limit: number | null) => {
    return { what: `${name}: ${what}`, unit, ours: mine, peer, limit };
  };
  return [
    line('beside archiver', 's', ours.seconds, archiver.seconds, archiver.seconds / goal.archiver),
    line('beside zip -r', 's', ours.seconds, orNull(zip.seconds), orNull(zip.seconds / goal.zip)),
    line('beside reading alone', 's', ours.seconds, reading.seconds, null),
    line('beside C with libdeflate', 's', ours.seconds, orNull(limit.seconds), null),
    line('again after one file changed, beside the first time', 's', again.seconds, ours.seconds, null),
    line('CPU beside archiver', 's', ours.cpuSeconds, archiver.cpuSeconds, null),
    line('size', 'MB', megabytes(ours.bytes), megabytes(archiver.bytes), megabytes(archiver.bytes) * 1.01),
    line('peak memory', 'MiB', ours.mebibytes, archiver.mebibytes, 256),
  ];
}
