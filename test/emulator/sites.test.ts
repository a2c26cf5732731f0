/** Sites and plans that are made, changed and taken away through ARM, and what can be asked of an app beside its code. */
import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, makeZip, type Played, play, read, sitePath } from './played.ts';

const world: WorldInput = {
  network: {
    hosts: {
      'kv.vault.azure.net': { addresses: ['10.2.0.5'] },
      'sql.database.windows.net': { addresses: ['10.2.0.6'], ports: [443] },
      'store.blob.core.windows.net': { addresses: ['10.2.0.7'] },
    },
  },
  sites: [
    { name: 'orders-weu', region: 'westeurope', release: 'old' },
    { name: 'orders-win', region: 'eastus', os: 'windows', plan: { name: 'shared', sku: 'S1' } },
  ],
};
const group = sitePath(world, 'x').replace(/\/sites\/x$/, '');
const sitesPath = `${group}/sites`;
const planPath = `${group}/serverfarms/fresh-plan`;
const planBody = {
  location: 'North Europe',
  kind: 'linux',
  sku: { name: 'P1v3' },
  properties: { reserved: true },
};
const siteBody = {
  location: 'North Europe',
  kind: 'functionapp,linux',
  tags: { app: 'orders' },
  properties: {
    serverFarmId: planPath,
    httpsOnly: true,
    siteConfig: {
      alwaysOn: true,
      appSettings: [{ name: 'FUNCTIONS_WORKER_RUNTIME', value: 'node' }],
      connectionStrings: [{ name: 'Db', connectionString: 'Server=x', type: 'SQLAzure' }],
    },
  },
};

async function withSite(): Promise<Played> {
  const played = await play({ world });
  expect((await played.arm('PUT', planPath, planBody)).status).toBe(200);
  expect((await played.arm('PUT', `${sitesPath}/fresh`, siteBody)).status).toBe(200);
  return played;
}

describe('a plan', () => {
  it('is made, scaled, listed and deleted when it is empty', async () => {
    const played = await play({ world });
    const made = await read(await played.arm('PUT', planPath, planBody));
    expect([made.status, made.body['sku']!['name'], made.body['location']]).toEqual([
      200,
      'P1v3',
      'North Europe',
    ]);
    const scaled = { ...planBody, sku: { name: 'S1' } };
    expect((await read(await played.arm('PUT', planPath, scaled))).body['sku']).toMatchObject({
      tier: 'Standard',
    });
    const listed = await read(await played.arm('GET', `${group}/serverfarms`));
    expect(entriesOf(listed.body['value']).map(({ name }) => name)).toContain('fresh-plan');
    const gone = [await played.arm('DELETE', planPath), await played.arm('DELETE', planPath)];
    expect(gone.map(({ status }) => status)).toEqual([200, 204]);
  });

  it.each([
    ['no location', 'PUT', planPath, { sku: { name: 'S1' } }, 400, 'LocationRequired'],
    ['an unknown size', 'PUT', planPath, { ...planBody, sku: { name: 'X9' } }, 400, 'BadRequest'],
    [
      'a group that is not there',
      'PUT',
      planPath.replace('/slotwave/', '/none/'),
      planBody,
      404,
      'ResourceGroupNotFound',
    ],
    ['a change of one that is not there', 'PATCH', planPath, { properties: {} }, 404, 'NotFound'],
    [
      'a size that has no room for the slots',
      'PUT',
      `${group}/serverfarms/shared`,
      { ...planBody, sku: { name: 'B1' } },
      409,
      'Conflict',
    ],
    ['the end of one that is lived in', 'DELETE', `${group}/serverfarms/shared`, undefined, 409, 'Conflict'],
  ])('is refused: %s', async (_what, method, path, body, status, code) => {
    const played = await play({ world });
    const answer = await read(await played.arm(method, path, body));
    expect([answer.status, answer.body['Code'] ?? answer.body['error']!['code']]).toEqual([status, code]);
  });
});

describe('a site', () => {
  it('is made with its plan, tags, settings and configuration, and runs', async () => {
    const played = await withSite();
    const { body } = await read(await played.arm('GET', `${sitesPath}/fresh`));
    expect(body).toMatchObject({
      kind: 'functionapp,linux',
      location: 'North Europe',
      tags: { app: 'orders' },
      properties: {
        serverFarmId: planPath,
        httpsOnly: true,
        reserved: true,
        state: 'Running',
        sku: 'PremiumV3',
      },
    });
    const settings = await read(await played.arm('POST', `${sitesPath}/fresh/config/appsettings/list`));
    expect(settings.body['properties']).toEqual({ FUNCTIONS_WORKER_RUNTIME: 'node' });
    const strings = await read(await played.arm('POST', `${sitesPath}/fresh/config/connectionstrings/list`));
    expect(strings.body['properties']).toEqual({ Db: { value: 'Server=x', type: 'SQLAzure' } });
    expect(
      (await read(await played.arm('GET', `${sitesPath}/fresh/config/web`))).body['properties'],
    ).toMatchObject({
      alwaysOn: true,
    });
    expect((await played.app('fresh', '/api/health')).status).toBe(200);
  });

  it('takes a slot, a package and a swap as any other does', async () => {
    const played = await withSite();
    const slot = { location: 'North Europe', properties: siteBody.properties };
    expect((await played.arm('PUT', `${sitesPath}/fresh/slots/staging`, slot)).status).toBe(200);
    const zip = makeZip({ 'host.json': '{}' });
    expect((await played.scm('POST', 'fresh-staging', '/api/zipdeploy?isAsync=true', zip)).status).toBe(202);
    await played.pass(60_000);
    const swap = { targetSlot: 'production', preserveVnet: true };
    expect((await played.arm('POST', `${sitesPath}/fresh/slots/staging/slotsswap`, swap)).status).toBe(202);
    await played.pass(300_000);
    const health = await read(await played.app('fresh', '/api/health'));
    expect(health.body['content']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('keeps what a change does not name, and says what it was given', async () => {
    const played = await withSite();
    const change = { properties: { clientAffinityEnabled: true, siteConfig: { minTlsVersion: '1.3' } } };
    const { status, body } = await read(await played.arm('PATCH', `${sitesPath}/fresh`, change));
    expect(status).toBe(200);
    expect(body['properties']).toMatchObject({ clientAffinityEnabled: true, httpsOnly: true });
    const settings = await read(await played.arm('POST', `${sitesPath}/fresh/config/appsettings/list`));
    expect(settings.body['properties']).toEqual({ FUNCTIONS_WORKER_RUNTIME: 'node' });
    const config = await read(await played.arm('GET', `${sitesPath}/fresh/config/web`));
    expect(config.body['properties']).toMatchObject({ alwaysOn: true, minTlsVersion: '1.3' });
  });

  it('has all of its configuration to read, and what was written in it', async () => {
    const played = await play({ world });
    await played.arm('PATCH', 'slots/staging/config/web', { properties: { functionAppScaleLimit: 3 } });
    const { body } = await read(await played.arm('GET', 'slots/staging/config/web'));
    expect(body['properties']).toMatchObject({
      ...{ functionAppScaleLimit: 3, managedPipelineMode: 'Integrated', scmType: 'None' },
      virtualApplications: [{ physicalPath: 'site\\wwwroot', virtualPath: '/' }],
    });
    expect(Object.keys(body['properties']!).length).toBeGreaterThan(45);
  });

  it('without a plan gets one for consumption', async () => {
    const played = await play({ world });
    const body = { location: 'westeurope', kind: 'functionapp', properties: {} };
    const made = await read(await played.arm('PUT', `${sitesPath}/cheap`, body));
    expect(made.body['properties']).toMatchObject({ sku: 'Dynamic', reserved: false });
  });

  it.each([
    ['no location', 'fresh', { properties: {} }, 400, 'LocationRequired'],
    [
      'a plan that is not there',
      'fresh',
      { ...siteBody, properties: { serverFarmId: 'none' } },
      404,
      'NotFound',
    ],
    ['a name that is no host name', 'fresh_app', { ...siteBody, properties: {} }, 400, 'BadRequest'],
  ])('is refused: %s', async (_what, name, wish, status, code) => {
    const played = await play({ world });
    const answer = await read(await played.arm('PUT', `${sitesPath}/${name}`, wish));
    expect([answer.status, answer.body['Code'] ?? answer.body['error']!['code']]).toEqual([status, code]);
    expect((await played.arm('GET', `${sitesPath}/${name}`)).status).toBe(404);
  });

  it('goes with its slots, and its plan with the last site unless it is to stay', async () => {
    for (const [query, planStatus] of [
      ['', 404],
      ['?deleteEmptyServerFarm=false', 200],
    ] as const) {
      const played = await withSite();
      expect((await played.arm('DELETE', `${sitesPath}/fresh${query}`)).status).toBe(200);
      expect((await played.arm('GET', `${sitesPath}/fresh`)).status).toBe(404);
      expect((await played.arm('DELETE', `${sitesPath}/fresh`)).status).toBe(204);
      expect((await played.app('fresh', '/api/health')).status).toBe(404);
      expect((await played.arm('GET', planPath)).status).toBe(planStatus);
    }
  });
});

describe('authentication of the platform', () => {
  const on = {
    properties: { platform: { enabled: true }, globalValidation: { requireAuthentication: true } },
  };

  it('is off until somebody writes it, is read in both ways, and stays with its slot in a swap', async () => {
    const played = await play({ world });
    const readBoth = async (app: string) => {
      const paths = [`${app}config/authsettingsV2`, `${app}config/authsettingsV2/list`];
      const answers = await Promise.all(paths.map(async (path) => read(await played.arm('GET', path))));
      return answers.map(({ body }) => body['properties']!['platform']!['enabled']);
    };
    expect(await readBoth('')).toEqual([false, false]);
    expect((await played.arm('PUT', 'slots/staging/config/authsettingsV2', on)).status).toBe(200);
    expect(await readBoth('slots/staging/')).toEqual([true, true]);
    const first = await read(await played.arm('POST', 'slots/staging/config/authsettings/list'));
    expect(first.body['properties']).toEqual({ enabled: true });
    await played.arm('POST', 'slots/staging/slotsswap', { targetSlot: 'production', preserveVnet: true });
    await played.pass(300_000);
    expect([await readBoth(''), await readBoth('slots/staging/')]).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('is in the way of a preview', async () => {
    const played = await play({ world });
    await played.arm('PUT', 'config/authsettingsV2', on);
    const preview = { targetSlot: 'production', preserveVnet: true };
    const answer = await read(await played.arm('POST', 'slots/staging/applySlotConfig', preview));
    expect(answer.status).toBe(409);
    expect(String(answer.body['Message'])).toMatch(/^Swap with Preview cannot be used/);
  });
});

describe('extensions/MSDeploy', () => {
  const body = { properties: { packageUri: 'https://files.example/app.zip?sig=secret' } };

  it.each([
    [makeZip({ 'host.json': '{}' }), 'succeeded', 'Message'],
    [Buffer.from('no zip'), 'failed', 'Error'],
  ])(
    'takes a package by its address, tells how far it is, and keeps a log: %#',
    async (bytes, state, kind) => {
      const played = await play({ world, fetchPackage: async () => bytes });
      const begun = await read(await played.arm('PUT', 'slots/staging/extensions/MSDeploy', body));
      expect([begun.status, begun.body['properties']!['provisioningState']]).toEqual([201, 'running']);
      expect((await played.arm('PUT', 'slots/staging/extensions/MSDeploy', body)).status).toBe(409);
      await played.pass(60_000);
      const ended = await read(await played.arm('GET', 'slots/staging/extensions/MSDeploy'));
      expect(ended.body['properties']).toMatchObject({ provisioningState: state, complete: true });
      const log = await read(await played.arm('GET', 'slots/staging/extensions/MSDeploy/log'));
      expect(entriesOf(log.body['properties']!['entries']).at(-1)).toMatchObject({ type: kind });
      expect(JSON.stringify(log.body)).not.toContain('secret');
      expect((await played.arm('GET', 'extensions/MSDeploy')).status).toBe(404);
    },
  );
});

describe('a deployment of before', () => {
  const deploy = async (played: Played, name: string) => {
    await played.scm(
      'POST',
      'orders-win-staging',
      '/api/zipdeploy?isAsync=true',
      makeZip({ 'host.json': name }),
    );
    await played.pass(60_000);
    const list = await read(await played.scm('GET', 'orders-win-staging', '/api/deployments'));
    const { content } = played.emulator.snapshot().sites['orders-win']!.slots['staging']!;
    return { id: String(entriesOf(list.body)[0]!['id']), content };
  };

  it('is carried out once more under its own id, through the SCM site or through ARM', async () => {
    const played = await play({ world });
    const [first, second] = [await deploy(played, 'one'), await deploy(played, 'two')];
    expect(first.content).not.toBe(second.content);
    const contentNow = () => played.emulator.snapshot().sites['orders-win']!.slots['staging']!.content;
    expect((await played.scm('PUT', 'orders-win-staging', `/api/deployments/${first.id}`)).status).toBe(200);
    expect(contentNow()).toBe(first.content);
    const history = await read(await played.scm('GET', 'orders-win-staging', '/api/deployments'));
    expect(entriesOf(history.body).map(({ id, active }) => [id, active])).toEqual([
      [first.id, true],
      [second.id, false],
    ]);
    const slot = `${sitesPath}/orders-win/slots/staging`;
    const again = await read(await played.arm('PUT', `${slot}/deployments/${second.id}`, { properties: {} }));
    expect([again.status, again.body['properties']!['active']]).toEqual([200, true]);
    expect(contentNow()).toBe(second.content);
  });

  it('that nobody knows, or that left no files, is not there', async () => {
    const played = await play({ world });
    expect((await played.scm('PUT', 'orders-win-staging', '/api/deployments/none')).status).toBe(404);
    const history = JSON.stringify({ status: 4, message: 'by hand' });
    await played.scm('PUT', 'orders-win-staging', '/api/deployments/hand', history);
    expect((await played.scm('PUT', 'orders-win-staging', '/api/deployments/hand')).status).toBe(404);
  });
});

describe('a look at the network from inside', () => {
  const run = async (played: Played, label: string, command: string) =>
    (await read(await played.scm('POST', label, '/api/command', JSON.stringify({ command, dir: '' })))).body;

  it.each([
    ['orders-win', 'nameresolver.exe kv.vault.azure.net', 0, /10\.2\.0\.5/],
    ['orders-win', 'nameresolver none.example', 1, /can't find none\.example/],
    ['orders-win', 'tcpping kv.vault.azure.net:443', 0, /4\/4 successful attempts \(100%\)/],
    ['orders-win', 'tcpping.exe sql.database.windows.net:1433', 1, /0\/4 successful attempts \(0%\)/],
    ['orders-win', 'tcpping none.example:443', 1, /Could not resolve/],
    ['orders-win', 'del C:\\home', 1, /'del' is not recognized/],
    ['orders-weu', 'nameresolver kv.vault.azure.net', 127, /not found/],
  ])('%s: %s', async (label, command, code, said) => {
    const body = await run(await play({ world }), label, command);
    expect(body['ExitCode']).toBe(code);
    expect(`${String(body['Output'])}${String(body['Error'])}`).toMatch(said);
  });

  it.each([
    ['KeyVault', { credentialReference: { appSetting: 'Vault' } }, 'Success'],
    [
      'SQL',
      { connectionString: 'Server=tcp:sql.database.windows.net,1433;Database=x' },
      'ConnectionTimedOut',
    ],
    ['BlobStorage', { appSetting: 'AzureWebJobsStorage' }, 'Success'],
    ['ServiceBus', { connectionString: 'Endpoint=sb://none.servicebus.windows.net/;X=y' }, 'HostNotFound'],
    ['EventHubs', { appSetting: 'NotThere' }, 'UnknownError'],
  ])('connectivityCheck of %s with %j is %s', async (providerType, credentials, status) => {
    const played = await play({ world });
    const settings = {
      Vault: '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/s)',
      AzureWebJobsStorage: 'DefaultEndpointsProtocol=https;AccountName=store;AccountKey=secret',
    };
    await played.arm('PUT', 'config/appsettings', { properties: settings });
    const answer = await read(
      await played.arm('POST', 'connectivityCheck', { properties: { providerType, credentials } }),
    );
    expect(answer.body['properties']).toMatchObject({ providerType, connectionStatus: status });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });
});

describe('the identity of a machine', () => {
  const ask = async (path: string, headers: Record<string, string>) => {
    const played = await play({ world });
    const { clientId, clientSecret } = played.emulator.identity;
    const filled = path.replace('{client}', clientId);
    const secret = {
      ...headers,
      ...(headers['x-identity-header'] === 'right' ? { 'x-identity-header': clientSecret } : {}),
    };
    return {
      played,
      ...(await read(
        await played.on(
          played.emulator.fetch(new Request(`https://localhost${filled}`, { headers: secret })),
        ),
      )),
    };
  };
  const query = 'api-version=2019-08-01&resource=https://localhost/';

  it.each([
    ['/metadata/identity/oauth2/token', { metadata: 'true' }],
    ['/msi/token', { 'x-identity-header': 'right' }],
  ])('%s gives a token that ARM takes', async (path, headers) => {
    const { played, status, body } = await ask(
      `${path}?${query}&client_id={client}`,
      headers as Record<string, string>,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: '3600',
      expires_on: expect.stringMatching(/^\d+$/),
    });
    const url = `https://localhost${sitePath(world, 'orders-weu')}?api-version=2025-05-01`;
    const authorization = `Bearer ${String(body['access_token'])}`;
    expect(
      (await played.on(played.emulator.fetch(new Request(url, { headers: { authorization } })))).status,
    ).toBe(200);
  });

  it.each([
    ['without its header', `/metadata/identity/oauth2/token?${query}`, {}, 400],
    [
      'forwarded',
      `/metadata/identity/oauth2/token?${query}`,
      { metadata: 'true', 'x-forwarded-for': '1.2.3.4' },
      400,
    ],
    [
      'for another identity',
      `/metadata/identity/oauth2/token?${query}&client_id=other`,
      { metadata: 'true' },
      400,
    ],
    ['for no resource', '/metadata/identity/oauth2/token?api-version=2018-02-01', { metadata: 'true' }, 400],
    ['with a wrong secret', `/msi/token?${query}`, { 'x-identity-header': 'wrong' }, 401],
  ])('is refused %s', async (_what, path, headers, status) => {
    expect((await ask(path, headers as Record<string, string>)).status).toBe(status);
  });
});
