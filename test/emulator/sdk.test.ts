/** Azure's own npm packages against the emulator over HTTPS: every way to sign in, Resource Graph, both forms of the swap. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSiteManagementClient } from '@azure/arm-appservice';
import { ResourceGraphClient } from '@azure/arm-resourcegraph';
import {
  AzurePipelinesCredential,
  ClientAssertionCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { type Certificates, makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { type Served, serve } from '../../src/emulator/serve/serve.ts';
import { playRuntime } from './played.ts';

const subscription = '51075a1e-0000-4000-8000-000000000001';
const timeScale = 200;
let served: Served;
let certificates: Certificates;
let folder: string;
let issuer: Server;
const oidcRequests: string[] = [];

/** A token of somebody else's, as a federated identity shows it. */
function makeAssertion(expiresMs: number): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'https://issuer',
    sub: 'repo',
    aud: 'api://AzureADTokenExchange',
    exp: Math.floor(expiresMs / 1000),
  };
  return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}.c2lnbmF0dXJl`;
}
const anchorMs = Date.now();
const muchLater = () => makeAssertion(anchorMs + 365 * 86_400_000);

beforeAll(async () => {
  certificates = await makeCertificates(Date.now());
  folder = await mkdtemp(join(tmpdir(), 'slotwave-sdk-'));
  served = await serve({
    certificates,
    insidePort: 0,
    create: (origin, insideOrigin) =>
      createEmulator({
        origin,
        insideOrigin: insideOrigin ?? '',
        timeScale,
        clock: systemClock({ scale: timeScale, anchorMs }),
        runtime: playRuntime(),
        world: {
          latencies: { swapPoll: 0 },
          sites: [
            { name: 'orders-weu', region: 'westeurope', release: 'old', tags: { app: 'orders' } },
            {
              name: 'orders-neu',
              region: 'northeurope',
              tags: { app: 'orders' },
              publicNetworkAccess: 'Disabled',
              privateEndpoints: ['10.1.0.4'],
            },
          ],
        },
      }),
  });
  // What Azure Pipelines answers to a task that asks for a token of its service connection.
  issuer = createServer({ cert: certificates.certificate, key: certificates.key }, (request, response) => {
    oidcRequests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ oidcToken: muchLater() }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await served.close();
  await new Promise((resolve) => issuer.close(resolve));
  await rm(folder, { recursive: true });
});

const options = () => ({
  authorityHost: served.url,
  disableInstanceDiscovery: true,
  tlsOptions: { ca: certificates.ca },
});
const signIn: Readonly<Record<string, () => Promise<TokenCredential>>> = {
  'a secret': async () => {
    const { tenantId, clientId, clientSecret } = served.emulator.identity;
    return new ClientSecretCredential(tenantId, clientId, clientSecret, options());
  },
  'an assertion': async () => {
    const { tenantId, clientId } = served.emulator.identity;
    return new ClientAssertionCredential(tenantId, clientId, async () => muchLater(), options());
  },
  'a workload identity file': async () => {
    const { tenantId, clientId } = served.emulator.identity;
    const tokenFilePath = join(folder, 'token');
    await writeFile(tokenFilePath, muchLater());
    return new WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath, ...options() });
  },
  'a service connection of Azure Pipelines': async () => {
    const { tenantId, clientId } = served.emulator.identity;
    const { port } = issuer.address() as AddressInfo;
    process.env['SYSTEM_OIDCREQUESTURI'] = `https://localhost:${port}/oidctoken`;
    return new AzurePipelinesCredential(tenantId, clientId, 'connection-1', 'job-token', options());
  },
  "App Service's endpoint for managed identities": async () => {
    process.env['IDENTITY_ENDPOINT'] = `${served.url}/msi/token`;
    process.env['IDENTITY_HEADER'] = served.emulator.identity.clientSecret;
    return new ManagedIdentityCredential({ tlsOptions: { ca: certificates.ca } });
  },
  'the metadata service, for a user-assigned identity': async () => {
    process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = served.url;
    const { clientId } = served.emulator.identity;
    return new ManagedIdentityCredential({ clientId, tlsOptions: { ca: certificates.ca } });
  },
};

const ownVariables = [
  ...['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'AZURE_POD_IDENTITY_AUTHORITY_HOST', 'SYSTEM_OIDCREQUESTURI'],
];
afterEach(() => {
  for (const name of ownVariables) delete process.env[name];
});

function connect(credential: TokenCredential, endpoint = served.url) {
  return new WebSiteManagementClient(credential, subscription, {
    endpoint,
    tlsOptions: { ca: certificates.ca },
    retryOptions: { maxRetries: 0 },
  });
}

describe('signing in', () => {
  it.each(Object.entries(signIn))('by %s opens ARM', async (_, make) => {
    const credential = await make();
    const token = await credential.getToken(`${served.url}/.default`);
    expect(token?.expiresOnTimestamp).toBeGreaterThan(Date.now() + 3_000_000);
    expect((await connect(credential).webApps.get('slotwave', 'orders-weu')).state).toBe('Running');
  });

  it('by a service connection asks the pipeline for it by name', () => {
    expect(oidcRequests[0]).toMatch(
      /^POST \/oidctoken\?api-version=7\.1&serviceConnectionId=connection-1 Bearer job-token$/,
    );
  });

  it('by an assertion that is out of date says so', async () => {
    const { tenantId, clientId } = served.emulator.identity;
    const late = async () => makeAssertion(anchorMs - 1000);
    const credential = new ClientAssertionCredential(tenantId, clientId, late, options());
    await expect(credential.getToken(`${served.url}/.default`)).rejects.toThrow(/AADSTS700024/);
  });
});

describe('the SDK', () => {
  it('finds the fleet in Resource Graph, page by page', async () => {
    const client = new ResourceGraphClient(await signIn['a secret']!(), {
      endpoint: served.url,
      tlsOptions: { ca: certificates.ca },
    });
    const found: string[] = [];
    let skipToken: string | undefined;
    do {
      const page = await client.resources({
        subscriptions: [subscription],
        query:
          "resources | where type =~ 'microsoft.web/sites' and tags['app'] =~ 'ORDERS' | project id, name | order by id asc",
        options: { top: 1, resultFormat: 'objectArray', ...(skipToken ? { skipToken } : {}) },
      });
      found.push(...(page.data as readonly { readonly name: string }[]).map(({ name }) => name));
      skipToken = page.skipToken;
    } while (skipToken);
    expect(found).toEqual(['orders-neu', 'orders-weu']);
  });

  it('swaps in both forms, each to its end', async () => {
    const { webApps } = connect(await signIn['a secret']!());
    const release = async () =>
      (await webApps.listApplicationSettings('slotwave', 'orders-weu')).properties?.['SLOTWAVE_RELEASE_ID'];
    await webApps.swapSlot(
      'slotwave',
      'orders-weu',
      'staging',
      { targetSlot: 'production', preserveVnet: true },
      { updateIntervalInMs: 20 },
    );
    expect(await release()).toBeUndefined();
    await webApps.swapSlotWithProduction(
      'slotwave',
      'orders-weu',
      { targetSlot: 'staging', preserveVnet: true },
      { updateIntervalInMs: 20 },
    );
    expect(await release()).toBe('old');
  });

  it('previews and cancels, and reads what a deployment needs', async () => {
    const { webApps } = connect(await signIn['a secret']!());
    const entity = { targetSlot: 'production', preserveVnet: true };
    await webApps.applySlotConfigurationSlot('slotwave', 'orders-weu', 'staging', entity);
    expect((await webApps.get('slotwave', 'orders-weu')).targetSwapSlot).toBe('staging');
    await webApps.resetSlotConfigurationSlot('slotwave', 'orders-weu', 'staging');
    expect((await webApps.get('slotwave', 'orders-weu')).targetSwapSlot).toBeNull();
    expect((await webApps.getScmAllowedSlot('slotwave', 'orders-weu', 'staging')).allow).toBe(true);
    const credentials = await webApps.listPublishingCredentialsSlot('slotwave', 'orders-weu', 'staging');
    expect(credentials.publishingUserName).toBe('$orders-weu__staging');
    expect((await webApps.getConfigurationSlot('slotwave', 'orders-weu', 'staging')).minTlsVersion).toBe(
      '1.2',
    );
    expect((await webApps.listConnectionStringsSlot('slotwave', 'orders-weu', 'staging')).properties).toEqual(
      {},
    );
    const [endpoint] = await collect(webApps.listPrivateEndpointConnectionList('slotwave', 'orders-neu'));
    expect(endpoint?.ipAddresses).toEqual(['10.1.0.4']);
    expect(await collect(webApps.listInstanceIdentifiers('slotwave', 'orders-weu'))).toHaveLength(1);
  });

  it('makes a plan, a site and a slot, and takes them away', async () => {
    const { appServicePlans, webApps } = connect(await signIn['a secret']!());
    const where = { location: 'westeurope', kind: 'functionapp,linux' };
    const plan = await appServicePlans.createOrUpdate('slotwave', 'new-plan', {
      ...where,
      ...{ sku: { name: 'EP1', tier: 'ElasticPremium' }, reserved: true },
    });
    const site = await webApps.createOrUpdate('slotwave', 'new-app', {
      ...where,
      serverFarmId: plan.id!,
      siteConfig: { appSettings: [{ name: 'FUNCTIONS_EXTENSION_VERSION', value: '~4' }] },
    });
    expect([site.state, site.serverFarmId, site.reserved]).toEqual(['Running', plan.id, true]);
    const slot = await webApps.createOrUpdateSlot('slotwave', 'new-app', 'staging', {
      ...where,
      serverFarmId: plan.id!,
    });
    expect(slot.name).toBe('new-app/staging');
    const settings = await webApps.listApplicationSettings('slotwave', 'new-app');
    expect(settings.properties).toEqual({ FUNCTIONS_EXTENSION_VERSION: '~4' });
    await webApps.update('slotwave', 'new-app', { httpsOnly: true });
    expect((await webApps.get('slotwave', 'new-app')).httpsOnly).toBe(true);
    const auth = await webApps.updateAuthSettingsV2('slotwave', 'new-app', { platform: { enabled: true } });
    expect(auth.platform?.enabled).toBe(true);
    await webApps.delete('slotwave', 'new-app', { deleteEmptyServerFarm: true });
    await expect(webApps.get('slotwave', 'new-app')).rejects.toMatchObject({ statusCode: 404 });
    await expect(appServicePlans.get('slotwave', 'new-plan')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('sees addresses of the inside from inside, where private apps answer', async () => {
    const { webApps } = connect(await signIn['a secret']!(), served.insideUrl!);
    const { port } = new URL(served.insideUrl!);
    const site = await webApps.get('slotwave', 'orders-neu');
    expect(site.defaultHostName).toBe(`orders-neu.azurewebsites.localhost:${port}`);
    const statusAt = (origin: string) =>
      new Promise<number>((resolve, reject) => {
        const servername = 'orders-neu.azurewebsites.localhost';
        const at = { host: '127.0.0.1', port: new URL(origin).port, servername, ca: certificates.ca };
        get({ ...at, path: '/', headers: { host: servername } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        }).on('error', reject);
      });
    expect([await statusAt(served.insideUrl!), await statusAt(served.url)]).toEqual([200, 403]);
  });
});

async function collect<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const one of pages) all.push(one);
  return all;
}
