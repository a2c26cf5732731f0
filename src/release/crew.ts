/** Packs jobs in worker threads where there are processors for them, and here where there are none: the same bytes. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { memoryOf, type PackedJob, type PackJob, packJob, type Spare } from './pack-job.ts';
import type { Answered, Asked } from './pack-worker.ts';
import type { FoundEntry } from './walk.ts';

export interface Crew {
  /** So many jobs are under way at most: what bounds the memory that waits to be written. */
  readonly holds: number;
  /** Begins a job where there is a thread for it; the function that it gives waits for its result. */
  pack(job: PackJob): () => Promise<PackedJob>;
  /**
   * The result is written, and its memory can be used again. Without that, memory goes to and fro between threads
   * faster than it is collected.
   */
  giveBack(packed: PackedJob): void;
  close(): Promise<void>;
}

/**
 * The crew that the entries are worth: threads need some time to begin. The first entries are taken for that, and given
 * back in front of the others. `count` threads whatever there is, where a test says so.
 */
export function musterCrew(
  entries: Iterator<FoundEntry, undefined>,
  count?: number,
): { readonly crew: Crew; readonly entries: Iterator<FoundEntry, undefined> } {
  if (count !== undefined) return { crew: hireCrew(count), entries };
  const first: FoundEntry[] = [];
  let bytes = 0;
  while (first.length < fewFiles && bytes < fewBytes) {
    const { value } = entries.next();
    if (!value) return { crew: crewOfOne, entries: first.values() };
    first.push(value);
    bytes += value.bytes;
  }
  return { crew: hireCrew(countWorkers(availableParallelism())), entries: chain(first, entries) };
}

function* chain(
  first: readonly FoundEntry[],
  others: Iterator<FoundEntry, undefined>,
): Generator<FoundEntry, undefined> {
  yield* first;
  for (let next = others.next(); next.value; next = others.next()) yield next.value;
}

/** Starting a thread takes as long as packing this. */
const fewFiles = 500;
const fewBytes = 8 * 1024 * 1024;

/** One processor packs as quickly alone. */
function countWorkers(processors: number): number {
  return processors < 2 ? 0 : Math.min(processors, maxWorkers);
}

/** Beyond, the one thread that writes is what is waited for. */
const maxWorkers = 6;

/** A crew of so many threads; of this one alone for 0, or where no thread can be begun. */
function hireCrew(count: number): Crew {
  const file = count > 0 ? findWorkerFile() : null;
  if (file === null) return crewOfOne;
  const hands = Array.from({ length: count }, () => beginHand(file));
  const spares: Spare[] = [];
  return {
    holds: count * 6,
    pack(job) {
      const [first, ...others] = hands.filter((hand) => !hand.isGone());
      if (!first) return crewOfOne.pack(job);
      const hand = others.reduce((best, other) => (other.load() < best.load() ? other : best), first);
      const packed = hand.pack(job, spares.pop());
      return async () => (await packed) ?? packJob(job);
    },
    giveBack: (packed) => void spares.push(memoryOf(packed)),
    async close() {
      await Promise.all(hands.map((hand) => hand.close()));
    },
  };
}

const sparesOfOne: Spare[] = [];

/** One job after the other, each when it is its turn; between two of them signals and the screen have theirs. */
const crewOfOne: Crew = {
  holds: 1,
  pack: (job) => async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return packJob(job, sparesOfOne.pop());
  },
  giveBack: (packed) => void sparesOfOne.push(memoryOf(packed)),
  close: async () => undefined,
};

interface Hand {
  readonly load: () => number;
  readonly isGone: () => boolean;
  /** Null: not packed by this thread. */
  readonly pack: (job: PackJob, spare?: Spare) => Promise<PackedJob | null>;
  readonly close: () => Promise<unknown>;
}

function beginHand(file: string): Hand {
  const waiting = new Map<number, (packed: PackedJob | null) => void>();
  let isGone = false;
  let lastId = 0;
  // Nothing of this process's flags: a debugger or a loader that is meant for it would begin again in each thread.
  const worker = new Worker(file, { execArgv: execArgvOf(file), resourceLimits });
  const leave = () => {
    isGone = true;
    for (const answer of waiting.values()) answer(null);
    waiting.clear();
  };
  worker.on('message', ({ id, packed }: Answered) => {
    waiting.get(id)?.(packed);
    waiting.delete(id);
  });
  worker.on('error', leave);
  worker.on('exit', leave);
  return {
    load: () => waiting.size,
    isGone: () => isGone,
    pack(job, spare = []) {
      const id = ++lastId;
      return new Promise((answer) => {
        waiting.set(id, answer);
        worker.postMessage({ id, job, spare } satisfies Asked, spare);
      });
    },
    close: () => worker.terminate(),
  };
}

/** What lives longer than one job is little; a young generation of the usual size would only fill up with waste. */
const resourceLimits = { maxYoungGenerationSizeMb: 3 };

/** From source, types are stripped, of which Node warns. */
function execArgvOf(file: string): string[] {
  return file.endsWith('.ts') ? ['--disable-warning=ExperimentalWarning'] : [];
}

/** Beside this file in the sources; in `dist/` this is a part of a chunk, and the worker lies where the doors are. */
function findWorkerFile(): string | null {
  const here: string | undefined = import.meta.url;
  if (here === undefined) return null;
  const names = here.endsWith('.ts') ? ['./pack-worker.ts'] : ['./pack-worker.js', '../pack-worker.js'];
  const paths = names.map((name) => fileURLToPath(new URL(name, here)));
  return paths.find((path) => existsSync(path)) ?? null;
}
