import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createCredential } from '../../src/azure/credential.ts';
import { chooseCredential, describeChoice, type Environment } from '../../src/azure/credential-choice.ts';
import { readOnly } from '../../src/azure/read-only.ts';
import { createTokens } from '../../src/azure/tokens.ts';
import { VirtualClock } from '../../src/clock.ts';
import { DefectError, InputError } from '../../src/errors.ts';
import { cloud, lost, type Sent, type Step, script, unreachable } from './scripted.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-credential-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'az'), '#!/bin/sh\n');
chmodSync(join(folder, 'az'), 0o755);

const tenant = '11111111-1111-4111-8111-111111111111';
const client = '22222222-2222-4222-8222-222222222222';
const principal = { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client };
const withSecret = { ...principal, AZURE_CLIENT_SECRET: 'hunter2-hunter2' };

describe('which credential', () => {
  it.each<[string, Environment, string]>([
    ['a secret', withSecret, 'client-secret'],
    ['a certificate', { ...principal, AZURE_CLIENT_CERTIFICATE_PATH: '/x.pem' }, 'client-certificate'],
    ['a federated token', { ...principal, AZURE_FEDERATED_TOKEN_FILE: '/token' }, 'workload-identity'],
    ['a managed identity', { IDENTITY_ENDPOINT: 'http://x' }, 'managed-identity'],
    ['az on the PATH', { PATH: `/nowhere:${folder}` }, 'azure-cli'],
    ['a secret and az', { ...withSecret, PATH: folder }, 'client-secret'],
    ['a secret without its tenant, and az', { AZURE_CLIENT_SECRET: 'x', PATH: folder }, 'azure-cli'],
    [
      'several, and one named',
      { ...withSecret, SLOTWAVE_CREDENTIAL: 'managed-identity' },
      'managed-identity',
    ],
    ['nothing but a name (a VM)', { SLOTWAVE_CREDENTIAL: 'managed-identity' }, 'managed-identity'],
  ])('%s', (_name, environment, kind) => {
    const choice = chooseCredential(environment);
    expect(choice.kind).toBe(kind);
    expect(describeChoice(choice)).not.toContain('hunter2');
  });

  it.each<[string, Environment, string, string[]]>([
    ['nothing at all', {}, 'credential-missing', []],
    ['a principal without its proof', principal, 'credential-missing', ['AZURE_CLIENT_SECRET']],
    [
      'a proof without its principal',
      { AZURE_CLIENT_SECRET: 'x' },
      'credential-missing',
      ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'],
    ],
    [
      'empty values',
      { AZURE_TENANT_ID: '', AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: '' },
      'credential-missing',
      ['AZURE_TENANT_ID', 'AZURE_CLIENT_SECRET'],
    ],
    [
      'a name without what it needs',
      { SLOTWAVE_CREDENTIAL: 'client-secret', PATH: folder },
      'credential-missing',
      ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'],
    ],
    ['a name that is none', { SLOTWAVE_CREDENTIAL: 'password' }, 'credential-unknown', []],
  ])('%s: said so', (_name, environment, code, missing) => {
    let error: unknown = null;
    try {
      chooseCredential(environment);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ kind: 'input', code });
    expect(error instanceof InputError && error.problems.map(({ path }) => path)).toEqual(missing);
  });
});

/** Entra, as far as a client secret needs it. */
function entra(token: Step): Step {
  return (sent: Sent) => {
    if (sent.method === 'POST') return typeof token === 'function' ? token(sent) : token;
    const base = `${cloud.loginEndpoint}/${tenant}`;
    return {
      body: JSON.stringify({
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        issuer: `${base}/v2.0`,
        jwks_uri: `${base}/keys`,
        tenant_discovery_endpoint: `${base}/v2.0/.well-known/openid-configuration`,
        metadata: [],
      }),
    };
  };
}

async function issue(token: Step, environment: Environment = withSecret) {
  const clock = new VirtualClock();
  const { transport, sent } = script([entra(token)], clock);
  const credential = createCredential({ cloud: { ...cloud, wellKnown: false }, transport, environment });
  const result = await credential.issue().then(
    (value) => ({ value, error: null }),
    (error: unknown) => ({ value: null, error }),
  );
  return { ...result, sent };
}

const refused = (code: string, text: string): Step => ({
  status: 401,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    error: 'invalid_client',
    error_description: `${code}: ${text}\r\nTrace ID: 1234 Correlation ID: 5678 Timestamp: 2026`,
    error_codes: [Number(code.slice(6))],
  }),
});

describe('a token', () => {
  it("is had through our transport, at the cloud's own login", async () => {
    const { value, sent } = await issue({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: 'the-token' }),
    });
    expect(value?.value).toBe('the-token');
    expect(sent.every(({ url }) => url.startsWith('https://login.microsoftonline.com/'))).toBe(true);
    expect(sent.at(-1)?.body).toContain(`scope=${encodeURIComponent(cloud.scope).replace(/%20/g, '+')}`);
  });

  it.each([
    [
      'AADSTS7000215',
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app 'x'.",
      "the secret's value",
    ],
    ['AADSTS7000222', 'The provided client secret keys for app are expired.', 'expired'],
    [
      'AADSTS700016',
      "Application with identifier 'x' was not found in the directory 'y'.",
      'AZURE_CLIENT_ID',
    ],
    ['AADSTS90002', "Tenant 'x' not found.", '--cloud'],
    ['AADSTS53003', 'Access has been blocked by Conditional Access policies.', 'AZURE_CLIENT_SECRET'],
  ])('%s is a refusal with a next step', async (code, text, next) => {
    const { error } = await issue(refused(code, text));
    expect(error).toMatchObject({ kind: 'refusal', code: 'credential-refused', where: cloud.loginEndpoint });
    expect(String(error)).toContain(`${code}: ${text.slice(0, 30)}`);
    expect(String(error)).not.toContain('Trace ID');
    expect(error).toHaveProperty('next', expect.stringContaining(next));
  });

  it('never tells the secret, even when the server does', async () => {
    const { error } = await issue(refused('AADSTS7000215', 'hunter2-hunter2 is not right\u001b[31m'));
    expect(String(error)).toContain('*** is not right');
    expect(String(error)).not.toMatch(/hunter2|\u001b/);
    expect(error).not.toHaveProperty('cause', expect.anything());
  });

  it.each<[string, Step, string]>([
    ['silence', lost(), 'login-not-reachable'],
    ['no route', unreachable('ENOTFOUND'), 'login-not-reachable'],
    ['503', { status: 503, body: 'no' }, 'login-unwell'],
    ['429', { status: 429, body: '{}' }, 'login-unwell'],
  ])('%s is not a refusal', async (_name, step, code) => {
    expect((await issue(step)).error).toMatchObject({ kind: 'transient', code });
  });

  it('may be had on a dry run, which stops everything else', async () => {
    const clock = new VirtualClock();
    const { transport } = script(
      [
        entra({
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: 't' }),
        }),
      ],
      clock,
    );
    const credential = createCredential({
      cloud: { ...cloud, wellKnown: false },
      transport: readOnly(transport),
      environment: withSecret,
    });
    expect((await credential.issue()).value).toBe('t');
    const stopped = createCredential({
      cloud: { ...cloud, wellKnown: false },
      transport: () => Promise.reject(new DefectError('x', { code: 'write-on-dry-run' })),
      environment: withSecret,
    });
    await expect(stopped.issue()).rejects.toMatchObject({ kind: 'defect', code: 'write-on-dry-run' });
  });
});

describe('tokens', () => {
  function counting(lifetimeMs: number, jwt = false) {
    const clock = new VirtualClock(0);
    let issued = 0;
    const hidden: string[] = [];
    const credential = {
      described: 'a test',
      issue: async () => {
        issued++;
        const expiresAtMs = clock.now() + lifetimeMs;
        const claims = Buffer.from(JSON.stringify({ exp: Math.floor(expiresAtMs / 1000) })).toString(
          'base64url',
        );
        return jwt
          ? { value: `e30.${claims}.s`, expiresAtMs: Number.MAX_SAFE_INTEGER }
          : { value: `t${issued}`, expiresAtMs };
      },
    };
    return {
      clock,
      hidden,
      count: () => issued,
      tokens: createTokens(credential, clock, (secret) => hidden.push(secret)),
    };
  }

  it('are asked for once by a whole fleet, and hidden before they are used', async () => {
    const { tokens, count, hidden } = counting(3_600_000);
    await Promise.all([tokens.current(), tokens.current(), tokens.current()]);
    expect(count()).toBe(1);
    expect(hidden).toEqual(['t1']);
  });

  it.each([false, true])('are renewed before they end (a JWT by its own word: %s)', async (jwt) => {
    const { tokens, count, clock } = counting(3_600_000, jwt);
    await tokens.current();
    clock.advance(54 * 60_000);
    await tokens.current();
    expect(count()).toBe(1);
    clock.advance(2 * 60_000);
    await tokens.current();
    expect(count()).toBe(2);
  });

  it('that were refused are not given again; a late refusal of an old one changes nothing', async () => {
    const { tokens } = counting(3_600_000);
    const first = await tokens.current();
    tokens.drop(first);
    const second = await tokens.current();
    expect(second).not.toBe(first);
    tokens.drop(first);
    expect(await tokens.current()).toBe(second);
  });
});
