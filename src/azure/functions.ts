/** The functions of a slot, for preflight: asked once, because a host that does not answer is no fault of the plan. */
import { RefusalError, SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { SettingTraits, TriggerFacts } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import { type Json, objectOf, objectsOf } from './arm-json.ts';
import { classify } from './classify.ts';
import { parseObject, stringOf, tame } from './server-text.ts';
import { aboutSlot, sitePath, slotPath } from './site-client.ts';

/** Longer than a cold start mostly takes; a plan does not wait for the others. */
const timeoutMs = 20_000;

/**
 * Functions that wait for something other than HTTP. Null: the host lists nothing at all, or is not up to answer.
 * Rejects when this identity may not ask.
 */
export async function readTriggerFacts(
  arm: Arm,
  target: Target,
  side: 'live' | 'beside',
  traits: SettingTraits,
): Promise<readonly TriggerFacts[] | null> {
  const path = side === 'live' ? sitePath(target) : slotPath(target);
  const url = `${path}/functions?api-version=2025-05-01`;
  try {
    const answer = await arm.send(target.subscriptionId, { method: 'GET', url, timeoutMs });
    const listed = objectsOf(parseObject(answer.body)?.['value']);
    return listed.length === 0 ? null : listed.flatMap((each) => asTrigger(each, traits));
  } catch (error) {
    const told =
      error instanceof SlotwaveError
        ? error
        : classify(error, { act: 'read', ...aboutSlot(target, 'list the functions of') });
    if (told instanceof RefusalError) throw told;
    return null;
  }
}

function asTrigger(listed: Json, { accounts, storage }: SettingTraits): readonly TriggerFacts[] {
  const properties = objectOf(listed['properties']);
  const bindings = objectsOf(objectOf(properties['config'])['bindings']);
  const trigger = bindings.find((each) => /trigger$/i.test(stringOf(each['type']) ?? ''));
  const type = stringOf(trigger?.['type']) ?? '';
  if (type === '' || /^httpTrigger$/i.test(type)) return [];
  const connection = (stringOf(trigger?.['connection']) ?? 'AzureWebJobsStorage').toLowerCase();
  const own = Object.entries(accounts).find(([name]) =>
    // The host looks for `X` and for `AzureWebJobsX`.
    [connection, `azurewebjobs${connection}`].includes(name.toLowerCase()),
  )?.[1];
  const isStorage = /^(blob|queue)Trigger$/i.test(type);
  return [
    {
      name: (stringOf(listed['name']) ?? '').split('/').at(-1) ?? '',
      type: tame(type, 80),
      account: isStorage ? (own ?? (connection === 'azurewebjobsstorage' ? storage.account : null)) : null,
      disabled: properties['isDisabled'] === true,
    },
  ];
}
