/** How many app processes live at once, over all slots of a world. */
import type { Clock } from '../../clock.ts';

/** How long a host may wait for its turn, in milliseconds. */
const turnTimeoutMs = 30_000;

export interface PoolMember {
  /** True when nothing is being answered: such a member can rest. */
  readonly idle: boolean;
  /** Stops the member's process; its next request starts it again. */
  rest(): Promise<void>;
}

/** Every place is taken and everybody is busy. */
export class PoolFullError extends Error {}

export class ProcessPool {
  readonly #maxLive: number;
  readonly #clock: Clock;
  /** Least recently used first: a Set keeps the order of insertion. */
  readonly #live = new Set<PoolMember>();
  #onChange: (() => void)[] = [];

  constructor(maxLive: number, clock: Clock) {
    this.#maxLive = maxLive;
    this.#clock = clock;
  }

  /**
   * Gives `member` a place, taking that of the idle member whose last use is longest ago. Rejects with
   * PoolFullError, or with the signal's reason when the place is no longer wanted.
   */
  async admit(member: PoolMember, signal: AbortSignal): Promise<void> {
    const tooLong = this.#clock.timeout(turnTimeoutMs);
    while (!this.#live.has(member) && this.#live.size >= this.#maxLive) {
      const idle = [...this.#live].find((other) => other.idle);
      if (!idle) {
        await this.#change(tooLong, signal);
        continue;
      }
      // The place changes hands at once, so that nobody else takes it while the old process ends.
      this.#live.delete(idle);
      this.#live.add(member);
      await idle.rest();
    }
    this.touch(member);
  }

  /** Marks `member` as just used. */
  touch(member: PoolMember): void {
    this.#live.delete(member);
    this.#live.add(member);
  }

  /** A member became idle: whoever waits may look again. */
  notice(): void {
    for (const wake of this.#onChange.splice(0)) wake();
  }

  leave(member: PoolMember): void {
    this.#live.delete(member);
    this.notice();
  }

  #change(tooLong: AbortSignal, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const changed = new Promise<void>((resolve, reject) => {
      const late = () =>
        reject(new PoolFullError(`All ${this.#maxLive} app processes were busy for too long.`));
      const unwanted = () => reject(signal.reason as Error);
      if (tooLong.aborted) return late();
      if (signal.aborted) return unwanted();
      tooLong.addEventListener('abort', late, { signal: done.signal });
      signal.addEventListener('abort', unwanted, { signal: done.signal });
      this.#onChange.push(resolve);
    });
    return changed.finally(() => done.abort());
  }
}
