import zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32InScript, joinCrcs } from '../../src/release/crc.ts';
import { deflatePiece, deflateWhole, pieceBytes } from '../../src/release/deflate.ts';
import { readHostJson } from '../../src/release/host-json.ts';
import { describePackage } from '../../src/release/listing.ts';
import { findNameProblem, printable } from '../../src/release/names.ts';
import type { Package } from '../../src/release/package.ts';
import { buildDirectoryRecord, moveRecords } from '../../src/release/zip-records.ts';

describe('CRC-32', () => {
  it('in script is what zlib computes, in one piece or in several', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(crc32InScript(b, crc32InScript(a))).toBe(zlib.crc32(Buffer.concat([a, b])));
      }),
    );
  });

  it('of two pieces in a row comes from the sums of both', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ size: 'large' }), (a, b) => {
        expect(joinCrcs(zlib.crc32(a), zlib.crc32(b), b.length)).toBe(zlib.crc32(Buffer.concat([a, b])));
      }),
    );
  });
});

describe('records of the directory', () => {
  it('are moved to what they would be at their place, beyond 4 GiB too', () => {
    const entryArb = fc.record({
      name: fc.string({ minLength: 1 }).map((name) => Buffer.from(name)),
      sums: fc.record({ crc: fc.nat(), bytes: fc.nat(), packedBytes: fc.nat({ max: 100_000 }) }),
      executable: fc.boolean(),
    });
    const byArb = fc.oneof(
      fc.nat({ max: 2 ** 31 - 1 }),
      fc.integer({ min: 2 ** 32 - 300_000, max: 2 ** 32 + 300_000 }),
    );
    fc.assert(
      fc.property(fc.array(entryArb, { maxLength: 5 }), byArb, (entries, by) => {
        const listAt = (from: number) => {
          let offset = from;
          const records = entries.map((entry) => {
            const fixed = { kind: 'file', method: 'deflated', large: false, deferred: false } as const;
            const record = buildDirectoryRecord({ ...entry, ...fixed, offset });
            offset += 30 + entry.name.length + entry.sums.packedBytes;
            return record;
          });
          return Buffer.concat(records);
        };
        const { moved, packedBytes } = moveRecords(listAt(0), by);
        expect(Buffer.concat(moved).toString('hex')).toBe(listAt(by).toString('hex'));
        expect(packedBytes).toEqual(entries.map(({ sums }) => sums.packedBytes));
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

  it('unpacks to what was packed, in pieces of any length that are put behind each other', () => {
    const pieceArb = fc.tuple(fc.integer({ min: 1, max: 70_000 }), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(pieceArb, { minLength: 1, maxLength: 5 }), fc.boolean(), (shapes, noisy) => {
        const pieces = shapes.map(([length, period]) =>
          Buffer.from(
            Array.from(
              { length },
              (_, at) => (noisy ? at * at * 31 + (at >> 3) : (at % period) * (at >> 9)) & 255,
            ),
          ),
        );
        const packed = pieces.map((piece, index) =>
          Buffer.from(deflatePiece(piece, index === pieces.length - 1)),
        );
        expect(zlib.inflateRawSync(Buffer.concat(packed)).equals(Buffer.concat(pieces))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('takes a whole piece that cannot be shortened, and no more than that', () => {
    let state = 1;
    const noise = Buffer.from(
      Array.from({ length: pieceBytes }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state >>> 24;
      }),
    );
    for (const isLast of [true, false]) {
      const packed = Buffer.from(deflatePiece(noise, isLast));
      expect(packed.length).toBeLessThan(pieceBytes + 200);
      const ended = isLast ? [packed] : [packed, deflatePiece(Buffer.from('x'), true)];
      expect(zlib.inflateRawSync(Buffer.concat(ended)).subarray(0, pieceBytes).equals(noise)).toBe(true);
    }
    expect(() => deflatePiece(Buffer.concat([noise, noise]), true)).toThrow('a piece of 2097152 bytes');
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
