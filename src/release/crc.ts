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

/** The sum of two pieces in a row, the second of `secondBytes`, from the sums of each. */
export function joinCrcs(first: number, second: number, secondBytes: number): number {
  // Moving a sum over n zero bits multiplies it by x^n, in the field that the sum is a remainder in.
  let moved = first;
  let power = 0x00800000; // x^8: one byte
  for (let left = secondBytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) moved = multiply(moved, power);
    power = multiply(power, power);
  }
  return (moved ^ second) >>> 0;
}

/** Two polynomials modulo the sum's own; the highest bit is the lowest power. */
function multiply(one: number, other: number): number {
  let product = 0;
  let shifted = other;
  for (let bit = 31; bit >= 0; bit--) {
    if ((one >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ 0xedb88320 : shifted >>> 1;
  }
  return product;
}

const table = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
