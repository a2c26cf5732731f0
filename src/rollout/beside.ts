/** Work that goes on beside the rollout: finding out why. */
import type { Clock } from '../clock.ts';

export interface Beside {
  /** Nothing waits for it but the end, and what it throws is nobody's trouble. */
  later(work: () => Promise<void>): void;
  /** Resolves when all of that is done, or when it has had its time. */
  caughtUp(): Promise<void>;
}

/** A diagnosis has ten seconds; a few more for those that came last. */
const longestMs = 12_000;

export function createBeside(clock: Clock): Beside {
  const works = new Set<Promise<void>>();
  return {
    later(work) {
      const done = work().catch(() => {});
      works.add(done);
      void done.then(() => works.delete(done));
    },
    async caughtUp() {
      if (works.size === 0) return;
      const patience = new AbortController();
      const late = clock.sleep(longestMs, patience.signal).catch(() => {});
      await Promise.race([Promise.all(works), late]);
      patience.abort(new Error('caught up'));
    },
  };
}
