/** What can be packed without knowing the rest: some small files, or a piece of a large one. The same in any thread. */
import { type FileFacts, readPiece } from './content.ts';
import { crc32 } from './crc.ts';
import { deflatePiece, deflateWhole, openRoom, pieceBytes } from './deflate.ts';
import type { FoundEntry } from './walk.ts';
import {
  type EntrySums,
  localHeaderBytes,
  maxDirectoryRecordBytes,
  putDirectoryRecord,
  putLocalHeader,
  type WrittenEntry,
} from './zip-records.ts';

/** Plain data: it goes to another thread. */
export type PackJob = WholeJob | PieceJob;

/** Some files, in few values: a hundred objects cost more on their way to a thread than their files do there. */
export interface WholeJob {
  readonly kind: 'whole';
  /** As in the zip, all in one text. A folder is a file without content, which nobody reads. */
  readonly paths: string;
  readonly diskPaths: string;
  /** Four for each file: size, time of the last change in ms, inode, 1 for an executable. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

interface PieceJob {
  readonly kind: 'piece';
  readonly file: FileFacts;
  readonly at: number;
}

export type PackedJob = PackedWhole | PackedPiece;

/** Whole files. */
export interface PackedWhole {
  readonly kind: 'whole';
  /** Headers and contents, as they stand in the zip. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The files' records in the directory, for `bytes` at the beginning of the zip. */
  readonly records: Uint8Array<ArrayBuffer>;
}

export interface PackedPiece {
  readonly kind: 'piece';
  /** Its part of the deflated stream. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sums: EntrySums;
}

/** Memory that is used again: a result's bytes, and its records. */
export type Spare = readonly ArrayBuffer[];

/** The memory of a result, which goes with it from thread to thread. */
export function memoryOf(packed: PackedJob): ArrayBuffer[] {
  return packed.kind === 'whole' ? [packed.bytes.buffer, packed.records.buffer] : [packed.bytes.buffer];
}

/** The one character that no path can have: a folder that somebody packs may have a line's end in its name. */
const between = '\0';

export function describeWhole(entries: readonly FoundEntry[]): WholeJob {
  const numbers = new Float64Array(4 * entries.length);
  for (const [index, { bytes, modifiedMs, inode, executable }] of entries.entries())
    numbers.set([bytes, modifiedMs, inode, executable ? 1 : 0], 4 * index);
  return {
    kind: 'whole',
    paths: entries.map(({ path }) => path).join(between),
    diskPaths: entries.map(({ diskPath }) => diskPath).join(between),
    numbers,
  };
}

/**
 * Puts the result into `spare`, which is then its memory, or into memory of its own. Throws InputError when a file
 * cannot be read, or is not what it was.
 */
export function packJob(job: PackJob, spare: Spare = []): PackedJob {
  switch (job.kind) {
    case 'whole':
      return packWhole(job, spare);
    case 'piece':
      return packPiece(job, spare);
    default:
      return job satisfies never;
  }
}

function packWhole({ paths, diskPaths, numbers }: WholeJob, spare: Spare): PackedWhole {
  const bytes = new Growing(spare[0] ?? new ArrayBuffer(usualBytes));
  const records = new Growing(spare[1] ?? new ArrayBuffer(usualRecordBytes));
  const onDisk = diskPaths.split(between);
  for (const [index, path] of paths.split(between).entries()) {
    const [size = 0, modifiedMs = 0, inode = 0, executable = 0] = numbers.subarray(4 * index, 4 * index + 4);
    const kind = path.endsWith('/') ? 'folder' : 'file';
    const content =
      kind === 'folder'
        ? empty
        : readPiece({ path, diskPath: onDisk[index]!, bytes: size, modifiedMs, inode }, 0, size, room());
    const { method, bytes: packed } = deflateWhole(path, content);
    const entry: WrittenEntry = {
      ...{
        name: Buffer.from(path),
        kind,
        executable: executable === 1,
        method,
        large: false,
        deferred: false,
      },
      sums: { crc: crc32(content), bytes: content.length, packedBytes: packed.length },
      offset: bytes.length,
    };
    bytes.add(localHeaderBytes(entry), (into, at) => putLocalHeader(into, at, entry));
    bytes.add(packed.length, (into, at) => {
      into.set(packed, at);
      return at + packed.length;
    });
    records.add(maxDirectoryRecordBytes(entry), (into, at) => putDirectoryRecord(into, at, entry));
  }
  return { kind: 'whole', bytes: bytes.filled(), records: records.filled() };
}

function packPiece({ file, at }: PieceJob, spare: Spare): PackedPiece {
  const content = readPiece(file, at, pieceBytes, room());
  const packed = deflatePiece(content, at + content.length === file.bytes);
  const bytes = new Growing(spare[0] ?? new ArrayBuffer(usualBytes));
  bytes.add(packed.length, (into, from) => {
    into.set(packed, from);
    return from + packed.length;
  });
  const sums = { crc: crc32(content), bytes: content.length, packedBytes: packed.length };
  return { kind: 'piece', bytes: bytes.filled(), sums };
}

/** Bytes behind bytes, in the same memory as long as there is room. */
class Growing {
  #buffer: ArrayBuffer;
  #view: Buffer;
  #length = 0;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
    this.#view = Buffer.from(buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Room for `byteCount` more, of which `put` fills what it wants; it gives back where that ends. */
  add(byteCount: number, put: (into: Buffer, at: number) => number): void {
    if (this.#length + byteCount > this.#buffer.byteLength) this.#grow(2 * (this.#length + byteCount));
    this.#length = put(this.#view, this.#length);
  }

  filled(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, this.#length);
  }

  #grow(byteCount: number): void {
    const buffer = new ArrayBuffer(byteCount);
    const view = Buffer.from(buffer);
    view.set(this.#view.subarray(0, this.#length));
    this.#buffer = buffer;
    this.#view = view;
  }
}

let opened: Buffer | null = null;

/** Everything is read into the same place, one file after the other, and deflated from there. */
function room(): Buffer {
  opened ??= openRoom();
  return opened;
}

const empty = Buffer.alloc(0);

/** A piece that cannot be shortened, or some files with their headers. */
const usualBytes = pieceBytes + 64 * 1024;
const usualRecordBytes = 32 * 1024;
