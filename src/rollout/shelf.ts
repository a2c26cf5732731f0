/**
 * The shelf: packages of earlier rollouts, kept for going back to. When a rollout has settled, the oldest are taken
 * away. Nothing that goes wrong here changes an outcome, and what may still be needed stays, whatever its age.
 */
import pLimit from 'p-limit';
import { asSlotwaveError, type SlotwaveError, TransientError } from '../errors.ts';
import type { EndStanding, ShelfTrouble, ShelvedPackage } from './events.ts';
import { allEnded, type Run } from './run.ts';

/** One place where packages are kept. */
export interface Shelf {
  readonly place: ShelvedPackage['place'];
  /** So many of the newest stay in any case. */
  readonly keep: number;
  /** What certainly is of this fleet. Rejects with a SlotwaveError. */
  list(): Promise<Listing>;
  /** False when somebody has come to need it since it was listed, and it stays. Rejects with a SlotwaveError. */
  remove(shelved: Shelved): Promise<boolean>;
}

export interface Shelved {
  readonly release: string;
  readonly bytes: number;
  /** When a rollout had to do with it last. */
  readonly usedMs: number;
  /** The shelf's own name for it. */
  readonly key: string;
}

export interface Listing {
  readonly shelved: readonly Shelved[];
  /** Releases that somebody may go on with, on whatever shelf they lie. */
  readonly unfinished: readonly string[];
}

/** Beyond the newest `keep`, oldest first; never what is needed. */
export function chooseSpare(
  shelved: readonly Shelved[],
  keep: number,
  needed: ReadonlySet<string>,
): readonly Shelved[] {
  const newestFirst = [...shelved].sort((one, other) => other.usedMs - one.usedMs);
  return newestFirst
    .slice(keep)
    .filter(({ release }) => !needed.has(release))
    .reverse();
}

const removalsAtOnce = 4;
/** What is not taken away by then is taken away by the next rollout. */
const tidyMs = 60_000;
/** A rollout takes away what one brought; a shelf that was never tidied is not cleared at one go. */
const maxRemovals = 100;

interface Spare {
  readonly shelf: Shelf;
  readonly shelved: Shelved;
}

/** @param standings what every target of the plan runs, read from Azure a moment ago. */
export async function tidyShelves(run: Run, standings: readonly EndStanding[]): Promise<void> {
  const { shelves = [], clock } = run.ports;
  // Where nobody knows what runs, nobody knows what is needed.
  if (shelves.length === 0 || standings.some(({ readable }) => !readable)) return;
  const untilMs = clock.now() + tidyMs;
  const troubles: ShelfTrouble[] = [];
  const spares = await findSpares(run, shelves, standings, troubles);
  run.goOn();
  if (spares.length > 0) await run.note({ type: 'tidy.begun', packages: spares.map(tell) });
  const removed = await removeAll(run, spares, untilMs, troubles);
  run.goOn();
  if (spares.length > 0 || troubles.length > 0) await run.note({ type: 'tidy.done', removed, troubles });
}

async function findSpares(
  run: Run,
  shelves: readonly Shelf[],
  standings: readonly EndStanding[],
  troubles: ShelfTrouble[],
): Promise<readonly Spare[]> {
  const listings = await allEnded(
    shelves.map(async (shelf) => {
      const listed = await listInTime(run, shelf).catch(asSlotwaveError);
      if (!(listed instanceof Error)) return { shelf, ...listed };
      troubles.push(troubleOf(shelf, listed));
      return { shelf, shelved: [], unfinished: [] };
    }),
  );
  // What is unfinished stands on the disk alone, and holds for all shelves.
  if (troubles.some(({ place }) => place === 'disk')) return [];
  const live = standings.flatMap((each) => [each.live, each.beside]).filter((id) => id !== null);
  const unfinished = listings.flatMap((each) => each.unfinished);
  const needed = new Set([run.release.id, ...live, ...unfinished]);
  return listings
    .flatMap(({ shelf, shelved }) =>
      chooseSpare(shelved, shelf.keep, needed).map((each) => ({ shelf, shelved: each })),
    )
    .slice(0, maxRemovals);
}

/** A store that does not answer holds no end up: what is there is looked through after the next rollout. */
async function listInTime({ ports: { clock, stop } }: Run, shelf: Shelf): Promise<Listing> {
  const over = new AbortController();
  const tooLong = clock.sleep(tidyMs, AbortSignal.any([over.signal, stop])).then(() => {
    throw new TransientError(`What is kept could not be listed within ${tidyMs / 1000} s.`, {
      code: 'shelf-too-slow',
      next: 'Nothing of it was deleted, and nothing is missing: the next rollout that settles tries again.',
    });
  });
  return Promise.race([shelf.list(), tooLong]).finally(() => over.abort());
}

async function removeAll(
  run: Run,
  spares: readonly Spare[],
  untilMs: number,
  troubles: ShelfTrouble[],
): Promise<readonly ShelvedPackage[]> {
  const limit = pLimit(removalsAtOnce);
  const removed: ShelvedPackage[] = [];
  const remove = async (spare: Spare) => {
    const { shelf, shelved } = spare;
    // A shelf that refuses one refuses the next as well: it is told once.
    const isTroubled = () => troubles.some(({ place }) => place === shelf.place);
    if (isTroubled() || run.ports.stop.aborted || run.ports.clock.now() > untilMs) return;
    const end = await shelf.remove(shelved).catch(asSlotwaveError);
    if (end instanceof Error && !isTroubled()) troubles.push(troubleOf(shelf, end));
    else if (end === true) removed.push(tell(spare));
  };
  await allEnded(spares.map((spare) => limit(() => remove(spare))));
  return removed;
}

function tell({ shelf: { place }, shelved: { release, bytes } }: Spare): ShelvedPackage {
  return { place, release, bytes };
}

function troubleOf({ place }: Shelf, { code, message, next }: SlotwaveError): ShelfTrouble {
  return { place, code, message, ...(next === undefined ? {} : { next }) };
}
