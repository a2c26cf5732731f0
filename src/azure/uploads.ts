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

interface Sending {
  leftBytes: number;
  movedMs: number;
}

interface Waiting {
  readonly bytes: number;
  readonly untilMs: number;
  readonly go: () => void;
  readonly giveUp: () => void;
}

export function createUploads(clock: Pick<Clock, 'now' | 'sleep'>, limitBytes = inFlightLimit): Uploads {
  const files = shareFiles();
  const sending = new Set<Sending>();
  const waiting: Waiting[] = [];
  const inFlight = () => {
    const sinceMs = clock.now() - stallMs;
    return [...sending].reduce((sum, { leftBytes, movedMs }) => sum + (movedMs > sinceMs ? leftBytes : 0), 0);
  };
  const admit = () => {
    while (waiting[0]) {
      const [first] = waiting;
      const isLate = first.untilMs <= clock.now();
      const bytes = inFlight();
      // One that is larger than all that may be at once goes alone.
      if (!isLate && bytes > 0 && bytes + first.bytes > limitBytes) return;
      waiting.shift();
      if (isLate) first.giveUp();
      else first.go();
    }
  };
  let isWatching = false;
  /** For what ends by itself nobody has to look; for what stalls, somebody has. */
  const watch = async () => {
    if (isWatching) return;
    isWatching = true;
    while (waiting.length > 0) {
      await clock.sleep(stallMs);
      admit();
    }
    isWatching = false;
  };
  return {
    begin: ({ path, bytes }, untilMs) =>
      new Promise((resolve, reject) => {
        const go = () => {
          const one: Sending = { leftBytes: bytes, movedMs: clock.now() };
          sending.add(one);
          resolve({
            open: () => files.read(path, bytes),
            sent: (sentBytes) => {
              one.leftBytes = bytes - sentBytes;
              one.movedMs = clock.now();
              admit();
            },
            end: () => {
              sending.delete(one);
              admit();
            },
          });
        };
        waiting.push({ bytes, untilMs, go, giveUp: () => reject(neverBegun()) });
        admit();
        if (waiting.length > 0) void watch();
      }),
  };
}

function neverBegun(): TransientError {
  return new TransientError('The package was not sent: others were on the line until the time was up.', {
    code: 'upload-not-begun',
    next: 'Give targets more time (strategy.progressDeadline), or send packages once: delivery: { mode: pull }.',
  });
}
