import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, type Loose, type Played, play, playRuntime, read, sitePath } from './played.ts';

const minute = 60_000;
const world: WorldInput = { sites: [{ name: 'orders-weu', region: 'westeurope' }] };

const sickly = () =>
  playRuntime((_, request) => (request.url.endsWith('/sick') ? new Response('', { status: 500 }) : null));

async function valuesOf(played: Played, metric: string, slot = ''): Promise<readonly (number | null)[]> {
  const now = played.clock.now();
  const timespan = `${new Date(now - 5 * minute).toISOString()}/${new Date(now).toISOString()}`;
  const path = `${slot}providers/Microsoft.Insights/metrics?metricnames=${metric}&timespan=${timespan}&interval=PT1M`;
  const { status, body } = await read(await played.arm('GET', path));
  expect(status).toBe(200);
  return pointsOf(entriesOf(body['value'])[0]);
}

const pointsOf = (metric: Loose | undefined) =>
  entriesOf(entriesOf(metric?.['timeseries'])[0]?.['data']).map((point) => {
    const value = point['total'] ?? point['average'];
    return value === undefined ? null : Number(value);
  });

describe('metrics', () => {
  it('count what the front end saw, and know it late', async () => {
    const played = await play({ world, runtime: sickly() });
    for (const path of ['/api/health', '/sick', '/nothing']) await played.app('orders-weu', path);
    expect(await valuesOf(played, 'Requests')).not.toContain(3);
    await played.pass(3 * minute);
    const sum = async (metric: string) =>
      (await valuesOf(played, metric)).reduce<number>((all, one) => all + (one ?? 0), 0);
    expect([await sum('requests'), await sum('Http2xx'), await sum('Http4xx'), await sum('Http5xx')]).toEqual(
      [3, 1, 1, 1],
    );
    expect((await valuesOf(played, 'Http5xx')).at(-1)).toBeNull();
    expect(Math.max(...(await valuesOf(played, 'HttpResponseTime')).map((one) => one ?? 0))).toBeGreaterThan(
      0.01,
    );
    expect(await valuesOf(played, 'Requests', 'slots/staging/')).not.toContain(3);
  });

  it('come for many apps at once', async () => {
    const played = await play({ world, runtime: sickly() });
    await played.app('orders-weu-staging', '/sick');
    await played.pass(3 * minute);
    const site = sitePath(world, 'orders-weu');
    const at = (ms: number) => new Date(played.clock.now() - ms).toISOString();
    const path = `/subscriptions/51075a1e-0000-4000-8000-000000000001/metrics:getBatch?metricnamespace=Microsoft.Web/sites/slots&metricnames=Http5xx&starttime=${at(5 * minute)}&endtime=${at(0)}&interval=PT1M`;
    const { status, body } = await read(
      await played.arm('POST', path, { resourceids: [`${site}/slots/staging`, site] }),
    );
    expect(status).toBe(200);
    const sums = entriesOf(body['values']).map((one) =>
      pointsOf(entriesOf(one['value'])[0]).reduce<number>((all, value) => all + (value ?? 0), 0),
    );
    expect(sums).toEqual([1, 0]);
  });

  it('that do not exist are refused by name', async () => {
    const played = await play({ world });
    const answer = await read(
      await played.arm('GET', 'providers/Microsoft.Insights/metrics?metricnames=Luck'),
    );
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/Luck, Valid metrics: Requests,/) } },
    });
  });
});

describe('Key Vault references', () => {
  const reference = '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/key/v1)';
  const settings = {
    GOOD: reference,
    DENIED: '@Microsoft.KeyVault(VaultName=kv;SecretName=other)',
    LATE: reference,
    WRONG: '@Microsoft.KeyVault(nonsense)',
    PLAIN: 'text',
  };
  const references = {
    DENIED: 'AccessToKeyVaultDenied',
    LATE: { status: 'Initialized', resolvedAfter: '1m' },
  } as const;
  const start = () =>
    play({
      world: {
        sites: [
          { name: 'orders-weu', region: 'westeurope', slots: [{ name: 'staging', settings, references }] },
        ],
      },
    });
  const statuses = async (played: Played, of: string) => {
    const { body } = await read(await played.arm('GET', `${of}config/configreferences/appsettings`));
    return entriesOf(body['value']).map(
      (one) => `${String(one['name'])} ${String(one['properties']!['status'])}`,
    );
  };

  it('have a state for each setting, which belongs to the slot', async () => {
    const played = await start();
    await played.arm('PUT', 'slots/staging/config/appsettings', { properties: settings });
    expect(await statuses(played, 'slots/staging/')).toEqual([
      'GOOD Resolved',
      'DENIED AccessToKeyVaultDenied',
      'LATE Initialized',
      'WRONG InvalidSyntax',
    ]);
    await played.pass(minute);
    expect(await statuses(played, 'slots/staging/')).toContain('LATE Resolved');
    await played.arm('PUT', 'config/appsettings', { properties: settings });
    expect(await statuses(played, '')).toContain('DENIED Resolved');
  });

  it('are read one by one, without regard to case', async () => {
    const played = await start();
    const one = (name: string) =>
      played.arm('GET', `slots/staging/config/configreferences/appsettings/${name}`);
    expect((await read(await one('denied'))).body['properties']).toMatchObject({
      vaultName: 'kv',
      secretName: 'other',
      status: 'AccessToKeyVaultDenied',
      source: 'KeyVault',
    });
    expect((await one('PLAIN')).status).toBe(404);
  });
});

describe('Resource Graph', () => {
  const ask = (played: Played) =>
    played.arm('POST', '/providers/Microsoft.ResourceGraph/resources', {
      query:
        "resources | where type =~ 'microsoft.web/sites/slots' | project id, name, state = tostring(properties.state)",
    });
  const states = async (played: Played) =>
    entriesOf((await read(await ask(played))).body['data']).map(
      (row) => `${String(row['name'])} ${String(row['state'])}`,
    );

  it('lags behind the world by what the world says', async () => {
    const played = await play({ world: { ...world, latencies: { graph: '30s' } } });
    await played.arm('POST', 'slots/staging/stop');
    await played.pass(20_000);
    expect(await states(played)).toEqual(['orders-weu/staging Running']);
    await played.pass(10_000);
    expect(await states(played)).toEqual(['orders-weu/staging Stopped']);
    await played.arm('DELETE', 'slots/staging');
    expect(await states(played)).toEqual(['orders-weu/staging Stopped']);
    await played.pass(31_000);
    expect(await states(played)).toEqual([]);
  });

  it('takes 15 queries in 5 s', async () => {
    const played = await play({ world: { ...world, throttling: true, latencies: { arm: 0 } } });
    const answers: Response[] = [];
    for (let turn = 0; turn < 16; turn++) answers.push(await ask(played));
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(15).fill(200), 429]);
    expect(answers[0]!.headers.get('x-ms-user-quota-remaining')).toBe('14');
    const refused = answers[15]!;
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(refused.headers.get('x-ms-user-quota-resets-after')).toBe('00:00:05');
    expect((await read(refused)).body).toMatchObject({
      error: { code: 'RateLimiting', details: [{ code: 'RateLimiting' }] },
    });
    await played.pass(5000);
    expect((await ask(played)).status).toBe(200);
  });
});

it('connection strings travel with a swap unless their names are sticky', async () => {
  const type = 'SQLAzure';
  const played = await play({
    world: {
      sites: [
        {
          name: 'orders-weu',
          region: 'westeurope',
          connectionStrings: { db: { value: 'live', type }, own: { value: 'p', type } },
          slots: [{ name: 'staging' }],
        },
      ],
    },
  });
  await played.arm('PUT', 'config/slotConfigNames', { properties: { connectionStringNames: ['OWN'] } });
  await played.arm('PUT', 'slots/staging/config/connectionstrings', {
    properties: { db: { value: 'test', type }, own: { value: 's', type } },
  });
  await played.arm('POST', 'slots/staging/slotsswap', { targetSlot: 'production', preserveVnet: true });
  await played.pass(300_000);
  const { body } = await read(await played.arm('POST', 'config/connectionstrings/list'));
  expect(body['properties']).toEqual({ db: { value: 'test', type }, own: { value: 'p', type } });
});
