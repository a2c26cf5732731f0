import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, play, playRuntime, read, sitePath } from './played.ts';

const world: WorldInput = {
  sites: [
    { name: 'orders-weu', region: 'westeurope', settings: { A: '1' }, sticky: ['A'] },
    { name: 'orders-win', region: 'eastus', os: 'windows', plan: { name: 'shared', sku: 'S1' }, slots: [] },
    {
      name: 'orders-two',
      region: 'eastus',
      os: 'windows',
      plan: { name: 'shared', sku: 'S1' },
      slots: [],
      resourceGroup: 'other',
    },
  ],
};

describe('every ARM answer', () => {
  it('carries its ids, and counts the bucket of its kind down', async () => {
    const played = await play();
    const first = await played.arm('GET', '');
    const second = await played.arm('GET', '');
    for (const name of ['x-ms-request-id', 'x-ms-correlation-request-id', 'x-ms-routing-request-id'])
      expect(first.headers.get(name)).toMatch(/[0-9a-f-]{36}/);
    expect(first.headers.get('x-ms-request-id')).not.toBe(second.headers.get('x-ms-request-id'));
    expect(first.headers.get('x-ms-ratelimit-remaining-subscription-reads')).toBe('249');
    const write = await played.arm('POST', 'restart');
    expect(write.headers.get('x-ms-ratelimit-remaining-subscription-writes')).toBe('199');
  });

  it('throttles when the world does, and says how long', async () => {
    const played = await play({ world: { ...world, throttling: true, latencies: { arm: 0 } } });
    const statuses: number[] = [];
    for (let count = 0; count < 251; count++) statuses.push((await played.arm('GET', '')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(250);
    const refused = await played.arm('GET', '');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await read(refused)).toMatchObject({ status: 429, body: { error: { code: 'TooManyRequests' } } });
    await played.pass(1000);
    expect((await played.arm('GET', '')).status).toBe(200);
  });

  it.each([
    ['2015-08-01', 200],
    ['2018-02-01', 200],
    ['2026-03-01-preview', 200],
    ['2014-01-01', 400],
    ['latest', 400],
  ])('takes api-version %s: %s', async (version, status) => {
    const played = await play();
    expect((await played.arm('GET', `${sitePath(world, 'orders-weu')}?api-version=${version}`)).status).toBe(
      status,
    );
  });

  it('demands an api-version', async () => {
    const { emulator, on } = await play();
    const answer = await on(emulator.fetch(new Request('https://localhost/subscriptions')));
    expect(await read(answer)).toMatchObject({
      status: 400,
      body: { error: { code: 'MissingApiVersionParameter' } },
    });
  });
});

describe('the metadata of the cloud', () => {
  it.each([
    ['2022-09-01', false, 'resourceManager'],
    ['2019-05-01', true, 'resourceManager'],
    ['2015-01-01', false, 'graphEndpoint'],
  ])('for %s has the shape of its time', async (version, isList, name) => {
    const { emulator, on } = await play();
    const { status, body } = await read(
      await on(emulator.fetch(new Request(`https://localhost/metadata/endpoints?api-version=${version}`))),
    );
    const described = isList ? entriesOf(body)[0]! : body;
    expect(status).toBe(200);
    expect(described).toHaveProperty(name);
    expect(described['authentication']).toMatchObject({
      loginEndpoint: 'https://localhost',
      audiences: ['https://localhost/', 'https://localhost'],
    });
  });
});

describe('sites and plans', () => {
  it('are read without regard to case', async () => {
    const played = await play({ world });
    const path = sitePath(world, 'orders-weu').toUpperCase().replace('/SITES/', '/Sites/');
    expect((await read(await played.arm('GET', path))).body).toMatchObject({
      name: 'orders-weu',
      type: 'Microsoft.Web/sites',
    });
  });

  it('are listed by group and by subscription', async () => {
    const played = await play({ world });
    const subscription = sitePath(world, 'x').split('/resourceGroups')[0]!;
    const names = async (path: string) =>
      entriesOf((await read(await played.arm('GET', path))).body['value']).map(({ name }) => name);
    expect(await names(`${subscription}/providers/Microsoft.Web/sites`)).toEqual([
      'orders-weu',
      'orders-win',
      'orders-two',
    ]);
    expect(await names(`${subscription}/resourceGroups/OTHER/providers/Microsoft.Web/sites`)).toEqual([
      'orders-two',
    ]);
    expect(
      await names(`${subscription}/resourceGroups/slotwave/providers/Microsoft.Web/serverfarms`),
    ).toEqual(['orders-weu-plan', 'shared']);
    expect(
      await names(`${subscription}/resourceGroups/slotwave/providers/Microsoft.Web/serverfarms/shared/sites`),
    ).toEqual(['orders-win']);
    expect(await names('/subscriptions')).toEqual([undefined]);
  });

  it.each([
    [
      'a site',
      '/subscriptions/SUB/resourceGroups/slotwave/providers/Microsoft.Web/sites/none',
      404,
      'ResourceNotFound',
    ],
    [
      'a slot',
      '/subscriptions/SUB/resourceGroups/slotwave/providers/Microsoft.Web/sites/orders-weu/slots/none',
      404,
      'ResourceNotFound',
    ],
    [
      'a site in the wrong group',
      '/subscriptions/SUB/resourceGroups/other/providers/Microsoft.Web/sites/orders-weu',
      404,
      'ResourceNotFound',
    ],
    [
      'a group',
      '/subscriptions/SUB/resourceGroups/none/providers/Microsoft.Web/sites/orders-weu',
      404,
      'ResourceGroupNotFound',
    ],
    [
      'a subscription',
      '/subscriptions/11111111-1111-4111-8111-111111111111/providers/Microsoft.Web/sites',
      404,
      'SubscriptionNotFound',
    ],
    [
      'a plan',
      '/subscriptions/SUB/resourceGroups/slotwave/providers/Microsoft.Web/serverfarms/none',
      404,
      'ResourceNotFound',
    ],
    [
      'a type',
      '/subscriptions/SUB/resourceGroups/slotwave/providers/Microsoft.Nowhere/things',
      404,
      'InvalidResourceType',
    ],
    [
      'a thing of an app',
      '/subscriptions/SUB/resourceGroups/slotwave/providers/Microsoft.Web/sites/orders-weu/nothing',
      404,
      'InvalidResourceType',
    ],
  ])('that are not there: %s', async (_title, path, status, code) => {
    const played = await play({ world });
    const full = path.replace('SUB', '51075a1e-0000-4000-8000-000000000001');
    expect(await read(await played.arm('GET', full))).toMatchObject({ status, body: { error: { code } } });
  });

  it('stop, answer 403 with a page, and start again', async () => {
    const played = await play();
    await played.arm('POST', 'stop');
    expect((await read(await played.arm('GET', ''))).body['properties']).toMatchObject({ state: 'Stopped' });
    const page = await played.app('orders-weu', '/');
    expect(page.status).toBe(403);
    expect(await page.text()).toContain('This web app is stopped.');
    await played.arm('POST', 'start');
    expect((await played.app('orders-weu', '/')).status).toBe(200);
  });
});

describe('slots', () => {
  it('are created empty, listed, and deleted', async () => {
    const played = await play();
    const body = {
      location: 'West Europe',
      properties: { siteConfig: { appSettings: [{ name: 'X', value: '1' }] } },
    };
    expect((await played.arm('PUT', 'slots/blue', body)).status).toBe(200);
    const listed = await read(await played.arm('GET', 'slots'));
    expect(entriesOf(listed.body['value']).map(({ name, type }) => [name, type])).toEqual([
      ['orders-weu/staging', 'Microsoft.Web/sites/slots'],
      ['orders-weu/blue', 'Microsoft.Web/sites/slots'],
    ]);
    expect(played.emulator.snapshot().sites['orders-weu']!.slots['blue']).toMatchObject({
      content: null,
      settings: { X: '1' },
    });
    expect((await played.app('orders-weu-blue', '/')).status).toBe(200);
    expect((await played.arm('DELETE', 'slots/blue')).status).toBe(200);
    expect((await played.arm('GET', 'slots/blue')).status).toBe(404);
    expect((await played.app('orders-weu-blue', '/')).status).toBe(404);
  });

  it('are as many as the plan allows', async () => {
    const played = await play();
    const body = { location: 'West Europe' };
    expect((await played.arm('PUT', 'slots/two', body)).status).toBe(200);
    expect(await read(await played.arm('PUT', 'slots/three', body))).toMatchObject({
      status: 409,
      body: { Code: 'Conflict' },
    });
  });

  it.each(['slots/two', 'slots/staging', ''])('say where they are, as apps do: "%s"', async (path) => {
    const played = await play();
    expect(await read(await played.arm('PUT', path, { properties: {} }))).toMatchObject({
      status: 400,
      body: { error: { code: 'LocationRequired' } },
    });
  });

  it('with long names have host names that DNS takes', async () => {
    const name = `orders-${'x'.repeat(50)}`;
    const played = await play({ world: { sites: [{ name, region: 'westeurope' }] } });
    const { body } = await read(await played.arm('GET', 'slots/staging'));
    const label = String(body['properties']!['defaultHostName']).split('.')[0]!;
    expect(label).toMatch(/^orders-x{33}-staging-[0-9a-f]{4}$/);
    expect((await played.app(label, '/')).status).toBe(200);
  });
});

describe('settings', () => {
  it('are replaced as a whole, restart the slot, and move its time', async () => {
    const played = await play({ world });
    const before = await read(await played.arm('GET', ''));
    await played.pass(1000);
    const put = await read(
      await played.arm('PUT', 'config/appsettings', { properties: { B: 2, C: true, D: null } }),
    );
    expect(put).toMatchObject({
      status: 200,
      body: { name: 'appsettings', properties: { B: '2', C: 'true' } },
    });
    const listed = await read(await played.arm('POST', 'config/appsettings/list'));
    expect(listed.body['properties']).toEqual({ B: '2', C: 'true' });
    const after = await read(await played.arm('GET', ''));
    expect(after.body['properties']!['lastModifiedTimeUtc']).not.toBe(
      before.body['properties']!['lastModifiedTimeUtc'],
    );
    expect(played.emulator.history.map(({ type }) => type)).toEqual(['settings.written', 'host.started']);
  });

  it.each([[null], [{}], [{ properties: [] }], [{ properties: { A: {} } }]])(
    'are not replaced by %j',
    async (body) => {
      const played = await play({ world });
      expect((await played.arm('PUT', 'config/appsettings', body)).status).toBe(400);
      expect(played.emulator.history).toEqual([]);
    },
  );

  it('let the old worker answer on for a while, and callers wait for the new one', async () => {
    const played = await play({
      world: {
        sites: [{ name: 'orders-weu', region: 'westeurope', settings: { SLOTWAVE_RELEASE_ID: 'before' } }],
      },
    });
    const release = async () => (await read(await played.app('orders-weu', '/api/health'))).body['release'];
    await played.arm('PUT', 'config/appsettings', { properties: { SLOTWAVE_RELEASE_ID: 'after' } });
    const writtenMs = played.clock.now();
    expect(await release()).toBe('before');
    await played.pass(3000);
    expect(await release()).toBe('after');
    expect(played.clock.now() - writtenMs).toBeGreaterThanOrEqual(11_000);
    expect(played.runtime.stopped).toBe(1);
  });

  it('have sticky names that are replaced as a whole', async () => {
    const played = await play({ world });
    expect((await read(await played.arm('GET', 'config/slotConfigNames'))).body['properties']).toMatchObject({
      appSettingNames: ['A'],
    });
    await played.arm('PUT', 'config/slotConfigNames', { properties: { appSettingNames: ['B', 'C'] } });
    expect((await read(await played.arm('GET', 'config/slotConfigNames'))).body['properties']).toMatchObject({
      appSettingNames: ['B', 'C'],
      connectionStringNames: [],
    });
  });

  it('of the site itself are patched', async () => {
    const played = await play({ world });
    await played.arm('PATCH', 'slots/staging/config/web', {
      properties: { healthCheckPath: '/api/health', experiments: { rampUpRules: [{ name: 'staging' }] } },
    });
    const { body } = await read(await played.arm('GET', 'slots/staging/config/web'));
    expect(body['properties']).toMatchObject({
      healthCheckPath: '/api/health',
      experiments: { rampUpRules: [{ name: 'staging' }] },
      autoSwapSlotName: null,
    });
    const refused = await played.arm('PATCH', 'slots/staging/config/web', {
      properties: { autoSwapSlotName: 'production' },
    });
    expect(refused.status).toBe(409);
  });
});

describe('the function host through ARM', () => {
  it('tells keys, status, functions, and takes trigger syncs with 200', async () => {
    const played = await play();
    const keys = await read(await played.arm('POST', 'host/default/listkeys'));
    expect(keys.body).toMatchObject({
      masterKey: expect.any(String),
      functionKeys: { default: expect.any(String) },
      systemKeys: {},
    });
    const status = await read(await played.arm('GET', 'host/default/properties/status'));
    expect(status.body).toMatchObject({ name: 'status', properties: { state: 'Running' } });
    const functions = await read(await played.arm('GET', 'functions'));
    expect(entriesOf(functions.body['value'])[0]).toMatchObject({
      name: 'orders-weu/health',
      properties: { name: 'health', language: 'node' },
    });
    expect((await played.arm('GET', 'functions/health')).status).toBe(200);
    expect((await played.arm('GET', 'functions/none')).status).toBe(404);
    for (const path of ['syncfunctiontriggers', 'host/default/sync']) {
      expect(await read(await played.arm('POST', path))).toEqual({
        status: 200,
        body: { status: 'success' },
      });
    }
    expect((await read(await played.arm('GET', 'hostruntime/admin/host/status'))).body).toMatchObject({
      state: 'Running',
    });
  });

  it('says 400 with the reason when the host is down', async () => {
    const runtime = playRuntime(() => Promise.reject(new Error('the process has ended')));
    const played = await play({ runtime });
    for (const [method, path] of [
      ['POST', 'host/default/listkeys'],
      ['GET', 'host/default/properties/status'],
      ['GET', 'functions'],
      ['POST', 'syncfunctiontriggers'],
      ['GET', 'hostruntime/admin/host/status'],
    ] as const) {
      expect(await read(await played.arm(method, path))).toMatchObject({
        status: 400,
        body: { Message: 'Encountered an error (ServiceUnavailable) from host runtime.' },
      });
    }
    expect((await played.app('orders-weu', '/')).status).toBe(503);
  });
});

it('has no private endpoints', async () => {
  const played = await play();
  expect(
    (await read(await played.arm('GET', 'slots/staging/privateEndpointConnections'))).body['value'],
  ).toEqual([]);
});
