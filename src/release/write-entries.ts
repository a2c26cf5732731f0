/** Moves the files that were found into the zip: small ones in one piece, large ones stream through. */
import { createPause, readInChunks, readStart, refuseChanged, wholeBytes } from './content.ts';
import { crc32 } from './crc.ts';
import { createDeflater, deflateChunkBytes, deflateWhole, isIncompressible } from './deflate.ts';
import type { PackedEntry } from './package.ts';
import type { FoundEntry } from './walk.ts';
import type { ZipWriter } from './zip.ts';
import type { EntrySums } from './zip-records.ts';

export interface WriteWatcher {
  /** So many more bytes were read and packed. What it throws ends the writing. */
  onBytes(byteCount: number): void;
  onEntry(packed: PackedEntry): void;
}

/** Writes one entry after the other in the given order. */
export async function writeEntries(
  writer: ZipWriter,
  entries: readonly FoundEntry[],
  watcher: WriteWatcher,
): Promise<void> {
  const pause = createPause();
  for (const entry of entries) {
    const small = entry.bytes <= wholeBytes;
    const { packedBytes } = await (small ? writeWhole(writer, entry) : writeStreamed(writer, entry, watcher));
    if (small) watcher.onBytes(entry.bytes);
    const { path, kind, bytes, executable } = entry;
    watcher.onEntry({ path, kind, bytes, packedBytes, executable });
    await pause(entry.bytes);
  }
}

async function writeWhole(writer: ZipWriter, entry: FoundEntry): Promise<EntrySums> {
  const content = entry.kind === 'folder' ? Buffer.alloc(0) : readStart(entry, entry.bytes);
  const { method, bytes: packed } = deflateWhole(entry.path, content);
  const crc = crc32(content);
  const sums = { crc, bytes: content.length, packedBytes: packed.length };
  await writer.open({ ...entry, method, sums, large: false });
  await writer.write(packed);
  return writer.close(sums);
}

async function writeStreamed(
  writer: ZipWriter,
  entry: FoundEntry,
  watcher: WriteWatcher,
): Promise<EntrySums> {
  const inVain = isIncompressible(entry.path, readStart(entry, wholeBytes));
  return inVain ? writeStored(writer, entry, watcher) : writeDeflated(writer, entry, watcher);
}

/** Read twice, for the sum and for the content: a stored entry with its sum behind it cannot be read in one pass. */
async function writeStored(writer: ZipWriter, entry: FoundEntry, watcher: WriteWatcher): Promise<EntrySums> {
  let crc = 0;
  await readInChunks(entry, wholeBytes, (chunk) => {
    crc = crc32(chunk, crc);
  });
  const sums = { crc, bytes: entry.bytes, packedBytes: entry.bytes };
  await writer.open({ ...entry, method: 'stored', sums, large: entry.bytes >= largeBytes });
  let crcAgain = 0;
  await readInChunks(entry, wholeBytes, (chunk) => {
    crcAgain = crc32(chunk, crcAgain);
    watcher.onBytes(chunk.length);
    return writer.write(chunk);
  });
  return crcAgain === crc ? writer.close(sums) : refuseChanged(entry);
}

async function writeDeflated(
  writer: ZipWriter,
  entry: FoundEntry,
  watcher: WriteWatcher,
): Promise<EntrySums> {
  await writer.open({ ...entry, method: 'deflated', sums: null, large: entry.bytes >= largeBytes });
  const deflater = createDeflater();
  let crc = 0;
  await readInChunks(entry, deflateChunkBytes, (chunk) => {
    crc = crc32(chunk, crc);
    watcher.onBytes(chunk.length);
    return writer.write(deflater.push(chunk));
  });
  await writer.write(deflater.end());
  return writer.close({ crc, bytes: entry.bytes });
}

/** Deflate can lengthen what it cannot shorten, by far less than this margin below 4 GiB. */
const largeBytes = 0xffffffff - 64 * 1024 * 1024;
