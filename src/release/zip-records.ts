/** The records of a zip file, byte by byte (PKWARE APPNOTE 6.3.10, §4.3). Pure: facts in, bytes out. */

export interface EntrySums {
  readonly crc: number;
  readonly bytes: number;
  readonly packedBytes: number;
}

export interface EntryHeader {
  /** UTF-8. */
  readonly name: Uint8Array;
  readonly kind: 'file' | 'folder';
  readonly executable: boolean;
  readonly method: 'stored' | 'deflated';
  /** Null: unknown until the content is written; a data descriptor follows it. */
  readonly sums: EntrySums | null;
  /** True when a size may pass 4 GiB; decided before the content is known. */
  readonly large: boolean;
}

/** The header of an entry whose content is known. */
interface CompleteHeader extends EntryHeader {
  readonly sums: EntrySums;
}

export interface WrittenEntry extends CompleteHeader {
  /** A data descriptor follows the content. */
  readonly deferred: boolean;
  /** Where the local header stands. */
  readonly offset: number;
}

export interface EndFacts {
  readonly entries: number;
  readonly directoryOffset: number;
  readonly directoryBytes: number;
  readonly comment?: Uint8Array;
}

/** How long `buildLocalHeader` makes it. */
export function localHeaderBytes({ name, large }: EntryHeader): number {
  return 30 + name.length + (large ? 20 : 0);
}

/** The header in front of an entry's content (§4.3.7). */
export function buildLocalHeader(entry: EntryHeader): Buffer {
  const header = Buffer.allocUnsafe(localHeaderBytes(entry));
  putLocalHeader(header, 0, entry);
  return header;
}

/** The same into `into` at `at`; where it ends. */
export function putLocalHeader(into: Buffer, at: number, entry: EntryHeader): number {
  const sums = entry.sums ?? { crc: 0, bytes: 0, packedBytes: 0 };
  const extra = entry.large ? buildZip64Extra([sums.bytes, sums.packedBytes]) : nothing;
  into.writeUInt32LE(0x04034b50, at);
  into.writeUInt16LE(versionFor(entry.large), at + 4);
  putCommonFields(into, at + 6, entry, entry.sums === null);
  into.writeUInt32LE(sums.crc, at + 14);
  into.writeUInt32LE(entry.large ? overflow32 : sums.packedBytes, at + 18);
  into.writeUInt32LE(entry.large ? overflow32 : sums.bytes, at + 22);
  into.writeUInt16LE(entry.name.length, at + 26);
  into.writeUInt16LE(extra.length, at + 28);
  into.set(entry.name, at + 30);
  into.set(extra, at + 30 + entry.name.length);
  return at + localHeaderBytes(entry);
}

/** What follows the content of an entry whose sums were not known before (§4.3.9). */
export function buildDataDescriptor(entry: EntryHeader, sums: EntrySums): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x08074b50, 0);
  head.writeUInt32LE(sums.crc, 4);
  if (entry.large) return Buffer.concat([head, uint64(sums.packedBytes), uint64(sums.bytes)]);
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32LE(sums.packedBytes, 0);
  sizes.writeUInt32LE(sums.bytes, 4);
  return Buffer.concat([head, sizes]);
}

/** The entry's record in the central directory (§4.3.12); only what does not fit in 32 bits goes to the extra field. */
export function buildDirectoryRecord(entry: WrittenEntry): Buffer {
  const record = Buffer.allocUnsafe(maxDirectoryRecordBytes(entry));
  return record.subarray(0, putDirectoryRecord(record, 0, entry));
}

/** How long it is at most. */
export function maxDirectoryRecordBytes({ name }: EntryHeader): number {
  return directoryRecordBytes + name.length + 28;
}

/** The same into `into` at `at`; where it ends. */
export function putDirectoryRecord(into: Buffer, at: number, entry: WrittenEntry): number {
  const { bytes, packedBytes, crc } = entry.sums;
  const long = [bytes, packedBytes, entry.offset].filter((value) => value >= overflow32);
  const extra = long.length > 0 ? buildZip64Extra(long) : nothing;
  into.writeUInt32LE(0x02014b50, at);
  into.writeUInt16LE((madeOnUnix << 8) | versionFor(true), at + 4);
  into.writeUInt16LE(versionFor(entry.large || long.length > 0), at + 6);
  putCommonFields(into, at + 8, entry, entry.deferred);
  into.writeUInt32LE(crc, at + 16);
  into.writeUInt32LE(Math.min(packedBytes, overflow32), at + 20);
  into.writeUInt32LE(Math.min(bytes, overflow32), at + 24);
  into.writeUInt16LE(entry.name.length, at + 28);
  into.writeUInt16LE(extra.length, at + 30);
  // No comment, the first disk, nothing internal.
  into.fill(0, at + 32, at + 38);
  into.writeUInt32LE(externalAttributes(entry), at + 38);
  into.writeUInt32LE(Math.min(entry.offset, overflow32), at + 42);
  into.set(entry.name, at + directoryRecordBytes);
  into.set(extra, at + directoryRecordBytes + entry.name.length);
  return at + directoryRecordBytes + entry.name.length + extra.length;
}

/** A record of the central directory without its name. */
const directoryRecordBytes = 46;

/**
 * Moves records that were made for entries from 0 on to where the entries stand, `by` bytes further on; gives them, and
 * what each entry takes. None of them may have an extra field; moved beyond 4 GiB they get one.
 */
export function moveRecords(
  records: Buffer,
  by: number,
): { readonly moved: readonly Uint8Array[]; readonly packedBytes: readonly number[] } {
  const moved: Uint8Array[] = [];
  const packedBytes: number[] = [];
  for (let at = 0; at < records.length; ) {
    const end = at + directoryRecordBytes + records.readUInt16LE(at + 28);
    const offset = records.readUInt32LE(at + 42) + by;
    packedBytes.push(records.readUInt32LE(at + 20));
    if (by < farBytes) records.writeUInt32LE(offset, at + 42);
    else moved.push(moveFar(records.subarray(at, end), offset));
    at = end;
  }
  return { moved: by < farBytes ? [records] : moved, packedBytes };
}

/** Nothing that is moved together is longer than what lies between this and 4 GiB. */
const farBytes = 0xf0000000;

/** A copy of the record, with its offset in a zip64 field where it has to be. */
function moveFar(record: Buffer, offset: number): Buffer {
  const head = Buffer.from(record);
  head.writeUInt32LE(Math.min(offset, overflow32), 42);
  if (offset < overflow32) return head;
  const extra = buildZip64Extra([offset]);
  head.writeUInt16LE(versionFor(true), 6);
  head.writeUInt16LE(extra.length, 30);
  return Buffer.concat([head, extra]);
}

const nothing = Buffer.alloc(0);

/** The records that close the file: zip64's two in front (§4.3.14, §4.3.15) when a field of the old one overflows. */
export function buildEndRecords(facts: EndFacts): Buffer {
  const { entries, directoryOffset, directoryBytes, comment = new Uint8Array(0) } = facts;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(entries, overflow16), 8);
  end.writeUInt16LE(Math.min(entries, overflow16), 10);
  end.writeUInt32LE(Math.min(directoryBytes, overflow32), 12);
  end.writeUInt32LE(Math.min(directoryOffset, overflow32), 16);
  end.writeUInt16LE(comment.length, 20);
  const small = entries < overflow16 && directoryBytes < overflow32 && directoryOffset < overflow32;
  return Buffer.concat([...(small ? [] : buildZip64End(facts)), end, comment]);
}

export const overflow16 = 0xffff;
export const overflow32 = 0xffffffff;

function buildZip64End({ entries, directoryOffset, directoryBytes }: EndFacts): readonly Buffer[] {
  const record = Buffer.alloc(24);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE((madeOnUnix << 8) | versionFor(true), 12);
  record.writeUInt16LE(versionFor(true), 14);
  const numbers = [entries, entries, directoryBytes, directoryOffset].map(uint64);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directoryOffset + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return [record, ...numbers, locator];
}

function buildZip64Extra(values: readonly number[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(0x0001, 0);
  head.writeUInt16LE(values.length * 8, 2);
  return Buffer.concat([head, ...values.map(uint64)]);
}

/** Flags, method, time and date stand in the same order in both headers. */
function putCommonFields(header: Buffer, at: number, entry: EntryHeader, deferred: boolean): void {
  header.writeUInt16LE(utf8Flag | (deferred ? deferredFlag : 0), at);
  header.writeUInt16LE(entry.method === 'deflated' ? 8 : 0, at + 2);
  header.writeUInt16LE(0, at + 4);
  header.writeUInt16LE(firstDosDate, at + 6);
}

function externalAttributes(entry: EntryHeader): number {
  const isFolder = entry.kind === 'folder';
  const mode = (isFolder ? 0o040000 : 0o100000) | (isFolder || entry.executable ? 0o755 : 0o644);
  return ((mode << 16) | (isFolder ? dosFolder : 0)) >>> 0;
}

function versionFor(zip64: boolean): number {
  return zip64 ? 45 : 20;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value), 0);
  return bytes;
}

const madeOnUnix = 3;
const utf8Flag = 0x0800;
const deferredFlag = 0x0008;
const dosFolder = 0x10;
/** 1980-01-01, the first day that a zip can tell: a package has no date, so that equal content has equal bytes. */
const firstDosDate = 0x0021;
