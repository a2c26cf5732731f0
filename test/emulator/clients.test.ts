/**
 * What known clients send, in their order and their spelling (peers.md §2, azure-platform.md §2): GitHub's
 * functions-action, the tasks of Azure Pipelines, VS Code, Core Tools, Azure CLI. Raw, since what matters is the wire.
 */
import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, makeZip, type Played, play, read, sitePath, takeToken } from './played.ts';

const zip = makeZip({ 'host.json': '{"version":"2.0"}' });
const world: WorldInput = {
  sites: [
    {
      name: 'orders-weu',
      region: 'westeurope',
      os: 'windows',
      release: 'old',
      slots: [{ name: 'staging', release: 'new' }],
    },
    { name: 'orders-flex', region: 'westeurope', plan: { sku: 'FC1' }, slots: [] },
  ],
};
const site = sitePath(world, 'orders-weu');
const subscription = site.replace(/\/resourceGroups.*/, '');

interface Client {
  readonly played: Played;
  arm(method: string, path: string, version: string, body?: unknown): Promise<Response>;
  raw(
    method: string,
    url: string,
    headers?: Record<string, string>,
    body?: Uint8Array | string,
  ): Promise<Response>;
}

async function begin(): Promise<Client> {
  const played = await play({ world });
  const authorization = `Bearer ${await played.on(takeToken(played.emulator))}`;
  const raw: Client['raw'] = (method, url, headers = {}, body) =>
    played.on(
      played.emulator.fetch(
        new Request(url, {
          method,
          headers: { authorization, ...headers },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
        }),
      ),
    );
  const arm: Client['arm'] = (method, path, version, body) =>
    raw(
      method,
      `https://localhost${path}${path.includes('?') ? '&' : '?'}api-version=${version}`,
      { 'content-type': 'application/json; charset=utf-8' },
      body === undefined ? undefined : JSON.stringify(body),
    );
  return { played, arm, raw };
}

const scm = 'https://orders-weu.scm.azurewebsites.localhost';

/** The classic poll: whatever address was told, until it answers something else than 202. */
async function follow(client: Client, location: string, everyMs: number): Promise<Response> {
  for (let polls = 0; polls < 200; polls++) {
    const answer = await client.raw('GET', location);
    if (answer.status !== 202) return answer;
    await client.played.pass(everyMs);
  }
  throw new Error('it never ended');
}

describe('a client of its own time', () => {
  it('functions-action: setting first, validate, zipdeploy, history', async () => {
    const client = await begin();
    const { arm, raw, played } = client;
    const found = await read(
      await arm(
        'GET',
        `${subscription}/resources?$filter=resourceType EQ 'Microsoft.Web/Sites' AND name EQ 'orders-weu'`,
        '2016-07-01',
      ),
    );
    expect(entriesOf(found.body['value']).map(({ id }) => id)).toEqual([site]);
    expect((await read(await arm('GET', site, '2016-08-01'))).body['kind']).toBe('functionapp');
    expect((await arm('GET', `${site}/basicPublishingCredentialsPolicies/scm`, '2022-03-01')).status).toBe(
      200,
    );
    const settings = await read(await arm('POST', `${site}/config/appsettings/list`, '2016-08-01'));
    const properties = {
      ...settings.body['properties'],
      WEBSITE_RUN_FROM_PACKAGE: '1',
      WEBSITE_ENABLE_SYNC_UPDATE_SITE: 'true',
    };
    expect((await arm('PUT', `${site}/config/appsettings`, '2016-08-01', { properties })).status).toBe(200);
    for (let turn = 0; turn < 20; turn++) {
      const seen = await read(await raw('GET', `${scm}/api/settings`));
      if (String(seen.body['WEBSITE_RUN_FROM_PACKAGE']) === '1') break;
      expect(turn).toBeLessThan(19);
      await played.pass(5000);
    }
    const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-cache' };
    expect((await raw('POST', `${scm}/api/zipdeploy/validate`, headers, zip)).status).toBe(200);
    const accepted = await raw(
      'POST',
      `${scm}/api/zipdeploy?isAsync=true&deployer=GITHUB_ZIP_DEPLOY_FUNCTIONS_V1&message=%7B%22commit%22%3A1%7D`,
      headers,
      zip,
    );
    expect(accepted.status).toBe(202);
    const end = await read(await follow(client, accepted.headers.get('location')!, 5000));
    expect(end).toMatchObject({
      status: 200,
      body: { status: 4, deployer: 'GITHUB_ZIP_DEPLOY_FUNCTIONS_V1', message: '{"commit":1}' },
    });
    expect((await raw('GET', String(end.body['log_url']))).status).toBe(200);
    const entry = JSON.stringify({
      active: true,
      status: 4,
      status_message: 'success',
      author: 'me',
      deployer: 'GITHUB',
      message: '{}',
    });
    expect(
      (await raw('PUT', `${scm}/api/deployments/20260101`, { 'content-type': 'application/json' }, entry))
        .status,
    ).toBe(200);
  });

  it('functions-action on Flex: publish, then its id until the end', async () => {
    const { raw, played } = await begin();
    const flex = 'https://orders-flex.scm.azurewebsites.localhost';
    const accepted = await raw(
      'POST',
      `${flex}/api/publish?remoteBuild=false&deployer=GITHUB_ONEDEPLOY`,
      { 'content-type': 'application/zip' },
      zip,
    );
    expect(accepted.status).toBe(202);
    const id = String(await accepted.json());
    const seen: unknown[] = [];
    for (let turn = 0; turn < 20 && seen.at(-1) !== 4; turn++) {
      const { status, body } = await read(await raw('GET', `${flex}/api/deployments/${id}`));
      expect(status).toBe(200);
      seen.push(Number(body['status']));
      await played.pass(5000);
    }
    expect(seen.at(-1)).toBe(4);
  });

  it('AzureAppServiceManage: ping, slotsswap of 2016-08-01, its Location, history on both sites', async () => {
    const client = await begin();
    const { arm, raw, played } = client;
    for (const host of ['orders-weu', 'orders-weu-staging'])
      expect((await raw('GET', `https://${host}.azurewebsites.localhost/`)).status).toBe(200);
    const body = { targetSlot: 'production', preserveVnet: true };
    const accepted = await arm('POST', `${site}/slots/staging/slotsswap`, '2016-08-01', body);
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('location')).toContain('api-version=2016-08-01');
    expect((await follow(client, accepted.headers.get('location')!, 15_000)).status).toBe(200);
    expect(played.emulator.snapshot().sites['orders-weu']!.slots['production']!.release).toBe('new');
    const twice = await arm('POST', `${site}/slotsswap`, '2016-08-01', {
      targetSlot: 'staging',
      preserveVnet: true,
    });
    expect((await follow(client, twice.headers.get('location')!, 15_000)).status).toBe(200);
    expect(played.emulator.snapshot().sites['orders-weu']!.slots['production']!.release).toBe('old');
    for (const host of ['orders-weu', 'orders-weu-staging']) {
      const url = `https://${host}.scm.azurewebsites.localhost/api/deployments/swap-1`;
      expect(
        (await raw('PUT', url, { 'content-type': 'application/json' }, '{"status":3,"message":"Slot Swap"}'))
          .status,
      ).toBe(200);
    }
  });

  it('VS Code: settings, zipdeploy with tracking, triggers, swap with production', async () => {
    const client = await begin();
    const { arm, raw, played } = client;
    expect((await arm('GET', `${site}/config/web`, '2024-04-01')).status).toBe(200);
    expect((await arm('GET', `${site}/config/slotConfigNames`, '2024-04-01')).status).toBe(200);
    const accepted = await raw(
      'POST',
      'https://orders-weu-staging.scm.azurewebsites.localhost/api/zipdeploy?isAsync=true&author=VS%20Code&trackDeploymentProgress=true',
      { 'content-type': 'application/zip' },
      zip,
    );
    expect(accepted.headers.get('scm-deployment-id')).toMatch(/^[0-9a-f]{40}$/);
    expect((await follow(client, accepted.headers.get('location')!, 1000)).status).toBe(200);
    await played.pass(10_000);
    expect(await read(await arm('POST', `${site}/slots/staging/syncfunctiontriggers`, '2024-04-01'))).toEqual(
      {
        status: 200,
        body: { status: 'success' },
      },
    );
    expect((await arm('POST', `${site}/slots/staging/host/default/listkeys`, '2024-04-01')).status).toBe(200);
    expect((await arm('GET', `${site}/slots/staging/functions`, '2024-04-01')).status).toBe(200);
    const swap = await arm('POST', `${site}/slotsswap`, '2024-04-01', {
      targetSlot: 'staging',
      preserveVnet: true,
    });
    expect((await follow(client, swap.headers.get('location')!, 2000)).status).toBe(200);
  });

  it('Core Tools: finds the app by Resource Graph, asks with the older version, syncs', async () => {
    const { arm } = await begin();
    const query = "where type =~ 'Microsoft.Web/sites' and name =~ 'orders-weu' | project id";
    const answer = await read(
      await arm('POST', '/providers/Microsoft.ResourceGraph/resources', '2021-03-01', {
        query: `resources | ${query}`,
        subscriptions: [subscription.split('/')[2]],
      }),
    );
    expect(entriesOf(answer.body['data'])).toEqual([{ id: site }]);
    expect((await arm('POST', `${site}/publishxml`, '2015-08-01')).status).toBe(200);
    expect((await arm('POST', `${site}/hostruntime/admin/host/synctriggers`, '2015-08-01')).status).toBe(200);
  });

  it('Azure CLI: account, group, app, plan, settings with their slots, swap', async () => {
    const client = await begin();
    const { arm } = client;
    for (const [path, version] of [
      ['/tenants', '2022-12-01'],
      ['/subscriptions', '2022-12-01'],
      [subscription, '2022-12-01'],
      [`${subscription}/resourcegroups`, '2022-09-01'],
      [`${subscription}/resourcegroups/slotwave`, '2022-09-01'],
      [`${subscription}/providers/Microsoft.Web/sites`, '2023-12-01'],
      [site, '2023-12-01'],
      [`${site}/slots`, '2023-12-01'],
      [`${site}/config/slotConfigNames`, '2023-12-01'],
      [`${site}/config`, '2023-12-01'],
      [site.replace('/sites/orders-weu', '/serverfarms/orders-weu-plan'), '2023-12-01'],
    ] as const)
      expect([path, (await arm('GET', path, version)).status]).toEqual([path, 200]);
    for (const path of [
      'config/appsettings/list',
      'config/connectionstrings/list',
      'config/publishingcredentials/list',
      'config/azurestorageaccounts/list',
    ])
      expect((await arm('POST', `${site}/slots/staging/${path}`, '2023-12-01')).status).toBe(200);
    const swap = await arm('POST', `${site}/slots/staging/slotsswap`, '2023-12-01', {
      targetSlot: 'production',
      preserveVnet: true,
    });
    expect((await follow(client, swap.headers.get('location')!, 10_000)).status).toBe(200);
  });
});

describe('odd, but legal', () => {
  const versions = [
    '2015-08-01',
    '2016-08-01',
    '2018-02-01',
    '2018-11-01',
    '2020-06-01',
    '2021-02-01',
    '2022-03-01',
    '2023-12-01',
    '2024-04-01',
    '2024-11-01',
    '2025-03-01',
    '2025-05-01',
  ];
  it.each(versions)('api-version %s on every path', async (version) => {
    const { arm } = await begin();
    for (const path of [
      '',
      '/slots',
      '/slots/staging',
      '/config/web',
      '/functions',
      '/deployments',
      '/basicPublishingCredentialsPolicies/scm',
    ])
      expect((await arm('GET', `${site}${path}`, version)).status).toBe(200);
    for (const path of [
      '/config/appsettings/list',
      '/slots/staging/config/appsettings/list',
      '/host/default/listkeys',
      '/restart',
    ])
      expect((await arm('POST', `${site}${path}`, version)).status).toBe(200);
  });

  it.each([
    ['lower case', site.toLowerCase()],
    ['upper case', site.toUpperCase()],
    ['resourcegroups', site.replace('resourceGroups', 'resourcegroups')],
    ['a trailing slash', `${site}/`],
    ['two slashes', site.replace('/providers', '//providers')],
    ['encoded', site.replace('orders-weu', 'orders%2Dweu')],
    ['encoded twice', site.replace('orders-weu', 'orders%252Dweu')],
    ['the slot that is production', `${site}/slots/production`],
  ])('paths: %s', async (_, path) => {
    const { arm } = await begin();
    expect(await read(await arm('GET', path, '2022-03-01'))).toMatchObject({
      status: 200,
      body: { id: site },
    });
  });

  it('HEAD asks whether something is there, OPTIONS what a browser may', async () => {
    const { arm, raw } = await begin();
    expect((await arm('HEAD', site, '2022-03-01')).status).toBe(204);
    expect((await arm('HEAD', `${site}-none`, '2022-03-01')).status).toBe(404);
    expect((await arm('HEAD', `${subscription}/resourcegroups/slotwave`, '2022-09-01')).status).toBe(204);
    const options = await raw('OPTIONS', `https://localhost${site}?api-version=2022-03-01`, {
      origin: 'https://portal.azure.com',
    });
    expect([options.status, options.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://portal.azure.com',
    ]);
  });

  it('cookies of the SCM site come in both spellings, and sites have an ETag', async () => {
    const { arm, raw } = await begin();
    const cookies = (await raw('GET', `${scm}/api/deployments?warmup=true`)).headers.getSetCookie();
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual(['ARRAffinity', 'ARRAffinitySameSite']);
    expect((await arm('GET', site, '2022-03-01')).headers.get('etag')).toMatch(/^"[0-9A-F]+"$/);
  });
});
