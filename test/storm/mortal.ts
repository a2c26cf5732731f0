/** A process that can die: from that moment on nothing it asks for is done, and nothing it waits for comes. */
import type { Clock } from '../../src/clock.ts';
import type { Happening, Recorded } from '../../src/rollout/events.ts';
import type { Journal } from '../../src/rollout/journal.ts';

/** A moment at which a process can die, counted from 1: around each append and each request that changes something. */
export interface Death {
  readonly atMoment: number;
}

export interface Mortal {
  readonly died: Promise<'died'>;
  readonly moments: number;
  readonly isDead: () => boolean;
  /** Passes a moment: dies here if it is the one, and then never returns. */
  pass(): Promise<void>;
  /** What a dead process waits for never comes. */
  live<T>(work: Promise<T>): Promise<T>;
  clock(clock: Clock): Clock;
}

const never = new Promise<never>(() => {});

export function createMortal(death: Death | null): Mortal {
  let dead = false;
  let moments = 0;
  let announce: (died: 'died') => void = () => {};
  const died = new Promise<'died'>((resolve) => {
    announce = resolve;
  });
  const live = async <T>(work: Promise<T>): Promise<T> => {
    if (dead) return never;
    const result = await work.catch((reason: unknown) => {
      if (dead) return never;
      throw reason;
    });
    return dead ? never : result;
  };
  return {
    died,
    get moments() {
      return moments;
    },
    isDead: () => dead,
    async pass() {
      if (dead) return never;
      moments++;
      if (moments !== death?.atMoment) return;
      dead = true;
      announce('died');
      return never;
    },
    live,
    clock: (clock) => ({
      now: () => clock.now(),
      sleep: (ms, signal) => live(clock.sleep(ms, signal)),
      timeout: (ms) => clock.timeout(ms),
    }),
  };
}

/** A journal that outlives the processes which write it. */
export function createShelf(): { readonly entries: Recorded[] } {
  return { entries: [] };
}

export function openShelf(
  shelf: { readonly entries: Recorded[] },
  rollout: string,
  clock: Clock,
  mortal: Mortal,
): Journal {
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
