import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import { ZipArchive } from 'archiver';
import fc from 'fast-check';
import { packFolder } from '../../src/release/pack.ts';
import {
  hostJson,
  isThere,
  plantTree,
  type ReadEntry,
  readWithPython,
  type Tree,
  testWithUnzip,
  useTempFolders,
} from './trees.ts';

const tempFolder = useTempFolders();
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
);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
const leaf = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.constant(''),
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
    'strange trees have the same entries, contents and modes, as Python and unzip read them',
    async () => {
      await fc.assert(
        fc.asyncProperty(trees, async (tree) => {
          const folder = plantTree(tempFolder(), { 'host.json': hostJson, ...tree });
          const ours = await packFolder(folder, join(tempFolder(), 'ours.zip'));
          expect(filesOf(readWithPython(ours.path))).toEqual(
            filesOf(readWithPython(await packWithArchiver(folder))),
          );
          expect(testWithUnzip(ours.path)).toMatchObject({ status: 0 });
        }),
        { numRuns: 12 },
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
});
