/** What a door costs before it does anything: the code that is fetched, and how soon it says that it is there. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
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
    'kB of code that a door can come to load as it is shipped, chunks shared with others included; and the first line ' +
    `on standard output over that of bare node, the best of ${starts} starts`,
  measure: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slotwave-doors-'));
    try {
      await promisify(execFile)(process.execPath, [join(root, 'scripts/build.ts'), '--out', folder]);
      const lines: BenchLine[] = [];
      for (const door of doors) lines.push(...(await weighDoor(folder, door)));
      for (const node of await findNodes()) {
        const bareMs = await measureStart(node.path, ['-e', 'console.log(1)']);
        for (const door of doors) {
          const words = [join(folder, `${door}.js`), ...(door === 'cli' ? ['--version'] : [])];
          const ours = Math.max(0, (await measureStart(node.path, words)) - bareMs);
          const what = `${door}, first line on ${node.version}`;
          lines.push({ what, unit: 'ms', ours, peer: null, limit: maxFirstLineMs });
        }
      }
      return lines;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function weighDoor(folder: string, door: string): Promise<readonly BenchLine[]> {
  const file = join(folder, `${door}.js`);
  const sizeOf = (texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1000;
  const line = (what: string, ours: number, limit: number | null): BenchLine => ({
    ...{ what: `${door}, ${what}`, unit: 'kB', ours, peer: null, limit },
  });
  return [
    line('loaded at once', sizeOf(await readParts(file, false)), null),
    line('all it may load', sizeOf(await readParts(file, true)), maxKilobytes),
  ];
}

/** The texts of a file and of what it imports; `late` brings what is imported only when it is asked for. */
async function readParts(file: string, late: boolean, seen = new Set<string>()): Promise<readonly string[]> {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = await readFile(file, 'utf8');
  const now = [...text.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g)];
  const later = late ? [...text.matchAll(/import\("(\.[^"]+)"\)/g)] : [];
  const parts = [text];
  for (const [, target = ''] of [...now, ...later])
    parts.push(...(await readParts(join(dirname(file), target), late, seen)));
  return parts;
}

interface Node {
  readonly path: string;
  readonly version: string;
}

/** This one, and one of every other major version on the PATH. */
async function findNodes(): Promise<readonly Node[]> {
  const found: Node[] = [{ path: process.execPath, version: `Node ${process.version}` }];
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'node');
    if (!existsSync(path)) continue;
    const { stdout } = await promisify(execFile)(path, ['--version']);
    const version = `Node ${stdout.trim()}`;
    const major = version.split('.')[0];
    if (!found.some((each) => each.version.split('.')[0] === major)) found.push({ path, version });
  }
  return found;
}

/** The best of several: everything else that a machine does only makes it slower. */
async function measureStart(node: string, words: readonly string[]): Promise<number> {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let at = 0; at < starts; at++) {
    const startedMs = performance.now();
    const child = spawn(node, words, {
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
