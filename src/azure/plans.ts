/** Hosting plans, each read once: many sites share one. */
import { get as getPlan } from '@azure/arm-appservice/api/appServicePlans';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';

export interface PlanFacts {
  /** `sku.tier`: ElasticPremium, Dynamic, FlexConsumption, …; `None` for sites without a plan (Container Apps). */
  readonly tier: string;
  /** What it can grow to: its elastic limit where it scales by itself, else its size now; null: not told. */
  readonly maximumInstances: number | null;
}

export type PlanReader = (arm: Arm, planId: string, target: Target) => Promise<PlanFacts>;

const planIdForm =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Web\/serverfarms\/([^/]+)$/i;

export function createPlanReader(): PlanReader {
  const kept = new Map<string, Promise<PlanFacts>>();
  return (arm, planId, target) => {
    const [, subscriptionId, resourceGroup, name] = planIdForm.exec(planId) ?? [];
    if (!subscriptionId || !resourceGroup || !name)
      return Promise.resolve({ tier: 'None', maximumInstances: null });
    const key = planId.toLowerCase();
    const known = kept.get(key);
    if (known) return known;
    const about = { what: `read the hosting plan ${name} of ${target.site}`, where: target.name };
    const asked = arm.read(subscriptionId, about, async (context) => {
      const { sku, elasticScaleEnabled, maximumElasticWorkerCount } = await getPlan(
        context,
        resourceGroup,
        name,
      );
      const tier = sku?.tier ?? 'Unknown';
      const isElastic = elasticScaleEnabled === true || /^elastic/i.test(tier);
      return { tier, maximumInstances: (isElastic ? maximumElasticWorkerCount : sku?.capacity) ?? null };
    });
    kept.set(key, asked);
    return asked;
  };
}
