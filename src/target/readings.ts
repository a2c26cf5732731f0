/** Looks at both slots, patient with what is under way, and none of them twice where one tells all. */
import type { Clock } from '../clock.ts';
import { TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { SlotClient, SlotsReading, Stamps } from './slot-client.ts';

export interface ReadingsParts {
  readonly client: Pick<SlotClient, 'readSlots' | 'readStamps' | 'readLive'>;
  readonly clock: Clock;
  /** Something else is under way on the target, and this is waited for. */
  readonly onWait: (target: Target, what: string) => void;
}

export interface Readings {
  /** Everything, as it is now. */
  whole(target: Target): Promise<SlotsReading>;
  /** Everything, as it was read a moment ago with nothing of ours done since; else as it is now. */
  recent(target: Target): Promise<SlotsReading>;
  /** The same, with production read once more: nothing moves there, and nothing has moved since. */
  confirmed(target: Target): Promise<SlotsReading>;
  /** The stamps alone where they are as expected, which two lists tell; else everything. */
  expected(target: Target, expected: Stamps): Promise<Stamps | SlotsReading>;
  /** Before anything is asked for that changes the target. */
  forget(target: Target): void;
}

/** No longer than whoever reads both slots one after the other takes for it on a slow day. */
const recentMs = 2_000;
/** The same, when production was read once more: that may have waited its turn, and the slot beside went on. */
const confirmedMs = 5_000;
/** A swap that fails at its warm-up pings takes 10 to 23 minutes (azure-platform.md §3.2). */
const operationDeadlineMs = 40 * 60_000;
const operationIntervalMs = 10_000;

export function createReadings(parts: ReadingsParts): Readings {
  const { client, clock } = parts;
  const kept = new Map<string, { readonly reading: SlotsReading; readonly askedMs: number }>();
  const whole = async (target: Target) => {
    kept.delete(target.name);
    const { reading, askedMs } = await readQuiet(parts, target);
    kept.set(target.name, { reading, askedMs });
    return reading;
  };
  const recall = ({ name }: Target, ageMs = recentMs): SlotsReading | null => {
    const known = kept.get(name);
    return known && clock.now() - known.askedMs <= ageMs ? known.reading : null;
  };
  return {
    whole,
    recent: async (target) => recall(target) ?? whole(target),
    confirmed: async (target) => {
      const seen = recall(target);
      // What is prepared may be carried out within moments: then nothing but everything is good enough.
      if (seen === null || seen.preparedFor !== null) return whole(target);
      const now = await client.readLive(target);
      const isQuiet = now.operation === null && now.preparedFor === null;
      const isSame = now.liveId === seen.liveId && now.lastSwapAt === seen.lastSwapAt;
      return isQuiet && isSame && recall(target, confirmedMs) === seen ? seen : whole(target);
    },
    expected: async (target, { liveId, besideId }) => {
      const seen = await client.readStamps(target);
      const isSo = seen.liveId === liveId && seen.besideId === besideId && liveId !== besideId;
      return isSo ? { liveId, besideId } : whole(target);
    },
    forget: ({ name }) => void kept.delete(name),
  };
}

/** Waits out whatever ARM says is running on the site, so that what is read is not half of something. */
async function readQuiet({ client, clock, onWait }: ReadingsParts, target: Target) {
  const deadlineMs = clock.now() + operationDeadlineMs;
  for (;;) {
    const askedMs = clock.now();
    const reading = await client.readSlots(target);
    if (reading.operation === null) return { reading, askedMs };
    if (clock.now() >= deadlineMs) {
      throw new TransientError(
        `An operation has been running on ${target.site} for over ${operationDeadlineMs / 60_000} minutes: ${reading.operation}`,
        {
          code: 'operation-still-running',
          where: target.name,
          next: 'Look at the activity log of the site.',
        },
      );
    }
    onWait(target, reading.operation);
    await clock.sleep(operationIntervalMs);
  }
}
