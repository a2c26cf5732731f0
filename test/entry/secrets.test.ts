import { describe, expect, it } from '@jest/globals';
import type { Config, ConfigCheck } from '../../src/config/config.ts';
import { errorJson, renderError } from '../../src/entry/errors.ts';
import { hasHiddenKeys, revealChecks } from '../../src/entry/reveal.ts';
import { hideSecret, hideValue, redact, redactRecord, redactSaid } from '../../src/entry/secrets.ts';
import { RefusalError } from '../../src/errors.ts';
import { withoutKeys } from '../../src/plan/plan.ts';
import { makeProbes } from '../builders.ts';

describe('tokens and keys', () => {
  hideSecret('tok-1234567890/+=');
  it.each([
    ['as they are', 'a tok-1234567890/+= b', 'a *** b'],
    ['in an address', '?t=tok-1234567890%2F%2B%3D', '?t=***'],
    ['several times', 'tok-1234567890/+=tok-1234567890/+=', '******'],
    ['cut off at the end', 'a tok-123456', 'a ***'],
    ['cut off with an ellipsis', 'a tok-123456… b', 'a ***… b'],
    ['not what only begins alike', 'a tok-1299 b', 'a tok-1299 b'],
  ])('go out of everything that is written, %s', (_how, text, told) => expect(redact(text)).toBe(told));
});

describe('values of settings', () => {
  for (const value of [
    's3cret-value-of-a-setting',
    'production',
    '1.2.3456789',
    'https://orders.example',
    '~4',
    'node',
  ])
    hideValue(value);
  hideValue('@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/a)');

  it('go out of what others said', () => {
    expect(redactSaid('SECRET is s3cret-value-of-a-setting')).toBe('SECRET is ***');
    expect(redact('SECRET is s3cret-value-of-a-setting')).toContain('s3cret');
  });

  it.each([
    'production',
    '1.2.3456789',
    'https://orders.example',
    '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/a)',
  ])('stay where they can be no secret: %s', (value) =>
    expect(redactSaid(`it says ${value}`)).toBe(`it says ${value}`),
  );

  it('go out of a record only where others spoke', () => {
    hideValue('weu-1-target');
    const record = {
      target: 'weu-1-target',
      why: 'weu-1-target fell',
      verdict: { readings: [{ said: 'weu-1-target' }] },
      atMs: 5,
    };
    expect(redactRecord(record)).toEqual({
      target: 'weu-1-target',
      why: '*** fell',
      verdict: { readings: [{ said: '***' }] },
      atMs: 5,
    });
  });

  it('go out of errors, in sentences and as JSON, problems included', () => {
    const secret = 's3cret-value-of-a-setting';
    const error = new RefusalError(`said ${secret}`, {
      code: 'x',
      next: `try ${secret}`,
      problems: [{ message: `a ${secret}` }, { message: 'b', found: secret, next: secret }],
      cause: new Error(secret),
    });
    expect(renderError(error, { colour: false, stack: true }).join('\n')).not.toContain(secret);
    expect(errorJson(error, 10)).not.toContain(secret);
  });
});

describe('what looks like a key', () => {
  it.each([
    ['AccountKey=QUJDRA==;Endpoint', 'AccountKey=***;Endpoint'],
    ['SharedAccessKey=abc/def;', 'SharedAccessKey=***;'],
    ['User ID=u;Password=p@ss word', 'User ID=u;Password=*** word'],
    ['https://x/y?sv=1&sig=a%2Fb%3D&se=2', 'https://x/y?sv=1&sig=***&se=2'],
    ['Authorization: Bearer abc.def-123456', 'Authorization: Bearer ***'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln here', '*** here'],
    ['x-functions-key: abc123', 'x-functions-key: ***'],
    ['GET /api/x?code=abc123&y=1', 'GET /api/x?code=***&y=1'],
    ['basic authentication is off', 'basic authentication is off'],
    ['the status code=500', 'the status code=500'],
    ['password policy', 'password policy'],
  ])('%s', (said, told) => expect(redactSaid(said)).toBe(told));
});

describe('what checks take from the environment', () => {
  const written: ConfigCheck = {
    name: 'deep',
    method: 'POST',
    path: '/api/deep?code=q-secret',
    headers: { 'x-key': 'Key ${env:PROBE_KEY}', 'x-team': 'orders' },
    body: '{"token":"${env:PROBE_TOKEN}"}',
    expect: { status: 200 },
  };
  const config = { file: 'slotwave.yml', probes: { ...makeProbes(), checks: [written] } as Config['probes'] };
  const plan = { probes: makeProbes({ checks: [withoutKeys(written)] }) };
  const environment = { PROBE_KEY: 'k-12345678', PROBE_TOKEN: 't-12345678' };

  it('is put in at the edge alone, and hidden before it is used', () => {
    const hidden: string[] = [];
    const reveal = revealChecks(plan, config, { environment, hide: (secret) => void hidden.push(secret) });
    expect(JSON.stringify(plan)).not.toMatch(/PROBE_|orders"|q-secret|token/);
    expect(reveal(plan.probes.checks[0]!)).toEqual({
      ...written,
      headers: { 'x-key': 'Key k-12345678', 'x-team': 'orders' },
      body: '{"token":"t-12345678"}',
    });
    expect(hidden).toEqual(['k-12345678', 't-12345678']);
  });

  it('is asked for all at once, before anything starts', () => {
    const missing = () => revealChecks(plan, config, { environment: { PROBE_KEY: '' }, hide: () => {} });
    expect(missing).toThrow(
      expect.objectContaining({
        kind: 'input',
        code: 'env-missing',
        problems: [
          expect.objectContaining({
            path: 'probes.checks[0].headers.x-key',
            message: expect.stringContaining('PROBE_KEY'),
          }),
          expect.objectContaining({
            path: 'probes.checks[0].body',
            message: expect.stringContaining('PROBE_TOKEN'),
          }),
        ],
      }),
    );
  });

  it.each([
    [
      'a line break behind it, as files and secrets often have',
      'k-12345678\n',
      /PROBE_KEY ends with a line break/,
    ],
    ['a character that no header takes', 'k-1234567\u20ac', /what no header may/],
  ])('is refused as a header before anything starts, and not shown: %s', (_, PROBE_KEY, words) => {
    const told = () =>
      revealChecks(plan, config, { environment: { ...environment, PROBE_KEY }, hide: () => {} });
    expect(told).toThrow(
      expect.objectContaining({
        kind: 'input',
        code: 'header-unsendable',
        problems: [{ path: 'probes.checks[0].headers.x-key', message: expect.stringMatching(words) }],
      }),
    );
    expect(told).not.toThrow(/k-1234/);
  });

  it('stays the text that it is within a body of JSON, and as it is in any other', () => {
    const odd = 'a "quoted" \\ and\na line';
    const bodyOf = (body: string) => {
      const check = { ...written, body };
      const asked = { ...config, probes: { ...config.probes, checks: [check] } as Config['probes'] };
      const reveal = revealChecks(plan, asked, {
        environment: { ...environment, PROBE_TOKEN: odd },
        hide: () => {},
      });
      return reveal(plan.probes.checks[0]!).body ?? '';
    };
    expect(JSON.parse(bodyOf('{"token":"${env:PROBE_TOKEN}"}'))).toEqual({ token: odd });
    expect(bodyOf('token=${env:PROBE_TOKEN}')).toBe(`token=${odd}`);
  });

  it('is not asked for on behalf of a check that the plan does not have', () => {
    const none = { probes: makeProbes() };
    expect(() => revealChecks(none, config, { environment: {}, hide: () => {} })).not.toThrow();
  });

  it('is kept nowhere else: a plan whose config has lost the check cannot be carried out', () => {
    const other = { ...config, probes: { ...config.probes, checks: [] } };
    expect(() => revealChecks(plan, other, { environment, hide: () => {} })).toThrow(
      expect.objectContaining({ code: 'config-of-another-rollout' }),
    );
    const bodyOnly = {
      probes: makeProbes({ checks: [{ ...withoutKeys(written), headers: {}, path: '/api/deep' }] }),
    };
    expect(hasHiddenKeys(bodyOnly)).toBe(true);
  });
});
