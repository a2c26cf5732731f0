/**
 * One file, read for all who send it at the same time. Whoever comes to a piece first reads it, and those who come
 * soon after are given the same bytes; it is kept for the next ones, not for the last: who is slow reads it again
 * and holds nobody back. Reading and copying is a third of what an upload costs, beside its encryption.
 */
import { type FileHandle, open } from 'node:fs/promises';

export interface SharedFiles {
  /** The file's bytes from the first one. Rejects when it has another length, or changes it meanwhile. */
  read(path: string, bytes: number): AsyncIterable<Buffer>;
}

/** Larger ones gain nothing; with Node's own 64 KiB each byte costs half as much again. */
export const pieceBytes = 1024 * 1024;
/** A file up to this size is read once, however far apart its readers are. */
const keptPieces = 16;

interface Shared {
  readonly handle: Promise<FileHandle>;
  /** In the order of their last use. */
  readonly pieces: Map<number, Promise<Buffer>>;
  readers: number;
}

export function shareFiles(): SharedFiles {
  const files = new Map<string, Shared>();
  const enter = (path: string): Shared => {
    const shared = files.get(path) ?? { handle: open(path, 'r'), pieces: new Map(), readers: 0 };
    files.set(path, shared);
    shared.readers++;
    return shared;
  };
  const leave = async (path: string, shared: Shared) => {
    shared.readers--;
    if (shared.readers > 0) return;
    files.delete(path);
    await shared.handle.then((handle) => handle.close()).catch(ignore);
  };
  return {
    async *read(path, bytes) {
      const shared = enter(path);
      try {
        const { size } = await (await shared.handle).stat();
        if (size !== bytes) throw new Error(`it has ${size} bytes and not ${bytes}`);
        for (let at = 0; at < bytes; at += pieceBytes)
          yield await pieceAt(shared, at, Math.min(pieceBytes, bytes - at));
      } finally {
        await leave(path, shared);
      }
    },
  };
}

const ignore = () => {};

function pieceAt({ handle, pieces }: Shared, at: number, bytes: number): Promise<Buffer> {
  const piece = pieces.get(at) ?? handle.then((file) => readPiece(file, at, bytes));
  pieces.delete(at);
  pieces.set(at, piece);
  const [oldest] = pieces.keys();
  if (pieces.size > keptPieces && oldest !== undefined) pieces.delete(oldest);
  return piece;
}

async function readPiece(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafeSlow(bytes);
  for (let filled = 0; filled < bytes; ) {
    const { bytesRead } = await file.read(piece, filled, bytes - filled, at + filled);
    if (bytesRead === 0) throw new Error('it was cut while it was read');
    filled += bytesRead;
  }
  return piece;
}
