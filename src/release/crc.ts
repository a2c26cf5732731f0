/** CRC-32 as zip wants it: Node's own where there is one (20.15, 22.2), ours on the first releases of Node 20. */
import zlib from 'node:zlib';

/** Continues `before` (0 at the start) over more bytes; the result is unsigned. */
export const crc32: (bytes: Uint8Array, before?: number) => number =
  typeof zlib.crc32 === 'function' ? zlib.crc32 : crc32InScript;

/** The same in JavaScript. */
export function crc32InScript(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

const table = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
