/** How Azure says that a swap has failed: the texts of azure-platform.md §3.4. */
import { type AppServiceRefusal, worded } from '../arm/answer.ts';
import {
  authenticationInTheWay,
  busyPlan,
  busySite,
  preparedAlready,
  preparedForSwap,
} from '../arm/conflicts.ts';
import type { SwapFailureReason } from '../faults/schema.ts';
import type { Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';

const because = "Cannot swap slots for site '{0}' because ";

export function describeFailure(
  platform: Platform,
  reason: SwapFailureReason,
  source: Slot,
  target: Slot,
): AppServiceRefusal {
  const names = [source.site.name, source.name] as const;
  switch (reason) {
    case 'ping': {
      const template =
        "Cannot swap site slots for site '{0}' because the '{1}' slot did not respond to http ping.";
      return worded(417, 'ExpectationFailed', '04006', template, ...names);
    }
    case 'worker':
      return badRequest(`${because}the worker process for '{1}' slot could not be started.`, names);
    case 'initialization': {
      const cause = `the application initialization in '{1}' slot either took too long or failed. Please check AppInit module configuration or try using swap with preview if application initialization time is very long.`;
      return badRequest(because + cause, names);
    }
    case 'timeout':
      return badRequest(`${because}the warmup requests to application in '{1}' slot have timed out.`, names);
    case 'allocation': {
      const cause = `the allocation of VM instances for '{1}' slot has changed during the swap process. Please retry the swap operation.`;
      return badRequest(because + cause, names);
    }
    case 'unexpected': {
      const template =
        "There was an unexpected error swapping slots '{0}' and '{1}' for site '{2}({0})'. Please try to cancel your swap operation.";
      return worded(
        500,
        'InternalServerError',
        '04007',
        template,
        source.name,
        target.name,
        source.site.name,
      );
    }
    case 'busy':
      return busySite(source, somebodyElse(platform, source));
    case 'plan-busy':
      return busyPlan(source, somebodyElse(platform, source), 409);
    case 'plan-throttled':
      return busyPlan(source, somebodyElse(platform, source), 429);
    case 'prepared':
      return preparedForSwap();
    case 'prepared-elsewhere':
      return preparedAlready(target.name);
    case 'authentication':
      return authenticationInTheWay();
    default:
      return reason satisfies never;
  }
}

/** An operation of which nothing is known here but that it is in the way. */
function somebodyElse(platform: Platform, slot: Slot) {
  return { id: platform.random.guid(), name: 'SwapSiteSlots', createdMs: platform.clock.now(), slot };
}

function badRequest(template: string, names: readonly string[]): AppServiceRefusal {
  return worded(400, 'BadRequest', '04005', template, ...names);
}
