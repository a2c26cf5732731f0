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

/** Throws InputError when a file cannot be read, or is not what it was. */
export function packJob(job: PackJob): PackedJob {
  switch (job.kind) {
    case 'whole':
      return packWhole(job.files);
    case 'piece':
      return packPiece(job.file, job.at);
    default:
      return job satisfies never;
  }
}

function packWhole(files: readonly WholeFile[]): PackedJob {
  const pieces: Uint8Array[] = [];
  const parts: PackedPart[] = [];
  for (const file of files) {
    const content = file.kind === 'folder' ? Buffer.alloc(0) : readPiece(file, 0, file.bytes);
    const { method, bytes } = deflateWhole(file.path, content);
    const sums = { crc: crc32(content), bytes: content.length, packedBytes: bytes.length };
    pieces.push(
      buildLocalHeader({ ...file, name: Buffer.from(file.path), method, sums, large: false }),
      bytes,
    );
    parts.push({ method, sums });
  }
  return { bytes: join(pieces), parts };
}

function packPiece(file: FileFacts, at: number): PackedJob {
  const content = readPiece(file, at, pieceBytes);
  const bytes = deflatePiece(content, at + content.length === file.bytes);
  const sums = { crc: crc32(content), bytes: content.length, packedBytes: bytes.length };
  return { bytes: join([bytes]), parts: [{ method: 'deflated', sums }] };
}

/** In memory of its own, which can be handed over to another thread without a copy. */
function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
