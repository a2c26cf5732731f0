/** The world's resources as rows: types in lower case, regions in the short form. */
import { nameOf, shapePlan, shapeSite } from '../arm/shapes.ts';
import { tenantOf } from '../login/tenants.ts';
import type { Platform } from '../platform.ts';
import { shortRegion } from '../world/regions.ts';
import type { Row } from './syntax.ts';

export function resourceRows(platform: Platform): readonly Row[] {
  const sites = [...platform.sites.values()];
  const apps = sites.flatMap((site) =>
    [site.production, ...site.slots.values()].map((slot) => ({
      ...shapeSite(platform, slot),
      name: nameOf(slot),
      ...place(
        site.subscription,
        site.resourceGroup,
        site.region,
        tenantOf(platform, site.subscription).tenantId,
      ),
      identity: null,
      sku: null,
    })),
  );
  const plans = [...platform.plans.values()].map((plan) => ({
    ...shapePlan(platform, plan),
    tags: null,
    identity: null,
    ...place(
      plan.subscription,
      plan.resourceGroup,
      plan.region,
      tenantOf(platform, plan.subscription).tenantId,
    ),
  }));
  const rows: readonly Row[] = [...apps, ...plans];
  return rows.map((row) => ({ ...row, type: String(row['type']).toLowerCase() }));
}

function place(subscriptionId: string, resourceGroup: string, region: string, tenantId: string): Row {
  return {
    subscriptionId,
    resourceGroup: resourceGroup.toLowerCase(),
    location: shortRegion(region),
    tenantId,
  };
}
