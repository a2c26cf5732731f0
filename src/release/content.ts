/** Reads what is packed, exactly as long as it was found to be: a file that changes meanwhile is noticed. */
import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { printable } from './names.ts';
import { explainIo, ioCodeOf } from './problems.ts';
import type { FoundEntry } from './walk.ts';

/** What must be known of a file to read it, and to notice that it is another one by now. */
export type FileFacts = Pick<FoundEntry, 'path' | 'diskPath' | 'bytes' | 'modifiedMs' | 'inode'>;

/**
 * `byteCount` bytes of a file from `at`, fewer where it ends; in `into`, where that is given. Synchronous: for the
 * small files that an app consists of, four trips through the thread pool take many times as long as the reading.
 */
export function readPiece(entry: FileFacts, at: number, byteCount: number, into?: Buffer): Buffer {
  let fd: number | null = null;
  try {
    fd = openSync(entry.diskPath, 'r');
    const length = Math.min(byteCount, entry.bytes - at);
    const bytes = into ? into.subarray(0, length) : Buffer.allocUnsafe(length);
    const filled = fillSync(fd, bytes, at);
    return filled === bytes.length && isSame(entry, fstatSync(fd)) ? bytes : refuseChanged(entry);
  } catch (error) {
    return refuseUnreadable(entry, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** Hands the file to `take` in pieces of `chunkBytes` (the last may be shorter). A piece is not used again. */
export async function readInChunks(
  entry: FileFacts,
  chunkBytes: number,
  take: (chunk: Buffer) => Promise<void> | void,
): Promise<void> {
  const rethrow = (error: unknown) => refuseUnreadable(entry, error);
  const handle = await open(entry.diskPath, 'r').catch(rethrow);
  try {
    for (let at = 0; at < entry.bytes; at += chunkBytes) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, entry.bytes - at));
      const filled = await fill(handle, chunk, at).catch(rethrow);
      if (filled !== chunk.length) refuseChanged(entry);
      await take(chunk);
    }
    if (!isSame(entry, await handle.stat())) refuseChanged(entry);
  } finally {
    await handle.close();
  }
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

/** The same without waiting. */
export function fillSync(fd: number, into: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const bytesRead = readSync(fd, into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/**
 * Lets signals, timers and the screen have their turn. Work that never waits calls `pause` after each piece; it
 * makes a real pause after so many bytes or pieces that some tens of milliseconds have passed.
 */
export function createPause(): (byteCount: number) => Promise<void> | void {
  let bytes = 0;
  let pieces = 0;
  return (byteCount) => {
    bytes += byteCount;
    pieces += 1;
    if (bytes < breathBytes && pieces < 64) return;
    bytes = 0;
    pieces = 0;
    return new Promise((resolve) => setImmediate(resolve));
  };
}

const breathBytes = 1024 * 1024;

export function refuseChanged(entry: FileFacts): never {
  throw new InputError(`${printable(entry.path)} changed while it was being packed.`, {
    code: 'package-file-changed',
    where: entry.diskPath,
    next: 'Pack when the build has ended and nothing writes to the folder.',
  });
}

function isSame(entry: FileFacts, stats: Stats): boolean {
  return stats.size === entry.bytes && stats.mtimeMs === entry.modifiedMs && stats.ino === entry.inode;
}

/** Errors of the system are told with the name of the file; others go on as they are. */
function refuseUnreadable(entry: FileFacts, error: unknown): never {
  if (ioCodeOf(error) === null) throw error;
  throw new InputError(`${printable(entry.path)} cannot be read: ${explainIo(error)}.`, {
    code: 'package-unreadable',
    where: entry.diskPath,
    cause: error,
  });
}
