/** The store, as the engine sees it: a shelf that is tidied up when a rollout has settled. */
import type { Shelf } from '../rollout/shelf.ts';
import type { PackageStore } from './package-store.ts';
import type { StoredPackage } from './storeroom.ts';

export interface StoreShelfParts {
  readonly store: PackageStore;
  readonly keep: number;
  /** A store beside a push is looked at only where a package has turned to it. */
  readonly isAlwaysUsed: boolean;
}

export function createStoreShelf({ store, keep, isAlwaysUsed }: StoreShelfParts): Shelf {
  const listed = new Map<string, StoredPackage>();
  return {
    place: 'store',
    keep,
    list: async () => {
      if (!isAlwaysUsed && !store.isUsed()) return { shelved: [], unfinished: [] };
      const found = await store.list();
      for (const each of found) listed.set(each.name, each);
      const shelved = found.map(({ name: key, release, bytes, usedMs }) => ({ key, release, bytes, usedMs }));
      return { shelved, unfinished: [] };
    },
    remove: async ({ key }) => {
      const stored = listed.get(key);
      return stored !== undefined && store.remove(stored);
    },
  };
}
