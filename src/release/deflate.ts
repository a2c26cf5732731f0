/**
 * Deflate that gives the same bytes everywhere. Node's zlib differs between versions and processors; libdeflate as
 * WebAssembly has integers only and no choice of the processor's. As set up in scripts/libdeflate/pieces.c it is
 * within 1 % of the size of zlib's level 6 and takes half of its time.
 */
import { inflateRawSync } from 'node:zlib';
import { packedModule } from './deflate-module.ts';

export interface Deflated {
  readonly method: 'stored' | 'deflated';
  readonly bytes: Uint8Array;
}

/** What is deflated in one step. Larger files are cut into pieces of this: another size gives another digest. */
export const pieceBytes = 1024 * 1024;

/** Deflates a file of at most `pieceBytes`; stored when that is not larger. The bytes last until the next call. */
export function deflateWhole(path: string, bytes: Uint8Array): Deflated {
  if (bytes.length < fewBytes || isCompressed(path)) return { method: 'stored', bytes };
  const deflated = deflatePiece(bytes, true);
  return deflated.length < bytes.length
    ? { method: 'deflated', bytes: deflated }
    : { method: 'stored', bytes };
}

/**
 * Deflates one piece (1 to `pieceBytes`) of a file, from where it is or from the beginning of `openRoom`. The results
 * of all pieces in a row are one stream, which the last one ends; each is made without the others, so that many can
 * be made at once. A result lasts until the next call.
 */
export function deflatePiece(bytes: Uint8Array, isLast: boolean): Uint8Array {
  loaded ??= load();
  const { memory, input, output, deflate } = loaded;
  if (bytes.length > pieceBytes) throw new RangeError(`a piece of ${bytes.length} bytes`);
  const isThere = bytes.buffer === memory.buffer && bytes.byteOffset === input;
  if (!isThere) memory.set(bytes, input);
  const length = deflate(bytes.length, isLast ? 1 : 0);
  return memory.subarray(output, output + length);
}

/** Room for one piece, where deflating takes it from without a copy; only one piece at a time can be there. */
export function openRoom(): Buffer {
  loaded ??= load();
  return Buffer.from(loaded.memory.buffer, loaded.input, pieceBytes);
}

/** True when a file's extension says that deflating it is in vain. */
export function isCompressed(path: string): boolean {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1];
  return extension !== undefined && compressedExtensions.has(extension.toLowerCase());
}

/** True when so little was gained on a file's first piece that the file is better stored. */
export function isInVain(bytes: number, deflatedBytes: number): boolean {
  return deflatedBytes > bytes * 0.98;
}

interface Loaded {
  /** The module's memory never grows, so one view of it lasts. */
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly input: number;
  readonly output: number;
  readonly deflate: (length: number, last: 0 | 1) => number;
}

/** What the module gives out; scripts/libdeflate/pieces.c. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly input: () => number;
  readonly output: () => number;
  readonly begin: () => 0 | 1;
  readonly deflate: Loaded['deflate'];
}

let loaded: Loaded | null = null;

function load(): Loaded {
  const module = new WebAssembly.Module(inflateRawSync(Buffer.from(packedModule, 'base64')));
  const given = new WebAssembly.Instance(module).exports as Exports;
  given.begin();
  const memory = new Uint8Array(given.memory.buffer);
  return { memory, input: given.input(), output: given.output(), deflate: given.deflate };
}

/** The part of it that is used: TypeScript knows it from browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Nothing is gained on so little. */
const fewBytes = 32;

const compressedExtensions: ReadonlySet<string> = new Set(
  (
    '7z avif br bz2 docx gif gz heic jar jpeg jpg m4a mov mp3 mp4 nupkg ogg png pptx rar tgz war webm webp whl ' +
    'woff woff2 xlsx xz zip zst'
  ).split(' '),
);
