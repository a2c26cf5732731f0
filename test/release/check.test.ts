import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkZip } from '../../src/release/check.ts';
import { packRelease } from '../../src/release/pack.ts';
import { hostJson, isThere, plantTree, refusalOf, sha256, useTempFolders } from './trees.ts';
import { damage, findRecord, makeZip, type Part } from './zips.ts';

const tempFolder = useTempFolders();
const host: Part = { path: 'host.json', content: hostJson };
const zipOf = (...parts: readonly Part[]) => makeZip(join(tempFolder(), 'app.zip'), parts);

async function refuse(path: string) {
  const refusal = await refusalOf(checkZip(path));
  return { code: refusal?.code, message: refusal?.message, next: refusal?.next, problems: refusal?.problems };
}

describe('a ready zip', () => {
  it('is described as it is, and used where it lies', async () => {
    const path = await zipOf(
      { path: 'b/', content: '' },
      { path: 'run', content: '#!', executable: true },
      { path: 'a.txt', content: 'a'.repeat(999), deflate: true },
      host,
    );
    const outPath = join(tempFolder(), 'out.zip');
    const pkg = await packRelease(path, { outPath });
    const bytes = readFileSync(path);
    expect(pkg).toMatchObject({
      source: path,
      path,
      digest: sha256(bytes),
      bytes: bytes.length,
      files: 3,
      leftOut: [],
      warnings: [],
    });
    expect(pkg.contentBytes).toBe(999 + 2 + hostJson.length);
    expect(pkg.entries.map(({ path: name, kind, executable }) => [name, kind, executable])).toEqual([
      ['a.txt', 'file', false],
      ['b/', 'folder', false],
      ['host.json', 'file', false],
      ['run', 'file', true],
    ]);
  });

  it('may be large, and is read through in pieces', async () => {
    const content = Buffer.alloc(3_000_000, 'some text or other ');
    const path = await zipOf(host, { path: 'deflated', content, deflate: true }, { path: 'stored', content });
    expect((await checkZip(path)).contentBytes).toBe(6_000_000 + hostJson.length);
    damage(path, (bytes) => {
      bytes[bytes.length - 400] = 1;
    });
    expect(await refuse(path)).toMatchObject({
      code: 'package-zip-damaged',
      message: 'stored is damaged: its checksum (CRC-32) is wrong',
    });
  });

  (isThere('zip') ? it : it.skip)(
    'of Info-ZIP is taken, exec bits and data descriptors included',
    async () => {
      const folder = plantTree(tempFolder(), {
        'host.json': hostJson,
        handler: { exec: 'x'.repeat(100) },
        'ü/ß': 'u',
      });
      const path = join(tempFolder(), 'app.zip');
      spawnSync('zip', ['-qr', path, '.'], { cwd: folder });
      expect(
        (await checkZip(path)).entries.filter((entry) => entry.executable && entry.kind === 'file'),
      ).toHaveLength(1);
    },
  );

  it('may have a comment', async () => {
    const path = await zipOf(host);
    damage(path, (bytes) => {
      bytes.writeUInt16LE(5, bytes.length - 2);
      return Buffer.concat([bytes, Buffer.from('hello')]);
    });
    expect((await checkZip(path)).files).toBe(1);
  });
});

describe('a zip that is none', () => {
  it.each<[about: string, make: (zip: Buffer) => Uint8Array, message: RegExp]>([
    ['an empty file', () => Buffer.alloc(0), /no central directory/],
    ['a text', () => Buffer.from('host.json'), /no central directory/],
    ['the first half of a zip', (zip) => zip.subarray(0, zip.length / 2), /no central directory/],
    [
      'a zip with something behind it',
      (zip) => Buffer.concat([zip, Buffer.from('x')]),
      /goes on after its end/,
    ],
    [
      'a zip with something in front of it',
      (zip) => Buffer.concat([Buffer.from('#!/bin/sh\n'), zip]),
      /offsets in it do not fit/,
    ],
    ['a tar', () => Buffer.alloc(10_240, 'ustar'), /no central directory/],
  ])('%s is refused as such', async (_, make, message) => {
    const path = await zipOf(host, { path: 'a', content: 'a'.repeat(200) });
    damage(path, make);
    const { code, message: said } = await refuse(path);
    expect(code).toBe('package-not-a-zip');
    expect(said).toMatch(message);
  });

  it('that lists more than it counts is refused: others would unpack what was not checked', async () => {
    const path = await zipOf(host, { path: 'hidden' });
    damage(path, (bytes) => void bytes.writeUInt16LE(1, bytes.length - 12));
    const { code, message } = await refuse(path);
    expect([code, message]).toEqual([
      'package-zip-damaged',
      "The zip's directory cannot be read: it is longer than its 1 entries.",
    ]);
  });

  it('a part of several is refused', async () => {
    const path = await zipOf(host);
    damage(path, (bytes) => void bytes.writeUInt16LE(1, bytes.length - 18));
    expect(await refuse(path)).toMatchObject({ code: 'package-not-a-zip' });
  });
});

describe('what is in a zip', () => {
  it.each<[code: string, parts: readonly Part[], message: RegExp]>([
    ['package-name', [{ path: '../evil' }], /leads out of the package/],
    ['package-name', [{ path: 'a/../../evil' }], /leads out of the package/],
    ['package-name', [{ path: '/etc/passwd' }], /absolute path/],
    ['package-name', [{ path: 'C:/windows' }], /absolute path/],
    ['package-name', [{ path: 'a\\b' }], /backslash/],
    ['package-name', [{ path: 'a//b' }], /empty or "\." part/],
    ['package-name', [{ path: 'a\u001bb' }], /^a\\u\{1b\}b has a control character/],
    ['package-zip-duplicate', [{ path: 'a' }, { path: 'a' }], /more than once/],
    ['package-zip-duplicate', [{ path: 'a' }, { path: 'a/' }], /more than once/],
    ['package-zip-duplicate', [{ path: 'a' }, { path: 'a/b/c' }], /lies in a, which is a file/],
    [
      'package-local-settings',
      [{ path: 'local.settings.json', content: '{"Values":{"K":"hunter2"}}' }],
      /local secrets/,
    ],
    ['package-local-settings', [{ path: 'sub/Local.Settings.JSON' }], /local secrets/],
    ['package-stamp-present', [{ path: 'slotwave.release.json' }], /slotwave sealed/],
  ])('%s: %j is refused', async (code, parts, message) => {
    const refused = await refuse(await zipOf(host, ...parts));
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
    // Names may be shown; what is in the files must not be.
    expect(JSON.stringify(refused)).not.toContain('hunter2');
  });

  it('all problems come at once', async () => {
    const { code, problems } = await refuse(
      await zipOf({ path: '../a' }, { path: 'x' }, { path: 'x' }, { path: 'local.settings.json' }),
    );
    expect(code).toBe('package-unfit');
    expect(problems?.map(({ path }) => path)).toEqual([undefined, '../a', 'local.settings.json', 'x']);
  });

  it('host.json is demanded at the root', async () => {
    expect(
      await refuse(await zipOf({ path: 'app/' }, { path: 'app/host.json', content: hostJson })),
    ).toMatchObject({
      code: 'package-host-json-missing',
      next: 'Everything lies in the folder app/: zip what is in the folder, not the folder.',
    });
    expect((await refuse(await zipOf({ path: 'x' }, { path: 'a/b/host.json' }))).next).toBe(
      'Zip the content of a/b/ only.',
    );
    expect((await refuse(await zipOf())).code).toBe('package-host-json-missing');
    expect((await refuse(await zipOf({ path: 'host.json', content: 'no' }))).code).toBe(
      'package-host-json-invalid',
    );
  });

  const directory = 'PK\x01\x02';
  it.each<[code: string, message: RegExp, change: (bytes: Buffer) => void]>([
    [
      'package-zip-encrypted',
      /^a is encrypted/,
      (b) => void b.writeUInt16LE(0x0801, findRecord(b, directory, 1) + 8),
    ],
    [
      'package-zip-encrypted',
      /strong encryption/,
      (b) => void b.writeUInt16LE(0x0841, findRecord(b, directory, 1) + 8),
    ],
    [
      'package-zip-method',
      /^a is compressed with method 14/,
      (b) => void b.writeUInt16LE(14, findRecord(b, directory, 1) + 10),
    ],
    [
      'package-link-in-zip',
      /^a is a symbolic link/,
      (b) => void b.writeUInt32LE(0o120777 * 65_536, findRecord(b, directory, 1) + 38),
    ],
    [
      'package-zip-damaged',
      /^a is damaged: its checksum/,
      (b) => void b.writeUInt32LE(1, findRecord(b, directory, 1) + 16),
    ],
    [
      'package-zip-damaged',
      /^a is damaged: .*another name/,
      (b) => void b.write('z', findRecord(b, 'PK\x03\x04', 1) + 30),
    ],
    [
      'package-zip-damaged',
      /^a is damaged: its header is not where/,
      (b) => void b.writeUInt32LE(7, findRecord(b, directory, 1) + 42),
    ],
    [
      'package-zip-damaged',
      /directory cannot be read/,
      (b) => void b.write('XX', findRecord(b, directory, 1)),
    ],
  ])('%s %s', async (code, message, change) => {
    const path = await zipOf(host, { path: 'a', content: 'aaaa' });
    damage(path, (bytes) => change(bytes));
    const refused = await refuse(path);
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
  });

  it.each([[3000], [2_000_000]])(
    'an entry of %d bytes that unpacks to more or less than it says is refused',
    async (bytes) => {
      for (const claimed of [bytes - 1, bytes + 1]) {
        const path = await zipOf(host, { path: 'a', content: 'a'.repeat(bytes), deflate: true });
        damage(path, (zip) => void zip.writeUInt32LE(claimed, findRecord(zip, directory, 1) + 24));
        expect((await refuse(path)).code).toBe('package-zip-damaged');
      }
    },
  );

  it('a deflated stream that is broken is refused', async () => {
    const path = await zipOf(host, { path: 'a', content: 'a'.repeat(99), deflate: true });
    damage(
      path,
      (zip) => void zip.fill(0xff, findRecord(zip, 'PK\x03\x04', 1) + 31, findRecord(zip, directory)),
    );
    expect((await refuse(path)).message).toMatch(/^a is damaged: it cannot be unpacked/);
  });

  it('more than the limits is refused before anything is read', async () => {
    const path = await zipOf(host, { path: 'a' }, { path: 'b' });
    expect((await refusalOf(checkZip(path, { maxBytes: 100 })))?.code).toBe('package-too-large');
    expect((await refusalOf(checkZip(path, { maxEntries: 2 })))?.code).toBe('package-too-many-files');
  });
});

describe('a warning', () => {
  it('is given for names that go wrong on Windows', async () => {
    const { warnings } = await checkZip(
      await zipOf(
        host,
        { path: 'Read.me' },
        { path: 'read.ME' },
        { path: 'x/con.txt' },
        { path: 'x/a:b' },
        { path: 'end./x' },
      ),
    );
    expect(warnings.map(({ code, paths }) => [code, paths])).toEqual(
      [
        ['package-case-twins', ['Read.me', 'read.ME']],
        ['package-windows-names', ['end./x', 'x/a:b', 'x/con.txt']],
      ].map((row) => row),
    );
  });

  it('is given for a custom handler that cannot be started', async () => {
    const handled = {
      path: 'host.json',
      content: '{"customHandler":{"description":{"defaultExecutablePath":"handler"}}}',
    };
    const { warnings } = await checkZip(await zipOf(handled, { path: 'handler' }));
    expect(warnings.map(({ code }) => code)).toEqual(['package-handler-not-executable']);
    expect((await checkZip(await zipOf(handled, { path: 'handler', executable: true }))).warnings).toEqual(
      [],
    );
  });

  it('is given for names without an encoding', async () => {
    const path = await zipOf(host, { path: 'ü' });
    damage(path, (bytes) => {
      bytes.writeUInt16LE(0, findRecord(bytes, 'PK\x01\x02', 1) + 8);
    });
    expect((await checkZip(path)).warnings.map(({ code }) => code)).toEqual(['package-name-encoding']);
  });
});

it('checking leaves the zip and its folder as they are', async () => {
  const folder = tempFolder();
  const path = await makeZip(join(folder, 'app.zip'), [host]);
  writeFileSync(join(folder, 'other'), '');
  await packRelease(path, { outPath: join(folder, 'out.zip') });
  expect(readdirSync(folder)).toEqual(['app.zip', 'other']);
});
