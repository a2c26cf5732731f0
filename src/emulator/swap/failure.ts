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

/** Status, code, extended code and text. `{0}` is the site, `{1}` the source, `{2}` the target. */
type Row = readonly [http: number, code: string, extendedCode: string, template: string];

const badRequest = (cause: string): Row => [400, 'BadRequest', '04005', because + cause];

const texts: Readonly<Partial<Record<SwapFailureReason, Row>>> = {
  ping: [
    417,
    'ExpectationFailed',
    '04006',
    "Cannot swap site slots for site '{0}' because the '{1}' slot did not respond to http ping.",
  ],
  worker: badRequest("the worker process for '{1}' slot could not be started."),
  initialization: badRequest(
    "the application initialization in '{1}' slot either took too long or failed. Please check AppInit module configuration or try using swap with preview if application initialization time is very long.",
  ),
  timeout: badRequest("the warmup requests to application in '{1}' slot have timed out."),
  allocation: badRequest(
    "the allocation of VM instances for '{1}' slot has changed during the swap process. Please retry the swap operation.",
  ),
  unexpected: [
    500,
    'InternalServerError',
    '04007',
    "There was an unexpected error swapping slots '{1}' and '{2}' for site '{0}({1})'. Please try to cancel your swap operation.",
  ],
};

export function describeFailure(
  platform: Platform,
  reason: SwapFailureReason,
  source: Slot,
  target: Slot,
): AppServiceRefusal {
  const row = texts[reason];
  if (row) return worded(...row, source.site.name, source.name, target.name);
  switch (reason) {
    case 'busy':
      return busySite(source, somebodyElse(platform, source));
    case 'plan-busy':
      return busyPlan(source, somebodyElse(platform, source), 409);
    case 'plan-throttled':
      return busyPlan(source, somebodyElse(platform, source), 429);
    case 'prepared-elsewhere':
      return preparedAlready(target.name);
    case 'authentication':
      return authenticationInTheWay();
    default:
      return preparedForSwap();
  }
}

/** An operation of which nothing is known here but that it is in the way. */
function somebodyElse(platform: Platform, slot: Slot) {
  return { id: platform.random.guid(), name: 'SwapSiteSlots', createdMs: platform.clock.now(), slot };
}
