import zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32InScript } from '../../src/release/crc.ts';
import { createDeflater, deflateChunkBytes, deflateWhole } from '../../src/release/deflate.ts';
import { readHostJson } from '../../src/release/host-json.ts';
import { describePackage } from '../../src/release/listing.ts';
import { findNameProblem, printable } from '../../src/release/names.ts';
import type { Package } from '../../src/release/package.ts';

describe('CRC-32', () => {
  it('in script is what zlib computes, in one piece or in several', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(crc32InScript(b, crc32InScript(a))).toBe(zlib.crc32(Buffer.concat([a, b])));
      }),
    );
  });
});

describe('deflate', () => {
  it('unpacks to what was packed, whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 20 }), (bytes, times) => {
        const content = Buffer.concat(Array.from({ length: times }, () => bytes));
        const { method, bytes: packed } = deflateWhole('x', content);
        expect(
          (method === 'deflated' ? zlib.inflateRawSync(packed) : Buffer.from(packed)).equals(content),
        ).toBe(true);
        expect(packed.length).toBeLessThanOrEqual(content.length);
      }),
    );
  });

  it('unpacks to what was packed, streamed, for any length around the borders of its chunks', () => {
    const lengthArb = fc.oneof(
      fc.nat({ max: 300_000 }),
      fc.integer({ min: -3, max: 3 }).map((n) => 3 * deflateChunkBytes + n),
    );
    fc.assert(
      fc.property(lengthArb, fc.integer({ min: 1, max: 255 }), (length, period) => {
        const content = Buffer.from(Array.from({ length }, (_, at) => ((at % period) * (at >> 9)) & 255));
        const deflater = createDeflater();
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < length; at += deflateChunkBytes)
          pieces.push(deflater.push(content.subarray(at, at + deflateChunkBytes)));
        pieces.push(deflater.end());
        expect(zlib.inflateRawSync(Buffer.concat(pieces)).equals(content)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('host.json', () => {
  it.each([
    ['{}', null],
    ['\ufeff{"version":"2.0"}', null],
    ['// one\n{ /* two */ "a": "// not one", "b": [1,2,], }', null],
    ['{"customHandler":{"description":{"defaultExecutablePath":"./app"}}}', 'app'],
    ['{"customHandler":{"description":{"defaultExecutablePath":"bin\\\\app.exe"}}}', 'bin/app.exe'],
    ['{"customHandler":{"description":{"defaultExecutablePath":7}}}', null],
    ['{"customHandler":null}', null],
  ])('%j is read', (text, customHandler) => expect(readHostJson(text)).toEqual({ ok: true, customHandler }));

  it.each(['{', '{"a":}', '{} {}', '/* {}', '"/*" "*/"', '{"a" "b"}'])('%j is refused', (text) => {
    expect(readHostJson(text).ok).toBe(false);
  });
});

describe('names', () => {
  it.each(['a', 'a/b', 'a/', '.hidden', '..a', 'a..', 'a b', 'ü/名/🚀', "it's", '%2e%2e/x', '~'])(
    '%j can be shipped',
    (path) => {
      expect(findNameProblem(path)).toBeNull();
    },
  );

  it.each([
    '',
    '/',
    '/a',
    '../a',
    'a/..',
    '..',
    '.',
    './a',
    'a//b',
    'a\\b',
    'C:/a',
    'a\u0000b',
    'a\u0085b',
    'a\ud800',
    'x'.repeat(65_536),
  ])('%j cannot', (path) => expect(findNameProblem(path)).not.toBeNull());

  it('are shown without what a terminal would act upon', () => {
    expect(printable('a\u001b[2J\r\n\u202eb ü🚀')).toBe('a\\u{1b}[2J\\u{d}\\u{a}\\u{202e}b ü🚀');
  });
});

describe('a package in words', () => {
  const pkg: Package = {
    source: './app',
    path: '.slotwave/app.zip',
    digest: 'd'.repeat(64),
    bytes: 1234,
    contentBytes: 4321,
    files: 2,
    entries: [
      { path: 'bin/tool', kind: 'file', bytes: 4000, packedBytes: 900, executable: true },
      { path: 'evil\u001b[31m', kind: 'file', bytes: 321, packedBytes: 100, executable: false },
      { path: 'tmp/', kind: 'folder', bytes: 0, packedBytes: 0, executable: false },
    ],
    leftOut: [
      { path: 'local.settings.json', why: 'never shipped: local settings hold secrets' },
      { path: 'test/', why: '.funcignore line 3: test/' },
    ],
    warnings: [{ code: 'package-case-twins', message: 'Twins.', paths: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }],
  };

  it('is totals, digest and warnings', () => {
    expect(describePackage({ ...pkg, warnings: [] }, { list: false })).toEqual([
      '.slotwave/app.zip from ./app',
      '  files    2 (2 left out; --list shows all)',
      '  bytes    1234, unpacked 4321',
      `  sha256   ${'d'.repeat(64)}`,
    ]);
    const warned = describePackage(pkg, { list: false });
    expect(warned.slice(0, 3)).toEqual(['Warning: Twins.', '  a', '  b']);
    expect(warned).toContain('  … and 2 more');
  });

  it('is every path that is in and that is not when it is asked for', () => {
    expect(describePackage({ ...pkg, warnings: [] }, { list: true }).slice(0, 8)).toEqual([
      ' bytes  packed     path',
      '  4000     900  x  bin/tool',
      '   321     100     evil\\u{1b}[31m',
      '     0       0     tmp/',
      '',
      'Left out:',
      '  local.settings.json  never shipped: local settings hold secrets',
      '  test/                .funcignore line 3: test/',
    ]);
    expect(describePackage({ ...pkg, leftOut: [] }, { list: true })).toContain('Nothing was left out.');
  });
});
