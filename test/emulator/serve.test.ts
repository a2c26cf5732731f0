// biome-ignore-all lint/suspicious/noThenProperty: the word of the faults file; nothing here is awaited for it.
import { Agent, request } from 'node:https';
import { WebSiteManagementClient } from '@azure/arm-appservice';
import { ClientSecretCredential } from '@azure/identity';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { type Served, serve } from '../../src/emulator/serve/serve.ts';
import { makeZip, playRuntime } from './played.ts';

const timeScale = 200;
const subscription = '51075a1e-0000-4000-8000-000000000001';
let served: Served;
let ca: string;

beforeAll(async () => {
  const certificates = await makeCertificates(Date.now());
  ca = certificates.ca;
  served = await serve({
    certificates,
    create: (origin) =>
      createEmulator({
        origin,
        timeScale,
        clock: systemClock({ scale: timeScale, anchorMs: Date.now() }),
        runtime: playRuntime(),
        world: {
          latencies: { swapPoll: 0 },
          sites: [
            { name: 'orders-weu', region: 'westeurope', release: 'old', tags: { app: 'orders' } },
            { name: 'orders-neu', region: 'northeurope', os: 'windows', sticky: ['A'], settings: { A: '1' } },
          ],
        },
      }),
  });
});

afterAll(() => served.close());

/** The npm packages of Azure, as they are. */
function connect(secret = served.emulator.identity.clientSecret) {
  const { tenantId, clientId } = served.emulator.identity;
  const tlsOptions = { ca };
  const credential = new ClientSecretCredential(tenantId, clientId, secret, {
    authorityHost: served.url,
    disableInstanceDiscovery: true,
    tlsOptions,
  });
  const client = new WebSiteManagementClient(credential, subscription, {
    endpoint: served.url,
    tlsOptions,
    retryOptions: { maxRetries: 0 },
  });
  return { credential, client };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly agent?: Agent;
}

/** One request over the wire; `host` says to which of the names it goes. */
function ask(
  host: string,
  path: string,
  { method = 'GET', headers = {}, body, agent }: Asked = {},
): Promise<Answer> {
  const { port } = new URL(served.url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        ca,
        servername: host,
        headers: { host: `${host}:${port}`, ...headers },
        ...(agent ? { agent } : {}),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const bearer = async () => ({
  authorization: `Bearer ${(await connect().credential.getToken(`${served.url}/.default`)).token}`,
});
const strike = (faults: readonly FaultInput[]) =>
  ask('localhost', '/_emulator/faults', { method: 'POST', body: JSON.stringify(faults) });

describe("Azure's own npm packages, unmodified, over HTTPS", () => {
  it('list and read sites, slots, plans, settings', async () => {
    const { client } = connect();
    const names: string[] = [];
    for await (const site of client.webApps.listByResourceGroup('slotwave', { includeSlots: true }))
      names.push(site.name ?? '');
    expect(names).toEqual(['orders-weu', 'orders-weu/staging', 'orders-neu', 'orders-neu/staging']);
    const site = await client.webApps.get('slotwave', 'orders-weu');
    expect(site).toMatchObject({
      state: 'Running',
      location: 'West Europe',
      kind: 'functionapp,linux',
      reserved: true,
      tags: { app: 'orders' },
      sku: 'ElasticPremium',
    });
    expect(site.defaultHostName).toBe(`orders-weu.azurewebsites.localhost:${new URL(served.url).port}`);
    const plan = await client.appServicePlans.get('slotwave', site.serverFarmId!.split('/').at(-1)!);
    expect(plan).toMatchObject({
      kind: 'elastic',
      sku: { name: 'EP1', tier: 'ElasticPremium' },
      numberOfSites: 2,
    });
    const sticky = await client.webApps.listSlotConfigurationNames('slotwave', 'orders-neu');
    expect(sticky.appSettingNames).toEqual(['A']);
  });

  it('replace settings, and read keys and functions', async () => {
    const { client } = connect();
    await client.webApps.updateApplicationSettingsSlot('slotwave', 'orders-neu', 'staging', {
      properties: { A: '2', B: 'x' },
    });
    const settings = await client.webApps.listApplicationSettingsSlot('slotwave', 'orders-neu', 'staging');
    expect(settings.properties).toEqual({ A: '2', B: 'x' });
    const keys = await client.webApps.listHostKeysSlot('slotwave', 'orders-neu', 'staging');
    expect(keys.masterKey).toMatch(/^\w{40,}==$/);
    const functions: string[] = [];
    for await (const one of client.webApps.listInstanceFunctionsSlot('slotwave', 'orders-neu', 'staging'))
      functions.push(one.name ?? '');
    expect(functions).toEqual(['orders-neu/staging/health']);
  });

  it('swap to the end, and say what a second swap would change', async () => {
    const { client } = connect();
    await client.webApps.swapSlot(
      'slotwave',
      'orders-weu',
      'staging',
      { targetSlot: 'production', preserveVnet: true },
      { updateIntervalInMs: 20 },
    );
    const slot = await client.webApps.listApplicationSettingsSlot('slotwave', 'orders-weu', 'staging');
    expect(slot.properties?.['SLOTWAVE_RELEASE_ID']).toBe('old');
    const site = await client.webApps.get('slotwave', 'orders-weu');
    expect(site.slotSwapStatus?.timestampUtc).toBeInstanceOf(Date);
    const differences: unknown[] = [];
    for await (const one of client.webApps.listSlotDifferencesSlot('slotwave', 'orders-weu', 'staging', {
      targetSlot: 'production',
      preserveVnet: true,
    }))
      differences.push(one.settingName);
    expect(differences).toEqual(['SLOTWAVE_RELEASE_ID']);
  });

  it('are told what is missing and what is refused', async () => {
    const { client } = connect();
    await expect(client.webApps.get('slotwave', 'nowhere')).rejects.toMatchObject({
      statusCode: 404,
      code: 'ResourceNotFound',
    });
    await expect(client.webApps.get('elsewhere', 'orders-weu')).rejects.toMatchObject({
      statusCode: 404,
      code: 'ResourceGroupNotFound',
    });
    await expect(connect('wrong').client.webApps.get('slotwave', 'orders-weu')).rejects.toThrow(
      /AADSTS7000215/,
    );
  });
});

describe('served over HTTPS', () => {
  it('is reached under the name of every slot, with a certificate for it', async () => {
    for (const host of ['orders-weu.azurewebsites.localhost', 'orders-weu-staging.azurewebsites.localhost']) {
      expect(await ask(host, '/')).toMatchObject({ status: 200, body: 'home' });
    }
    expect(await ask('orders-weu.scm.azurewebsites.localhost', '/api/deployments')).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="site"' },
    });
    expect(await ask('nobody.azurewebsites.localhost', '/')).toMatchObject({ status: 404 });
  });

  it.each<[string, Asked, number]>([
    ['//', {}, 404],
    ['//localhost/', {}, 404],
    ['/', { method: 'TRACE' }, 400],
    ['/', { headers: { host: 'not a host' } }, 400],
  ])('outlives what is odd or broken: %s %j', async (path, asked, status) => {
    expect(await ask('orders-weu.azurewebsites.localhost', path, asked)).toMatchObject({ status });
    expect(await ask('orders-weu.azurewebsites.localhost', '/')).toMatchObject({ status: 200 });
  });

  it('takes a package as it streams in, and tells of it', async () => {
    const zip = makeZip({ 'host.json': '{}', 'big.bin': 'x'.repeat(3_000_000) });
    const host = 'orders-neu-staging.scm.azurewebsites.localhost';
    const headers = await bearer();
    const accepted = await ask(host, '/api/zipdeploy?isAsync=true', { method: 'POST', headers, body: zip });
    expect(accepted).toMatchObject({ status: 202, headers: { 'retry-after': '30' } });
    const location = new URL(String(accepted.headers['location']));
    for (;;) {
      const latest = await ask(host, location.pathname, { headers });
      if (latest.status === 200) {
        expect(JSON.parse(latest.body)).toMatchObject({ status: 4, complete: true, deployer: 'ZipDeploy' });
        break;
      }
    }
  });

  it('keeps the connection in use when it answers without reading a large body', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca });
    const host = 'orders-weu.scm.azurewebsites.localhost';
    try {
      const body = new Uint8Array(2_000_000);
      expect((await ask(host, '/api/zipdeploy', { method: 'POST', body, agent })).status).toBe(401);
      expect((await ask(host, '/api/zipdeploy', { method: 'POST', body, agent })).status).toBe(401);
    } finally {
      agent.destroy();
    }
  });

  it('loses connections where a fault says so: before an effect, after it, and in the middle of an upload', async () => {
    const path = `/subscriptions/${subscription}/resourceGroups/slotwave/providers/Microsoft.Web/sites/orders-neu/stop?api-version=2025-05-01`;
    const headers = await bearer();
    const state = async () => (await connect().client.webApps.get('slotwave', 'orders-neu')).state;
    await strike([{ when: { request: 'POST */stop', occurrence: 1 }, then: { lost: 'before' } }]);
    await expect(ask('localhost', path, { method: 'POST', headers })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(await state()).toBe('Running');
    await strike([{ when: { request: 'POST */stop', occurrence: 1 }, then: { lost: 'after' } }]);
    await expect(ask('localhost', path, { method: 'POST', headers })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(await state()).toBe('Stopped');
    await strike([{ when: { request: 'POST /api/zipdeploy' }, then: { reset: { afterBytes: 65_536 } } }]);
    const upload = ask('orders-weu.scm.azurewebsites.localhost', '/api/zipdeploy', {
      method: 'POST',
      headers,
      body: new Uint8Array(5_000_000),
    });
    await expect(upload).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    await strike([]);
  });

  it('shows the world and its history without the values of settings', async () => {
    const snapshot = await ask('localhost', '/_emulator/snapshot');
    expect(JSON.parse(snapshot.body).sites['orders-neu'].slots.staging.settingNames).toContain('B');
    expect(snapshot.body).not.toContain('UseDevelopmentStorage');
    const history = await ask('localhost', '/_emulator/history');
    expect(JSON.parse(history.body)).toContainEqual(
      expect.objectContaining({ type: 'swap.done', site: 'orders-weu', slot: 'staging' }),
    );
    expect(
      await ask('localhost', '/_emulator/faults', { method: 'POST', body: '- then: { lost: sometimes }' }),
    ).toMatchObject({ status: 400 });
  });
});
