import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, linkSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import { ZipArchive } from 'archiver';
import fc from 'fast-check';
import { openPromise } from 'yauzl';
import { packFolder } from '../../src/release/pack.ts';
import {
  hostJson,
  isThere,
  plantTree,
  type ReadEntry,
  readWithPython,
  sha256,
  type Tree,
  testWithUnzip,
  useTempFolders,
} from './trees.ts';

const tempFolder = useTempFolders();
const withPeers = ['python3', 'unzip', 'zip'].every(isThere) ? it : it.skip;
const withReaders = isThere('python3') && isThere('unzip') ? it : it.skip;

async function packWithArchiver(folder: string): Promise<string> {
  const path = join(tempFolder(), 'archiver.zip');
  const archive = new ZipArchive({ zlib: { level: 6 } });
  const written = pipeline(archive, createWriteStream(path));
  archive.directory(folder, false);
  await archive.finalize();
  await written;
  return path;
}

/** Info-ZIP's own zip, which does not say that names are in UTF-8. */
function packWithZip(folder: string): string {
  const path = join(tempFolder(), 'info-zip.zip');
  execFileSync('zip', ['-qr', path, '.'], { cwd: folder });
  return path;
}

/** Without the names, in an order of their own. */
function contentsOf(entries: readonly ReadEntry[]): readonly string[] {
  return entries.map(({ sha256, bytes, mode }) => `${sha256} ${bytes} ${mode}`).sort();
}

/** A third reader, which checks every sum as well. */
async function readWithYauzl(path: string): Promise<readonly ReadEntry[]> {
  const zip = await openPromise(path);
  const entries: ReadEntry[] = [];
  for await (const entry of zip.eachEntry()) {
    const content = await buffer(await zip.openReadStreamPromise(entry));
    const mode = (entry.externalFileAttributes >>> 16).toString(8);
    entries.push({ path: entry.fileName, bytes: content.length, mode, sha256: sha256(content) });
  }
  return entries;
}

/** archiver lists every folder; we list the empty ones. Files are compared. */
function filesOf(entries: readonly ReadEntry[]): readonly ReadEntry[] {
  return entries
    .filter(({ path }) => !path.endsWith('/'))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

const segment = fc.constantFrom(
  'a',
  'b',
  'ü',
  '名',
  'with space',
  "it's",
  'x'.repeat(120),
  '#',
  '(1)',
  '🚀',
  '.hidden',
  'A',
  'Ü',
  'é'.repeat(100),
  '-rf',
  'new\u2028line',
);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
const leaf = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.constant(''),
  fc.constant(null),
  fc.nat({ max: 40_000 }).map((count) => 'lorem ipsum '.repeat(count / 12)),
  fc.string({ maxLength: 50 }).map((exec) => ({ exec })),
);
const trees = fc.dictionary(path, leaf, { maxKeys: 10, noNullPrototype: true }).map((tree): Tree => {
  const paths = Object.keys(tree);
  return Object.fromEntries(
    Object.entries(tree).filter(([one]) => !paths.some((other) => other.startsWith(`${one}/`))),
  );
});

describe('compared with archiver', () => {
  withReaders(
    'strange trees have the same entries, contents and modes, as yauzl and unzip read them',
    async () => {
      await fc.assert(
        fc.asyncProperty(trees, async (tree) => {
          const folder = plantTree(tempFolder(), { 'host.json': hostJson, ...tree });
          const ours = await packFolder(folder, join(tempFolder(), 'ours.zip'));
          expect(filesOf(await readWithYauzl(ours.path))).toEqual(
            filesOf(await readWithYauzl(await packWithArchiver(folder))),
          );
          expect(testWithUnzip(ours.path)).toMatchObject({ status: 0 });
        }),
        { numRuns: 20 },
      );
    },
  );

  withReaders('a large file that is streamed has the same content, whatever its length', async () => {
    const line = 'a line of a log that goes on and on, 2026-01-01T00:00:00Z\n';
    const tree: Record<string, string> = { 'host.json': hostJson };
    for (const extra of [0, 1, 2, 65_535, 65_536, 65_537, 98_303]) {
      tree[`log-${extra}.txt`] = line.repeat(19_000).slice(0, 1024 * 1024 + extra);
    }
    const folder = plantTree(tempFolder(), tree);
    const ours = await packFolder(folder, join(tempFolder(), 'ours.zip'));
    expect(filesOf(readWithPython(ours.path))).toEqual(
      filesOf(readWithPython(await packWithArchiver(folder))),
    );
    expect(ours.bytes).toBeLessThan(200_000);
  });

  withPeers(
    'an app that many threads pack has the same content, for three readers and two packers',
    async () => {
      const tree: Record<string, Tree[string]> = { 'host.json': hostJson, 'a/empty': '', 'z/nothing': null };
      for (let n = 0; n < 300; n++)
        tree[`lib/${n % 7}/${'ü'.repeat(n % 90)}${n}.js`] = `let n = ${n};\n`.repeat(n);
      for (const n of [1, 2]) {
        tree[`log-${n}.txt`] = 'one line of many, and one more\n'.repeat(50_000 * n);
        tree[`noise-${n}.bin`] = randomBytes(1_500_000 * n);
      }
      tree['Case.txt'] = 'one';
      tree['case.txt'] = 'the other';
      tree['bin/tool'] = { exec: '#!/bin/sh\n' };
      const folder = plantTree(tempFolder(), tree);
      linkSync(join(folder, 'log-1.txt'), join(folder, 'hard-link.txt'));
      const ours = await packFolder(folder, join(tempFolder(), 'ours.zip'), { workers: 2 });
      const read = filesOf(readWithPython(ours.path));
      expect(read).toHaveLength(ours.files);
      expect(read).toEqual(filesOf(readWithPython(await packWithArchiver(folder))));
      expect(contentsOf(read)).toEqual(contentsOf(filesOf(readWithPython(packWithZip(folder)))));
      expect(read).toEqual(filesOf(await readWithYauzl(ours.path)));
      expect(testWithUnzip(ours.path)).toMatchObject({ status: 0 });
      expect(read.filter(({ path }) => /^(hard-link|log-1)/.test(path)).map((one) => one.sha256)).toEqual(
        Array(2).fill(sha256(tree['log-1.txt'] as string)),
      );
    },
  );
});
