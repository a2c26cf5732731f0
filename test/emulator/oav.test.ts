import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { hasSpecification, judge, type Verdict } from './oracle.ts';
import { makeZip, type Played, play, sitePath } from './played.ts';

const zip = makeZip({ 'host.json': '{}' });
const world: WorldInput = {
  sites: [
    {
      name: 'orders-weu',
      region: 'westeurope',
      tags: { app: 'orders' },
      sticky: ['ENVIRONMENT'],
      settings: { ENVIRONMENT: 'live', KEY: '@Microsoft.KeyVault(VaultName=kv;SecretName=s)' },
      privateEndpoints: ['10.1.0.4'],
      release: 'old',
      slots: [{ name: 'staging', release: 'new', subnet: '/subscriptions/x/subnets/s' }],
    },
    { name: 'orders-win', region: 'eastus', os: 'windows', plan: { name: 'shared', sku: 'S1' } },
    { name: 'orders-flex', region: 'eastus', plan: { sku: 'FC1' }, slots: [] },
  ],
};
const group = sitePath(world, 'x').replace(/\/sites\/x$/, '');
const subscription = group.replace(/\/resourceGroups.*/, '');

/** Everything that this emulator answers about Microsoft.Web, on a site and on a slot of it. */
async function holdSession(played: Played): Promise<void> {
  for (const path of [
    `${subscription}/providers/Microsoft.Web/sites`,
    `${group}/sites?includeSlots=true`,
    `${group}/serverfarms`,
    `${subscription}/providers/Microsoft.Web/serverfarms`,
    `${group}/serverfarms/shared`,
    `${group}/serverfarms/shared/sites`,
    `${group}/sites/orders-flex`,
    `${group}/sites/orders-win`,
    `${group}/sites/none`,
    'slots',
    'config/slotConfigNames',
  ])
    await played.arm('GET', path);
  for (const app of ['', 'slots/staging/']) await holdAppSession(played, app);
  const swap = { targetSlot: 'production', preserveVnet: true };
  await played.arm('POST', 'slots/staging/slotsdiffs', swap);
  await played.arm('POST', 'slots/staging/applySlotConfig', swap);
  await played.arm('POST', 'slots/staging/resetSlotConfig');
  const accepted = await played.arm('POST', 'slots/staging/slotsswap', swap);
  await played.arm('GET', new URL(accepted.headers.get('location')!).pathname);
  await played.arm('PUT', 'config/appsettings', { properties: { A: '1' } });
  await played.pass(300_000);
  await played.arm('POST', 'slotsswap', { targetSlot: 'staging', preserveVnet: true });
  await played.pass(300_000);
  await played.arm('GET', '');
  await played.arm('PUT', 'slots/fresh', { location: 'West Europe', properties: { serverFarmId: 'x' } });
  await played.arm('DELETE', 'slots/fresh');
}

async function holdAppSession(played: Played, app: string): Promise<void> {
  const ask = (method: string, path: string, body?: unknown) =>
    played.arm(method, `${app}${path}`.replace(/\/$/, ''), body);
  for (const path of [
    ...[
      '',
      'config',
      'config/web',
      'config/configreferences/appsettings',
      'config/configreferences/appsettings/KEY',
    ],
    ...[
      'basicPublishingCredentialsPolicies',
      'basicPublishingCredentialsPolicies/scm',
      'functions',
      'functions/health',
    ],
    ...['deployments', 'deploymentStatus', 'instances', 'hostNameBindings', 'sourcecontrols/web'],
    ...['privateEndpointConnections', 'privateLinkResources', 'networkConfig/virtualNetwork'],
    ...['virtualNetworkConnections', 'host/default/properties/status'],
  ])
    await ask('GET', path);
  for (const path of [
    ...['config/appsettings/list', 'config/connectionstrings/list', 'config/metadata/list'],
    ...['config/authsettings/list', 'config/azurestorageaccounts/list', 'config/publishingcredentials/list'],
    ...['host/default/listkeys', 'syncfunctiontriggers', 'host/default/sync', 'functions/health/listkeys'],
    ...['stop', 'start', 'restart'],
  ])
    await ask('POST', path);
  await ask('PUT', 'config/appsettings', { properties: { A: '1', SLOTWAVE_RELEASE_ID: 'new' } });
  await ask('PATCH', 'config/web', { properties: { healthCheckPath: '/api/health' } });
  await ask('PATCH', '', { properties: { publicNetworkAccess: 'Enabled' } });
  await ask('PUT', 'basicPublishingCredentialsPolicies/scm', { properties: { allow: true } });
  await ask('PUT', 'config/connectionstrings', { properties: { db: { value: 'x', type: 'SQLAzure' } } });
  const label = app === '' ? 'orders-weu' : 'orders-weu-staging';
  await played.scm('POST', label, '/api/zipdeploy?isAsync=true', zip);
  await ask('GET', 'deployments/latest');
  await played.pass(60_000);
  const { slots } = played.emulator.snapshot().sites['orders-weu']!;
  const id = slots[app === '' ? 'production' : 'staging']!.deployments.at(-1)!;
  await ask('GET', `deployments/${id}`);
  await ask('GET', `deploymentStatus/${id}`);
  await ask('PUT', 'extensions/onedeploy', {
    properties: { type: 'zip', packageUri: 'https://store/x.zip' },
  });
  await played.pass(60_000);
}

const describeWithSpecification = hasSpecification ? describe : describe.skip;

describeWithSpecification('the OpenAPI of Microsoft.Web (absent: set AZURE_SPECS_DIR)', () => {
  it('agrees with every exchange of a broad session, but for its known errors', async () => {
    const verdicts: Verdict[] = [];
    const played = await play({ world, fetchPackage: async () => zip, collect: (one) => verdicts.push(one) });
    await holdSession(played);
    expect(verdicts.filter(({ kind }) => kind === 'invalid' || kind === 'asked-wrongly')).toEqual([]);
    const valid = new Set(verdicts.filter(({ kind }) => kind === 'valid').map(({ exchange }) => exchange));
    expect(valid.size).toBeGreaterThan(80);
  });

  it.each([
    ['a wrong type', 200, '{"id":1,"location":"x","properties":{"state":7}}'],
    ['a status that it does not have', 299, '{}'],
  ])('finds %s', async (_, status, body) => {
    const verdict = await judge({
      method: 'GET',
      url: `https://localhost${sitePath(world, 'orders-weu')}?api-version=2016-08-01`,
      ...{ requestBody: '', requestHeaders: {}, headers: {}, status, body },
    });
    expect(verdict).toMatchObject({ kind: 'invalid' });
  });
});
