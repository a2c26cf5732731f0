// biome-ignore-all lint/suspicious/noThenProperty: the word of the faults file; nothing here is awaited for it.
import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { oneSite, play, read, sitePath } from './played.ts';

const sites = oneSite.sites;
const site = sitePath(oneSite, 'orders-weu');

describe('what an identity may not do', () => {
  const rows = [
    ['GET', '', 'Microsoft.Web/sites/read', site],
    ['GET', 'slots/staging', 'Microsoft.Web/sites/slots/read', `${site}/slots/staging`],
    ['GET', 'slots', 'Microsoft.Web/sites/slots/read', site],
    [
      'POST',
      'slots/staging/slotsswap',
      'Microsoft.Web/sites/slots/slotsswap/action',
      `${site}/slots/staging`,
    ],
    [
      'POST',
      'config/appsettings/list',
      'Microsoft.Web/sites/config/list/action',
      `${site}/config/appsettings`,
    ],
    ['PUT', 'config/appsettings', 'Microsoft.Web/sites/config/write', `${site}/config/appsettings`],
    ['POST', 'host/default/listkeys', 'Microsoft.Web/sites/host/listkeys/action', `${site}/host/default`],
    ['DELETE', 'slots/staging', 'Microsoft.Web/sites/slots/delete', `${site}/slots/staging`],
    ['PATCH', 'config/web', 'Microsoft.Web/sites/config/write', `${site}/config/web`],
    [
      'GET',
      'providers/Microsoft.Authorization/permissions',
      'Microsoft.Authorization/permissions/read',
      `${site}/providers/Microsoft.Authorization`,
    ],
    [
      'POST',
      '/providers/Microsoft.ResourceGraph/resources',
      'Microsoft.ResourceGraph/resources/action',
      '/providers/Microsoft.ResourceGraph',
    ],
  ] as const;

  it.each(rows)('%s %s is %s', async (method, path, action, scope) => {
    const played = await play({ world: { sites, identity: { deny: [action] } } });
    const { clientId, objectId } = played.emulator.identity;
    expect(await read(await played.arm(method, path, method === 'GET' ? undefined : {}))).toEqual({
      status: 403,
      body: {
        error: {
          code: 'AuthorizationFailed',
          message: `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
        },
      },
    });
    expect(played.emulator.history).toEqual([]);
  });

  it('is a matter of patterns and scopes', async () => {
    const world: WorldInput = {
      identity: {
        deny: [{ action: '*/restart/action', scope: `${site}/slots/staging` }, 'Microsoft.Web/sites/stop/*'],
      },
      sites,
    };
    const played = await play({ world });
    expect((await played.arm('POST', 'slots/staging/restart')).status).toBe(403);
    expect((await played.arm('POST', 'restart')).status).toBe(200);
    expect((await played.arm('POST', 'stop')).status).toBe(403);
  });

  it('may be publishing: the SCM site knows the role of a token, and asks nothing of its own credentials', async () => {
    const played = await play({ world: { sites, identity: { deny: ['*/publish/action'] } } });
    expect((await played.scm('GET', 'orders-weu', '/api/deployments')).status).toBe(403);
    const { body } = await read(await played.arm('POST', 'config/publishingcredentials/list'));
    const { publishingUserName: user, publishingPassword: password } = body['properties']!;
    const authorization = `Basic ${Buffer.from(`${String(user)}:${String(password)}`).toString('base64')}`;
    const answer = await played.scm('GET', 'orders-weu', '/api/deployments', undefined, { authorization });
    expect(answer.status).toBe(200);
  });
});

describe('a lock', () => {
  it.each([
    ['ReadOnly', site, 'POST', 'restart', 409],
    ['ReadOnly', site.split('/providers')[0]!, 'PUT', 'config/appsettings', 409],
    ['ReadOnly', site, 'GET', '', 200],
    ['CanNotDelete', site, 'POST', 'restart', 200],
    ['CanNotDelete', site, 'DELETE', 'slots/staging', 409],
    ['ReadOnly', `${site}-other`, 'POST', 'restart', 200],
  ] as const)('%s on %s: %s %s is %s', async (level, scope, method, path, status) => {
    const played = await play({ world: { sites, locks: [{ scope, level }] } });
    const answer = await read(
      await played.arm(method, path, method === 'PUT' ? { properties: {} } : undefined),
    );
    expect(answer.status).toBe(status);
    if (status === 409) {
      const { code, message } = answer.body['error']!;
      expect(code).toBe('ScopeLocked');
      expect(String(message)).toMatch(
        / cannot perform (write|delete) operation because following scope\(s\) are locked: /,
      );
      expect(String(message)).toContain(`'${scope}'`);
    }
  });
});

it('a token may expire in the middle: every one issued until now, at both doors, and a new one opens them again', async () => {
  const played = await play();
  expect((await played.arm('GET', '')).status).toBe(200);
  played.emulator.setFaults([{ when: { occurrence: 1 }, then: { token: 'expired' } }]);
  const refused = await played.arm('GET', '');
  expect(refused.headers.get('www-authenticate')).toMatch(/error="invalid_token"/);
  expect(await read(refused)).toMatchObject({
    status: 401,
    body: {
      error: {
        code: 'ExpiredAuthenticationToken',
        message: expect.stringMatching(
          /^The access token expiry UTC time '.*' is earlier than current UTC time '.*'\.$/,
        ),
      },
    },
  });
  expect((await played.scm('GET', 'orders-weu', '/api/deployments')).status).toBe(401);
});

it('basic authentication is switched for each slot alone', async () => {
  const played = await play({
    world: {
      sites: [{ name: 'orders-weu', region: 'westeurope', slots: [{ name: 'staging', basicAuth: false }] }],
    },
  });
  const allow = async (slot: string) =>
    (await read(await played.arm('GET', `${slot}basicPublishingCredentialsPolicies/scm`))).body['properties'];
  expect([await allow(''), await allow('slots/staging/')]).toEqual([{ allow: true }, { allow: false }]);
});
