/** Zips made to order, well and badly, byte by byte. */
import { readFileSync, writeFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/release/crc.ts';
import type { ByteSink } from '../../src/release/zip.ts';
import { ZipWriter } from '../../src/release/zip.ts';

export interface Part {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly executable?: boolean;
  readonly deflate?: boolean;
}

export class MemorySink implements ByteSink {
  readonly pieces: Uint8Array[] = [];

  async write(bytes: Uint8Array): Promise<void> {
    this.pieces.push(bytes);
  }
}

export async function writeParts(writer: ZipWriter, parts: Iterable<Part>): Promise<void> {
  for (const { path, content = '', executable = false, deflate = false } of parts) {
    const bytes = Buffer.from(content);
    const packed = deflate ? deflateRawSync(bytes) : bytes;
    const sums = { crc: crc32(bytes), bytes: bytes.length, packedBytes: packed.length };
    const kind = path.endsWith('/') ? 'folder' : 'file';
    const method = deflate ? 'deflated' : 'stored';
    await writer.open({ name: Buffer.from(path), kind, executable, method, sums, large: false });
    await writer.write(packed);
    await writer.close(sums);
  }
}

export async function makeZip(path: string, parts: Iterable<Part>): Promise<string> {
  const sink = new MemorySink();
  const writer = new ZipWriter(sink);
  await writeParts(writer, parts);
  await writer.finish();
  writeFileSync(path, Buffer.concat(sink.pieces));
  return path;
}

/** Changes a zip: in place, or to the bytes that `change` returns. */
export function damage(path: string, change: (bytes: Buffer) => unknown): string {
  const bytes = readFileSync(path);
  const changed = change(bytes);
  writeFileSync(path, changed instanceof Uint8Array ? changed : bytes);
  return path;
}

/** Where the n-th record with this signature starts (`PK\x01\x02` the directory's, `PK\x03\x04` the local ones). */
export function findRecord(bytes: Buffer, signature: string, n = 0): number {
  let at = bytes.indexOf(signature, 0, 'latin1');
  for (let skipped = 0; skipped < n; skipped++) at = bytes.indexOf(signature, at + 4, 'latin1');
  if (at < 0) throw new Error(`no record ${n} of this kind`);
  return at;
}
