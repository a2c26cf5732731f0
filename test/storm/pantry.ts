/** The shelves of a storm: packages of earlier rollouts, which outlive a process, and are taken away by mortal ones. */
import type { Listing, Shelf, Shelved } from '../../src/rollout/shelf.ts';
import type { Mortal } from './mortal.ts';
import type { Played } from './play.ts';
import { type Baggage, newRollout } from './stage.ts';

type Place = Shelf['place'];

export interface Pantry {
  readonly kept: Readonly<Record<Place, Map<string, Shelved>>>;
  /** As they went. */
  readonly removed: { readonly place: Place; readonly release: string }[];
}

const keep = 3;
const unfinished = 'r-unfinished.0123456789ab';

/** Oldest first: what production runs now, what somebody may still resume, and some that nobody needs any more. */
export function stockPantry(baggage: Baggage): Pantry {
  const earlier = Array.from({ length: 4 }, (_, at) => `r-${at + 1}.0123456789ab`);
  const releases = [baggage.incumbentId, unfinished, ...earlier, baggage.release.id];
  const stock = (omitted: number) => {
    const shelved = releases.map((release, at) => ({ release, bytes: 1, usedMs: at, key: `${release}.zip` }));
    return new Map(shelved.filter((_, at) => at >= omitted).map((each) => [each.key, each]));
  };
  return { kept: { store: stock(0), disk: stock(1) }, removed: [] };
}

export function openShelves({ kept, removed }: Pantry, mortal: Mortal): readonly Shelf[] {
  return (['disk', 'store'] as const).map((place) => ({
    place,
    keep,
    list: (): Promise<Listing> =>
      mortal.live(
        Promise.resolve({
          shelved: [...kept[place].values()],
          unfinished: place === 'disk' ? [unfinished] : [],
        }),
      ),
    async remove({ key, release }) {
      await mortal.pass();
      const wasThere = kept[place].delete(key);
      if (wasThere) removed.push({ place, release });
      await mortal.pass();
      return wasThere;
    },
  }));
}

/** Nothing goes that is needed or not announced; after a rollout that settled, what is spare is gone, whoever died. */
export function auditPantry({ pantry, outcome, entries }: Played, baggage: Baggage): readonly string[] {
  if (pantry === null) return [];
  const announced = entries.flatMap((entry) => (entry.type === 'tidy.begun' ? entry.packages : []));
  const settledBefore = entries.some(({ type }) => type === 'wave.baked');
  const wrong = pantry.removed.flatMap(({ place, release }) => [
    ...([baggage.incumbentId, unfinished].includes(release) || release.startsWith(newRollout)
      ? [`${release} was needed, and is gone from the ${place}`]
      : []),
    ...(announced.some((each) => each.place === place && each.release === release)
      ? []
      : [`${release} went from the ${place}, and the journal does not say so`]),
    ...(settledBefore ? [] : [`${release} went from the ${place} before anything had settled`]),
  ]);
  const left = (place: Place) => [...pantry.kept[place].values()].map(({ release }) => release.split('.')[0]);
  const isTidy = (['store', 'disk'] as const).every((place) => {
    const spare = ['r-1', 'r-2'].filter((release) => left(place).includes(release));
    return outcome === 'settled' ? spare.length === 0 : spare.length === 2;
  });
  return isTidy
    ? wrong
    : [...wrong, `after "${outcome}" the shelves hold ${left('store')} and ${left('disk')}`];
}
