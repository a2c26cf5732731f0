/** A world of two tenants: each principal sees and touches what is its own, and ARM says so in its own words. */
import { describe, expect, it } from '@jest/globals';
import { createAzure } from '../../src/azure/azure.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { transportOver } from '../azure/in-process.ts';
import { entriesOf, playRuntime, read, sitePath } from './played.ts';

const [homeSubscription, otherSubscription] = [
  '51075a1e-0000-4000-8000-000000000001',
  '51075a1e-0000-4000-8000-000000000002',
];
const otherTenant = '44444444-4444-4444-8444-44444444444a';
const world: WorldInput = {
  tenants: [{ tenantId: otherTenant, subscriptions: [otherSubscription] }],
  sites: [
    { name: 'orders-weu', region: 'westeurope', tags: { app: 'orders' } },
    { name: 'orders-neu', region: 'northeurope', tags: { app: 'orders' }, subscription: otherSubscription },
  ],
};

function begin() {
  const clock = new VirtualClock();
  const emulator = createEmulator({ world, clock, runtime: playRuntime(), seed: 1 });
  const send = (path: string, init: RequestInit = {}) =>
    clock.run(emulator.fetch(new Request(`https://localhost${path}`, init)));
  const signIn = async (tenantId: string, { clientId, clientSecret }: Emulator['identity']) => {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const body = new URLSearchParams({ ...form, scope: 'https://localhost/.default' });
    return read(await send(`/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body }));
  };
  const as = async (principal: Emulator['identity']) => {
    const token = String((await signIn(principal.tenantId, principal)).body['access_token']);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return async (path: string, init: RequestInit = {}) => {
      const response = await send(`${path}?api-version=2024-04-01`, { ...init, headers });
      return { ...(await read(response)), challenge: response.headers.get('www-authenticate') };
    };
  };
  return { clock, emulator, signIn, as };
}

describe('two tenants', () => {
  it('have principals of their own: none signs in to the other', async () => {
    const { emulator, signIn } = begin();
    const [home, other] = emulator.tenants;
    expect(other!.tenantId).toBe(otherTenant);
    const ends = [
      await signIn(home!.tenantId, home!),
      await signIn(otherTenant, other!),
      await signIn(otherTenant, home!),
      await signIn(home!.tenantId, { ...other!, clientId: home!.clientId }),
    ];
    expect(ends.map(({ status }) => status)).toEqual([200, 200, 400, 401]);
    expect(String(ends[2]!.body['error_description'])).toMatch(/^AADSTS700016/);
  });

  it('keep their subscriptions apart, and a token of the wrong one learns which is right', async () => {
    const { emulator, as } = begin();
    const [home, other] = [await as(emulator.tenants[0]!), await as(emulator.tenants[1]!)];
    const [weu, neu] = ['orders-weu', 'orders-neu'].map((site) => sitePath(world, site));
    expect([(await home(weu!)).status, (await other(neu!)).status]).toEqual([200, 200]);
    const wrong = await home(neu!);
    expect([wrong.status, wrong.body['error']!['code']]).toEqual([401, 'InvalidAuthenticationTokenTenant']);
    expect(String(wrong.body['error']!['message'])).toContain(
      `must match the tenant 'https://sts.windows.net/${otherTenant}/'`,
    );
    expect(wrong.challenge).toContain(otherTenant);
    expect((await other('/subscriptions/51075a1e-0000-4000-8000-00000000000f')).status).toBe(404);
    const listed = [await home('/subscriptions'), await other('/subscriptions')];
    expect(
      listed.map(({ body }) => entriesOf(body['value']).map((one) => String(one['subscriptionId']))),
    ).toEqual([[homeSubscription], [otherSubscription]]);
  });

  it('are one for Resource Graph only where the caller is at home', async () => {
    const { emulator, as } = begin();
    const body = JSON.stringify({
      query: 'resources | where type =~ "microsoft.web/sites" | project id, name, tenantId',
    });
    const ask = async (index: number) => {
      const caller = await as(emulator.tenants[index]!);
      const answer = await caller('/providers/Microsoft.ResourceGraph/resources', { method: 'POST', body });
      return entriesOf(answer.body['data']).map((row) => `${String(row['name'])} ${String(row['tenantId'])}`);
    };
    expect(await ask(0)).toEqual([`orders-weu ${emulator.identity.tenantId}`]);
    expect(await ask(1)).toEqual([`orders-neu ${otherTenant}`]);
  });

  it('are both surveyed in one fleet, each with its own credential', async () => {
    const { clock, emulator } = begin();
    const { tenantId, clientId, clientSecret } = emulator.identity;
    const other = emulator.tenants[1]!;
    const suffix = otherTenant.toUpperCase().replaceAll('-', '_');
    const azure = await clock.run(
      createAzure({
        cloudName: emulator.origin,
        transport: transportOver(emulator.fetch, clock),
        clock,
        environment: {
          AZURE_TENANT_ID: tenantId,
          AZURE_CLIENT_ID: clientId,
          AZURE_CLIENT_SECRET: clientSecret,
          [`AZURE_CLIENT_ID_${suffix}`]: other.clientId,
          [`AZURE_CLIENT_SECRET_${suffix}`]: other.clientSecret,
        },
        random: () => 0.5,
        hide: () => {},
      }),
    );
    const common = { resourceGroup: 'slotwave', slot: 'staging', labels: {} };
    const neu = { ...common, name: 'neu', site: 'orders-neu', subscriptionId: otherSubscription };
    const targets = [
      { ...common, name: 'weu', site: 'orders-weu', subscriptionId: homeSubscription },
      { ...neu, tenantId: otherTenant },
    ];
    const fleet = await clock.run(azure.survey({ targets, settings: {} }));
    expect(fleet.targets.map(({ target }) => target.name)).toEqual(['weu', 'neu']);
    const lost = azure.survey({ targets: [neu], settings: {} }).catch((error: unknown) => error);
    expect(await clock.run(lost)).toHaveProperty('next', expect.stringContaining(otherTenant));
  });
});
