/** Packs jobs in worker threads where there are processors for them, and here where there are none: the same bytes. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type PackedJob, type PackJob, packJob } from './pack-job.ts';
import type { Answered, Asked } from './pack-worker.ts';

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

export interface Muster {
  /** To be told of every file of the package as it is found. */
  readonly onFile: (bytes: number) => void;
  /** The crew that what was found so far is worth. */
  crew(): Crew;
  close(): Promise<void>;
}

/**
 * Hires a crew as soon as enough is found to be worth one: threads need some time to begin, and the walk that goes on
 * meanwhile needs but one processor. `count` threads whatever is found, where a test says so.
 */
export function openMuster(count?: number): Muster {
  let files = 0;
  let bytes = 0;
  let crew: Crew | null = count === undefined ? null : hireCrew(count);
  return {
    onFile(byteCount) {
      files += 1;
      bytes += byteCount;
      if (files >= fewFiles || bytes >= fewBytes) crew ??= hireCrew(countWorkers(availableParallelism()));
    },
    crew: () => crew ?? crewOfOne,
    close: async () => crew?.close(),
  };
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
  const spares: ArrayBuffer[] = [];
  return {
    holds: count * 4,
    pack(job) {
      const [first, ...others] = hands.filter((hand) => !hand.isGone());
      if (!first) return crewOfOne.pack(job);
      const hand = others.reduce((best, other) => (other.load() < best.load() ? other : best), first);
      const packed = hand.pack(job, spares.pop());
      return async () => (await packed) ?? packJob(job);
    },
    giveBack: ({ bytes }) => void spares.push(bytes.buffer),
    async close() {
      await Promise.all(hands.map((hand) => hand.close()));
    },
  };
}

const sparesOfOne: ArrayBuffer[] = [];

/** One job after the other, each when it is its turn; between two of them signals and the screen have theirs. */
const crewOfOne: Crew = {
  holds: 1,
  pack: (job) => async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return packJob(job, sparesOfOne.pop());
  },
  giveBack: ({ bytes }) => void sparesOfOne.push(bytes.buffer),
  close: async () => undefined,
};

interface Hand {
  readonly load: () => number;
  readonly isGone: () => boolean;
  /** Null: not packed by this thread. */
  readonly pack: (job: PackJob, spare?: ArrayBuffer) => Promise<PackedJob | null>;
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
    pack(job, spare) {
      const id = ++lastId;
      return new Promise((answer) => {
        waiting.set(id, answer);
        worker.postMessage({ id, job, spare } satisfies Asked, spare ? [spare] : []);
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
