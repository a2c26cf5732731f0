/**
 * Azure's region pairs, as data. Azure updates the two regions of a pair one after the other, so that one is
 * always well; a rollout that promotes both at once takes that safety away.
 *
 * Public cloud: "List of Azure regions" (learn.microsoft.com/azure/reliability/regions-list, 23 September 2025).
 * Jio India: `az account list-locations`. Sovereign clouds: "Cross-region replication in Azure" (December 2022).
 * A region that is not here has no pair (Poland Central, Italy North, Qatar Central, …) or is newer than the list.
 */
const pairs: Readonly<Record<string, string>> = {
  ...mirror([
    ['australiacentral', 'australiacentral2'],
    ['australiaeast', 'australiasoutheast'],
    ['canadacentral', 'canadaeast'],
    ['centralindia', 'southindia'],
    ['centralus', 'eastus2'],
    ['eastasia', 'southeastasia'],
    ['eastus', 'westus'],
    ['francecentral', 'francesouth'],
    ['germanynorth', 'germanywestcentral'],
    ['japaneast', 'japanwest'],
    ['jioindiacentral', 'jioindiawest'],
    ['koreacentral', 'koreasouth'],
    ['northcentralus', 'southcentralus'],
    ['northeurope', 'westeurope'],
    ['norwayeast', 'norwaywest'],
    ['southafricanorth', 'southafricawest'],
    ['swedencentral', 'swedensouth'],
    ['switzerlandnorth', 'switzerlandwest'],
    ['uaecentral', 'uaenorth'],
    ['uksouth', 'ukwest'],
    ['westcentralus', 'westus2'],
    // China (21Vianet) and the United States government.
    ['chinaeast', 'chinanorth'],
    ['chinaeast2', 'chinanorth2'],
    ['chinaeast3', 'chinanorth3'],
    ['usdodcentral', 'usdodeast'],
    ['usgovarizona', 'usgovtexas'],
  ]),
  // One way only: the other region's own pair is a third one.
  brazilsouth: 'southcentralus',
  brazilsoutheast: 'brazilsouth',
  usgovvirginia: 'usgovtexas',
  westindia: 'southindia',
  westus3: 'eastus',
};

/** The region that Azure pairs with this one, as a programmatic name; null when there is none. */
export function pairOf(region: string): string | null {
  const name = normaliseRegion(region);
  return Object.hasOwn(pairs, name) ? pairs[name]! : null;
}

/** True when either region is the other's pair. A region is not its own pair. */
export function arePaired(a: string, b: string): boolean {
  return pairOf(a) === normaliseRegion(b) || pairOf(b) === normaliseRegion(a);
}

/** `West Europe` and `westeurope` are one region: ARM answers with either. */
export function normaliseRegion(region: string): string {
  return region.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function mirror(both: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(both.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));
}
