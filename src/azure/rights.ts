/** What the caller may do, asked beforehand (Microsoft.Authorization/permissions). */
import type { Target } from '../plan/fleet.ts';
import type { Grant } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import { readList, stringsOf } from './arm-json.ts';

/** The grants that hold at a site or a slot; inherited ones are among them. */
export async function readGrants(arm: Arm, target: Target, path: string): Promise<readonly Grant[]> {
  const about = { what: `ask for the rights on ${path.split('/').slice(8).join('/')}`, where: target.name };
  const url = `${path}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
  const listed = await readList(arm, target.subscriptionId, about, url);
  return listed.map((each) => ({
    actions: stringsOf(each['actions']),
    notActions: stringsOf(each['notActions']),
  }));
}
