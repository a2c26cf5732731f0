/** What starts the functions of a slot, as ARM lists them by asking the slot's host (azure-platform.md §4.2). */
import { listFunctions, listInstanceFunctionsSlot } from '@azure/arm-appservice/api/webApps';
import { TransientError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { FunctionTrigger } from '../target/slot-client.ts';
import type { Arm } from './arm.ts';
import { isObject, stringOf, tame } from './server-text.ts';
import { aboutSite, aboutSlot } from './site-client.ts';

/**
 * Functions that wait for something other than HTTP. Beside: only those that are not switched off. Null when the
 * host lists nothing, or is not up to answer: right after a deployment that means "not yet".
 */
export async function readTriggers(
  arm: Arm,
  target: Target,
  side: 'live' | 'beside',
): Promise<readonly FunctionTrigger[] | null> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  const about = (side === 'live' ? aboutSite : aboutSlot)(target, 'list the functions of');
  try {
    return await arm.read(subscriptionId, about, async (context) => {
      const pages =
        side === 'live'
          ? listFunctions(context, resourceGroup, site)
          : listInstanceFunctionsSlot(context, resourceGroup, site, slot);
      const listed: ListedFunction[] = [];
      for await (const each of pages) listed.push(each);
      if (listed.length === 0) return null;
      return listed.flatMap((each) => (side === 'beside' && each.isDisabled === true ? [] : triggerOf(each)));
    });
  } catch (error) {
    if (error instanceof TransientError) return null;
    throw error;
  }
}

interface ListedFunction {
  readonly name?: string;
  readonly config?: Record<string, unknown>;
  readonly isDisabled?: boolean;
}

/** ARM names a function `site/function`, or `site/slot/function`. */
function triggerOf({ name, config }: ListedFunction): readonly FunctionTrigger[] {
  const own = name?.split('/').at(-1) ?? '';
  const bindings: readonly unknown[] = Array.isArray(config?.['bindings']) ? config['bindings'] : [];
  const types = bindings.flatMap((each) => (isObject(each) ? (stringOf(each['type']) ?? []) : []));
  const type = types.find((each) => /trigger$/i.test(each));
  return own === '' || type === undefined || /^httpTrigger$/i.test(type)
    ? []
    : [{ name: own, type: tame(type, 80) }];
}
