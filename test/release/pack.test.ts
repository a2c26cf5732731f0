import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packFolder, packRelease } from '../../src/release/pack.ts';
import type { PackProgress } from '../../src/release/package.ts';
import {
  hostJson,
  isThere,
  plantTree,
  readWithPython,
  refusalOf,
  sha256,
  type Tree,
  useTempFolders,
} from './trees.ts';

const tempFolder = useTempFolders();
const withPython = isThere('python3') ? it : it.skip;

async function pack(tree: Tree) {
  const folder = plantTree(join(tempFolder(), 'app'), tree);
  return packFolder(folder, join(tempFolder(), 'out.zip'));
}

describe('packing a folder', () => {
  withPython('puts every file in with its content and its mode, in byte order of the paths', async () => {
    const big = Buffer.alloc(3_000_000, 'abcdefghij, a line that deflates well\n');
    const pkg = await pack({
      'host.json': hostJson,
      'b/ü.txt': 'umlaut',
      'b/Z.txt': '',
      'a.js': 'x'.repeat(5000),
      'big.txt': big,
      'run.sh': { exec: '#!/bin/sh\n' },
    });
    expect(readWithPython(pkg.path)).toEqual([
      { path: 'a.js', bytes: 5000, mode: '100644', sha256: sha256('x'.repeat(5000)) },
      { path: 'b/Z.txt', bytes: 0, mode: '100644', sha256: sha256('') },
      { path: 'b/ü.txt', bytes: 6, mode: '100644', sha256: sha256('umlaut') },
      { path: 'big.txt', bytes: big.length, mode: '100644', sha256: sha256(big) },
      { path: 'host.json', bytes: hostJson.length, mode: '100644', sha256: sha256(hostJson) },
      { path: 'run.sh', bytes: 10, mode: '100755', sha256: sha256('#!/bin/sh\n') },
    ]);
  });

  it('tells what it did: digest and size of the zip, files, and each entry with its packed size', async () => {
    const pkg = await pack({
      'host.json': hostJson,
      'a.txt': 'a'.repeat(1000),
      'logo.png': 'b'.repeat(1000),
      empty: null,
    });
    const zip = readFileSync(pkg.path);
    expect(pkg).toMatchObject({
      digest: sha256(zip),
      bytes: zip.length,
      files: 3,
      contentBytes: 2000 + hostJson.length,
    });
    const packed = Object.fromEntries(pkg.entries.map((entry) => [entry.path, entry.packedBytes]));
    expect(packed['a.txt']).toBeLessThan(50);
    // Already compressed by its extension: stored without a try.
    expect(packed['logo.png']).toBe(1000);
    expect(packed['empty/']).toBe(0);
  });

  it('keeps empty folders, and not those whose content is all left out', async () => {
    const pkg = await pack({
      'host.json': hostJson,
      'data/in': null,
      'logs/a.log': 'x',
      '.funcignore': '*.log',
    });
    expect(pkg.entries.map((entry) => entry.path)).toEqual(['data/in/', 'host.json']);
  });

  it('stores what deflating would not shorten, large files included', async () => {
    const noise = Buffer.alloc(2_000_000);
    for (let at = 0, seed = 1; at < noise.length; at++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      noise[at] = seed >>> 24;
    }
    const pkg = await pack({
      'host.json': hostJson,
      'small.bin': noise.subarray(0, 500),
      'large.bin': noise,
    });
    const packed = Object.fromEntries(pkg.entries.map((entry) => [entry.path, entry.packedBytes]));
    expect(packed).toMatchObject({ 'small.bin': 500, 'large.bin': noise.length });
  });

  it('marks the custom handler as executable even where the disk knows no exec bit', async () => {
    const host =
      '{ // a comment, as the host allows\n"customHandler":{"description":{"defaultExecutablePath":".\\\\bin\\\\handler"}},}';
    const pkg = await pack({ 'host.json': host, 'bin/handler': 'ELF', 'bin/other': 'x' });
    expect(pkg.entries.filter((entry) => entry.executable).map((entry) => entry.path)).toEqual([
      'bin/handler',
    ]);
  });

  it('counts the exec bit of the owner only', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson, a: 'a', b: 'b' });
    chmodSync(join(folder, 'a'), 0o700);
    chmodSync(join(folder, 'b'), 0o611);
    const { entries } = await packFolder(folder, join(tempFolder(), 'out.zip'));
    expect(entries.map(({ path, executable }) => [path, executable])).toEqual([
      ['a', true],
      ['b', false],
      ['host.json', false],
    ]);
  });

  it('never packs its own output, and packs the same again when the output lies in the folder', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson });
    const first = await packFolder(folder, join(folder, 'dist/app.zip'));
    // What a run that was killed left behind.
    writeFileSync(join(folder, 'dist/app.zip.4711.part'), 'half');
    const second = await packFolder(folder, join(folder, 'dist/app.zip'));
    expect(second.digest).toBe(first.digest);
    expect(second.leftOut).toEqual([
      { path: 'dist/app.zip', why: 'never shipped: our own output' },
      { path: 'dist/app.zip.4711.part', why: 'never shipped: our own output' },
    ]);
  });

  it('changes nothing in the folder', async () => {
    const folder = plantTree(tempFolder(), {
      'host.json': hostJson,
      '.funcignore': '*.md',
      'a.md': '',
      'local.settings.json': '{}',
    });
    const before = readdirSync(folder);
    await packFolder(folder, join(tempFolder(), 'out.zip'));
    expect(readdirSync(folder)).toEqual(before);
  });

  it('reports progress that grows and ends at the totals, also within one large file', async () => {
    const folder = plantTree(tempFolder(), {
      'host.json': hostJson,
      'a.txt': 'a',
      'big.txt': Buffer.alloc(2_500_000, 'ab c'),
    });
    const seen: PackProgress[] = [];
    await packRelease(folder, {
      outPath: join(tempFolder(), 'out.zip'),
      onProgress: (progress) => seen.push(progress),
    });
    const total = 2_500_001 + hostJson.length;
    expect(seen.at(-1)).toEqual({ files: 3, totalFiles: 3, bytes: total, totalBytes: total });
    expect(seen.map((one) => one.bytes)).toEqual(seen.map((one) => one.bytes).sort((a, b) => a - b));
    const within = seen.filter(({ files, bytes }) => files === 1 && bytes > 1_000_000 && bytes < total);
    expect(within.length).toBeGreaterThan(1);
  });

  it('leaves no half of a zip behind when it is stopped', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson, 'a.txt': 'a' });
    const out = tempFolder();
    const stop = new AbortController();
    const packing = packFolder(folder, join(out, 'out.zip'), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(packing).rejects.toThrow('enough');
    expect(readdirSync(out)).toEqual([]);
  });

  it('leaves an earlier zip as it was when the new one fails', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson, 'a.txt': 'a' });
    const out = join(tempFolder(), 'out.zip');
    writeFileSync(out, 'earlier');
    expect(await refusalOf(packFolder(folder, out, { maxBytes: 10 }))).not.toBeNull();
    expect(readFileSync(out, 'utf8')).toBe('earlier');
  });

  it('packs a folder whose own path has whatever a path can have', async () => {
    const tree = { 'host.json': hostJson, 'a/b.js': 'export default 1;\n', empty: null };
    const strange = plantTree(join(tempFolder(), 'line\nend', 'tab\t "quote" \\ ü'), tree);
    const plain = plantTree(join(tempFolder(), 'plain'), tree);
    const out = join(tempFolder(), 'out.zip');
    for (const workers of [0, 2])
      expect((await packFolder(strange, out, { workers })).digest).toBe(
        (await packFolder(plain, out)).digest,
      );
  });

  it('makes the folder that the zip goes to', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson });
    const out = join(tempFolder(), 'not/yet/there/out.zip');
    await packFolder(folder, out);
    expect(existsSync(out)).toBe(true);
  });
});
