import { describe, expect, it } from '@jest/globals';
import { entriesOf, play, read } from './played.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

async function begin() {
  const played = await play();
  const { emulator } = played;
  const { tenantId, clientId, clientSecret } = emulator.identity;
  const good = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'https://localhost/.default',
  };
  const ask = (form: Readonly<Record<string, string>>, tenant = tenantId) =>
    played.on(
      emulator
        .fetch(
          new Request(`https://localhost/${tenant}/oauth2/v2.0/token`, {
            method: 'POST',
            body: new URLSearchParams(form),
          }),
        )
        .then(read),
    );
  const get = (path: string) => played.on(emulator.fetch(new Request(`https://localhost${path}`)).then(read));
  return { played, good, ask, get, tenantId, clientId };
}

const jwt = (claims: object) =>
  `${btoa('{"alg":"RS256"}')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

describe('login', () => {
  it('gives a token for the secret that opens ARM and says whose and for what it is', async () => {
    const { ask, good, clientId } = await begin();
    const { status, body } = await ask(good);
    expect({ status, ...body }).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 3600 });
    const claims = JSON.parse(
      Buffer.from(String(body['access_token']).split('.')[1]!, 'base64url').toString(),
    );
    expect(claims).toMatchObject({ aud: 'https://localhost', appid: clientId });
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client', 7000215],
    ['no secret', { client_secret: undefined }, 401, 'invalid_client', 7000218],
    ['an unknown client', { client_id: 'somebody' }, 400, 'unauthorized_client', 700016],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
    [
      'an assertion that is none',
      { client_assertion: 'x', client_assertion_type: assertionType },
      401,
      'invalid_client',
      50027,
    ],
    [
      'an assertion of yesterday',
      { client_assertion: jwt({ exp: 1000 }), client_assertion_type: assertionType },
      401,
      'invalid_client',
      700024,
    ],
  ])('refuses %s', async (_title, change, status, error, number) => {
    const { ask, good } = await begin();
    const form = Object.fromEntries(
      Object.entries({ ...good, ...change }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const refused = await ask(form);
    expect(refused).toMatchObject({ status, body: { error, error_codes: [number] } });
    expect(String(refused.body['error_description'])).toMatch(new RegExp(`^AADSTS${number}: .+ Trace ID: `));
  });

  it('takes the assertion of a federated identity', async () => {
    const { ask, good, played } = await begin();
    const { client_secret: _, ...form } = good;
    const exp = played.clock.now() / 1000 + 300;
    expect(
      (await ask({ ...form, client_assertion: jwt({ exp }), client_assertion_type: assertionType })).status,
    ).toBe(200);
  });

  it('knows no other tenant', async () => {
    const { ask, good } = await begin();
    expect(await ask(good, '11111111-1111-4111-8111-111111111111')).toMatchObject({
      status: 400,
      body: { error: 'invalid_tenant', error_codes: [90002] },
    });
  });

  it('describes itself as discovery wants it', async () => {
    const { get, tenantId } = await begin();
    const tenant = await get(`/${tenantId}/v2.0/.well-known/openid-configuration`);
    expect(tenant.body).toMatchObject({
      token_endpoint: `https://localhost/${tenantId}/oauth2/v2.0/token`,
      issuer: expect.any(String),
      jwks_uri: expect.any(String),
      authorization_endpoint: expect.any(String),
    });
    const instance = await get('/common/discovery/instance?api-version=1.1');
    expect(entriesOf(instance.body['metadata'])[0]).toMatchObject({ aliases: ['localhost'] });
  });
});

describe('a token at ARM', () => {
  it.each([
    ['missing', undefined, 'AuthenticationFailed'],
    ['unknown', 'Bearer nonsense', 'InvalidAuthenticationToken'],
  ])('that is %s', async (_title, authorization, code) => {
    const { played } = await begin();
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await played.on(
      played.emulator.fetch(
        new Request('https://localhost/subscriptions?api-version=2022-12-01', { headers }),
      ),
    );
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer authorization_uri="https:\/\/localhost\//,
    );
    expect(await read(answer)).toMatchObject({ status: 401, body: { error: { code } } });
  });

  it('that has expired says so with both instants', async () => {
    const { played } = await begin();
    await played.pass(61 * 60_000);
    const answer = await read(await played.arm('GET', ''));
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'ExpiredAuthenticationToken' } } });
    expect(String(answer.body['error']!['message'])).toMatch(
      /^The access token expiry UTC time '2026-.+' is earlier than current UTC time '2026-.+'\.$/,
    );
  });
});
