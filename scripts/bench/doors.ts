/** What a door costs before it does anything: the code that is fetched, and how soon it says that it is there. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';

const root = join(import.meta.dirname, '../..');
const doors = ['cli', 'action', 'task'] as const;
/** Issue 5: under 1.5 MB each, and the first line within 150 ms over bare node. */
const maxKilobytes = 1500;
const maxFirstLineMs = 150;
const starts = 9;

export const row: BenchRow = {
  name: 'doors',
  about:
    'kB of code that a door can come to load, chunks shared with others included, names kept; and the first line on ' +
    `standard output over that of bare node, the best of ${starts} starts on Node ${process.version}`,
  measure: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slotwave-doors-'));
    try {
      await promisify(execFile)(process.execPath, [join(root, 'scripts/build.ts'), '--out', folder]);
      const built = doors.filter((door) => existsSync(join(folder, `${door}.js`)));
      const bareMs = await measureStart(['-e', 'console.log(1)']);
      const lines: BenchLine[] = [];
      for (const door of built) {
        const file = join(folder, `${door}.js`);
        const words = door === 'cli' ? [file, '--version'] : [file];
        const limit = door === 'cli' ? null : maxKilobytes;
        const [own, all] = [await weigh(file, false), await weigh(file, true)];
        lines.push(
          { what: `${door}, loaded at once`, unit: 'kB', ours: own / 1000, peer: null, limit: null },
          { what: `${door}, all it may load`, unit: 'kB', ours: all / 1000, peer: null, limit },
          {
            ...{
              what: `${door}, first line`,
              unit: 'ms',
              ours: Math.max(0, (await measureStart(words)) - bareMs),
            },
            ...{ peer: null, limit: maxFirstLineMs },
          },
        );
      }
      return lines;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Bytes of a file and of what it imports; `late` counts what is imported only when it is asked for. */
async function weigh(file: string, late: boolean, seen = new Set<string>()): Promise<number> {
  if (seen.has(file)) return 0;
  seen.add(file);
  const text = await readFile(file, 'utf8');
  const now = [...text.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)];
  const later = late ? [...text.matchAll(/import\("(\.[^"]+)"\)/g)] : [];
  let bytes = Buffer.byteLength(text);
  for (const [, target = ''] of [...now, ...later])
    bytes += await weigh(join(dirname(file), target), late, seen);
  return bytes;
}

/** The best of several: everything else that a machine does only makes it slower. */
async function measureStart(words: readonly string[]): Promise<number> {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let at = 0; at < starts; at++) {
    const startedMs = performance.now();
    const child = spawn(process.execPath, words, {
      cwd: tmpdir(),
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    bestMs = Math.min(bestMs, performance.now() - startedMs);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return bestMs;
}
