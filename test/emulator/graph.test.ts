import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, play, read } from './played.ts';

const world: WorldInput = {
  sites: [
    { name: 'orders-weu', region: 'West Europe', tags: { app: 'Orders' } },
    {
      name: 'orders-neu',
      region: 'northeurope',
      tags: { app: 'orders' },
      subscription: '22222222-2222-4222-8222-222222222222',
      slots: [],
    },
    { name: 'flow', region: 'eastus', kind: 'functionapp,workflowapp', tags: { app: 'orders' }, slots: [] },
  ],
};

const path = '/providers/Microsoft.ResourceGraph/resources';

async function ask(query: string, options: object = {}, subscriptions?: readonly string[]) {
  const played = await play({ world });
  return read(await played.arm('POST', path, { query, options, subscriptions }));
}

const namesOf = async (query: string) => entriesOf((await ask(query)).body['data']).map(({ name }) => name);

/** The fleet query of azure-platform.md §1.5, in its parts. */
const fleetQuery = `
resources
| where type in~ ('microsoft.web/sites','microsoft.web/sites/slots')
| where kind contains 'functionapp' and kind !contains 'workflowapp'
| where tags['app'] =~ 'orders'
| extend planId = tolower(tostring(properties.serverFarmId))
| project id, type, name, location, resourceGroup, subscriptionId, tags, planId,
          sku = tostring(properties.sku), state = tostring(properties.state), lastModified = todatetime(properties.lastModifiedTimeUtc)
| join kind=leftouter (
    resources | where type =~ 'microsoft.web/serverfarms'
    | project planId = tolower(id), planTier = tostring(sku.tier), planReserved = tobool(properties.reserved)) on planId
| project-away planId1
| order by id asc`;

/** The same in full, as §1.5 writes it. */
const wholeQuery = `
resources
| where type in~ ('microsoft.web/sites','microsoft.web/sites/slots')
| where kind contains 'functionapp' and kind !contains 'workflowapp'
| extend planId = tolower(tostring(properties.serverFarmId))
| project id, type, name, kind, location, resourceGroup, subscriptionId, tags, identity,
          planId, sku = tostring(properties.sku), state = tostring(properties.state),
          host = tostring(properties.defaultHostName), hostNameSslStates = properties.hostNameSslStates,
          pna = tostring(properties.publicNetworkAccess), subnet = tostring(properties.virtualNetworkSubnetId),
          managedEnvironmentId = tostring(properties.managedEnvironmentId),
          lastModified = todatetime(properties.lastModifiedTimeUtc)
| join kind=leftouter (
    resources | where type =~ 'microsoft.web/serverfarms'
    | project planId = tolower(id), planTier = tostring(sku.tier), planSku = tostring(sku.name),
              planKind = kind, planReserved = tobool(properties.reserved)) on planId
| project-away planId1
| order by id asc`;

describe('Resource Graph', () => {
  it('has every column that a fleet is found by', async () => {
    const { status, body } = await ask(wholeQuery);
    expect(status).toBe(200);
    const row = entriesOf(body['data']).find(({ name }) => String(name) === 'orders-weu/staging')!;
    expect(row).toMatchObject({
      type: 'microsoft.web/sites/slots',
      kind: 'functionapp,linux',
      location: 'westeurope',
      sku: 'ElasticPremium',
      state: 'Running',
      host: 'orders-weu-staging.azurewebsites.localhost',
      hostNameSslStates: [{ hostType: 'Standard' }, { hostType: 'Repository' }],
      pna: 'Enabled',
      subnet: '',
      managedEnvironmentId: '',
      planTier: 'ElasticPremium',
      planSku: 'EP1',
      planKind: 'elastic',
      planReserved: true,
    });
    expect(row).not.toHaveProperty('planId1');
  });

  it('answers the fleet query', async () => {
    const { status, body } = await ask(fleetQuery);
    expect({ status, ...body }).toMatchObject({
      status: 200,
      totalRecords: 3,
      count: 3,
      resultTruncated: 'false',
      facets: [],
    });
    const rows = entriesOf(body['data']);
    // Ordered by id, and so by subscription first.
    expect(rows.map(({ name, type }) => [name, type])).toEqual([
      ['orders-neu', 'microsoft.web/sites'],
      ['orders-weu', 'microsoft.web/sites'],
      ['orders-weu/staging', 'microsoft.web/sites/slots'],
    ]);
    for (const row of rows)
      expect(row).toMatchObject({
        planTier: 'ElasticPremium',
        planReserved: true,
        sku: 'ElasticPremium',
        state: 'Running',
      });
    expect(rows.map(({ location }) => location).sort()).toEqual(['northeurope', 'westeurope', 'westeurope']);
    expect(rows[0]).not.toHaveProperty('planId1');
  });

  it.each([
    [
      "resources | where type =~ 'Microsoft.Web/sites' and name =~ 'ORDERS-WEU' | project id, name",
      ['orders-weu'],
    ],
    [
      "resources | where type == 'microsoft.web/sites' | where tags.app == 'orders' | project name | order by name asc",
      ['flow', 'orders-neu'],
    ],
    [
      "Resources | where name in ('flow', 'orders-neu') | order by name desc | project name",
      ['orders-neu', 'flow'],
    ],
    [
      "resources | where name startswith 'orders' and not(name endswith 'staging') and type !contains 'serverfarms' | sort by name asc | project name",
      ['orders-neu', 'orders-weu'],
    ],
    [
      "resources | where isnotempty(tags['app']) and (kind has 'workflowapp' or location != 'westeurope') | project name | order by name asc | take 1",
      ['flow'],
    ],
    ["resources | where name =~ 'nobody'", []],
  ])('%s', async (query, names) => {
    expect(await namesOf(query)).toEqual(names);
  });

  it('counts, and tells distinct values', async () => {
    expect((await ask("resources | where type =~ 'microsoft.web/sites' | count")).body['data']).toEqual([
      { Count: 3 },
    ]);
    const { body } = await ask(
      "resources | where type =~ 'microsoft.web/sites' | distinct location | order by location asc",
    );
    expect(body['data']).toEqual([
      { location: 'eastus' },
      { location: 'northeurope' },
      { location: 'westeurope' },
    ]);
  });

  it('pages by $top and $skipToken, as long as rows have their id', async () => {
    const played = await play({ world });
    const query = "resources | where type =~ 'microsoft.web/sites' | project id, name | order by name asc";
    const pages: unknown[][] = [];
    let token: unknown;
    do {
      const options = { $top: 2, ...(token === undefined ? {} : { $skipToken: token }) };
      const { body } = await read(await played.arm('POST', path, { query, options }));
      pages.push(entriesOf(body['data']).map(({ name }) => name));
      token = body['$skipToken'];
    } while (token !== undefined);
    expect(pages).toEqual([['flow', 'orders-neu'], ['orders-weu']]);
    const without = await read(
      await played.arm('POST', path, { query: 'resources | project name', options: { $top: 1 } }),
    );
    expect(without.body).toMatchObject({ resultTruncated: 'true', totalRecords: 7 });
    expect(without.body).not.toHaveProperty('$skipToken');
  });

  it('keeps to the subscriptions it is asked for', async () => {
    const { body } = await ask("resources | where type =~ 'microsoft.web/sites' | project name", {}, [
      '22222222-2222-4222-8222-222222222222',
    ]);
    expect(entriesOf(body['data'])).toEqual([{ name: 'orders-neu' }]);
  });

  it.each([
    ['resources | summarize count() by location', /Expected where, .* found "count"|not "summarize"/],
    ["securityresources | where name == 'x'", /there is no "securityresources" here/],
    ['resources | where', /Expected a value, found the end/],
    ["resources | where name matches regex 'x'", /Expected the end of the query, found "matches"/],
    ['resources | where rand() == 1', /function rand\(\) is not known/],
    ["resources | where name == 'x", /cannot be read from character/],
    ['', /Query is required/],
  ])('says plainly what it cannot answer: %s', async (query, message) => {
    const { status, body } = await ask(query);
    expect(status).toBe(400);
    expect(String(entriesOf(body['error']!['details'])[0]!['message'])).toMatch(message);
  });
});
