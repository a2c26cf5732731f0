/**
 * All packages that are being sent from this process. How many at once is a matter of bytes: a line is full with a
 * few large packages, and each of a hundred would come in too late for its own deadline.
 */
import type { Clock } from '../clock.ts';
import { TransientError } from '../errors.ts';
import type { Release } from '../release/release.ts';
import { shareFiles } from './shared-file.ts';

export interface Uploads {
  /** Resolves when this one may be sent. Rejects with a TransientError when it may not by `untilMs`. */
  begin(release: Pick<Release, 'path' | 'bytes'>, untilMs: number): Promise<Upload>;
}

/** One sending, which must be ended. */
export interface Upload {
  open(): AsyncIterable<Buffer>;
  sent(bytes: number): void;
  end(): void;
}

/** At once and still to be sent: 86 s of a line of 100 Mbit/s. */
const inFlightLimit = 1024 * 1024 * 1024;
/** What has not moved for so long takes nothing from the line, so it keeps nobody waiting. */
const stallMs = 10_000;

export function createUploads(clock: UploadClock, limitBytes = inFlightLimit): Uploads {
  const files = shareFiles();
  const line = openLine(clock, limitBytes);
  return {
    begin: async ({ path, bytes }, untilMs) => {
      const one = await line.enter(bytes, untilMs);
      return {
        open: () => files.read(path, bytes),
        sent: (sentBytes) => {
          one.leftBytes = bytes - sentBytes;
          one.movedMs = clock.now();
          line.admit();
        },
        end: () => line.leave(one),
      };
    },
  };
}

type UploadClock = Pick<Clock, 'now' | 'sleep'>;

interface Sending {
  leftBytes: number;
  movedMs: number;
}

interface Waiting {
  readonly bytes: number;
  readonly untilMs: number;
  readonly go: (one: Sending) => void;
  readonly giveUp: (why: TransientError) => void;
}

interface Line {
  /** In the order in which they came. */
  enter(bytes: number, untilMs: number): Promise<Sending>;
  leave(one: Sending): void;
  /** Lets in whom there is room for. */
  admit(): void;
}

function openLine(clock: UploadClock, limitBytes: number): Line {
  const sending = new Set<Sending>();
  const waiting: Waiting[] = [];
  const inFlight = () => {
    const sinceMs = clock.now() - stallMs;
    return [...sending].reduce((sum, { leftBytes, movedMs }) => sum + (movedMs > sinceMs ? leftBytes : 0), 0);
  };
  const admit = () => {
    for (let [first] = waiting; first; [first] = waiting) {
      const isLate = first.untilMs <= clock.now();
      const bytes = inFlight();
      // One that is larger than all that may be at once goes alone.
      if (!isLate && bytes > 0 && bytes + first.bytes > limitBytes) return;
      waiting.shift();
      if (isLate) first.giveUp(neverBegun());
      else {
        const one = { leftBytes: first.bytes, movedMs: clock.now() };
        sending.add(one);
        first.go(one);
      }
    }
  };
  /** For what ends by itself nobody has to look; for what stalls, somebody has. */
  let isWatched = false;
  const watch = async () => {
    isWatched = true;
    for (; waiting.length > 0; admit()) await clock.sleep(stallMs);
    isWatched = false;
  };
  return {
    admit,
    enter: (bytes, untilMs) =>
      new Promise((go, giveUp) => {
        waiting.push({ bytes, untilMs, go, giveUp });
        admit();
        if (waiting.length > 0 && !isWatched) void watch();
      }),
    leave: (one) => {
      sending.delete(one);
      admit();
    },
  };
}

function neverBegun(): TransientError {
  return new TransientError('The package was not sent: others were on the line until the time was up.', {
    code: 'upload-not-begun',
    next: 'Give targets more time (strategy.progressDeadline), or send packages once: delivery: { mode: pull }.',
  });
}
