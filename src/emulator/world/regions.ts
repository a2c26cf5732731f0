/** ARM answers with display names, Resource Graph with the short ones. */
const displayNames: Readonly<Record<string, string>> = {
  westeurope: 'West Europe',
  northeurope: 'North Europe',
  eastus: 'East US',
  eastus2: 'East US 2',
  westus: 'West US',
  westus2: 'West US 2',
  westus3: 'West US 3',
  centralus: 'Central US',
  northcentralus: 'North Central US',
  southcentralus: 'South Central US',
  westcentralus: 'West Central US',
  canadacentral: 'Canada Central',
  canadaeast: 'Canada East',
  brazilsouth: 'Brazil South',
  uksouth: 'UK South',
  ukwest: 'UK West',
  francecentral: 'France Central',
  germanywestcentral: 'Germany West Central',
  switzerlandnorth: 'Switzerland North',
  norwayeast: 'Norway East',
  swedencentral: 'Sweden Central',
  southeastasia: 'Southeast Asia',
  eastasia: 'East Asia',
  japaneast: 'Japan East',
  japanwest: 'Japan West',
  koreacentral: 'Korea Central',
  koreasouth: 'Korea South',
  centralindia: 'Central India',
  southindia: 'South India',
  australiaeast: 'Australia East',
  australiasoutheast: 'Australia Southeast',
  southafricanorth: 'South Africa North',
  uaenorth: 'UAE North',
};

/** `West Europe` → `westeurope`. */
export function shortRegion(region: string): string {
  return region.toLowerCase().replaceAll(' ', '');
}

/** `westeurope` → `West Europe`; a region that is not known here stays as it was written. */
export function displayRegion(region: string): string {
  return displayNames[shortRegion(region)] ?? region;
}
