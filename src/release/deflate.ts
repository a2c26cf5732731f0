/**
 * Deflate that gives the same bytes everywhere. Node's zlib differs between versions and processors; fflate is
 * plain integer arithmetic. Its window size is derived from the input's length here, in integers, because its own
 * default goes through `Math.log`, whose last digit engines are free to choose.
 */
import { Deflate, deflateSync } from 'fflate';

export interface Deflated {
  readonly method: 'stored' | 'deflated';
  readonly bytes: Uint8Array;
}

/** How much is fed to the streaming deflater at once. Part of the output: another size gives another digest. */
export const deflateChunkBytes = 64 * 1024;

/** Deflates what fits in memory; stored when that is not larger. */
export function deflateWhole(path: string, bytes: Uint8Array): Deflated {
  if (bytes.length < fewBytes || isCompressed(path)) return { method: 'stored', bytes };
  const deflated = deflateSync(bytes, { level, mem: memoryFor(bytes.length) });
  return deflated.length < bytes.length
    ? { method: 'deflated', bytes: deflated }
    : { method: 'stored', bytes };
}

/** True when deflating the file is in vain, by its extension or by its first bytes. */
export function isIncompressible(path: string, head: Uint8Array): boolean {
  if (isCompressed(path)) return true;
  if (head.length === 0) return false;
  return deflateSync(head, { level, mem: memoryFor(head.length) }).length > head.length * 0.98;
}

/** A deflater for files of any size: `push` chunks of `deflateChunkBytes` (the last may be shorter), then `end`. */
export interface StreamDeflater {
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

export function createDeflater(): StreamDeflater {
  let pieces: Uint8Array[] = [];
  const deflate = new Deflate({ level, mem: 8 }, (piece) => pieces.push(piece));
  const push = (chunk: Uint8Array, final: boolean) => {
    pieces = [];
    deflate.push(chunk, final);
    return Buffer.concat(pieces);
  };
  return { push: (chunk) => push(chunk, false), end: () => push(new Uint8Array(0), true) };
}

const level = 6;

/** Nothing is gained on so little, and the deflater takes its time to start. */
const fewBytes = 32;

/** fflate's `mem` is the number of bits of its hash table beyond 12; the table should be about as large as the input. */
function memoryFor(byteCount: number): 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 {
  const bits = 32 - Math.clz32(byteCount);
  const steps = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  return steps[Math.max(0, bits - 12)] ?? 8;
}

function isCompressed(path: string): boolean {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1];
  return extension !== undefined && compressedExtensions.has(extension.toLowerCase());
}

const compressedExtensions: ReadonlySet<string> = new Set(
  (
    '7z avif br bz2 docx gif gz heic jar jpeg jpg m4a mov mp3 mp4 nupkg ogg png pptx rar tgz war webm webp whl ' +
    'woff woff2 xlsx xz zip zst'
  ).split(' '),
);
