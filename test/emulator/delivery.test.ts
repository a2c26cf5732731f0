// biome-ignore-all lint/suspicious/noThenProperty: the word of the faults file; nothing here is awaited for it.
import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import { sha256 } from '../../src/emulator/world/content.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, makeZip, type Played, type PlayOptions, play, read } from './played.ts';

const zip = makeZip({ 'host.json': '{"version":"2.0"}' });
const digest = sha256(zip);
const label = 'orders-weu-staging';
const zipDeploy = '/api/zipdeploy?isAsync=true';
const packageUrl = 'https://store.example/releases/r-1.zip?sig=secret-signature';

type SiteInput = WorldInput['sites'][number];
const worldWith = (site: Partial<SiteInput>, more: Partial<WorldInput> = {}): WorldInput => ({
  ...more,
  sites: [{ name: 'orders-weu', region: 'westeurope', ...site }],
});

const fetchZip = async (url: string) => {
  if (url !== packageUrl) throw new Error(`responded with 403 Forbidden to ${url}`);
  return zip;
};
const begin = (site: Partial<SiteInput> = {}, more: Partial<PlayOptions & WorldInput> = {}) => {
  const { faults, ...world } = more;
  const options = { world: worldWith(site, world), fetchPackage: fetchZip };
  return play(faults ? { ...options, faults } : options);
};

const contentOf = (played: Played, slot = 'staging') =>
  played.emulator.snapshot().sites['orders-weu']!.slots[slot]!.content;

describe('how a deployment ends', () => {
  it.each([
    ['failed', 3, 'Failed', false],
    ['partial', 6, 'Succeeded', true],
    ['cancelled', -1, 'Failed', false],
    ['conflict', 5, 'Failed', false],
  ] as const)('%s: status %s', async (deploymentEnds, status, provisioningState, arrived) => {
    const fault: FaultInput = { when: { slot: 'staging', occurrence: 1 }, then: { deploymentEnds } };
    const played = await begin({}, { faults: [fault] });
    await played.scm('POST', label, zipDeploy, zip);
    await played.pass(30_000);
    const latest = await read(await played.scm('GET', label, '/api/deployments/latest'));
    expect(latest).toMatchObject({ status: 200, body: { status, provisioningState, complete: true } });
    expect(contentOf(played)).toBe(arrived ? digest : null);
    // Only the first was struck.
    await played.scm('POST', label, zipDeploy, zip);
    await played.pass(30_000);
    expect(contentOf(played)).toBe(digest);
  });

  it('never: the lock is kept', async () => {
    const played = await begin({}, { faults: [{ then: { deploymentEnds: 'never' } }] });
    await played.scm('POST', label, zipDeploy, zip);
    await played.pass(3_000_000);
    expect((await played.scm('GET', label, '/api/deployments/latest')).status).toBe(202);
    expect((await played.scm('POST', label, zipDeploy, zip)).status).toBe(409);
  });

  it('writes the lines into its log that the world wants there', async () => {
    const hostile = '##vso[task.complete result=Succeeded;]\u001b[31m\r\n::set-output name=a::b';
    const played = await begin({}, { deploymentLog: [hostile] });
    await played.scm('POST', label, zipDeploy, zip);
    await played.pass(30_000);
    const { body } = await read(await played.scm('GET', label, '/api/deployments'));
    const log = await read(
      await played.scm('GET', label, `/api/deployments/${String(entriesOf(body)[0]!['id'])}/log`),
    );
    expect(entriesOf(log.body).map(({ message }) => message)).toContain(hostile);
  });
});

describe('a package by URL', () => {
  const by = {
    'SCM publish': (played: Played, packageUri: string) =>
      played.scm('POST', label, '/api/publish?type=zip&async=true', JSON.stringify({ packageUri }), {
        'content-type': 'application/json; charset=utf-8',
      }),
    'SCM zipdeploy': (played: Played, packageUri: string) =>
      played.scm('PUT', label, zipDeploy, JSON.stringify({ packageUri }), {
        'content-type': 'application/json',
      }),
    'ARM onedeploy': (played: Played, packageUri: string) =>
      played.arm('PUT', 'slots/staging/extensions/onedeploy', { properties: { type: 'zip', packageUri } }),
    'ARM ZipDeploy': (played: Played, packageUri: string) =>
      played.arm('PUT', 'slots/staging/extensions/ZipDeploy', {
        properties: { packageUri, appOffline: true },
      }),
  };

  it.each(Object.entries(by))('by %s is fetched and deployed', async (_, send) => {
    const played = await begin({ slots: [{ name: 'staging', settings: { WEBSITE_RUN_FROM_PACKAGE: '1' } }] });
    expect((await send(played, packageUrl)).status).toBe(202);
    await played.pass(30_000);
    expect(contentOf(played)).toBe(digest);
  });

  it.each(Object.entries(by))(
    'by %s that cannot be read fails, and its log keeps the secret',
    async (_, send) => {
      const played = await begin();
      await send(played, packageUrl.replace('r-1', 'r-2'));
      await played.pass(30_000);
      const latest = await read(await played.arm('GET', 'slots/staging/deployments/latest'));
      expect(latest).toMatchObject({
        status: 200,
        body: { properties: { status: 3, provisioningState: 'Failed' } },
      });
      const log = await (
        await played.scm('GET', label, `/api/deployments/${String(latest.body['properties']!['id'])}/log`)
      ).text();
      expect(log).toContain('Failed to download the package from store.example');
      expect(log).not.toContain('secret-signature');
    },
  );

  it.each(Object.entries(by))('by %s must be one', async (_, send) => {
    expect((await send(await begin(), 'file:///etc/passwd')).status).toBe(400);
  });

  it('through ARM answers 202 with its record, and tells where it stands', async () => {
    const played = await begin({ os: 'windows', publicNetworkAccess: 'Disabled' });
    const accepted = await played.arm('PUT', 'extensions/onedeploy', {
      properties: { type: 'zip', packageUri: packageUrl },
    });
    const location = new URL(accepted.headers.get('location')!);
    expect(location.pathname).toMatch(/\/sites\/orders-weu\/deployments\/latest$/);
    expect(location.search).toMatch(/^\?api-version=2018-02-01&deployer=OneDeploy&time=/);
    expect(await read(accepted)).toMatchObject({
      status: 202,
      body: { type: 'Microsoft.Web/sites/deployments', properties: { provisioningState: 'InProgress' } },
    });
    expect(await read(await played.arm('GET', location.pathname))).toMatchObject({ status: 202 });
    const again = await played.arm('PUT', 'extensions/onedeploy', { properties: { packageUri: packageUrl } });
    expect([again.status, again.headers.get('content-type')]).toEqual([409, 'text/plain; charset=utf-8']);
    await played.pass(30_000);
    expect(await read(await played.arm('GET', location.pathname))).toMatchObject({
      status: 200,
      body: { properties: { provisioningState: 'Succeeded', deployer: 'OneDeploy' } },
    });
    expect((await read(await played.arm('GET', 'extensions/onedeploy'))).body['properties']).toMatchObject({
      status: 4,
    });
  });

  it('that the app runs from is mounted at its start', async () => {
    const played = await begin({
      slots: [{ name: 'staging', settings: { WEBSITE_RUN_FROM_PACKAGE: packageUrl } }],
    });
    const { body } = await read(await played.app(label, '/api/health'));
    expect([body['content'], contentOf(played)]).toEqual([digest, digest]);
  });

  it('that the app runs from and cannot be read keeps it down', async () => {
    const played = await begin();
    await played.arm('PUT', 'slots/staging/config/appsettings', {
      properties: { WEBSITE_RUN_FROM_PACKAGE: 'https://store.example/gone.zip' },
    });
    await played.pass(20_000);
    expect((await played.app(label, '/')).status).toBe(503);
    expect(played.emulator.history).toContainEqual(expect.objectContaining({ type: 'package.unreadable' }));
    await played.arm('PUT', 'slots/staging/config/appsettings', {
      properties: { WEBSITE_RUN_FROM_PACKAGE: packageUrl },
    });
    await played.pass(20_000);
    expect((await played.app(label, '/')).status).toBe(200);
  });
});

describe('Flex Consumption', () => {
  const flex = { plan: { sku: 'FC1' as const }, slots: [] };
  const publish = (played: Played) =>
    played.scm('POST', 'orders-weu', '/api/publish?RemoteBuild=false&Deployer=x', zip, {
      'content-type': 'application/zip',
    });

  it('answers with an id in quotes, and no Location', async () => {
    const played = await begin(flex);
    const accepted = await publish(played);
    expect([accepted.status, accepted.headers.get('location')]).toEqual([202, null]);
    const id = (await accepted.json()) as unknown;
    expect(id).toMatch(/^[0-9a-f]{8}-/);
    const path = `/api/deployments/${String(id)}`;
    expect(await read(await played.scm('GET', 'orders-weu', path))).toMatchObject({
      status: 200,
      body: { complete: false, remoteBuild: false, build_summary: { errors: [] } },
    });
    expect((await publish(played)).status).toBe(409);
    await played.pass(30_000);
    expect((await read(await played.scm('GET', 'orders-weu', path))).body).toMatchObject({ status: 4 });
    expect(contentOf(played, 'production')).toBe(digest);
    const site = await read(await played.arm('GET', ''));
    expect(site.body['properties']).toMatchObject({
      sku: 'FlexConsumption',
      functionAppConfig: { runtime: {} },
    });
  });

  it.each([
    ['not-found', 404, { Message: expect.stringContaining('not found') }],
    ['empty', 200, {}],
  ] as const)('may recycle its worker at the end: %s', async (flexRecycle, status, body) => {
    const played = await begin(flex, { flexRecycle });
    const path = `/api/deployments/${String(await (await publish(played)).json())}`;
    expect((await played.scm('GET', 'orders-weu', path)).status).toBe(200);
    await played.pass(21_000);
    expect(await read(await played.scm('GET', 'orders-weu', path))).toEqual({ status, body });
    await played.pass(31_000);
    expect((await read(await played.scm('GET', 'orders-weu', path))).body).toMatchObject({ status: 4 });
  });
});

describe('an SCM site', () => {
  it('may be cold for its first requests', async () => {
    const played = await begin({ slots: [{ name: 'staging', scmCold: 2 }] });
    const ask = async () => {
      const { status, statusText } = await played.scm('GET', label, '/api/deployments');
      return [status, statusText];
    };
    expect([await ask(), await ask(), await ask()]).toEqual([
      [503, 'Site Unavailable'],
      [503, 'Site Unavailable'],
      [200, ''],
    ]);
  });

  it('looks at a package without taking it', async () => {
    const played = await begin();
    expect((await played.scm('POST', label, '/api/zipdeploy/validate', zip)).status).toBe(200);
    const bad = await played.scm('POST', label, '/api/zipdeploy/validate', 'no zip');
    expect([bad.status, await bad.text()]).toEqual([
      400,
      expect.stringMatching(/^ZipDeploy Validation ERROR/),
    ]);
    expect(played.emulator.history).toEqual([]);
  });

  it('forgets the message of a OneDeploy on Linux, and keeps it on Windows', async () => {
    for (const [os, message] of [
      ['linux', 'OneDeploy'],
      ['windows', 'r-1'],
    ] as const) {
      const played = await begin({ os });
      await played.scm('POST', label, '/api/publish?type=zip&async=true&message=r-1', zip);
      const { body } = await read(await played.scm('GET', label, '/api/deployments/latest'));
      expect(body['message']).toBe(message);
    }
  });

  it('does not send a list again that has not changed', async () => {
    const played = await begin();
    const etag = (await played.scm('GET', label, '/api/deployments')).headers.get('etag')!;
    const ask = (tag: string) =>
      played.scm('GET', label, '/api/deployments', undefined, { 'if-none-match': tag });
    expect((await ask(etag)).status).toBe(304);
    await played.scm('POST', label, zipDeploy, zip);
    expect((await ask(etag)).status).toBe(200);
  });

  it('takes entries into its history, and gives up those that are not live', async () => {
    const played = await begin();
    const entry = JSON.stringify({
      status: 4,
      message: '{"type":"deployment"}',
      author: 'me',
      deployer: 'GITHUB',
    });
    const put = () =>
      played.scm('PUT', label, '/api/deployments/run-1', entry, { 'content-type': 'application/json' });
    expect((await put()).status).toBe(200);
    expect(await read(await put())).toEqual({
      status: 409,
      body: { Message: "Deployment with id 'run-1' exists" },
    });
    await played.scm('POST', label, zipDeploy, zip);
    await played.pass(30_000);
    const { body } = await read(await played.scm('GET', label, '/api/deployments/latest'));
    const active = await read(await played.scm('DELETE', label, `/api/deployments/${String(body['id'])}`));
    expect(active).toMatchObject({
      status: 409,
      body: { Message: expect.stringMatching(/currently active\.$/) },
    });
    expect((await played.scm('DELETE', label, '/api/deployments/run-1')).status).toBe(204);
    expect((await played.scm('GET', label, '/api/deployments/run-1')).status).toBe(404);
  });

  it('has settings of its own, which the app does not see', async () => {
    const played = await begin();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ SCM_DO_BUILD_DURING_DEPLOYMENT: 'true' });
    expect((await played.scm('POST', label, '/api/settings', body, headers)).status).toBe(204);
    const key = '/api/settings/SCM_DO_BUILD_DURING_DEPLOYMENT';
    expect(await (await played.scm('GET', label, key)).json()).toBe('true');
    expect((await played.scm('DELETE', label, key)).status).toBe(204);
    expect((await played.scm('GET', label, key)).status).toBe(404);
  });
});

describe('auto swap', () => {
  const slots = [{ name: 'staging', config: { autoSwapSlotName: 'production' } }];
  it('begins by itself after a deployment on Windows, and meanwhile takes no other', async () => {
    const played = await begin({ os: 'windows', slots });
    await played.scm('POST', label, zipDeploy, zip);
    await played.pass(21_000);
    const second = await played.scm('POST', label, zipDeploy, zip);
    expect([second.status, await second.text()]).toEqual([
      409,
      'There is an auto swap deployment currently ongoing please try again when it completes.',
    ]);
    await played.pass(120_000);
    expect(contentOf(played, 'production')).toBe(digest);
    expect((await played.scm('POST', label, zipDeploy, zip)).status).toBe(202);
  });

  it('does not on Linux', async () => {
    const played = await begin({ os: 'linux', slots });
    await played.scm('POST', label, zipDeploy, zip);
    await played.pass(200_000);
    expect(played.emulator.history.filter(({ type }) => type === 'swap.begun')).toEqual([]);
  });
});

it('the status of a deployment is told for Linux apps, to the start of the app', async () => {
  const played = await begin({ os: 'linux' });
  await played.scm('POST', label, `${zipDeploy}&trackDeploymentProgress=true`, zip);
  const id = played.emulator.snapshot().sites['orders-weu']!.slots['staging']!.deployments[0]!;
  const seen: unknown[] = [];
  for (let turn = 0; turn < 20; turn++) {
    const { status, body } = await read(await played.arm('GET', `slots/staging/deploymentStatus/${id}`));
    const now = `${status} ${String(body['properties']!['status'])}`;
    if (seen.at(-1) !== now) seen.push(now);
    await played.pass(2000);
  }
  expect(seen).toEqual(['202 BuildInProgress', '202 RuntimeStarting', '200 RuntimeSuccessful']);
  const windows = await begin({ os: 'windows' });
  expect((await windows.arm('GET', 'slots/staging/deploymentStatus/x')).status).toBe(404);
});

it('a sync of triggers may be refused for the first times after each start', async () => {
  const played = await begin({ triggerSyncRefusals: 2 });
  const sync = async () => (await played.arm('POST', 'syncfunctiontriggers')).status;
  expect([await sync(), await sync(), await sync()]).toEqual([400, 400, 200]);
  await played.arm('POST', 'restart');
  expect(await read(await played.arm('POST', 'host/default/sync'))).toMatchObject({
    status: 400,
    body: { Code: 'BadRequest', Message: 'Encountered an error (ServiceUnavailable) from host runtime.' },
  });
});
