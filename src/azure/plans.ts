/** Hosting plans, each read once: many sites share one. */
import { get as getPlan } from '@azure/arm-appservice/api/appServicePlans';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';

export interface PlanFacts {
  /** `sku.tier`: ElasticPremium, Dynamic, FlexConsumption, …; `None` for sites without a plan (Container Apps). */
  readonly tier: string;
}

export type PlanReader = (arm: Arm, planId: string, target: Target) => Promise<PlanFacts>;

const planIdForm =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Web\/serverfarms\/([^/]+)$/i;

export function createPlanReader(): PlanReader {
  const kept = new Map<string, Promise<PlanFacts>>();
  return (arm, planId, target) => {
    const [, subscriptionId, resourceGroup, name] = planIdForm.exec(planId) ?? [];
    if (!subscriptionId || !resourceGroup || !name) return Promise.resolve({ tier: 'None' });
    const key = planId.toLowerCase();
    const known = kept.get(key);
    if (known) return known;
    const about = { what: `read the hosting plan ${name} of ${target.site}`, where: target.name };
    const asked = arm.read(subscriptionId, about, async (context) => {
      const { sku } = await getPlan(context, resourceGroup, name);
      return { tier: sku?.tier ?? 'Unknown' };
    });
    kept.set(key, asked);
    return asked;
  };
}
