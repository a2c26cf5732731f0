/**
 * Time as everybody here sees it. The engine, the Azure clients and the emulator take a clock, so that one
 * rollout can run in real time, compressed, or on a clock that a test moves by hand.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, as this clock counts them. */
  now(): number;
  /** Resolves after `ms` of this clock. Rejects with the signal's reason as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * A signal that aborts `ms` later, for requests on the wire. On a compressed clock it counts wall time:
   * sockets and processes do not run faster because the rehearsal does. Once `done` aborts nobody looks at it any more.
   */
  timeout(ms: number, done?: AbortSignal): AbortSignal;
}

export interface ClockOptions {
  /** How many milliseconds of this clock pass in one of the wall. */
  readonly scale?: number;
  /** The wall instant (epoch milliseconds) at which this clock and the wall agree. */
  readonly anchorMs?: number;
}

/** The wall clock, or the wall clock compressed by `scale`. Two processes with one anchor read one time. */
export function systemClock({ scale = 1, anchorMs = Date.now() }: ClockOptions = {}): Clock {
  return {
    now: () => Math.round(anchorMs + (Date.now() - anchorMs) * scale),
    sleep: (ms, signal) => wallSleep(ms / scale, signal),
    timeout: (ms, done) => (done ? wallTimeout(ms, done) : AbortSignal.timeout(ms)),
  };
}

/** Like the platform's own, which nobody can call off: thousands of them would wait for their time, and stay in memory. */
function wallTimeout(ms: number, done: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'));
  const timer = setTimeout(end, ms).unref();
  done.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return controller.signal;
}

/** setTimeout holds 31 bits; longer sleeps are cut in pieces. */
const longestTimerMs = 2 ** 31 - 1;

async function wallSleep(ms: number, signal?: AbortSignal): Promise<void> {
  for (let left = Math.max(0, ms); ; left -= longestTimerMs) {
    await wallTimer(Math.min(left, longestTimerMs), signal);
    if (left <= longestTimerMs) return;
  }
}

function wallTimer(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

interface Waiter {
  readonly dueMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is moved: whole rollouts run on it in milliseconds, always alike. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #waiters: Waiter[] = [];
  #held = 0;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const waiter = this.#add(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = () => {
        this.#remove(waiter);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  timeout(ms: number, done?: AbortSignal): AbortSignal {
    const controller = new AbortController();
    const end = () => controller.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'));
    const waiter = this.#add(ms, end);
    done?.addEventListener('abort', () => this.#remove(waiter), { once: true });
    return controller.signal;
  }

  /** The instant of the next sleeper, or null when nobody sleeps. */
  get nextDueMs(): number | null {
    return this.#waiters[0]?.dueMs ?? null;
  }

  /** Moves to the next sleeper and wakes it. Returns false when nobody sleeps. */
  tick(): boolean {
    const next = this.#waiters.shift();
    if (!next) return false;
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.wake();
    return true;
  }

  /** Moves on by `ms`, waking on the way everybody whose time has come. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.nextDueMs !== null && this.nextDueMs <= untilMs) this.tick();
    this.#nowMs = untilMs;
  }

  /** Time stands still while `work` goes on: for the few things that really take time, such as reading a file. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await work;
    } finally {
      this.#held--;
    }
  }

  /** Runs `work`, moving time whenever everything that can run without it has run. */
  async run<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    while (!ended) {
      await drainTasks();
      if (ended) break;
      if (this.#held === 0) this.tick();
    }
    return work;
  }

  #add(ms: number, wake: () => void): Waiter {
    const waiter = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, wake };
    const at = this.#waiters.findIndex((other) => other.dueMs > waiter.dueMs);
    if (at < 0) this.#waiters.push(waiter);
    else this.#waiters.splice(at, 0, waiter);
    return waiter;
  }

  #remove(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
  }
}

/** Lets every promise, nextTick and immediate that is ready run, several rounds deep. */
async function drainTasks(): Promise<void> {
  for (let round = 0; round < 4; round++) await new Promise<void>((resolve) => setImmediate(resolve));
}
