/** A process that can die: from that moment on nothing it asks for is done, and nothing it waits for comes. */
import type { Clock } from '../../src/clock.ts';
import type { Happening, Recorded } from '../../src/rollout/events.ts';
import type { Journal } from '../../src/rollout/journal.ts';

/** A moment at which a process can die, counted from 1: around each append and each request that changes something. */
export interface Death {
  readonly atMoment: number;
}

/** How a process comes to its end: killed, or asked to stop by a signal, which it answers. */
export interface Ending extends Death {
  readonly by: 'death' | 'SIGINT';
}

export interface Mortal {
  readonly died: Promise<'died'>;
  readonly moments: number;
  /** Aborted by a signal. */
  readonly stop: AbortSignal;
  readonly isDead: () => boolean;
  /** Passes a moment: dies here if it is the one, and then never returns. */
  pass(): Promise<void>;
  /** The process is gone, whatever it still waits for. */
  kill(): void;
  /** What a dead process waits for never comes. */
  live<T>(work: Promise<T>): Promise<T>;
  clock(clock: Clock): Clock;
}

/** A new one each time: one that is shared would keep everybody who ever waited for it. */
const never = () => new Promise<never>(() => {});

export function createMortal(ending: Ending | null): Mortal {
  let dead = false;
  let moments = 0;
  let announce: (died: 'died') => void = () => {};
  const stopping = new AbortController();
  const died = new Promise<'died'>((resolve) => {
    announce = resolve;
  });
  const kill = () => {
    dead = true;
    announce('died');
  };
  const live = async <T>(work: Promise<T>): Promise<T> => {
    if (dead) return never();
    const result = await work.catch((reason: unknown) => {
      if (dead) return never();
      throw reason;
    });
    return dead ? never() : result;
  };
  return {
    died,
    get moments() {
      return moments;
    },
    stop: stopping.signal,
    isDead: () => dead,
    async pass() {
      if (dead) return never();
      moments++;
      if (moments !== ending?.atMoment) return;
      if (ending.by !== 'death') return stopping.abort(ending.by);
      kill();
      return never();
    },
    kill,
    live,
    clock: (clock) => ({
      now: () => clock.now(),
      sleep: (ms, signal) => live(clock.sleep(ms, signal)),
      timeout: (ms) => clock.timeout(ms),
    }),
  };
}

/** A journal that outlives the processes which write it. */
export interface Shelf {
  readonly entries: Recorded[];
}

export function createShelf(): Shelf {
  return { entries: [] };
}

export function openShelf(shelf: Shelf, rollout: string, clock: Clock, mortal: Mortal): Journal {
  return {
    entries: shelf.entries,
    async append(event: Happening) {
      await mortal.pass();
      const seq = shelf.entries.length + 1;
      shelf.entries.push(
        structuredClone({ seq, at: new Date(clock.now()).toISOString(), rollout, ...event }),
      );
      await mortal.pass();
    },
  };
}
