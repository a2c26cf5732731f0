/** The packages in the state folder. Journals and plans beside them stay: they are small, and tell what happened. */
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Plan } from '../plan/plan.ts';
import type { Recorded } from '../rollout/events.ts';
import type { Listing, Shelf, Shelved } from '../rollout/shelf.ts';
import { isMissing, tellFileError } from './file-errors.ts';
import { listRollouts, placeRollout, type RolloutPlace } from './state.ts';

export interface DiskShelfParts {
  readonly stateFolder: string;
  readonly plan: Plan;
  readonly keep: number;
}

export function createDiskShelf({ stateFolder, plan, keep }: DiskShelfParts): Shelf {
  return {
    place: 'disk',
    keep,
    list: async (): Promise<Listing> => {
      const found: Found[] = [];
      // One after the other: a state folder may have years of them.
      for (const id of await listRollouts(stateFolder)) {
        const one = await readShelved(placeRollout(stateFolder, id), plan);
        if (one !== null) found.push(one);
      }
      return {
        shelved: found.flatMap((each) => each.shelved ?? []),
        unfinished: found.flatMap((each) => each.unfinished ?? []),
      };
    },
    remove: async ({ key }) => {
      const { releasePath } = placeRollout(stateFolder, key);
      try {
        await rm(releasePath);
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw new InputError(`A package cannot be deleted: ${tellFileError(error)}`, {
          code: 'state-unwritable',
          where: releasePath,
          cause: error,
        });
      }
    },
  };
}

interface Found {
  readonly shelved?: Shelved;
  readonly unfinished?: string;
}

/** Null: there is no package, or nobody can tell whose it is. */
async function readShelved(place: RolloutPlace, plan: Plan): Promise<Found | null> {
  const { id, journalPath, releasePath } = place;
  const size = await stat(releasePath).then(
    (found) => found.size,
    () => null,
  );
  if (size === null) return null;
  const [begun, last] = await readEnds(journalPath).catch(() => [null, null]);
  if (begun?.type !== 'rollout.begun' || last === null) return null;
  const release = begun.release.id;
  // The rollout that has just settled is one of these: its end is written when all else is done.
  const unfinished = last.type === 'rollout.ended' ? {} : { unfinished: release };
  if (!isSameFleet(begun.plan, plan)) return unfinished;
  return { ...unfinished, shelved: { key: id, release, bytes: size, usedMs: Date.parse(last.at) } };
}

/** All that it was for is what was read now: of any other target nobody knows what it runs. */
function isSameFleet(earlier: Plan, plan: Plan): boolean {
  const idOf = ({ subscriptionId, resourceGroup, site, slot }: Target) =>
    `${subscriptionId}/${resourceGroup}/${site}/${slot}`.toLowerCase();
  const own = new Set(plan.targets.map(({ facts }) => idOf(facts.target)));
  return (
    earlier.app === plan.app &&
    earlier.cloud === plan.cloud &&
    earlier.targets.every(({ facts }) => own.has(idOf(facts.target)))
  );
}

/** A beginning holds the plan, an end what each target runs: of a thousand targets a few megabytes. */
const longestEntry = 16 * 1024 * 1024;

/** The first and the last entry of a journal, of which the middle may be long. Throws for what is no journal. */
async function readEnds(path: string): Promise<readonly [Recorded, Recorded]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let bytes = 256 * 1024; ; bytes *= 4) {
      const wanted = Math.min(bytes, size);
      const [head, tail] = [await readText(file, 0, wanted), await readText(file, size - wanted, wanted)];
      const first = head.slice(0, Math.max(0, head.indexOf('\n')));
      // What a crash left half written behind the last line was never an entry.
      const lines = tail.slice(0, tail.lastIndexOf('\n') + 1).split('\n');
      const isWhole = first !== '' && (lines.length > 2 || wanted === size);
      if (isWhole) return [JSON.parse(first) as Recorded, JSON.parse(lines.at(-2) ?? '') as Recorded];
      if (wanted === size || bytes > longestEntry) throw new Error('it is no journal');
    }
  } finally {
    await file.close();
  }
}

async function readText(file: FileHandle, at: number, bytes: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
  return buffer.toString('utf8', 0, bytesRead);
}
