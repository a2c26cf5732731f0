import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openPromise } from 'yauzl';
import { checkZip } from '../../src/release/check.ts';
import { crc32 } from '../../src/release/crc.ts';
import { packFolder } from '../../src/release/pack.ts';
import { sealRelease } from '../../src/release/stamp.ts';
import { type ByteSink, ZipWriter } from '../../src/release/zip.ts';
import { readZipEnd } from '../../src/release/zip-read.ts';
import { buildDataDescriptor } from '../../src/release/zip-records.ts';
import {
  hostJson,
  isThere,
  plantTree,
  readWithPython,
  sha256,
  type Tree,
  testWithUnzip,
  useTempFolders,
} from './trees.ts';
import { makeZip, writeParts } from './zips.ts';

const tempFolder = useTempFolders();
const hasReaders = isThere('python3') && isThere('unzip');
const withReaders = hasReaders ? it : it.skip;

/** Writes zeros as holes: a file of many gigabytes takes no room and no time. */
class SparseFile implements ByteSink {
  readonly #handle: FileHandle;
  #position = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes !== zeros) await this.#handle.write(bytes, 0, bytes.length, this.#position);
    this.#position += bytes.length;
  }
}

const zeros = new Uint8Array(64 * 1024 * 1024);

async function writeSparse(path: string, write: (writer: ZipWriter) => Promise<void>): Promise<string> {
  const handle = await open(path, 'w');
  const writer = new ZipWriter(new SparseFile(handle));
  await write(writer);
  await writer.finish();
  await handle.close();
  return path;
}

async function countWithYauzl(path: string): Promise<number> {
  const zip = await openPromise(path);
  let count = 0;
  for await (const _ of zip.eachEntry()) count++;
  return count;
}

describe('more entries than 65,535', () => {
  withReaders('are packed, read by others, sealed, and read again', async () => {
    // 700 files seen through 100 links are 70,000 entries, and quick to plant.
    const tree: Record<string, Tree[string]> = { 'host.json': hostJson };
    for (let n = 0; n < 700; n++) tree[`lib/f${n}`] = `${n}`;
    for (let n = 1; n < 100; n++) tree[`l${n}`] = { link: 'lib' };
    const pkg = await packFolder(plantTree(tempFolder(), tree), join(tempFolder(), 'many.zip'));
    expect(pkg.files).toBe(70_001);
    expect(await countWithYauzl(pkg.path)).toBe(70_001);
    const release = await sealRelease(pkg, 'r-1', join(tempFolder(), 'sealed.zip'));
    const read = readWithPython(release.path, ['l42/f7', 'slotwave.release.json']);
    expect(read).toHaveLength(70_002);
    expect(read.find((entry) => entry.path === 'l42/f7')?.sha256).toBe(sha256('7'));
    expect(testWithUnzip(release.path)).toMatchObject({ status: 0 });
  });

  withReaders(
    'are told from 65,534, which is the most without zip64, also when sealing crosses the border',
    async () => {
      const names = Array.from({ length: 65_533 }, (_, n) => ({ path: `f${n}` }));
      const path = await makeZip(join(tempFolder(), 'border.zip'), [
        { path: 'host.json', content: hostJson },
        ...names,
      ]);
      const release = await sealRelease(await checkZip(path), 'r-1', join(tempFolder(), 'sealed.zip'));
      expect(
        [path, release.path].map((zip) => readFileSync(zip).includes('PK\x06\x06', 0, 'latin1')),
      ).toEqual([false, true]);
      expect(readWithPython(release.path, ['host.json'])).toHaveLength(65_535);
    },
  );
});

describe('more than 4 GiB', () => {
  withReaders('in one entry and in front of the next are read by others', async () => {
    const bytes = 65 * zeros.length;
    const path = await writeSparse(join(tempFolder(), 'huge.zip'), async (writer) => {
      let crc = 0;
      for (let n = 0; n < 65; n++) crc = crc32(zeros, crc);
      const sums = { crc, bytes, packedBytes: bytes };
      await writer.open({
        name: Buffer.from('huge'),
        kind: 'file',
        executable: false,
        method: 'stored',
        sums,
        large: true,
      });
      for (let n = 0; n < 65; n++) await writer.write(zeros);
      await writer.close(sums);
      await writeParts(writer, [{ path: 'after', content: 'behind 4 GiB' }]);
    });
    const [huge, after] = readWithPython(path, ['after']);
    expect(huge).toMatchObject({ path: 'huge', bytes });
    expect(after).toMatchObject({ path: 'after', sha256: sha256('behind 4 GiB') });
    const zip = await openPromise(path);
    const listed = [];
    for await (const entry of zip.eachEntry())
      listed.push([entry.fileName, entry.uncompressedSize, entry.relativeOffsetOfLocalHeader]);
    expect(listed).toEqual([
      ['huge', bytes, 0],
      ['after', 12, bytes + 30 + 4 + 20],
    ]);
    const handle = await open(path, 'r');
    expect(await readZipEnd(handle, (await handle.stat()).size)).toMatchObject({ entries: 2 });
    await handle.close();
  });

  it('is 8 bytes a size in the descriptor behind an entry whose header promised zip64', () => {
    const header = {
      name: Buffer.from('x'),
      kind: 'file',
      executable: false,
      method: 'deflated',
      sums: null,
    } as const;
    const sums = { crc: 0x12345678, bytes: 2 ** 33, packedBytes: 5 };
    expect(buildDataDescriptor({ ...header, large: true }, sums).toString('hex')).toBe(
      '504b0708785634120500000000000000000000000200' + '0000',
    );
    expect(buildDataDescriptor({ ...header, large: false }, { ...sums, bytes: 6 }).toString('hex')).toBe(
      '504b0708785634120500000006000000',
    );
  });
});
