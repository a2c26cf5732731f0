import { describe, expect, it } from '@jest/globals';
import { arePaired, normaliseRegion, pairOf } from '../../src/plan/region-pairs.ts';

describe('region pairs', () => {
  it.each([
    ['West Europe', 'northeurope'],
    ['northeurope', 'westeurope'],
    ['East US', 'westus'],
    ['East US 2', 'centralus'],
    ['(Asia Pacific) Japan East'.replace('(Asia Pacific) ', ''), 'japanwest'],
    ['westus3', 'eastus'],
    ['brazilsouth', 'southcentralus'],
    ['southcentralus', 'northcentralus'],
    ['westindia', 'southindia'],
    ['southindia', 'centralindia'],
    ['usgovvirginia', 'usgovtexas'],
    ['China North 3', 'chinaeast3'],
  ])('%s has %s', (region, pair) => {
    expect(pairOf(region)).toBe(pair);
  });

  it.each([
    'polandcentral',
    'italynorth',
    'qatarcentral',
    'newzealandnorth',
    'nowhere',
    '',
    'constructor',
    '__proto__',
  ])('%j has none', (region) => {
    expect(pairOf(region)).toBeNull();
  });

  it.each([
    ['West Europe', 'northeurope', true],
    ['eastus', 'westus3', true],
    ['westus3', 'eastus', true],
    ['westus', 'westus3', false],
    ['southcentralus', 'brazilsouth', true],
    ['westeurope', 'West Europe', false],
    ['italynorth', 'polandcentral', false],
    ['nowhere', '', false],
  ])('%s and %s: %s', (a, b, paired) => {
    expect(arePaired(a, b)).toBe(paired);
  });

  it('are told in either spelling', () => {
    expect(normaliseRegion('West US 2')).toBe('westus2');
  });
});
