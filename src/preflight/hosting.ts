/** What each hosting plan can do (azure-platform.md §1.3, §7), tier by tier. */

/** What an app may ask of its plan. */
export type Ability =
  | 'slots'
  | 'privateEndpoints'
  | 'vnet'
  | 'vnetTriggers'
  | 'hybridConnections'
  | 'gateway';

interface Hosting {
  readonly tiers: RegExp;
  readonly abilities: readonly Ability[];
  /** Slots beside production. */
  readonly slots: number;
}

const network: readonly Ability[] = ['privateEndpoints', 'vnet', 'vnetTriggers', 'hybridConnections'];

/**
 * Functions networking options and the limits of App Service. Consumption has slots, and slotwave does not serve it;
 * Basic has the network and no slots.
 */
const hostings: readonly Hosting[] = [
  { tiers: /^elasticpremium$/, abilities: ['slots', ...network], slots: 2 },
  { tiers: /^standard$/, abilities: ['slots', ...network, 'gateway'], slots: 4 },
  { tiers: /^premium\w*$/, abilities: ['slots', ...network, 'gateway'], slots: 19 },
  { tiers: /^isolated\w*$/, abilities: ['slots', ...network, 'gateway'], slots: 19 },
  { tiers: /^basic$/, abilities: [...network, 'gateway'], slots: 0 },
  { tiers: /^flexconsumption$/, abilities: ['privateEndpoints', 'vnet', 'vnetTriggers'], slots: 0 },
  { tiers: /^(workflowstandard)$/, abilities: network, slots: 2 },
  { tiers: /^(dynamic|free|shared|kubernetes|containerapps)$/, abilities: [], slots: 0 },
];

export function hasSlots(planTier: string): boolean {
  return can(planTier, 'slots') === true;
}

/** Null where the tier is not known: then nobody can say. */
export function can(planTier: string, ability: Ability): boolean | null {
  const hosting = find(planTier);
  return hosting ? hosting.abilities.includes(ability) : null;
}

/** How many slots a site may have beside production; null: not known. */
export function slotLimitOf(planTier: string): number | null {
  return find(planTier)?.slots ?? null;
}

/** Instances come and go by themselves, also from nothing. */
export function scalesByEvents(planTier: string): boolean {
  return /^elasticpremium$/i.test(planTier);
}

/** Why a plan is not served, as the end of a sentence about it. */
export function explainTier(planTier: string): string {
  return reasons[planTier.toLowerCase()] ?? 'which slotwave does not know';
}

function find(planTier: string): Hosting | undefined {
  return hostings.find(({ tiers }) => tiers.test(planTier.toLowerCase()));
}

const noSlots = 'which has no deployment slots';
const reasons: Readonly<Record<string, string>> = {
  dynamic: 'a Consumption plan, which slotwave does not support yet',
  flexconsumption: 'a Flex Consumption plan, which has no deployment slots and is not supported yet',
  kubernetes: 'on Kubernetes (Arc), which has no deployment slots and is not supported yet',
  workflowstandard: 'a Logic Apps plan; slotwave deploys function apps only',
  basic: noSlots,
  free: noSlots,
  shared: noSlots,
  containerapps:
    'on Container Apps, which has revisions instead of deployment slots and is not supported yet',
  '': 'not an App Service plan (Container Apps?), which is not supported yet',
};
