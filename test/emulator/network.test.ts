import { describe, expect, it } from '@jest/globals';
import type { Caller } from '../../src/emulator/network/caller.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, type Played, play, read } from './played.ts';

type SiteInput = WorldInput['sites'][number];
const worldWith = (site: Partial<SiteInput>, more: Partial<WorldInput> = {}): WorldInput => ({
  ...more,
  sites: [{ name: 'orders-weu', region: 'westeurope', ...site }],
});

const outside: Caller = { address: '198.51.100.7', inside: false };
const inside: Caller = { address: '10.1.0.9', inside: true };

async function visit(played: Played, caller: Caller, host = 'orders-weu.azurewebsites.localhost') {
  return played.on(played.emulator.fetch(new Request(`https://${host}/`), caller));
}

describe('an app that is not public', () => {
  it.each<[string, Partial<SiteInput>, number, number]>([
    ['public', {}, 200, 200],
    ['switched off', { publicNetworkAccess: 'Disabled' }, 403, 403],
    [
      'switched off, with an endpoint',
      { publicNetworkAccess: 'Disabled', privateEndpoints: ['10.1.0.4'] },
      403,
      200,
    ],
    [
      'nothing said, with an endpoint',
      { publicNetworkAccess: null, privateEndpoints: ['10.1.0.4'] },
      403,
      200,
    ],
    ['nothing said', { publicNetworkAccess: null }, 200, 200],
    ['public, with an endpoint', { privateEndpoints: ['10.1.0.4'] }, 200, 200],
  ])('%s: %s %s %s', async (_, site, fromOutside, fromInside) => {
    const played = await play({ world: worldWith(site) });
    expect([(await visit(played, outside)).status, (await visit(played, inside)).status]).toEqual([
      fromOutside,
      fromInside,
    ]);
    const scm = 'orders-weu.scm.azurewebsites.localhost';
    const open = (status: number) => (status === 200 ? 401 : 403);
    // 401: the door is open, and now wants to see credentials.
    expect((await visit(played, outside, scm)).status).toBe(open(fromOutside));
    expect((await visit(played, inside, scm)).status).toBe(open(fromInside));
  });

  it('says so in a way of its own, and ARM answers all the same', async () => {
    const played = await play({ world: worldWith({ publicNetworkAccess: 'Disabled' }) });
    const answer = await visit(played, outside);
    expect([answer.status, answer.statusText, answer.headers.get('x-ms-forbidden-ip')]).toEqual([
      403,
      'Ip Forbidden',
      '198.51.100.7',
    ]);
    expect(await answer.text()).toContain('has blocked your access');
    expect((await read(await played.arm('GET', ''))).body['properties']).toMatchObject({
      publicNetworkAccess: 'Disabled',
    });
    expect((await played.arm('GET', 'host/default/properties/status')).status).toBe(200);
    const cut = worldWith({ publicNetworkAccess: 'Disabled' }, { network: { armReachesPrivate: false } });
    expect((await (await play({ world: cut })).arm('GET', 'host/default/properties/status')).status).toBe(
      400,
    );
  });

  it('is known to ARM with its endpoints, each slot with its own', async () => {
    const world = worldWith({
      privateEndpoints: ['10.1.0.4'],
      slots: [{ name: 'staging', privateEndpoints: ['10.1.0.5'], subnet: '/subscriptions/x/subnets/s' }],
    });
    const played = await play({ world });
    const { body } = await read(await played.arm('GET', 'slots/staging/privateEndpointConnections'));
    expect(entriesOf(body['value'])).toMatchObject([
      {
        properties: { ipAddresses: ['10.1.0.5'], privateLinkServiceConnectionState: { status: 'Approved' } },
      },
    ]);
    const links = await read(await played.arm('GET', 'slots/staging/privateLinkResources'));
    expect(entriesOf(links.body['value'])).toMatchObject([{ properties: { groupId: 'sites-staging' } }]);
    const subnet = await read(await played.arm('GET', 'slots/staging/networkConfig/virtualNetwork'));
    expect(subnet.body['properties']).toMatchObject({ subnetResourceId: '/subscriptions/x/subnets/s' });
  });

  it('is inside for source addresses that the world names', async () => {
    const world = worldWith(
      { publicNetworkAccess: 'Disabled', privateEndpoints: ['10.1.0.4'] },
      { network: { inside: ['10.0.0.0/8', 'fd00::/8'] } },
    );
    const played = await play({ world });
    const from = async (address: string) => (await visit(played, { address, inside: false })).status;
    expect(await Promise.all([from('10.9.9.9'), from('::ffff:10.9.9.9'), from('11.0.0.1')])).toEqual([
      200, 200, 403,
    ]);
    expect(await from('fd00::1')).toBe(200);
  });
});

describe('a private endpoint', () => {
  const world = worldWith({
    publicNetworkAccess: 'Disabled',
    privateEndpoints: ['10.1.0.4'],
    slots: [
      { name: 'staging', publicNetworkAccess: null, privateEndpoints: ['10.1.0.5'] },
      {
        name: 'asked-for',
        publicNetworkAccess: null,
        privateEndpoints: [{ address: '10.1.0.6', status: 'Pending' }],
      },
    ],
  });
  const [live, beside] = ['orders-weu', 'orders-weu-staging'] as const;
  it.each<[string, string, string, number]>([
    ['the slot that it belongs to', live, '10.1.0.4', 200],
    ['the slot that it belongs to, over a socket for both families', live, '::ffff:10.1.0.4', 200],
    ['its SCM site', `${live}.scm`, '10.1.0.4', 401],
    ['no other slot', beside, '10.1.0.4', 404],
    ['its own slot', beside, '10.1.0.5', 200],
    ['no name of the zone', `${live}.privatelink`, '10.1.0.4', 404],
    ['nothing inside from a public address', live, '203.0.113.10', 403],
  ])('leads to %s: %s at %s answers %s', async (_, label, arrivedAt, status) => {
    const played = await play({ world });
    const caller = { address: '10.1.0.9', inside: false, arrivedAt };
    expect((await visit(played, caller, `${label}.azurewebsites.localhost`)).status).toBe(status);
  });

  it('leads to no ARM, and lets nothing through before it is approved', async () => {
    const played = await play({ world });
    const over = (arrivedAt: string, host: string) =>
      visit(played, { address: '10.1.0.9', inside: false, arrivedAt }, host);
    expect((await over('10.1.0.4', 'localhost')).status).toBe(404);
    await expect(over('10.1.0.6', 'orders-weu-asked-for.azurewebsites.localhost')).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    const { body } = await read(await played.arm('GET', 'slots/asked-for/privateEndpointConnections'));
    expect(entriesOf(body['value'])).toMatchObject([
      { properties: { ipAddresses: ['10.1.0.6'], privateLinkServiceConnectionState: { status: 'Pending' } } },
    ]);
    // Who is inside by another way does not pass through it either.
    expect((await visit(played, inside, 'orders-weu-asked-for.azurewebsites.localhost')).status).toBe(403);
  });
});

describe('access restrictions', () => {
  const allow = (ipAddress: string, priority: number) => ({ ipAddress, action: 'Allow', priority });
  const deny = (ipAddress: string, priority: number) => ({ ipAddress, action: 'Deny', priority });
  it.each<[string, Record<string, unknown>, number, number]>([
    ['an allowed range', { ipSecurityRestrictions: [allow('198.51.100.0/24', 100)] }, 200, 401],
    ['another range', { ipSecurityRestrictions: [allow('192.0.2.0/24', 100)] }, 403, 401],
    [
      'the first that fits',
      { ipSecurityRestrictions: [allow('Any', 200), deny('198.51.100.7/32', 100)] },
      403,
      401,
    ],
    ['the default action', { ipSecurityRestrictionsDefaultAction: 'Deny' }, 403, 401],
    ['rules of the SCM site', { scmIpSecurityRestrictions: [deny('Any', 1)] }, 200, 403],
    [
      'rules for both',
      { ipSecurityRestrictions: [deny('Any', 1)], scmIpSecurityRestrictionsUseMain: true },
      403,
      403,
    ],
    [
      'service tags are nobody',
      {
        ipSecurityRestrictions: [
          { ipAddress: 'AzureCloud', tag: 'ServiceTag', action: 'Allow', priority: 1 },
        ],
      },
      403,
      401,
    ],
  ])('%s', async (_, config, app, scm) => {
    const played = await play({ world: worldWith({ config }) });
    expect((await visit(played, outside)).status).toBe(app);
    expect((await visit(played, outside, 'orders-weu.scm.azurewebsites.localhost')).status).toBe(scm);
  });

  it('do not hold for what comes through a private endpoint', async () => {
    const config = { ipSecurityRestrictionsDefaultAction: 'Deny' };
    const played = await play({ world: worldWith({ config, privateEndpoints: ['10.1.0.4'] }) });
    expect([(await visit(played, inside)).status, (await visit(played, outside)).status]).toEqual([200, 403]);
  });
});

describe('what an app would reach', () => {
  const world = worldWith({}, { network: { hosts: { 'kv.vault.azure.net': { addresses: ['10.1.0.7'] } } } });
  it.each([
    ['dnsCheck', { dnsName: 'kv.vault.azure.net' }, 200, 'Success'],
    ['dnsCheck', { dnsName: 'nowhere.example' }, 200, 'HostNotFound'],
    ['tcpPingCheck', { host: 'kv.vault.azure.net', port: '443' }, 200, 'Success'],
    ['tcpPingCheck', { host: 'nowhere.example', port: '443' }, 200, 'HostNotFound'],
    ['tcpPingCheck', { host: 'kv.vault.azure.net', port: '22' }, 504, undefined],
    ['tcpPingCheck', { host: '' }, 400, undefined],
  ] as const)('%s %j: %s %s', async (check, properties, status, connectionStatus) => {
    const played = await play({ world });
    const answer = await read(await played.arm('POST', `slots/staging/${check}`, { properties }));
    expect([answer.status, answer.body['properties']?.['connectionStatus']]).toEqual([
      status,
      connectionStatus,
    ]);
  });
});

describe('a traffic split', () => {
  const split = (percentage: number) => ({
    experiments: {
      rampUpRules: [
        {
          name: 'staging',
          actionHostName: 'orders-weu-staging.azurewebsites.localhost',
          reroutePercentage: percentage,
        },
      ],
    },
  });
  const start = (percentage: number) =>
    play({
      world: worldWith({
        settings: { ENVIRONMENT: 'live' },
        slots: [{ name: 'staging', settings: { ENVIRONMENT: 'test' } }],
        config: split(percentage),
      }),
    });
  const environment = async (answer: Response) => String((await read(answer)).body['environment']);

  it('sends its share to the other slot, and each client stays where it was sent', async () => {
    const played = await start(30);
    const seen: unknown[] = [];
    for (let turn = 0; turn < 200; turn++) {
      const answer = await played.app('orders-weu', '/api/health');
      const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!;
      const where = await environment(answer);
      expect(cookie).toBe(`x-ms-routing-name=${where === 'live' ? 'self' : 'staging'}`);
      if (turn < 5)
        expect(await environment(await played.app('orders-weu', '/api/health', { cookie }))).toBe(where);
      seen.push(where);
    }
    const share = seen.filter((where) => where === 'test').length / seen.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
  });

  it('is overruled by x-ms-routing-name', async () => {
    const played = await start(100);
    expect(await environment(await played.app('orders-weu', '/api/health?x-ms-routing-name=self'))).toBe(
      'live',
    );
    expect(await environment(await played.app('orders-weu', '/api/health'))).toBe('test');
    const none = await start(0);
    expect(await environment(await none.app('orders-weu', '/api/health?x-ms-routing-name=staging'))).toBe(
      'test',
    );
    expect(await environment(await none.app('orders-weu', '/api/health'))).toBe('live');
  });

  it('leaves an app without rules alone', async () => {
    const played = await play();
    expect((await played.app('orders-weu', '/')).headers.getSetCookie()).toEqual([]);
  });
});
