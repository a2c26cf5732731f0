import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packFolder } from '../../src/release/pack.ts';
import { findNode, hostJson, plantTree, type Tree, useTempFolders } from './trees.ts';

const tempFolder = useTempFolders();
const node20 = findNode(20);
const bin = join(import.meta.dirname, '../../node_modules/.bin');

async function digestOf(folder: string): Promise<string> {
  return (await packFolder(folder, join(tempFolder(), 'out.zip'))).digest;
}

/** A tree with something of everything that packing treats differently. */
function plantMixed(): string {
  return plantTree(join(tempFolder(), 'app'), {
    'host.json': hostJson,
    'text/large.txt': Buffer.from(
      Array.from({ length: 60_000 }, (_, line) => `line ${line * 7919} of many\n`).join(''),
    ),
    'text/medium.js': 'export const answer = 42;\n'.repeat(3000),
    'binary.bin': Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * at * 31 + (at >> 3)) & 255)),
    'pic.png': 'stored as it is',
    'bin/tool': { exec: '#!/bin/sh\n' },
    'naïve/名前.txt': 'unicode',
    '\u{1f680}.txt': 'after every other plane in UTF-8, not in UTF-16',
    '\uffee.txt': 'before the rocket in UTF-8',
    empty: null,
    'link.txt': { link: 'text/medium.js' },
  });
}

const nameArb = fc
  .string({ unit: fc.constantFrom(...'aAbZ09.-_ üß名🚀'), minLength: 1, maxLength: 8 })
  .filter(
    (name) => !/^\.+$/.test(name) && !name.startsWith('.') && !/^(thumbs|host|local|slotwave)/i.test(name),
  );
const pathArb = fc.array(nameArb, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const contentArb = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ maxLength: 5 }).map((text) => Buffer.from(text.repeat(900))),
);
const treeArb = fc.dictionary(pathArb, contentArb, { maxKeys: 8, noNullPrototype: true }).map(dropClashes);

/** A path that is a file in one entry and a folder in another cannot be planted. */
function dropClashes(tree: Record<string, Uint8Array>): Tree {
  const paths = Object.keys(tree);
  return Object.fromEntries(
    Object.entries(tree).filter(([path]) => !paths.some((other) => other.startsWith(`${path}/`))),
  );
}

describe('the same content', () => {
  it('has the same digest whatever the order of writing, the times and the umask', async () => {
    await fc.assert(
      fc.asyncProperty(treeArb, fc.integer({ min: 0, max: 2_000_000_000 }), async (tree, seconds) => {
        const one = plantTree(join(tempFolder(), 'one'), { 'host.json': hostJson, ...tree });
        const two = join(tempFolder(), 'another-name');
        for (const [path, content] of [...Object.entries(tree), ['host.json', hostJson] as const].reverse()) {
          mkdirSync(dirname(join(two, path)), { recursive: true });
          // What a umask of 077 leaves of 0644.
          writeFileSync(join(two, path), content as Uint8Array, { mode: 0o600 });
          utimesSync(join(two, path), seconds, seconds);
        }
        expect(await digestOf(two)).toBe(await digestOf(one));
      }),
      { numRuns: 40 },
    );
  });

  it('stands in the order of its paths in UTF-8, folders and files among each other', async () => {
    await fc.assert(
      fc.asyncProperty(treeArb, async (tree) => {
        const folder = plantTree(tempFolder(), { 'host.json': hostJson, ...tree });
        // What sorts before and after the slash, and in UTF-16 other than in UTF-8.
        const names = ['d/e', 'd!', 'd.e/f', 'd0', '\uffee', '\u{1f680}/x'];
        plantTree(folder, Object.fromEntries(names.map((name) => [`order/${name}`, ''])));
        const { entries } = await packFolder(folder, join(tempFolder(), 'out.zip'));
        const paths = entries.map(({ path }) => path);
        const bytes = paths.map((path) => Buffer.from(path)).sort(Buffer.compare);
        expect(paths).toEqual(bytes.map(String));
      }),
      { numRuns: 40 },
    );
  });

  it('has another digest when one byte, one name or one exec bit differs', async () => {
    const base: Tree = { 'host.json': hostJson, 'a.txt': 'aaaa' };
    const variants: readonly Tree[] = [
      base,
      { ...base, 'a.txt': 'aaab' },
      { 'host.json': hostJson, 'b.txt': 'aaaa' },
      { ...base, 'a.txt': { exec: 'aaaa' } },
      { ...base, empty: null },
    ];
    const digests = await Promise.all(variants.map((tree) => digestOf(plantTree(tempFolder(), tree))));
    expect(new Set(digests).size).toBe(variants.length);
  });

  it('has the digest that it had on every machine so far', async () => {
    // A change here means: every package of every user gets a new digest once. Say so in the changelog.
    expect(await digestOf(plantMixed())).toBe(
      '05f5a9c39433564fd1d196337c2269038a24ad82eef7b23076c3c03f2228616c',
    );
  });

  it('has the same digest however many threads pack it', async () => {
    const app = plantMixed();
    const noise = randomBytes(2_500_000);
    const lines = Array.from({ length: 60_000 }, (_, n) => `${n * 31} of some ${n % 97} lines`).join('\n');
    for (let n = 0; n < 300; n++)
      writeFileSync(join(app, `f${n}.js`), `export const n = ${n};\n`.repeat(n % 50));
    plantTree(app, { 'noise.bin': noise, 'noise.zip': noise, 'z/log.txt': lines, 'z/log-2.txt': lines });
    const digests = [];
    for (const workers of [0, 1, 3]) {
      const { digest } = await packFolder(app, join(tempFolder(), 'out.zip'), { workers });
      digests.push(digest);
    }
    expect(new Set(digests).size).toBe(1);
  });

  it('has the same digest after a copy with other times, and after other files were there before', async () => {
    const one = plantMixed();
    const two = join(tempFolder(), 'copy');
    mkdirSync(two);
    for (let n = 0; n < 50; n++) writeFileSync(join(two, `was-here-${n}`), '');
    cpSync(one, two, { recursive: true, verbatimSymlinks: true });
    for (const name of readdirSync(two)) if (name.startsWith('was-here')) rmSync(join(two, name));
    for (const name of readdirSync(two)) lutimesSync(join(two, name), 1, 1);
    expect(await digestOf(two)).toBe(await digestOf(one));
  });

  (node20 ? describe : describe.skip)('bundled, on Node 20', () => {
    /** Packs in a process of its own, asking for two threads. */
    async function packElsewhere(format: 'cjs' | 'esm', worker: 'none' | 'whole' | string) {
      const app = plantMixed();
      const work = tempFolder();
      const release = join(import.meta.dirname, '../../src/release');
      const call = 'packFolder(process.argv[2]!, process.argv[3]!, { workers: 2 })';
      const entry = `import { packFolder } from ${JSON.stringify(join(release, 'pack.ts'))};\n${call}.then((pkg) => process.stdout.write(pkg.digest))`;
      writeFileSync(join(work, 'entry.ts'), entry);
      const bundle = join(work, `bundle.${format === 'cjs' ? 'cjs' : 'js'}`);
      writeFileSync(join(work, 'package.json'), '{"type":"module"}');
      bundleFile(join(work, 'entry.ts'), bundle, format);
      const workerFile = join(work, 'pack-worker.js');
      if (worker === 'whole') bundleFile(join(release, 'pack-worker.ts'), workerFile, 'esm');
      else if (worker !== 'none') writeFileSync(workerFile, worker);
      const run = spawnSync(node20 ?? '', [bundle, app, join(work, 'out.zip')], { encoding: 'utf8' });
      const wasAsked = existsSync(join(work, 'asked'));
      return { ours: await digestOf(app), theirs: run.stdout, said: run.stderr, wasAsked };
    }

    it.each([
      ['with threads', 'esm', 'whole'],
      ['where the file of the threads is not to be found', 'cjs', 'none'],
      ['where no thread can be begun', 'esm', 'throw new Error("no thread")'],
      [
        'where threads die',
        'esm',
        'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(1))',
      ],
      [
        'where threads cannot read',
        'esm',
        'import { parentPort } from "node:worker_threads"; parentPort.on("message", ({ id }) => parentPort.postMessage({ id, packed: null })); import { writeFileSync } from "node:fs"; writeFileSync(new URL("./asked", import.meta.url), "")',
      ],
    ] as const)('%s: has the same digest as here', async (_, format, worker) => {
      const { ours, theirs, said, wasAsked } = await packElsewhere(format, worker);
      expect({ theirs, said, wasAsked }).toEqual({ theirs: ours, said: '', wasAsked: /asked/.test(worker) });
    });
  });
});

function bundleFile(from: string, to: string, format: 'cjs' | 'esm'): void {
  const flags = ['--bundle', '--platform=node', '--target=node20', '--log-level=error', `--format=${format}`];
  const banner = `--banner:js=import{createRequire as r}from'node:module';var require=r(import.meta.url);`;
  const all = [from, ...flags, ...(format === 'esm' ? [banner] : []), `--outfile=${to}`];
  const built = spawnSync(join(bin, 'esbuild'), all, { encoding: 'utf8' });
  if (built.stderr !== '') throw new Error(built.stderr);
}
