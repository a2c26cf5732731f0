/** Reads what is packed, exactly as long as it was found to be: a file that changes meanwhile is noticed. */
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { printable } from './names.ts';
import { explainIo, ioCodeOf } from './problems.ts';
import type { FoundEntry } from './walk.ts';

/** The whole of a file that fits in memory. */
export async function readWhole(entry: FoundEntry): Promise<Buffer> {
  return withFile(entry, async (handle) => {
    const bytes = Buffer.allocUnsafe(entry.bytes);
    if ((await fill(handle, bytes, 0)) !== entry.bytes) refuseChanged(entry);
    return bytes;
  });
}

/**
 * Hands the file to `take` in pieces of `chunkBytes` (the last may be shorter). The pieces do not depend on how
 * much the system returns at once, because the deflater's output depends on them. A piece is not used again.
 */
export async function readInChunks(
  entry: FoundEntry,
  chunkBytes: number,
  take: (chunk: Buffer) => Promise<void> | void,
): Promise<void> {
  await withFile(entry, async (handle) => {
    for (let at = 0; at < entry.bytes; at += chunkBytes) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, entry.bytes - at));
      if ((await fill(handle, chunk, at)) !== chunk.length) refuseChanged(entry);
      await take(chunk);
    }
  });
}

/** The first bytes of a file, fewer when it is shorter. */
export async function readHead(entry: FoundEntry, byteCount: number): Promise<Buffer> {
  return withFile(entry, async (handle) => {
    const bytes = Buffer.allocUnsafe(Math.min(byteCount, entry.bytes));
    return bytes.subarray(0, await fill(handle, bytes, 0));
  });
}

/** Reads until `into` is full or the file ends; how many bytes it became. */
export async function fill(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

export function refuseChanged(entry: FoundEntry): never {
  throw new InputError(`${printable(entry.path)} changed while it was being packed.`, {
    code: 'package-file-changed',
    where: entry.diskPath,
    next: 'Pack when the build has ended and nothing writes to the folder.',
  });
}

async function withFile<T>(entry: FoundEntry, read: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(entry.diskPath, 'r');
    const result = await read(handle);
    const stats = await handle.stat();
    const same =
      stats.size === entry.bytes && stats.mtimeMs === entry.modifiedMs && stats.ino === entry.inode;
    return same ? result : refuseChanged(entry);
  } catch (error) {
    if (ioCodeOf(error) === null) throw error;
    throw new InputError(`${printable(entry.path)} cannot be read: ${explainIo(error)}.`, {
      code: 'package-unreadable',
      where: entry.diskPath,
      cause: error,
    });
  } finally {
    await handle?.close();
  }
}
