/** The life of one host's app process: started when needed, started again when it died, resting when others need its place. */
import type { Clock } from '../../clock.ts';
import { AppGoneError, type AppProcess } from './app.ts';
import { PoolFullError, type PoolMember, type ProcessPool } from './pool.ts';

/** How long a request waits for the app, in milliseconds of the wall: the real host's own limit. */
const readyTimeoutMs = 30_000;
/** How long the status waits before it says `Starting`, in milliseconds of the wall. */
const glanceMs = 5_000;
const startAttempts = 3;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** How long a host stays in state Error before a request makes it try again, in milliseconds of its world. */
const errorRestMs = 10_000;

/** The app does not run, now or within the time that a request waits. */
export class AppNotRunningError extends Error {}

export interface AppLifeParts {
  readonly launch: (signal: AbortSignal) => Promise<AppProcess>;
  readonly pool: ProcessPool;
  /** Real time: a process does not start sooner because the rehearsal is compressed. */
  readonly wall: Clock;
  /** The world's time, in which a host stays in state Error. */
  readonly clock: Clock;
}

export class AppLife implements PoolMember {
  readonly #parts: AppLifeParts;
  readonly #end = new AbortController();
  #app: AppProcess | undefined;
  #starting: Promise<AppProcess> | undefined;
  #busy = 0;
  /** Deaths since the app last answered. */
  #deaths = 0;
  #error: string | undefined;
  #errorUntilMs = 0;

  constructor(parts: AppLifeParts) {
    this.#parts = parts;
  }

  get idle(): boolean {
    return this.#busy === 0 && this.#starting === undefined;
  }

  /** Why the last starts failed. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Runs `work` with the live app. Rejects with AppNotRunningError when there is none in time. */
  async use<T>(work: (app: AppProcess) => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      const app = await this.#within(readyTimeoutMs);
      if (!app) throw new AppNotRunningError(this.#error ?? 'The app did not start in time.');
      this.#parts.pool.touch(this);
      const result = await work(app);
      this.#deaths = 0;
      return result;
    } finally {
      this.#busy--;
      if (this.idle) this.#parts.pool.notice();
    }
  }

  /** The app as it is after a moment: null while it still starts or when it does not run. */
  async glance(): Promise<AppProcess | null> {
    return await this.#within(glanceMs).catch(() => null);
  }

  async rest(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    await app?.stop();
  }

  async stop(): Promise<void> {
    this.#end.abort(new AppNotRunningError('The host has been stopped.'));
    await this.#starting?.catch(() => undefined);
    await this.rest();
    this.#parts.pool.leave(this);
  }

  async #within(ms: number): Promise<AppProcess | null> {
    if (this.#app) return this.#app;
    const starting = this.#start();
    const tooLong = this.#parts.wall.timeout(ms);
    const done = new AbortController();
    const late = new Promise<null>((resolve) => {
      tooLong.addEventListener('abort', () => resolve(null), { signal: done.signal });
    });
    try {
      return await Promise.race([starting, late]);
    } finally {
      done.abort();
    }
  }

  #start(): Promise<AppProcess> {
    this.#starting ??= this.#launch().finally(() => {
      this.#starting = undefined;
      this.#parts.pool.notice();
    });
    // Who asked may have stopped waiting; the failure is kept in #error.
    this.#starting.catch(() => undefined);
    return this.#starting;
  }

  async #launch(): Promise<AppProcess> {
    const { clock, pool, wall } = this.#parts;
    if (this.#error !== undefined && clock.now() < this.#errorUntilMs)
      throw new AppNotRunningError(this.#error);
    let reason = '';
    try {
      await pool.admit(this, this.#end.signal);
      for (let attempt = 0; attempt < startAttempts; attempt++) {
        this.#end.signal.throwIfAborted();
        if (this.#deaths > 0) await wall.sleep(this.#pauseMs(), this.#end.signal);
        const app = await this.#tryOnce();
        if (typeof app !== 'string') return this.#adopt(app);
        reason = app;
        this.#deaths++;
      }
    } catch (thrown) {
      pool.leave(this);
      throw thrown instanceof PoolFullError ? new AppNotRunningError(thrown.message) : thrown;
    }
    pool.leave(this);
    this.#error = reason;
    this.#errorUntilMs = clock.now() + errorRestMs;
    throw new AppNotRunningError(reason);
  }

  /** The app, or why there is none. */
  async #tryOnce(): Promise<AppProcess | string> {
    try {
      return await this.#parts.launch(this.#end.signal);
    } catch (thrown) {
      if (thrown instanceof AppGoneError) return thrown.message;
      throw thrown;
    }
  }

  async #adopt(app: AppProcess): Promise<AppProcess> {
    if (this.#end.signal.aborted) {
      await app.stop();
      throw this.#end.signal.reason;
    }
    this.#app = app;
    this.#error = undefined;
    void app.gone.then(() => {
      if (this.#app !== app) return;
      this.#app = undefined;
      this.#deaths++;
      this.#parts.pool.leave(this);
    });
    return app;
  }

  #pauseMs(): number {
    return Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#deaths - 1));
  }
}
