/** Where the packages of earlier rollouts lie: beside the journals, and in the store where there is one. */
import { dirname } from 'node:path';
import type { PackageStore } from '../azure/package-store.ts';
import { createStoreShelf } from '../azure/store-shelf.ts';
import type { Config } from '../config/load.ts';
import type { Plan } from '../plan/plan.ts';
import type { Shelf } from '../rollout/shelf.ts';
import type { Connection } from './connect.ts';
import { createDiskShelf } from './disk-shelf.ts';
import type { RolloutPlace } from './state.ts';

export interface Shelves {
  /** From which slots fetch; null when the config names none. */
  readonly store: PackageStore | null;
  /** Tidied up when the rollout has settled. */
  readonly shelves: readonly Shelf[];
}

export interface ShelvesRequest {
  readonly place: RolloutPlace;
  readonly plan: Plan;
  /** Null: who only takes back fetches nothing and tidies nothing. */
  readonly config: Config | null;
  readonly connection: Pick<Connection, 'azure'>;
}

export function openShelves({ place, plan, config, connection }: ShelvesRequest): Shelves {
  if (config === null) return { store: null, shelves: [] };
  const { store: address, mode, keep } = config.delivery;
  const disk = createDiskShelf({ stateFolder: dirname(dirname(place.folder)), plan, keep });
  if (address === null) return { store: null, shelves: [disk] };
  const targets = plan.targets.map(({ facts }) => facts.target);
  const store = connection.azure.openStore(address, { app: plan.app, targets });
  const shelf = createStoreShelf({ store, keep, isAlwaysUsed: mode === 'pull' });
  return { store, shelves: [disk, shelf] };
}
