/** How far the packing is: a line that is written over where somebody watches, a line now and then elsewhere. */
import { type Clock, systemClock } from '../clock.ts';
import type { PackProgress } from '../release/package.ts';
import { writeBytes } from '../report/words.ts';
import type { Outside } from './outside.ts';

export interface Packing {
  readonly onProgress: (progress: PackProgress) => void;
  /** Takes the line away again: what comes next says how it ended. */
  end(): void;
}

/** A package that is packed at once is not told about at all. */
export function tellPacking({ size, write, writeError }: Outside, clock: Clock): Packing {
  let nextMs = clock.now() + (size ? firstMs : restMs);
  let shown = 0;
  const clear = () => {
    if (shown > 0) write(`\r${' '.repeat(shown)}\r`);
    shown = 0;
  };
  return {
    onProgress(progress) {
      const nowMs = clock.now();
      if (nowMs < nextMs) return;
      nextMs = nowMs + (size ? redrawMs : restMs);
      const line = describeProgress(progress);
      if (!size) return writeError(`${line}\n`);
      const cut = line.slice(0, size().columns - 1);
      write(`\r${cut.padEnd(shown)}`);
      shown = cut.length;
    },
    end: clear,
  };
}

/** Packs with its progress told, and the line taken away however it ends. */
export async function whilePacking<T>(
  outside: Outside,
  pack: (onProgress: Packing['onProgress']) => Promise<T>,
): Promise<T> {
  const packing = tellPacking(outside, systemClock());
  try {
    return await pack(packing.onProgress);
  } finally {
    packing.end();
  }
}

function describeProgress({ files, totalFiles, bytes, totalBytes }: PackProgress): string {
  if (totalFiles === null || totalBytes === null)
    return `Packing: ${files} files, ${writeBytes(bytes)} so far`;
  return `Packing: ${files} of ${totalFiles} files, ${writeBytes(bytes)} of ${writeBytes(totalBytes)}`;
}

const firstMs = 300;
const redrawMs = 100;
/** What a build log can bear. */
const restMs = 10_000;
