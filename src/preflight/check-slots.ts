/** Rules about the slots themselves (azure-platform.md §3). */
import type { TargetFacts } from '../plan/fleet.ts';
import type { PreflightRequest, Said } from './finding.ts';
import { hasSlots } from './hosting.ts';

/** Where a plan has no slots at all, that is said, and a missing slot is not. */
export function checkSlot({ target, staging, planTier }: TargetFacts): Said {
  if (staging || !hasSlots(planTier)) return null;
  const { site, slot } = target;
  return {
    found: `There is no slot "${slot}".`,
    fix: `Is the name right? az functionapp deployment slot list ${nameApp(target)} shows those there are. Or create it: az functionapp deployment slot create ${nameApp(target)} --slot ${slot} --configuration-source ${site}. Identity, network integration and private endpoints are not copied with it.`,
  };
}

export function checkProductionState({ target, production }: TargetFacts): Said {
  if (isRunning(production.state)) return null;
  return {
    found: `Production is ${nameState(production.state)}.`,
    fix: `Start it: az functionapp start ${nameApp(target)}`,
  };
}

export function checkStagingState({ target, staging }: TargetFacts): Said {
  if (!staging || isRunning(staging.state)) return null;
  return {
    found: `The slot "${target.slot}" is ${nameState(staging.state)}.`,
    fix: `Start it: az functionapp start ${nameApp(target)} --slot ${target.slot}`,
  };
}

export function checkOperation({ operationInProgress }: TargetFacts): Said {
  if (!operationInProgress) return null;
  return {
    found: `An operation is in progress: ${operationInProgress}.`,
    fix: 'Wait until it has ended and plan again; the activity log of the app says who started it.',
  };
}

export function checkPrepared(
  { target, preparedFor, operationInProgress }: TargetFacts,
  { swap }: PreflightRequest,
): Said {
  // A swap under way has its slots prepared as well, and must not be cancelled by following advice.
  if (!preparedFor || operationInProgress || swap?.resetPrepared) return null;
  return {
    found: `The slot "${target.slot}" is prepared for a swap with "${preparedFor}".`,
    fix: `Complete that swap, or cancel it: az functionapp deployment slot swap ${nameApp(target)} --slot ${target.slot} --action reset, or have it cancelled: swap: { resetPrepared: true }`,
  };
}

/** The same, where the config says that it is to be cancelled. */
export function checkReset(
  { target, preparedFor, operationInProgress }: TargetFacts,
  { swap }: PreflightRequest,
): Said {
  if (!preparedFor || operationInProgress || !swap?.resetPrepared) return null;
  return {
    found: `The slot "${target.slot}" is prepared for a swap with "${preparedFor}", which will be cancelled.`,
    fix: 'Nothing, if nobody is at it; otherwise take swap.resetPrepared out of the config.',
  };
}

export function checkPreview({ authenticated }: TargetFacts, { swap }: PreflightRequest): Said {
  if (!swap?.preview || !authenticated) return null;
  return {
    found: 'App Service authentication is on, and swap.preview is asked for.',
    fix: 'Take swap.preview out of the config, or switch authentication off on production and on the slot.',
  };
}

export function checkPreviewSystem({ operatingSystem }: TargetFacts, { swap }: PreflightRequest): Said {
  if (!swap?.preview || operatingSystem !== 'linux') return null;
  return {
    found: 'swap.preview is asked for, and the app runs on Linux.',
    fix: 'Try it on one target first; without swap.preview the same release is probed with the settings of its slot.',
  };
}

export function checkAutoSwap({ target, production, staging }: TargetFacts): Said {
  const slots = [
    ...(staging?.autoSwapSlot ? [`"${target.slot}" into "${staging.autoSwapSlot}"`] : []),
    ...(production.autoSwapSlot ? [`production into "${production.autoSwapSlot}"`] : []),
  ];
  if (slots.length === 0) return null;
  const slot = staging?.autoSwapSlot ? ` --slot ${target.slot}` : '';
  return {
    found: `Auto swap is on: ${slots.join(', ')}.`,
    fix: `Switch it off: az functionapp deployment slot auto-swap ${nameApp(target)}${slot} --disable`,
  };
}

export function checkScmHost({ target, staging }: TargetFacts, { delivery }: PreflightRequest): Said {
  if (!staging || staging.scmHostName || (delivery && delivery.mode !== 'push')) return null;
  return {
    found: `Azure names no SCM host for the slot "${target.slot}".`,
    fix: `Look at the slot's host names: az functionapp show ${nameApp(target)} --slot ${target.slot} --query hostNameSslStates`,
  };
}

/** ARM has been seen to answer in either case. */
function isRunning(state: string): boolean {
  return state.toLowerCase() === 'running';
}

function nameState(state: string): string {
  return state ? `in state ${state}` : 'in no known state';
}

function nameApp({ resourceGroup, site, subscriptionId }: TargetFacts['target']): string {
  return `--subscription ${subscriptionId} -g ${resourceGroup} -n ${site}`;
}
