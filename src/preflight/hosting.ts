/** Which hosting plans can be served by swapping slots (azure-platform.md §1.3, §7). */
const tiersWithSlots = /^(elasticpremium|standard|premium\w*|isolated\w*)$/;

export function hasSlots(planTier: string): boolean {
  return tiersWithSlots.test(planTier.toLowerCase());
}

/** Why a plan is not served, as the end of a sentence about it. */
export function explainTier(planTier: string): string {
  return reasons[planTier.toLowerCase()] ?? 'which slotwave does not know';
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
