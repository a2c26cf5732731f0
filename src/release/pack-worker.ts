/** A thread that packs jobs for `release/crew.ts`. What it cannot do it says, and the crew's own thread does it. */
import { parentPort } from 'node:worker_threads';
import { prepareDeflate } from './deflate.ts';
import { type PackedJob, type PackJob, packJob } from './pack-job.ts';

export interface Asked {
  readonly id: number;
  readonly job: PackJob;
  /** Memory for the result, handed over. */
  readonly spare?: ArrayBuffer | undefined;
}

export interface Answered {
  readonly id: number;
  /** Null: it could not be packed here; whoever tries it again finds out why, and tells. */
  readonly packed: PackedJob | null;
}

// Before the first job: the files are still being found.
prepareDeflate();

parentPort?.on('message', ({ id, job, spare }: Asked) => {
  const packed = packOrNull(job, spare);
  parentPort?.postMessage({ id, packed } satisfies Answered, packed ? [packed.bytes.buffer] : []);
});

function packOrNull(job: PackJob, spare?: ArrayBuffer): PackedJob | null {
  try {
    return packJob(job, spare);
  } catch {
    return null;
  }
}
