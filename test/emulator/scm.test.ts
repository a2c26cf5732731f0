import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { entriesOf, makeZip, type Played, play, read } from './played.ts';

const zip = makeZip({ 'host.json': '{"version":"2.0"}', 'src/index.js': 'hello' });

const worldOn = (
  os: 'windows' | 'linux',
  settings: Record<string, string> = { WEBSITE_RUN_FROM_PACKAGE: '1' },
): WorldInput => ({
  sites: [{ name: 'orders-weu', region: 'westeurope', os, slots: [{ name: 'staging', settings }] }],
});

const label = 'orders-weu-staging';
const latest = '/api/deployments/latest';

const stagingOf = (played: Played) => played.emulator.snapshot().sites['orders-weu']!.slots['staging']!;

async function deployToEnd(played: Played, path = '/api/zipdeploy?isAsync=true', body: Uint8Array = zip) {
  const accepted = await played.scm('POST', label, path, body);
  expect(accepted.status).toBe(202);
  await played.pass(30_000);
  return read(await played.scm('GET', label, latest));
}

describe('a zip deployment', () => {
  it.each([
    [
      'windows',
      '/api/zipdeploy?isAsync=true',
      'https://orders-weu-staging.scm.azurewebsites.localhost',
      '30',
    ],
    [
      'windows',
      '/api/publish?type=zip&async=true',
      'https://orders-weu-staging.scm.azurewebsites.localhost',
      '30',
    ],
    [
      'linux',
      '/api/zipdeploy?isAsync=true',
      'http://orders-weu-staging.scm.azurewebsites.localhost:80',
      null,
    ],
    [
      'linux',
      '/api/publish?TYPE=zip&ASYNC=True',
      'http://orders-weu-staging.scm.azurewebsites.localhost:80',
      null,
    ],
  ] as const)(
    'on %s by %s is accepted with its own kind of address',
    async (os, path, origin, retryAfter) => {
      const played = await play({ world: worldOn(os) });
      const accepted = await played.scm('POST', label, path, zip);
      expect(accepted.status).toBe(202);
      expect(await accepted.text()).toBe('');
      expect(accepted.headers.get('location')).toMatch(
        /\/api\/deployments\/latest\?deployer=(ZipDeploy|OneDeploy)&time=\d{4}-\d\d-\d\d_\d\d-\d\d-\d\dZ$/,
      );
      expect(accepted.headers.get('location')!.startsWith(`${origin}/`)).toBe(true);
      expect(accepted.headers.get('retry-after')).toBe(retryAfter);
      expect(accepted.headers.get('set-cookie')).toMatch(/^ARRAffinity=/);
    },
  );

  it('has a temporary id first, then its own, and its body alone tells how it stands', async () => {
    const played = await play({ world: worldOn('windows') });
    await played.scm('POST', label, '/api/zipdeploy?isAsync=true&Deployer=slotwave&message=r-1', zip);
    const first = await read(await played.scm('GET', label, latest));
    expect(first).toMatchObject({
      status: 202,
      body: {
        id: expect.stringMatching(/^temp-[0-9a-f]{8}$/),
        is_temp: true,
        status: 0,
        complete: false,
        progress: 'Fetching changes.',
      },
    });
    await played.pass(6000);
    const second = await read(await played.scm('GET', label, latest));
    expect(second).toMatchObject({
      status: 202,
      body: {
        id: expect.stringMatching(/^[0-9a-f]{40}$/),
        is_temp: false,
        status: 1,
        deployer: 'slotwave',
        message: 'r-1',
      },
    });
    const byId = `/api/deployments/${String(second.body['id'])}`;
    expect(await read(await played.scm('GET', label, byId))).toMatchObject({
      status: 200,
      body: { status: 1, complete: false, provisioningState: 'InProgress' },
    });
    expect((await played.scm('GET', label, `/api/deployments/${String(first.body['id'])}`)).status).toBe(404);
    await played.pass(30_000);
    expect(await read(await played.scm('GET', label, byId))).toMatchObject({
      status: 200,
      body: { status: 4, complete: true, active: true, provisioningState: 'Succeeded' },
    });
  });

  it('puts the package where WEBSITE_RUN_FROM_PACKAGE says, restarts the slot, and runs it', async () => {
    for (const settings of [{ WEBSITE_RUN_FROM_PACKAGE: '1' }, { WEBSITE_RUN_FROM_PACKAGE: '0' }]) {
      const played = await play({ world: worldOn('linux', settings) });
      await deployToEnd(played);
      const { body } = await read(await played.app(label, '/api/health'));
      expect(body['content']).toBe(stagingOf(played).content);
      expect(await (await played.scm('GET', label, '/api/vfs/site/wwwroot/src/index.js')).text()).toBe(
        'hello',
      );
      expect((await played.scm('GET', label, '/api/vfs/site/wwwroot/absent.js')).status).toBe(404);
      const folder = await read(await played.scm('GET', label, '/api/vfs/site/wwwroot/'));
      expect(entriesOf(folder.body).map(({ name }) => name)).toEqual(['host.json', 'src']);
    }
  });

  it('is refused while another one runs, and taken again afterwards', async () => {
    const played = await play({ world: worldOn('linux') });
    await played.scm('POST', label, '/api/zipdeploy?isAsync=true', zip);
    const second = await played.scm('POST', label, '/api/zipdeploy?isAsync=true', zip);
    expect(second.status).toBe(409);
    expect(await second.text()).toBe(
      'There is a deployment currently in progress. Please try again when it completes.',
    );
    await played.pass(30_000);
    expect((await played.scm('POST', label, '/api/zipdeploy?isAsync=true', zip)).status).toBe(202);
  });

  it('takes the lock when the bytes have arrived: of two uploads at once one is refused', async () => {
    const played = await play({ world: worldOn('linux') });
    const both = [0, 1].map(() =>
      played.scm('POST', label, '/api/zipdeploy?isAsync=true', zip).then(({ status }) => status),
    );
    expect((await Promise.all(both)).sort()).toEqual([202, 409]);
    expect(played.emulator.history.filter(({ type }) => type === 'deployment.begun')).toHaveLength(1);
  });

  it('is refused when the slot runs a package from a URL', async () => {
    const played = await play({
      world: worldOn('linux', { WEBSITE_RUN_FROM_PACKAGE: 'https://blob/x.zip' }),
    });
    const refused = await played.scm('POST', label, '/api/zipdeploy?isAsync=true', zip);
    expect(refused.status).toBe(409);
    expect(await refused.text()).toMatch(/^Run-From-Zip is set to a remote URL/);
  });

  it('fails with a log when the bytes are no zip, and leaves the slot as it was', async () => {
    const played = await play({ world: worldOn('linux') });
    await deployToEnd(played);
    const before = stagingOf(played).content;
    const failed = await deployToEnd(played, '/api/zipdeploy?isAsync=true', Buffer.from('no zip at all'));
    expect(failed).toMatchObject({
      status: 200,
      body: { status: 3, complete: true, active: false, provisioningState: 'Failed' },
    });
    const log = await read(
      await played.scm('GET', label, `/api/deployments/${String(failed.body['id'])}/log`),
    );
    expect(
      entriesOf(log.body)
        .map(({ message }) => String(message))
        .join('\n'),
    ).toMatch(/Deployment Failed\.\nThe package is not a zip/);
    expect(stagingOf(played).content).toBe(before);
  });

  it.each([
    ['that is right', '', 202],
    ['that is wrong', '0'.repeat(64), 400],
  ])('checks a checksum %s', async (_title, checksum, status) => {
    const played = await play({ world: worldOn('linux') });
    const { createHash } = await import('node:crypto');
    const sent = checksum === '' ? createHash('sha256').update(zip).digest('hex') : checksum;
    const answer = await played.scm('POST', label, '/api/publish?type=zip&async=true', zip, {
      'x-ms-artifact-checksum': sent,
    });
    expect(answer.status).toBe(status);
  });

  it('waits for the end when it is not asynchronous', async () => {
    const played = await play({ world: worldOn('linux') });
    expect((await played.scm('POST', label, '/api/zipdeploy', zip)).status).toBe(200);
    expect((await read(await played.scm('GET', label, latest))).body).toMatchObject({ status: 4 });
    expect((await played.scm('POST', label, '/api/zipdeploy', Buffer.from('no'))).status).toBe(500);
  });

  it.each([
    ['a type that is none', '/api/publish?type=rpm', 400, "type='rpm' not recognized"],
    ['a route that is none', '/api/nowhere', 404, 'No route matches this request.'],
  ])('refuses %s', async (_title, path, status, text) => {
    const played = await play({ world: worldOn('linux') });
    const refused = await played.scm('POST', label, path, zip);
    expect(refused.status).toBe(status);
    expect(await refused.text()).toBe(text);
  });
});

describe('the deployment history', () => {
  it('is empty before the first deployment', async () => {
    const played = await play({ world: worldOn('linux') });
    expect((await read(await played.scm('GET', label, '/api/deployments'))).body).toEqual([]);
    expect(await read(await played.scm('GET', label, latest))).toEqual({
      status: 404,
      body: { Message: "Deployment 'latest' not found." },
    });
  });

  it('lists the newest first, and ARM tells the same', async () => {
    const played = await play({ world: worldOn('linux') });
    await deployToEnd(played, '/api/zipdeploy?isAsync=true&message=one');
    await deployToEnd(played, '/api/zipdeploy?isAsync=true&message=two');
    const all = await read(await played.scm('GET', label, '/api/deployments'));
    expect(entriesOf(all.body).map(({ message, active }) => [message, active])).toEqual([
      ['two', true],
      ['one', false],
    ]);
    const one = await read(
      await played.scm('GET', label, '/api/deployments?$orderby=ReceivedTime%20desc&$top=1'),
    );
    expect(entriesOf(one.body)).toHaveLength(1);
    const arm = await read(await played.arm('GET', 'slots/staging/deployments'));
    expect(entriesOf(arm.body['value']).map(({ properties }) => properties!['message'])).toEqual([
      'two',
      'one',
    ]);
  });
});

describe('the SCM site', () => {
  it('sees new settings a little later than ARM wrote them', async () => {
    const played = await play({ world: worldOn('linux', { A: 'before' }) });
    const seen = async () => (await read(await played.scm('GET', label, '/api/settings/A'))).body;
    await played.arm('PUT', 'slots/staging/config/appsettings', { properties: { A: 'after' } });
    expect(await seen()).toBe('before');
    await played.pass(5000);
    expect(await seen()).toBe('after');
    expect((await played.scm('GET', label, '/api/settings/B')).status).toBe(404);
  });

  it('takes the publishing credentials while they are allowed, each slot for itself', async () => {
    const played = await play({ world: worldOn('linux') });
    const basic = await read(await played.arm('POST', 'slots/staging/config/publishingcredentials/list'));
    const { publishingUserName, publishingPassword } = basic.body['properties']!;
    const authorization = `Basic ${Buffer.from(`${String(publishingUserName)}:${String(publishingPassword)}`).toString('base64')}`;
    const status = async (at: string) =>
      (await played.scm('GET', at, '/api/deployments', undefined, { authorization })).status;
    expect(await status(label)).toBe(200);
    expect(await status('orders-weu')).toBe(401);
    await played.arm('PUT', 'slots/staging/basicPublishingCredentialsPolicies/scm', {
      properties: { allow: false },
    });
    expect(await status(label)).toBe(401);
    expect((await played.scm('GET', label, '/api/deployments')).status).toBe(200);
  });

  it('takes no stranger and no expired token', async () => {
    const played = await play({ world: worldOn('linux') });
    expect(
      (await played.scm('GET', label, latest, undefined, { authorization: 'Bearer nonsense' })).status,
    ).toBe(401);
    await played.pass(61 * 60_000);
    expect((await played.scm('GET', label, latest)).status).toBe(401);
  });
});
