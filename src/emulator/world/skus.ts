/** Hosting plans and what distinguishes them (azure-platform.md §1.2, §1.3). */

export interface Sku {
  readonly tier: string;
  readonly family: string;
  /** `properties.sku` of a site on such a plan. */
  readonly siteSku: string;
  readonly planKind: { readonly windows: string; readonly linux: string };
  /** How many slots a site may have, production included. */
  readonly slotLimit: number;
}

export const skuNames = [
  'Y1',
  'EP1',
  'EP2',
  'EP3',
  'B1',
  'S1',
  'S2',
  'S3',
  'P1v2',
  'P0v3',
  'P1v3',
  'P2v3',
  'I1v2',
  'FC1',
] as const;
export type SkuName = (typeof skuNames)[number];

const dedicated = { windows: 'app', linux: 'linux' };
const standard: Sku = {
  tier: 'Standard',
  family: 'S',
  siteSku: 'Standard',
  planKind: dedicated,
  slotLimit: 5,
};
const premiumV3: Sku = {
  tier: 'PremiumV3',
  family: 'Pv3',
  siteSku: 'PremiumV3',
  planKind: dedicated,
  slotLimit: 20,
};
const elastic: Sku = {
  tier: 'ElasticPremium',
  family: 'EP',
  siteSku: 'ElasticPremium',
  planKind: { windows: 'elastic', linux: 'elastic' },
  slotLimit: 3,
};

export const skus: Readonly<Record<SkuName, Sku>> = {
  Y1: {
    tier: 'Dynamic',
    family: 'Y',
    siteSku: 'Dynamic',
    planKind: { windows: 'functionapp', linux: 'functionapp' },
    slotLimit: 2,
  },
  EP1: elastic,
  EP2: elastic,
  EP3: elastic,
  B1: { tier: 'Basic', family: 'B', siteSku: 'Basic', planKind: dedicated, slotLimit: 1 },
  S1: standard,
  S2: standard,
  S3: standard,
  P1v2: { tier: 'PremiumV2', family: 'Pv2', siteSku: 'PremiumV2', planKind: dedicated, slotLimit: 20 },
  P0v3: premiumV3,
  P1v3: premiumV3,
  P2v3: premiumV3,
  FC1: {
    tier: 'FlexConsumption',
    family: 'FC',
    siteSku: 'FlexConsumption',
    planKind: { windows: 'functionapp', linux: 'functionapp' },
    slotLimit: 1,
  },
  I1v2: { tier: 'IsolatedV2', family: 'Iv2', siteSku: 'IsolatedV2', planKind: dedicated, slotLimit: 20 },
};
