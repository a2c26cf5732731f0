/** How Azure says that a swap has failed: the texts of azure-platform.md §3.4, told at the operation's address. */
import type { SwapFailureReason } from '../faults/schema.ts';
import type { Slot } from '../world/state.ts';

export interface FailureAnswer {
  readonly http: number;
  readonly code: string;
  readonly message: string;
}

export function describeFailure(reason: SwapFailureReason, source: Slot, target: Slot): FailureAnswer {
  const site = source.site.name;
  const because = (what: string) => `Cannot swap slots for site '${site}' because ${what}`;
  switch (reason) {
    case 'ping':
      return {
        http: 417,
        code: 'ExpectationFailed',
        message: `Cannot swap site slots for site '${site}' because the '${source.name}' slot did not respond to http ping.`,
      };
    case 'worker':
      return badRequest(because(`the worker process for '${source.name}' slot could not be started.`));
    case 'initialization':
      return badRequest(
        because(
          `the application initialization in '${source.name}' slot either took too long or failed. Please check AppInit module configuration or try using swap with preview if application initialization time is very long.`,
        ),
      );
    case 'timeout':
      return badRequest(
        because(`the warmup requests to application in '${source.name}' slot have timed out.`),
      );
    case 'allocation':
      return badRequest(
        because(
          `the allocation of VM instances for '${source.name}' slot has changed during the swap process. Please retry the swap operation.`,
        ),
      );
    case 'unexpected':
      return {
        http: 500,
        code: 'InternalServerError',
        message: `There was an unexpected error swapping slots '${source.name}' and '${target.name}' for site '${site}(${source.name})'. Please try to cancel your swap operation.`,
      };
    default:
      return reason satisfies never;
  }
}

function badRequest(message: string): FailureAnswer {
  return { http: 400, code: 'BadRequest', message };
}
