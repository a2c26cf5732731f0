/** A thread that packs jobs for `release/crew.ts`. What it cannot do it says, and the crew's own thread does it. */
import { parentPort } from 'node:worker_threads';
import { openRoom } from './deflate.ts';
import { memoryOf, type PackedJob, type PackJob, packJob, type Spare } from './pack-job.ts';

export interface Asked {
  readonly id: number;
  readonly job: PackJob;
  /** Memory for the result, handed over. */
  readonly spare: Spare;
}

export interface Answered {
  readonly id: number;
  /** Null: it could not be packed here; whoever tries it again finds out why, and tells. */
  readonly packed: PackedJob | null;
}

// Before the first job: the files are still being found.
openRoom();

parentPort?.on('message', ({ id, job, spare }: Asked) => {
  const packed = packOrNull(job, spare);
  parentPort?.postMessage({ id, packed } satisfies Answered, packed ? memoryOf(packed) : []);
});

function packOrNull(job: PackJob, spare: Spare): PackedJob | null {
  try {
    return packJob(job, spare);
  } catch {
    return null;
  }
}
