/** Storage accounts by their names: an app knows only the name, ARM lists them by subscription. */
import { RefusalError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { StorageAccountFacts } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import { type Json, objectOf, objectsOf, readList } from './arm-json.ts';
import { createOnce } from './read-once.ts';
import { stringOf } from './server-text.ts';

export type AccountReader = (arm: Arm, target: Target, name: string) => Promise<StorageAccountFacts>;

/** Rejects with `account-unseen` where the target's subscription has no such account that this identity sees. */
export function createAccountReader(): AccountReader {
  const lists = createOnce<readonly StorageAccountFacts[]>();
  return async (arm, { subscriptionId, name: where }, name) => {
    const about = { what: `list the storage accounts of the subscription ${subscriptionId}`, where };
    const url = `/subscriptions/${subscriptionId}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01`;
    const all = await lists(subscriptionId, async () =>
      (await readList(arm, subscriptionId, about, url)).map(readAccount),
    );
    const found = all.find((each) => each.name === name.toLowerCase());
    if (found) return found;
    const why = `The subscription ${subscriptionId} has no storage account ${name} that this identity sees.`;
    throw new RefusalError(why, { code: 'account-unseen', where });
  };
}

export function readAccount(listed: Json): StorageAccountFacts {
  const properties = objectOf(listed['properties']);
  const isPublic = (stringOf(properties['publicNetworkAccess']) ?? 'Enabled').toLowerCase() === 'enabled';
  const acls = objectOf(properties['networkAcls']);
  const isDenied = stringOf(acls['defaultAction'])?.toLowerCase() === 'deny';
  return {
    name: (stringOf(listed['name']) ?? '').toLowerCase(),
    // Where some addresses are let in, nobody can tell from here whether the app has one of them.
    open: isPublic && (!isDenied || objectsOf(acls['ipRules']).length > 0),
    sharedKey: properties['allowSharedKeyAccess'] !== false,
  };
}
