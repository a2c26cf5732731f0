/** The packages in the state folder. Journals and plans beside them stay: they are small, and tell what happened. */
import { rm, stat } from 'node:fs/promises';
import pLimit from 'p-limit';
import { InputError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Plan } from '../plan/plan.ts';
import type { Recorded } from '../rollout/events.ts';
import { recall, recallDecision } from '../rollout/recall.ts';
import type { Listing, Shelf, Shelved } from '../rollout/shelf.ts';
import { isMissing, tellFileError } from './file-errors.ts';
import { readJournal } from './journal-file.ts';
import { listRollouts, placeRollout, type RolloutPlace } from './state.ts';

export interface DiskShelfParts {
  readonly stateFolder: string;
  readonly plan: Plan;
  readonly keep: number;
}

/** A journal is read whole, and a state folder may have years of them beside packages, once. */
const readsAtOnce = 4;

export function createDiskShelf({ stateFolder, plan, keep }: DiskShelfParts): Shelf {
  return {
    place: 'disk',
    keep,
    list: async (): Promise<Listing> => {
      const limit = pLimit(readsAtOnce);
      const ids = await listRollouts(stateFolder);
      const read = await Promise.all(
        ids.map((id) => limit(() => readShelved(placeRollout(stateFolder, id), plan))),
      );
      return {
        shelved: read.flatMap((each) => each?.shelved ?? []),
        unfinished: read.flatMap((each) => each?.unfinished ?? []),
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

interface Read {
  readonly shelved?: Shelved;
  readonly unfinished?: string;
}

/** Null: there is no package, or nobody can tell whose it is. */
async function readShelved({ id, folder, releasePath }: RolloutPlace, plan: Plan): Promise<Read | null> {
  const size = await stat(releasePath).then(
    (found) => found.size,
    () => null,
  );
  if (size === null) return null;
  const entries = await readJournal(folder).catch((): readonly Recorded[] => []);
  const begun = recall(entries, 'rollout.begun');
  const last = entries.at(-1);
  if (begun === null || last === undefined) return null;
  const release = begun.release.id;
  // The rollout that has just settled is one of these: its end is written when all else is done.
  const unfinished = recallDecision(entries).kind === 'ended' ? {} : { unfinished: release };
  if (!isSameFleet(begun.plan, plan)) return unfinished;
  return { ...unfinished, shelved: { key: id, release, bytes: size, usedMs: Date.parse(last.at) } };
}

/** All that it was for is what was read now: of any other target nobody knows what it runs. */
function isSameFleet(earlier: Plan, plan: Plan): boolean {
  const idOf = ({ subscriptionId, resourceGroup, site }: Target) =>
    `${subscriptionId}/${resourceGroup}/${site}`.toLowerCase();
  const own = new Set(plan.targets.map(({ facts }) => idOf(facts.target)));
  return (
    earlier.app === plan.app &&
    earlier.cloud === plan.cloud &&
    earlier.targets.every(({ facts }) => own.has(idOf(facts.target)))
  );
}
