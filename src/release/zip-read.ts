/** Reads zips that others wrote: where the directory is, what it lists, and whether the content is what it says. */
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw, inflateRawSync } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, getFileNameLowLevel, RandomAccessReader } from 'yauzl';
import { fill, fillSync } from './content.ts';
import { crc32 } from './crc.ts';
import { messageOf } from './problems.ts';
import { overflow16, overflow32 } from './zip-records.ts';

export interface ZipEnd {
  readonly entries: number;
  readonly directoryOffset: number;
  readonly directoryBytes: number;
  readonly comment: Buffer;
}

export interface ListedEntry {
  readonly path: string;
  readonly rawName: Buffer;
  readonly kind: 'file' | 'folder' | 'link';
  readonly method: number;
  readonly encrypted: boolean;
  /** False: the name has other than ASCII letters and does not say in which encoding. */
  readonly nameIsClear: boolean;
  readonly executable: boolean;
  readonly crc: number;
  readonly bytes: number;
  readonly packedBytes: number;
  readonly offset: number;
}

/** Finds the central directory. A text: why this is no zip, or not one that can be relied on. */
export async function readZipEnd(handle: FileHandle, fileBytes: number): Promise<ZipEnd | string> {
  const tail = await readAt(handle, Math.max(0, fileBytes - endBytes - overflow16), endBytes + overflow16);
  const at = tail.lastIndexOf('PK\x05\x06', Math.max(0, tail.length - endBytes), 'latin1');
  if (tail.length < endBytes || at < 0) return 'it has no central directory: it is cut off, or no zip at all';
  const comment = tail.subarray(at + endBytes);
  if (tail.readUInt16LE(at + 20) !== comment.length)
    return 'it goes on after its end, or its comment is damaged';
  if (tail.readUInt16LE(at + 4) !== 0 || tail.readUInt16LE(at + 6) !== 0) return 'it is one part of several';
  const endOffset = fileBytes - tail.length + at;
  const short = {
    entries: tail.readUInt16LE(at + 10),
    directoryBytes: tail.readUInt32LE(at + 12),
    directoryOffset: tail.readUInt32LE(at + 16),
  };
  const long = await readZip64End(handle, endOffset);
  if (typeof long === 'string') return long;
  if (!long && short.directoryOffset === overflow32) return 'its zip64 records are missing';
  const end = { ...(long ?? { ...short, startsAt: endOffset }), comment };
  if (end.directoryOffset + end.directoryBytes !== end.startsAt) {
    return 'something stands before its first entry or around its directory, and the offsets in it do not fit';
  }
  const head = await readAt(handle, 0, 4);
  const startsWell = end.entries === 0 || head.toString('latin1') === 'PK\x03\x04';
  return startsWell ? end : 'it starts with something else than an entry (a self-extracting archive?)';
}

/** Lists the central directory. Throws yauzl's errors, which say what is malformed, and one of the same kind. */
export async function listZip(
  handle: FileHandle,
  fileBytes: number,
  end: ZipEnd,
): Promise<readonly ListedEntry[]> {
  // Names and sizes are judged here, because yauzl stops at the first that it does not like; we name them all.
  const lenient = { decodeStrings: false, validateEntrySizes: false, autoClose: false };
  const zip = await fromRandomAccessReaderPromise(new DirectReader(handle.fd), fileBytes, lenient);
  const listed: ListedEntry[] = [];
  let directoryBytes = 0;
  for await (const entry of zip.eachEntry()) {
    listed.push(describeEntry(entry));
    directoryBytes += 46 + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
  }
  // Without this a count that wrapped around at 65,536 would hide entries that other unpackers find.
  if (directoryBytes !== end.directoryBytes)
    throw new Error(`it is longer than its ${listed.length} entries`);
  return listed;
}

/** Reads an entry's content to its end and compares it with the directory; null when all is well. */
export async function findDamage(handle: FileHandle, entry: ListedEntry): Promise<string | null> {
  try {
    const wanted = localHeaderBytes + entry.rawName.length + extraGuessBytes;
    const small = entry.packedBytes <= inMemoryBytes && entry.bytes <= inMemoryBytes;
    const head = readAtSync(handle, entry.offset, wanted + (small ? entry.packedBytes : 0));
    if (head.length < localHeaderBytes || head.readUInt32LE(0) !== 0x04034b50)
      return 'its header is not where the directory says';
    const nameEnd = localHeaderBytes + head.readUInt16LE(26);
    if (!head.subarray(localHeaderBytes, nameEnd).equals(entry.rawName))
      return 'its header gives another name than the directory';
    const start = nameEnd + head.readUInt16LE(28);
    const packed = head.subarray(start, start + entry.packedBytes);
    const inHead = small && packed.length === entry.packedBytes;
    const sums = inHead ? sumWhole(entry, packed) : await sumStreamed(handle, entry, entry.offset + start);
    if (sums.bytes !== entry.bytes) return `it has ${sums.bytes} bytes, the directory says ${entry.bytes}`;
    return sums.crc === entry.crc ? null : 'its checksum (CRC-32) is wrong';
  } catch (error) {
    return `it cannot be unpacked: ${messageOf(error)}`;
  }
}

/** The content of a small entry; at most `limitBytes` of it. */
export async function readEntry(handle: FileHandle, entry: ListedEntry, limitBytes: number): Promise<Buffer> {
  const head = await readAt(handle, entry.offset, localHeaderBytes);
  const start = entry.offset + localHeaderBytes + head.readUInt16LE(26) + head.readUInt16LE(28);
  const packed = await readAt(handle, start, Math.min(entry.packedBytes, limitBytes));
  return entry.method === 8 ? inflateRawSync(packed, { maxOutputLength: limitBytes }) : packed;
}

/** As many bytes as there are from `position` on, `byteCount` at most. */
export async function readAt(handle: FileHandle, position: number, byteCount: number): Promise<Buffer> {
  const bytes = Buffer.alloc(byteCount);
  return bytes.subarray(0, await fill(handle, bytes, position));
}

function readAtSync(handle: FileHandle, position: number, byteCount: number): Buffer {
  const bytes = Buffer.allocUnsafe(byteCount);
  return bytes.subarray(0, fillSync(handle.fd, bytes, position));
}

/** The range in pieces. A file handle's own streams would leave a listener on it each. */
export async function* readRange(
  handle: FileHandle,
  start: number,
  byteCount: number,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < byteCount; ) {
    const piece = await readAt(handle, start + at, Math.min(pieceBytes, byteCount - at));
    if (piece.length === 0) return;
    yield piece;
    at += piece.length;
  }
}

/** Two reads an entry are too many for a trip through the thread pool each. */
class DirectReader extends RandomAccessReader {
  readonly #fd: number;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override read(
    into: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead?: number) => void,
  ): void {
    const filled = fillSync(this.#fd, into.subarray(offset, offset + length), position);
    done(null, filled);
  }
}

const endBytes = 22;
const localHeaderBytes = 30;
/** Most local headers have no more extra fields than this; those that have are read in a second step. */
const extraGuessBytes = 64;
const inMemoryBytes = 1024 * 1024;
const pieceBytes = 1024 * 1024;

interface Zip64End {
  readonly entries: number;
  readonly directoryBytes: number;
  readonly directoryOffset: number;
  readonly startsAt: number;
}

async function readZip64End(handle: FileHandle, endOffset: number): Promise<Zip64End | string | null> {
  if (endOffset < 20) return null;
  const locator = await readAt(handle, endOffset - 20, 20);
  if (locator.readUInt32LE(0) !== 0x07064b50) return null;
  const startsAt = Number(locator.readBigUInt64LE(8));
  const record = await readAt(handle, Math.min(startsAt, endOffset), 56);
  if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50) return 'its zip64 records are damaged';
  return {
    entries: Number(record.readBigUInt64LE(32)),
    directoryBytes: Number(record.readBigUInt64LE(40)),
    directoryOffset: Number(record.readBigUInt64LE(48)),
    startsAt,
  };
}

function describeEntry(entry: Entry): ListedEntry {
  const unixMode = isFromUnix(entry) ? entry.externalFileAttributes >>> 16 : 0;
  const path = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  const isLink = (unixMode & 0o170000) === 0o120000;
  const kind = isLink ? 'link' : path.endsWith('/') ? 'folder' : 'file';
  const saysEncoding =
    (entry.generalPurposeBitFlag & 0x0800) !== 0 || entry.extraFields.some(({ id }) => id === 0x7075);
  return {
    path,
    rawName: entry.fileNameRaw,
    kind,
    method: entry.compressionMethod,
    encrypted: entry.isEncrypted(),
    nameIsClear: saysEncoding || entry.fileNameRaw.every((byte) => byte < 0x80),
    executable: kind === 'file' && (unixMode & 0o100) !== 0,
    crc: entry.crc32,
    bytes: entry.uncompressedSize,
    packedBytes: entry.compressedSize,
    offset: entry.relativeOffsetOfLocalHeader,
  };
}

/** 3 is Unix, 19 is what macOS writes: only there are the upper 16 bits a mode (APPNOTE §4.4.2). */
function isFromUnix(entry: Entry): boolean {
  return [3, 19].includes(entry.versionMadeBy >>> 8);
}

interface Sums {
  readonly crc: number;
  readonly bytes: number;
}

function sumWhole(entry: ListedEntry, packed: Buffer): Sums {
  const content = entry.method === 8 ? inflateRawSync(packed, { maxOutputLength: entry.bytes + 1 }) : packed;
  return { crc: crc32(content), bytes: content.length };
}

async function sumStreamed(handle: FileHandle, entry: ListedEntry, start: number): Promise<Sums> {
  let crc = 0;
  let bytes = 0;
  const sum = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      crc = crc32(chunk, crc);
      bytes += chunk.length;
      if (bytes > entry.bytes) break;
    }
  };
  if (entry.packedBytes === 0) return { crc, bytes };
  const packed = readRange(handle, start, entry.packedBytes);
  if (entry.method === 8) await pipeline(packed, createInflateRaw(), sum);
  else await pipeline(packed, sum);
  return { crc, bytes };
}
