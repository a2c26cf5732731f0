/** Writes a zip in one pass, entry by entry, to a sink; the file sink hashes what it writes. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DefectError, InputError } from '../errors.ts';
import { explainIo } from './problems.ts';
import {
  buildDataDescriptor,
  buildDirectoryRecord,
  buildEndRecords,
  buildLocalHeader,
  type EntryHeader,
  type EntrySums,
  moveRecords,
  type WrittenEntry,
} from './zip-records.ts';

export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** One zip being written: `open` an entry, `write` its packed content, `close` it; `finish` when all are in. */
export class ZipWriter {
  readonly #sink: ByteSink;
  /** The directory so far, as bytes: objects for a hundred thousand entries would take many times as much. */
  readonly #directory: Uint8Array[] = [];
  #count = 0;
  #current: { readonly header: EntryHeader; readonly offset: number; packedBytes: number } | null = null;
  #position = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Bytes that were written so far. */
  get position(): number {
    return this.#position;
  }

  async open(header: EntryHeader): Promise<void> {
    if (this.#current) throw new DefectError('an entry is still open', { code: 'zip-entry-open' });
    this.#current = { header, offset: this.#position, packedBytes: 0 };
    await this.#put(buildLocalHeader(header));
  }

  async write(packed: Uint8Array): Promise<void> {
    if (!this.#current) throw new DefectError('no entry is open', { code: 'zip-entry-not-open' });
    this.#current.packedBytes += packed.length;
    await this.#put(packed);
  }

  /** Ends the entry. `content` is what was packed; it must be what the header promised, if it did. */
  async close(content: { readonly crc: number; readonly bytes: number }): Promise<EntrySums> {
    if (!this.#current) throw new DefectError('no entry is open', { code: 'zip-entry-not-open' });
    const { header, offset, packedBytes } = this.#current;
    const sums = { crc: content.crc, bytes: content.bytes, packedBytes };
    if (header.sums && !equalSums(header.sums, sums)) {
      throw new DefectError('an entry is not what its header says', { code: 'zip-entry-sums' });
    }
    if (!header.sums) await this.#put(buildDataDescriptor(header, sums));
    this.#list({ ...header, sums, deferred: header.sums === null, offset });
    this.#current = null;
    return sums;
  }

  /**
   * Several entries at once: their headers and packed contents, one behind the other, and their records in the
   * directory, which are changed. What each takes in the zip, headers excluded.
   */
  async add(packed: {
    readonly bytes: Uint8Array;
    readonly records: Uint8Array;
  }): Promise<readonly number[]> {
    if (this.#current) throw new DefectError('an entry is still open', { code: 'zip-entry-open' });
    const { buffer, byteOffset, byteLength } = packed.records;
    const { moved, packedBytes } = moveRecords(Buffer.from(buffer, byteOffset, byteLength), this.#position);
    this.#count += packedBytes.length;
    // A copy: the memory of records is used again.
    this.#directory.push(Buffer.concat(moved));
    await this.#put(packed.bytes);
    return packedBytes;
  }

  async finish(): Promise<void> {
    const directoryOffset = this.#position;
    for (const records of this.#directory) await this.#put(records);
    const directoryBytes = this.#position - directoryOffset;
    await this.#put(buildEndRecords({ entries: this.#count, directoryOffset, directoryBytes }));
  }

  #list(entry: WrittenEntry): void {
    this.#count += 1;
    this.#directory.push(buildDirectoryRecord(entry));
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#position += bytes.length;
    await this.#sink.write(bytes);
  }
}

/** A file that appears under its name only when it is complete. */
export class HashedFile implements ByteSink {
  readonly #path: string;
  readonly #partPath: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  /** Written when it is full, and used again. */
  readonly #block = Buffer.allocUnsafeSlow(blockBytes);
  #filled = 0;
  #bytes = 0;

  private constructor(path: string, partPath: string, handle: FileHandle) {
    this.#path = path;
    this.#partPath = partPath;
    this.#handle = handle;
  }

  /** Opens a file beside `path`, whose folder is made when it is missing. */
  static async create(path: string): Promise<HashedFile> {
    const partPath = partPathOf(path);
    return explainWriting(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      return new HashedFile(path, partPath, await open(partPath, 'w', 0o600));
    });
  }

  /** One call after the other; the bytes may be used again afterwards. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + blockBytes - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === blockBytes) await this.#flush();
    }
  }

  /** Puts the file under its name, on the disk and not only on its way there. */
  async commit(): Promise<{ readonly bytes: number; readonly digest: string }> {
    await this.#flush();
    await explainWriting(this.#path, async () => {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#partPath, this.#path);
    });
    return { bytes: this.#bytes, digest: this.#hash.digest('hex') };
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#partPath, { force: true });
  }

  async #flush(): Promise<void> {
    const block = this.#block.subarray(0, this.#filled);
    this.#filled = 0;
    this.#hash.update(block);
    await explainWriting(this.#path, async () => {
      for (let at = 0; at < block.length; ) at += (await this.#handle.write(block, at)).bytesWritten;
    });
  }
}

/** True for the file, and for what any run, a killed one too, wrote of it under another name. */
export function isPathOrPart(candidate: string, path: string): boolean {
  return candidate.startsWith(path) && /^(\.\d+\.part)?$/.test(candidate.slice(path.length));
}

/** Where a file is while it is being written. The process id keeps two runs apart. */
export function partPathOf(path: string): string {
  return `${path}.${process.pid}.part`;
}

const blockBytes = 1024 * 1024;

async function explainWriting<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw new InputError(`The package cannot be written to ${path}: ${explainIo(error)}.`, {
      code: 'package-output-unwritable',
      where: path,
      next: 'Choose another place with --out, or another state folder with --state.',
      cause: error,
    });
  }
}

function equalSums(a: EntrySums, b: EntrySums): boolean {
  return a.crc === b.crc && a.bytes === b.bytes && a.packedBytes === b.packedBytes;
}
