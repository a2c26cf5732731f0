/** The extension's icon: three waves in Azure's blue. A PNG, drawn here so that there is nothing to lose. */
import { crc32, deflateSync } from 'node:zlib';

const blue = [0, 90, 158, 255] as const;
const white = [255, 255, 255, 255] as const;

export function drawIcon(size: number): Uint8Array {
  const rows = Array.from({ length: size }, (_, y) =>
    Buffer.from([0, ...Array.from({ length: size }, (_, x) => colourAt(x / size, y / size)).flat()]),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // Eight bits a channel, with transparency.
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Each wave is a little later than the one above it. */
function colourAt(x: number, y: number): readonly number[] {
  for (const [at, middle] of [0.28, 0.5, 0.72].entries()) {
    const crest = middle + 0.06 * Math.sin(2 * Math.PI * (x * 1.5 - at * 0.18));
    if (Math.abs(y - crest) < 0.045 && x > 0.12 && x < 0.88) return white;
  }
  return blue;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
