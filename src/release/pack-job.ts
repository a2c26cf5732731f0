/** What can be packed without knowing the rest: some small files, or a piece of a large one. The same in any thread. */
import { type FileFacts, readPiece } from './content.ts';
import { crc32 } from './crc.ts';
import { deflatePiece, deflateWhole, pieceBytes } from './deflate.ts';
import type { FoundEntry } from './walk.ts';
import { buildLocalHeader, type EntrySums } from './zip-records.ts';

/** Plain data: it goes to another thread. */
export type PackJob =
  | { readonly kind: 'whole'; readonly files: readonly WholeFile[] }
  | { readonly kind: 'piece'; readonly file: FileFacts; readonly at: number };

/** A folder is a file without content, which nobody reads. */
export type WholeFile = FileFacts & Pick<FoundEntry, 'kind' | 'executable'>;

export interface PackedJob {
  /** Whole files: headers and contents, as they stand in the zip. A piece: its part of the deflated stream. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** One for each file; one for a piece. */
  readonly parts: readonly PackedPart[];
}

export interface PackedPart {
  readonly method: 'stored' | 'deflated';
  readonly sums: EntrySums;
}

/**
 * Puts the result into `spare`, which is then its memory, or into memory of its own. Throws InputError when a file
 * cannot be read, or is not what it was.
 */
export function packJob(job: PackJob, spare?: ArrayBuffer): PackedJob {
  const into = spare ? new Uint8Array(spare) : new Uint8Array(usualBytes);
  switch (job.kind) {
    case 'whole':
      return packWhole(job.files, into);
    case 'piece':
      return packPiece(job.file, job.at, into);
    default:
      return job satisfies never;
  }
}

/** A piece that cannot be shortened, or some files with their headers. */
const usualBytes = pieceBytes + 64 * 1024;

function packWhole(files: readonly WholeFile[], into: Uint8Array<ArrayBuffer>): PackedJob {
  const parts: PackedPart[] = [];
  let packed = into.subarray(0, 0);
  for (const file of files) {
    const content = file.kind === 'folder' ? Buffer.alloc(0) : readPiece(file, 0, file.bytes, read);
    const { method, bytes } = deflateWhole(file.path, content);
    const sums = { crc: crc32(content), bytes: content.length, packedBytes: bytes.length };
    const header = buildLocalHeader({ ...file, name: Buffer.from(file.path), method, sums, large: false });
    packed = append(append(packed, header), bytes);
    parts.push({ method, sums });
  }
  return { bytes: packed, parts };
}

function packPiece(file: FileFacts, at: number, into: Uint8Array<ArrayBuffer>): PackedJob {
  const content = readPiece(file, at, pieceBytes, read);
  const bytes = deflatePiece(content, at + content.length === file.bytes);
  const sums = { crc: crc32(content), bytes: content.length, packedBytes: bytes.length };
  return { bytes: append(into.subarray(0, 0), bytes), parts: [{ method: 'deflated', sums }] };
}

/** One file after the other is read here: the waste of so much memory would pile up before anybody collects it. */
const read = Buffer.allocUnsafeSlow(pieceBytes);

/** More behind what is packed, in the same memory as long as there is room. */
function append(packed: Uint8Array<ArrayBuffer>, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = packed.length + bytes.length;
  const room = length <= packed.buffer.byteLength ? packed.buffer : new ArrayBuffer(2 * length);
  const all = new Uint8Array(room, 0, length);
  if (room !== packed.buffer) all.set(packed);
  all.set(bytes, packed.length);
  return all;
}
