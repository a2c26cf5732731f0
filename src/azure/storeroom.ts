/** What lies in the store from earlier rollouts: looked through, and taken away piece by piece. */
import { RefusalError, SlotwaveError } from '../errors.ts';
import { folderOf, readLabel } from './package-label.ts';
import type { StoreParts } from './package-store.ts';
import { retryRead } from './retry.ts';
import type { BlobPage, StoreClient } from './store-client.ts';
import { classifyStore, isMissing, isThere } from './store-errors.ts';

export interface Storeroom {
  /** What is certainly its owner's; empty where nobody is told. */
  list(): Promise<readonly StoredPackage[]>;
  /** False: it has been used since it was listed, or somebody else took it away. */
  remove(stored: StoredPackage): Promise<boolean>;
}

export interface StoredPackage {
  readonly name: string;
  readonly release: string;
  readonly bytes: number;
  /** When it was put there, or found there by a rollout, by the store's own clock. */
  readonly usedMs: number;
  readonly version: string;
}

/** Whoever has more packages of one app there finds the rest next time. */
const maxPages = 20;

export function openStoreroom(parts: StoreParts, client: StoreClient): Storeroom {
  const { owner, address } = parts;
  const ask = <T>(what: string, act: () => Promise<T>): Promise<T> =>
    retryRead(patienceOf(parts), act, (error) => classifyStore(error, what, address));
  return {
    list: async () => {
      if (!owner) return [];
      const found: StoredPackage[] = [];
      let marker: string | null = null;
      for (let pages = 0; pages < maxPages; pages++) {
        const at: string | null = marker;
        const page: BlobPage = await ask(`list the packages in ${address}`, () =>
          client.list(folderOf(owner), at),
        );
        for (const blob of page.blobs) {
          const release = readLabel(owner, blob);
          const { name, bytes, changedMs: usedMs, version } = blob;
          if (release !== null) found.push({ name, release, bytes, usedMs, version });
        }
        if (page.next === null) break;
        marker = page.next;
      }
      return found;
    },
    remove: ({ name, version }) =>
      ask(`delete an old package from ${address}`, () => client.remove(name, version)).then(
        () => true,
        (error: unknown) => {
          // Another version is what a rollout has refreshed meanwhile.
          if (isMissing(error) || isThere(error)) return false;
          throw error instanceof SlotwaveError && error.code === 'store-forbidden'
            ? mayNotDelete(error)
            : error;
        },
      ),
  };
}

/** Nobody waits for this: what does not go now goes after the next rollout. */
function patienceOf({ clock, random, governor, address }: StoreParts) {
  const { host } = new URL(address);
  const shareMs = (longestMs: number) => governor.retryWaitMs(host, longestMs);
  return { clock, random, shareMs, budgetMs: 20_000, tryLimit: 3 };
}

function mayNotDelete(error: SlotwaveError): RefusalError {
  return new RefusalError(error.message, {
    code: 'store-delete-forbidden',
    next: 'The role Storage Blob Data Contributor on the container may delete; where it shall not, a lifecycle rule of the account can, and delivery.keep: 1000 leaves it alone.',
    cause: error,
    ...(error.where === undefined ? {} : { where: error.where }),
  });
}
