import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkZip } from '../../src/release/check.ts';
import { packFolder } from '../../src/release/pack.ts';
import { sameContent, stampFile } from '../../src/release/release.ts';
import { keepSealed, openSealed } from '../../src/release/sealed.ts';
import { readStampFile, releaseIdOf, sealRelease } from '../../src/release/stamp.ts';
import {
  hostJson,
  isThere,
  plantTree,
  readWithPython,
  refusalOf,
  sha256,
  testWithUnzip,
  useTempFolders,
} from './trees.ts';
import { damage, makeZip } from './zips.ts';

const tempFolder = useTempFolders();
function flipByte(bytes: Buffer): undefined {
  bytes[40] = (bytes[40] ?? 0) ^ 1;
}

const withReaders = isThere('python3') && isThere('unzip') ? it : it.skip;

async function packSome() {
  const folder = plantTree(tempFolder(), {
    'host.json': hostJson,
    'a/b.txt': 'b'.repeat(400),
    run: { exec: '#!' },
    empty: null,
  });
  return packFolder(folder, join(tempFolder(), 'pkg.zip'));
}

describe('a release that was sealed before its rollout', () => {
  it('is opened with the id and the content digest of its stamp, and kept byte by byte', async () => {
    const pkg = await packSome();
    const sealed = await sealRelease(pkg, 'r-1', join(tempFolder(), 'sealed.zip'));
    const opened = await openSealed(sealed.path);
    expect(opened.pkg.digest).toBe(pkg.digest);
    const kept = await keepSealed(opened, join(tempFolder(), 'kept.zip'));
    expect(kept).toEqual({ ...sealed, path: kept.path });
    expect(readFileSync(kept.path)).toEqual(readFileSync(sealed.path));
  });

  it('is refused when it is none: a folder, a zip without a stamp, a stamp that says nothing, a changed file', async () => {
    const pkg = await packSome();
    const odd = await makeZip(join(tempFolder(), 'odd.zip'), [
      { path: 'host.json', content: hostJson },
      { path: stampFile, content: '{}' },
    ]);
    for (const path of [tempFolder(), pkg.path, odd])
      await expect(openSealed(path)).rejects.toMatchObject({ code: 'package-not-sealed' });
    const sealed = await sealRelease(pkg, 'r-1', join(tempFolder(), 'sealed.zip'));
    const opened = await openSealed(sealed.path);
    appendFileSync(sealed.path, 'x');
    await expect(keepSealed(opened, join(tempFolder(), 'kept.zip'))).rejects.toMatchObject({
      code: 'package-file-changed',
    });
  });

  it('has everything else that is wrong with a zip told of it as well', async () => {
    const path = await makeZip(join(tempFolder(), 'bad.zip'), [
      { path: stampFile, content: '{}' },
      { path: 'local.settings.json', content: '{}' },
    ]);
    const refused = await refusalOf(openSealed(path));
    expect(refused?.problems.map(({ path: at }) => at)).toContain('local.settings.json');
  });
});

describe('sealing a release', () => {
  withReaders('adds the stamp and changes nothing else, as independent readers see it', async () => {
    const pkg = await packSome();
    const release = await sealRelease(pkg, 'r-1', join(tempFolder(), 'sealed.zip'));
    const stamp = `{"release":"${release.id}","content":"${pkg.digest}"}`;
    expect(readWithPython(release.path)).toEqual([
      ...readWithPython(pkg.path),
      { path: stampFile, bytes: stamp.length, mode: '100644', sha256: sha256(stamp) },
    ]);
    expect(testWithUnzip(release.path)).toMatchObject({ status: 0 });
  });

  it('says what was sealed: id, both digests, size', async () => {
    const pkg = await packSome();
    const release = await sealRelease(pkg, 'r-1', join(tempFolder(), 'sealed.zip'));
    const bytes = readFileSync(release.path);
    expect(release).toEqual({
      id: `r-1.${pkg.digest.slice(0, 12)}`,
      contentDigest: pkg.digest,
      digest: sha256(bytes),
      path: release.path,
      bytes: bytes.length,
      files: pkg.files + 1,
    });
    expect(sameContent(release.id, pkg.digest)).toBe(true);
  });

  it('gives the same bytes for the same rollout and other ones for another', async () => {
    const pkg = await packSome();
    const out = tempFolder();
    const seal = async (rollout: string, name: string) =>
      (await sealRelease(pkg, rollout, join(out, name))).digest;
    const first = await seal('r-1', 'one');
    expect(await seal('r-1', 'two')).toBe(first);
    expect(await seal('r-2', 'three')).not.toBe(first);
  });

  withReaders('keeps the comment of a ready zip', async () => {
    const path = await makeZip(join(tempFolder(), 'app.zip'), [{ path: 'host.json', content: hostJson }]);
    damage(path, (bytes) => {
      bytes.writeUInt16LE(5, bytes.length - 2);
      return Buffer.concat([bytes, Buffer.from('hello')]);
    });
    const release = await sealRelease(await checkZip(path), 'r-1', join(tempFolder(), 'sealed.zip'));
    expect(readFileSync(release.path).subarray(-5).toString()).toBe('hello');
    expect(readWithPython(release.path).map((entry) => entry.path)).toEqual(['host.json', stampFile]);
  });

  it.each<[about: string, change: (path: string) => void]>([
    ['one byte of its content', (path) => void damage(path, flipByte)],
    ['its length', (path) => appendFileSync(path, 'x')],
    ['everything', (path) => writeFileSync(path, 'no zip any more')],
  ])('is refused when the package has changed since: %s', async (_, change) => {
    const pkg = await packSome();
    const out = tempFolder();
    change(pkg.path);
    expect((await refusalOf(sealRelease(pkg, 'r-1', join(out, 's.zip'))))?.code).toBe('package-file-changed');
    expect(readdirSync(out)).toEqual([]);
  });

  it('is refused when the package is gone, or sealed already', async () => {
    const pkg = await packSome();
    const out = join(tempFolder(), 's.zip');
    expect((await refusalOf(sealRelease({ ...pkg, path: '/nowhere/x.zip' }, 'r-1', out)))?.code).toBe(
      'package-unreadable',
    );
    await sealRelease(pkg, 'r-1', out);
    expect((await refusalOf(checkZip(out)))?.code).toBe('package-stamp-present');
    const sealed = {
      ...pkg,
      entries: [{ path: stampFile, kind: 'file', bytes: 1, packedBytes: 1, executable: false }],
    } as const;
    expect((await refusalOf(sealRelease(sealed, 'r-2', out)))?.code).toBe('package-stamp-present');
  });
});

describe('the id of a release', () => {
  const digest = sha256('content');

  it('is the rollout and the first 12 digits of the content', () => {
    expect(releaseIdOf('2026-01-01-abc', digest)).toBe(`2026-01-01-abc.${digest.slice(0, 12)}`);
  });

  it.each(['', 'a b', 'a/b', '"', '.x', 'x'.repeat(300)])('is not made of the rollout id %j', (rolloutId) => {
    expect(() => releaseIdOf(rolloutId, digest)).toThrow('no release id');
  });

  it('is not made of a digest that is none', () => {
    expect(() => releaseIdOf('r-1', digest.slice(1))).toThrow('no release id');
  });
});

describe('what a host returns for the stamp file', () => {
  const content = sha256('content');
  const release = `r-1.${content.slice(0, 12)}`;

  it('is read when it is a stamp', () => {
    expect(readStampFile(JSON.stringify({ release, content }))).toEqual({ release, content });
    expect(readStampFile(` {"content":"${content}","release":"${release}","more":1}\n`)).toEqual({
      release,
      content,
    });
  });

  it.each([
    ['nothing', ''],
    ['a page', '<html>not found</html>'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no release', JSON.stringify({ content })],
    ['a release that is a number', JSON.stringify({ release: 1, content })],
    ['a digest cut short', JSON.stringify({ release, content: content.slice(1) })],
    ['a release of other content', JSON.stringify({ release: 'r-1.000000000000', content })],
    ['an id with a line break', JSON.stringify({ release: `r\n1.${content.slice(0, 12)}`, content })],
    ['more than a stamp can be', JSON.stringify({ release, content, filler: 'x'.repeat(2000) })],
  ])('is no stamp: %s', (_, text) => expect(readStampFile(text)).toBeNull());
});

describe('the functions that a package names itself', () => {
  const fn = (more = '') => `{"bindings":[]${more}}`;
  it.each<[string, Record<string, string>, readonly string[] | undefined]>([
    ['folders with a function.json', { 'b/function.json': fn(), 'a/function.json': fn() }, ['a', 'b']],
    [
      'not one that is excluded, nor one deeper down',
      { 'a/function.json': fn(), 'b/function.json': fn(',"excluded":true'), 'lib/c/function.json': fn() },
      ['a'],
    ],
    [
      'only those that host.json has loaded',
      {
        'host.json': '{"version":"2.0","functions":["b"]}',
        'a/function.json': fn(),
        'b/function.json': fn(),
      },
      ['b'],
    ],
    ['one whose function.json is broken: the host must list it', { 'a/function.json': '{' }, ['a']],
    [
      'the metadata of an isolated .NET app',
      { 'functions.metadata': '\uFEFF[{"name":"Orders"},{"name":"Bill"},7]' },
      ['Bill', 'Orders'],
    ],
    ['none in metadata that is none', { 'functions.metadata': '{}' }, undefined],
    ['none where Node registers them in code', { 'src/functions/a.js': '' }, undefined],
    [
      'none where Node registers them in code beside old folders',
      {
        'package.json': '{"main":"src/*.js","dependencies":{"@azure/functions":"^4.5.0"}}',
        'a/function.json': fn(),
      },
      undefined,
    ],
    [
      'those of a Node app of the older model',
      {
        'package.json': '{"main":"x.js","dependencies":{"@azure/functions":"^3.0.0"}}',
        'a/function.json': fn(),
      },
      ['a'],
    ],
    [
      'none where Python registers them in code',
      { 'function_app.py': '', 'a/function.json': fn() },
      undefined,
    ],
  ])('are %s', async (_what, files, names) => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson, ...files });
    const pkg = await packFolder(folder, join(tempFolder(), 'pkg.zip'));
    const sealed = await sealRelease(pkg, 'r-1', join(tempFolder(), 'sealed.zip'));
    expect(sealed.functionNames).toEqual(names);
    const kept = await keepSealed(await openSealed(sealed.path), join(tempFolder(), 'kept.zip'));
    expect(kept.functionNames).toEqual(names);
  });
});
