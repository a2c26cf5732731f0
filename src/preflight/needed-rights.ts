/** The rights that a rollout needs, by what it will do, and whether grants contain them. */
import type { TargetFacts } from '../plan/fleet.ts';
import type { Grant } from '../plan/surroundings.ts';
import type { PreflightRequest } from './finding.ts';

export interface NeededRight {
  /** Where the scope begins: the site, or its staging slot. */
  readonly at: 'site' | 'slot';
  /** As Azure's roles name it. */
  readonly action: string;
  /** What for. */
  readonly so: string;
}

export function listNeededRights(facts: TargetFacts, request: PreflightRequest): readonly NeededRight[] {
  const { swap, delivery, stagingTriggers } = request;
  const onSite = (action: string, so: string): NeededRight => ({
    at: 'site',
    action: `Microsoft.Web/sites/${action}`,
    so,
  });
  const onSlot = (action: string, so: string): NeededRight => ({
    at: 'slot',
    action: `Microsoft.Web/sites/slots/${action}`,
    so,
  });
  const pushes = (delivery?.mode ?? 'push') === 'push';
  // ARM asks the host for us, with keys of its own.
  const keyed = vantageOf(facts, request) !== 'arm';
  return [
    onSite('config/list/action', 'to read which release is live'),
    ...(keyed ? [onSite('host/listkeys/action', 'to ask the live host')] : []),
    ...(stagingTriggers === 'disable' ? [onSite('config/write', 'to make slot settings')] : []),
    ...(facts.staging
      ? [
          onSlot('config/list/action', 'to read what waits beside'),
          onSlot('config/write', 'to write the release and its settings'),
          ...(keyed ? [onSlot('host/listkeys/action', 'to ask the host beside')] : []),
          ...(pushes ? [onSlot('publish/action', 'to upload the package')] : []),
          ...(!pushes || delivery?.store ? [onSlot('extensions/write', 'to have the package fetched')] : []),
          onSlot('slotsswap/action', 'to swap'),
          ...(swap?.preview ? [onSlot('applySlotConfig/action', 'to preview')] : []),
          ...(swap?.preview || swap?.resetPrepared
            ? [onSlot('resetSlotConfig/action', 'to cancel a preview')]
            : []),
        ]
      : []),
  ];
}

function vantageOf({ target }: TargetFacts, { probes }: PreflightRequest): string | undefined {
  return probes?.viaOf?.[target.name] ?? probes?.via;
}

/** Grants add up; within one, `notActions` are taken away from `actions`. */
export function mayDo(grants: readonly Grant[], action: string): boolean {
  return grants.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => fits(pattern, action)) &&
      !notActions.some((pattern) => fits(pattern, action)),
  );
}

/** `*` stands for any text, slashes included. */
function fits(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action);
}
