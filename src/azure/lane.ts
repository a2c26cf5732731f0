/** Requests that share their quotas, in a row: each leaves when there is room for it, and every site in its turn. */
import type { Clock } from '../clock.ts';
import { TransientError } from '../errors.ts';
import { createFairQueue } from './fair-queue.ts';
import type { Headers, Quota } from './quota.ts';

/** What somebody who watches should know: why nothing happens for a while. */
export interface Waiting {
  /** ARM's path of the site whose request met the limit; null when it is about none. */
  readonly site: string | null;
  readonly waitMs: number;
  /** `ARM asks for 17 s (reads of subscription …)` */
  readonly what: string;
}

export interface Pass {
  /** Null: there was no answer. */
  answered(answer: { readonly status: number; readonly headers: Headers } | null): void;
}

export interface LaneParts {
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly random: () => number;
  /** Told once for each wait, however many requests share it. */
  readonly onWait?: ((waiting: Waiting) => void) | undefined;
  /** Aborted when nothing more is to be sent that has not left yet; the reason is the signal's name. */
  readonly stop?: AbortSignal | undefined;
}

export interface LaneFacts {
  /** `ARM`, `Resource Graph`, `the SCM site orders-weu-staging.scm.azurewebsites.net`. */
  readonly who: string;
  /** `reads of subscription …` */
  readonly what: string;
  /** None where nothing is documented: then only what the other side asks for holds anything back. */
  readonly quotas: readonly Quota[];
  /** How long an answer asks everybody in this lane to be quiet; null when it does not. */
  readonly readQuietMs: (status: number, headers: Headers, nowMs: number) => number | null;
}

/** Longer than this nothing is held back: it is better said than sat out, and who asked may come again. */
export const longestHoldMs = 120_000;
/** So that those who were asked to wait the same time do not come back at one instant. */
const jitterMs = 250;
/** A row that takes longer than this to leave is news. */
const notableMs = 5_000;

interface Waiter {
  readonly site: string | null;
  readonly dueMs: number;
  readonly go: () => void;
  readonly refuse: (error: TransientError) => void;
}

export class Lane {
  readonly #facts: LaneFacts;
  readonly #parts: LaneParts;
  readonly #row = createFairQueue<Waiter>();
  #quietUntilMs = 0;
  #askedUntilMs = Number.NEGATIVE_INFINITY;
  #crowdTold = false;
  #departures = 0;
  #underWay = 0;
  #alarm: AbortController | null = null;

  constructor(facts: LaneFacts, parts: LaneParts) {
    this.#facts = facts;
    this.#parts = parts;
  }

  /** @throws TransientError `throttled`: it would have to wait too long; `stopped`. It was not sent. */
  enter(site: string | null): Promise<Pass> | Pass {
    if (this.#row.size === 0 && this.#waitMs(1) === 0) return this.#depart(site);
    if (this.#parts.stop?.aborted) throw this.#tellStopped(site);
    return new Promise((resolve, reject) => {
      this.#row.add(site?.toLowerCase() ?? '', {
        site,
        dueMs: this.#parts.clock.now() + longestHoldMs,
        go: () => resolve(this.#depart(site)),
        refuse: reject,
      });
      this.#move();
    });
  }

  /** Everybody who waits hears it now: what leaves later would be sent behind the back of whoever comes next. */
  callOff(): void {
    for (const each of this.#row.remove(() => true)) each.refuse(this.#tellStopped(each.site));
    this.#move();
  }

  #tellStopped(site: string | null): TransientError {
    const { who } = this.#facts;
    return new TransientError(
      `Stopped by ${String(this.#parts.stop?.reason)} while it waited for its turn at ${who}. Nothing was sent.`,
      { code: 'stopped', where: site?.split('/').at(-1) ?? who },
    );
  }

  #waitMs(count: number): number {
    const nowMs = this.#parts.clock.now();
    return Math.max(
      this.#quietUntilMs - nowMs,
      ...this.#facts.quotas.map((quota) => quota.waitMs(nowMs, count)),
      0,
    );
  }

  #depart(site: string | null): Pass {
    const order = ++this.#departures;
    const sentMs = this.#parts.clock.now();
    this.#underWay += 1;
    for (const quota of this.#facts.quotas) quota.take(sentMs);
    return {
      answered: (answer) => {
        this.#underWay -= 1;
        if (answer === null) return;
        const { status, headers } = answer;
        const nowMs = this.#parts.clock.now();
        const sentSince = this.#departures - order;
        for (const quota of this.#facts.quotas)
          quota.learn({ headers, sentMs, nowMs, sentSince, underWay: this.#underWay });
        const quietMs = this.#facts.readQuietMs(status, headers, nowMs);
        if (quietMs !== null) this.#fallQuiet(quietMs, site);
        if (this.#row.size > 0) this.#move();
      },
    };
  }

  #fallQuiet(askedMs: number, site: string | null): void {
    const untilMs = this.#parts.clock.now() + askedMs;
    if (untilMs > this.#quietUntilMs) {
      this.#quietUntilMs = untilMs + Math.round(this.#parts.random() * jitterMs);
      for (const quota of this.#facts.quotas) quota.drain(this.#quietUntilMs);
    }
    // Requests that were under way together are asked together: that is one wait.
    if (untilMs <= this.#askedUntilMs + 1_000) return;
    this.#askedUntilMs = untilMs;
    const { who, what } = this.#facts;
    this.#tell({ site, waitMs: askedMs, what: `${who} asks for ${writeSeconds(askedMs)} (${what})` });
  }

  /** Lets out everybody for whom there is room, and comes back when there is more. */
  #move(): void {
    this.#alarm?.abort();
    this.#alarm = null;
    while (this.#row.size > 0 && this.#waitMs(1) === 0) this.#row.take()?.go();
    this.#refuseLate();
    if (this.#row.size === 0) {
      this.#crowdTold = false;
      return;
    }
    this.#tellCrowd();
    const waitMs = Math.min(this.#waitMs(1), this.#firstDueMs() - this.#parts.clock.now());
    this.#alarm = new AbortController();
    this.#parts.clock.sleep(Math.max(1, waitMs), this.#alarm.signal).then(
      () => this.#move(),
      () => {},
    );
  }

  /** Also those of whom it is certain now that they will be late: they may as well hear it. */
  #refuseLate(): void {
    const nowMs = this.#parts.clock.now();
    const nextMs = Math.max(nowMs, this.#quietUntilMs);
    if (this.#row.size === 0 || this.#firstDueMs() > nextMs) return;
    const waitMs = this.#waitMs(1);
    const { who, what } = this.#facts;
    for (const late of this.#row.remove(({ dueMs }) => dueMs <= nextMs)) {
      late.refuse(
        new TransientError(
          `${who.charAt(0).toUpperCase()}${who.slice(1)} lets no more ${what} pass for ${writeSeconds(waitMs)}. Nothing was sent.`,
          {
            code: 'throttled',
            where: late.site?.split('/').at(-1) ?? who,
            retryAfterMs: waitMs,
            next: 'Quotas are shared by everything that uses this identity: is something else busy with it?',
          },
        ),
      );
    }
  }

  #firstDueMs(): number {
    return this.#row
      .heads()
      .reduce((earliest, { dueMs }) => Math.min(earliest, dueMs), Number.POSITIVE_INFINITY);
  }

  #tellCrowd(): void {
    const waitMs = this.#waitMs(this.#row.size);
    if (this.#crowdTold || this.#quietUntilMs > this.#parts.clock.now() || waitMs < notableMs) return;
    this.#crowdTold = true;
    const what = `the quota for ${this.#facts.what} is nearly used up, and ${this.#row.size} requests wait their turn`;
    this.#tell({ site: this.#row.heads()[0]?.site ?? null, waitMs, what });
  }

  #tell(waiting: Waiting): void {
    this.#parts.onWait?.(waiting);
  }
}

function writeSeconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
