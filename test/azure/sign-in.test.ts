import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { zipSync } from 'fflate';
import { createAzure } from '../../src/azure/azure.ts';
import { createCredential } from '../../src/azure/credential.ts';
import { chooseCredential, describeChoice } from '../../src/azure/credential-choice.ts';
import { readOnly } from '../../src/azure/read-only.ts';
import { createTokens } from '../../src/azure/tokens.ts';
import {
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  TransportError,
} from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { TransientError } from '../../src/errors.ts';
import type { Target } from '../../src/plan/fleet.ts';
import { type Release, stampSetting } from '../../src/release/release.ts';
import { playedRuntime, transportOver } from './in-process.ts';
import { cloud } from './scripted.ts';
import { playBuilds } from './sign-in.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-sign-in-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const builds = 'https://builds.example';
const target: Target = {
  name: 'weu',
  subscriptionId: '51075a1e-0000-4000-8000-000000000001',
  resourceGroup: 'slotwave',
  site: 'orders-weu',
  slot: 'staging',
  labels: {},
};

function makeRelease(id: string): Release {
  const bytes = zipSync({ 'host.json': new TextEncoder().encode('{"version":"2.0"}') });
  const path = join(folder, `${id}.zip`);
  writeFileSync(path, bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { id, contentDigest: digest, digest, path, bytes: bytes.byteLength, files: 1 };
}

/** An Azure whose tokens live as long as they are told to, and a build system whose assertions live for minutes. */
function begin(options: { tokenLifetime?: string; stale?: boolean } = {}) {
  const clock = new VirtualClock(Date.now());
  const emulator = createEmulator({
    world: {
      identity: { tokenLifetime: options.tokenLifetime ?? '60m' },
      sites: [{ name: 'orders-weu', region: 'westeurope', release: 'old.000000000000' }],
    },
    clock,
    runtime: playedRuntime,
  });
  const played = playBuilds({ origin: builds, clock, lifeMs: 300_000, stale: options.stale ?? false });
  const wire = transportOver(emulator.fetch, clock);
  const answers: { request: HttpRequest; answer: HttpAnswer }[] = [];
  const transport: Transport = async (request) => {
    const answer = request.url.startsWith(builds) ? played.answer(request) : await wire(request);
    answers.push({ request, answer });
    return answer;
  };
  const { tenantId, clientId } = emulator.identity;
  const principal = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId };
  const hidden: string[] = [];
  const connect = (environment: Record<string, string>, over: Transport = transport) =>
    clock.run(
      createAzure({
        cloudName: emulator.origin,
        transport: over,
        clock,
        environment,
        random: () => 0.5,
        hide: (secret) => hidden.push(secret),
      }),
    );
  return { clock, emulator, played, transport, answers, principal, hidden, connect };
}

const jobs = ['github', 'pipelines'] as const;

describe.each(jobs)('a job of %s', (job) => {
  const kind = job === 'github' ? 'github-oidc' : 'azure-pipelines';

  it('is known by what is in its environment, and told in words', () => {
    const { played, principal } = begin();
    const choice = chooseCredential({ ...principal, ...played[job], PATH: '' });
    expect(choice.kind).toBe(kind);
    expect(describeChoice(choice)).not.toContain('job-token');
  });

  it('deploys for hours: every token with a fresh assertion, none refused on the way', async () => {
    const { clock, played, answers, principal, hidden, connect } = begin({ tokenLifetime: '60m' });
    const azure = await connect({ ...principal, ...played[job] });
    const release = makeRelease('r1.0123456789ab');
    await clock.run(azure.survey({ targets: [target], settings: {} }));
    for (let hours = 0; hours < 5; hours++) {
      await clock.run(azure.slots.writeSettings(target, { [stampSetting]: release.id, HOUR: String(hours) }));
      clock.advance(58 * 60_000);
      await clock.run(azure.slots.deployPackage(target, release, () => {}));
      await clock.run(azure.slots.swap(target));
    }
    expect(played.given.length).toBeGreaterThanOrEqual(5);
    expect(new Set(played.given).size).toBe(played.given.length);
    expect(answers.filter(({ answer }) => answer.status === 401)).toEqual([]);
    expect(hidden).toEqual(expect.arrayContaining(['job-token-of-this-run', ...played.given]));
  });

  it('is renewed in the middle of a swap when tokens live for seconds', async () => {
    const { clock, played, answers, principal, connect } = begin({ tokenLifetime: '20s' });
    const azure = await connect({ ...principal, ...played[job] });
    await clock.run(azure.slots.writeSettings(target, { [stampSetting]: 'r1.0123456789ab' }));
    const before = played.given.length;
    await clock.run(azure.slots.swap(target));
    expect(played.given.length).toBeGreaterThanOrEqual(before + 2);
    expect(answers.filter(({ request }) => request.url.includes('/slotsswap')).length).toBe(1);
    expect(answers.filter(({ answer }) => answer.status === 401)).toEqual([]);
    expect(await clock.run(azure.slots.readSlots(target))).toMatchObject({ liveId: 'r1.0123456789ab' });
  });

  it('that is given one assertion again and again is told what is wrong with it (AADSTS700024)', async () => {
    const { clock, played, principal, connect } = begin({ tokenLifetime: '10m', stale: true });
    const azure = await connect({ ...principal, ...played[job] });
    await clock.run(azure.slots.readSlots(target));
    clock.advance(11 * 60_000);
    await expect(clock.run(azure.slots.readSlots(target))).rejects.toMatchObject({
      kind: 'refusal',
      code: 'credential-refused',
      message: expect.stringContaining('AADSTS700024'),
      next: expect.stringContaining('clock'),
    });
  });

  it.each<[string, Partial<HttpAnswer> | TransportError, string, string]>([
    [
      'says 403',
      { status: 403, body: '{"message":"no id-token permission"}' },
      'refusal',
      'assertion-refused',
    ],
    ['says 200 without a token', { status: 200, body: '{}' }, 'refusal', 'assertion-refused'],
    ['shows a page to sign in at', { status: 302, body: '<html>' }, 'refusal', 'assertion-refused'],
    ['says 503', { status: 503, body: '' }, 'transient', 'assertion-not-had'],
    ['says 429', { status: 429, body: '' }, 'transient', 'assertion-not-had'],
    [
      'is silent',
      new TransportError('x', { code: 'ETIMEDOUT', sent: true, host: 'builds.example' }),
      'transient',
      'assertion-not-had',
    ],
  ])('whose build system %s', async (_name, said, kindOfError, code) => {
    const { played, principal } = begin();
    const transport: Transport = async () => {
      if (said instanceof TransportError) throw said;
      return { status: 200, reason: '', headers: {}, setCookies: [], body: '', address: null, ...said };
    };
    const credential = createCredential({ cloud, transport, environment: { ...principal, ...played[job] } });
    const error = await credential.issue().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: kindOfError, code, where: 'builds.example' });
    expect(String(error)).not.toContain('job-token');
  });

  it('never tells its token, even when the build system does', async () => {
    const { played, principal } = begin();
    const transport: Transport = async () => ({
      status: 401,
      reason: '',
      headers: {},
      setCookies: [],
      body: '{"message":"job-token-of-this-run is not known"}',
      address: null,
    });
    const credential = createCredential({ cloud, transport, environment: { ...principal, ...played[job] } });
    const error = await credential.issue().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('*** is not known');
  });

  it('may sign in on a dry run', async () => {
    const { clock, played, principal, transport, connect } = begin();
    const azure = await connect({ ...principal, ...played[job] }, readOnly(transport));
    expect((await clock.run(azure.survey({ targets: [target], settings: {} }))).targets.length).toBe(1);
  });

  it('sends its token nowhere in the clear', async () => {
    const { played, principal } = begin();
    const open = Object.fromEntries(
      Object.entries(played[job]).map(([name, value]) => [name, value.replace('https:', 'http:')]),
    );
    let sent = 0;
    const transport: Transport = () => {
      sent++;
      return Promise.reject(new Error('sent'));
    };
    const credential = createCredential({ cloud, transport, environment: { ...principal, ...open } });
    await expect(credential.issue()).rejects.toMatchObject({ kind: 'refusal', code: 'assertion-refused' });
    expect(sent).toBe(0);
  });
});

describe('an assertion of GitHub', () => {
  it.each([
    ['AzureCloud', {}, 'api://AzureADTokenExchange'],
    ['AzureUSGovernment', {}, 'api://AzureADTokenExchangeUSGov'],
    ['AzureChinaCloud', {}, 'api://AzureADTokenExchangeChina'],
    ['AzureCloud', { SLOTWAVE_OIDC_AUDIENCE: 'api://ours' }, 'api://ours'],
  ])('is meant for %s %j', async (name, more, audience) => {
    const { played, principal, transport } = begin();
    const environment = { ...principal, ...played.github, ...more };
    const credential = createCredential({ cloud: { ...cloud, name }, transport, environment });
    await credential.issue().catch(() => {});
    expect(played.asked).toEqual([audience]);
  });
});

describe('a file with a token (workload identity)', () => {
  it('is read again at every renewal', async () => {
    const { clock, played, answers, principal, connect } = begin();
    const tokenFile = join(folder, 'token');
    const renew = () => {
      const { body } = played.answer({
        method: 'GET',
        url: `${played.github['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=x`,
        headers: { authorization: 'Bearer job-token-of-this-run' },
      });
      writeFileSync(tokenFile, (JSON.parse(body) as { value: string }).value);
    };
    renew();
    const azure = await connect({ ...principal, AZURE_FEDERATED_TOKEN_FILE: tokenFile });
    expect(azure.identity).toContain(tokenFile);
    for (let hours = 0; hours < 3; hours++) {
      await clock.run(azure.slots.readSlots(target));
      clock.advance(58 * 60_000);
      renew();
    }
    const sent = answers.flatMap(({ request }) =>
      request.url.includes('/oauth2/')
        ? (new URLSearchParams(String(request.body)).get('client_assertion') ?? [])
        : [],
    );
    expect(sent).toEqual(played.given.slice(0, 3));
  });

  it('that nobody renews is told so', async () => {
    const { clock, played, principal, connect } = begin();
    const tokenFile = join(folder, 'stale');
    const { body } = played.answer({
      method: 'GET',
      url: `${played.github['ACTIONS_ID_TOKEN_REQUEST_URL']}`,
      headers: { authorization: 'Bearer job-token-of-this-run' },
    });
    writeFileSync(tokenFile, (JSON.parse(body) as { value: string }).value);
    const azure = await connect({ ...principal, AZURE_FEDERATED_TOKEN_FILE: tokenFile });
    clock.advance(10 * 60_000);
    await expect(clock.run(azure.slots.readSlots(target))).rejects.toMatchObject({
      code: 'credential-refused',
      message: expect.stringContaining('AADSTS700024'),
      next: expect.stringContaining('AZURE_FEDERATED_TOKEN_FILE'),
    });
  });

  it('that is not there is told so', async () => {
    const { clock, principal, connect } = begin();
    const azure = await connect({ ...principal, AZURE_FEDERATED_TOKEN_FILE: join(folder, 'nowhere') });
    await expect(clock.run(azure.slots.readSlots(target))).rejects.toMatchObject({
      code: 'credential-refused',
    });
  });
});

describe('a service connection with a secret', () => {
  it('is taken from where AzureCLI@2 puts it, and named so', () => {
    const choice = chooseCredential({
      tenantId: 't',
      servicePrincipalId: 'c',
      servicePrincipalKey: 'k-of-it',
    });
    expect(choice).toMatchObject({ kind: 'client-secret', tenantId: 't', clientId: 'c', secret: 'k-of-it' });
    expect(describeChoice(choice)).toMatch(/servicePrincipalKey/);
    expect(describeChoice(choice)).not.toContain('k-of-it');
  });
});

describe('nothing to sign in with', () => {
  it.each([
    ['in GitHub', { GITHUB_ACTIONS: 'true' }, 'id-token: write'],
    ['in Azure Pipelines', { TF_BUILD: 'True' }, 'SYSTEM_ACCESSTOKEN'],
    ['elsewhere', {}, 'az login'],
  ])('%s is told what helps there', (_name, environment, next) => {
    expect(() => chooseCredential(environment)).toThrow(
      expect.objectContaining({ code: 'credential-missing', next: expect.stringContaining(next) }),
    );
  });

  it('tells all that a named kind still needs', () => {
    expect(() =>
      chooseCredential({ SLOTWAVE_CREDENTIAL: 'azure-pipelines', SYSTEM_ACCESSTOKEN: 'x' }),
    ).toThrow(
      expect.objectContaining({
        problems: [
          'AZURESUBSCRIPTION_TENANT_ID',
          'AZURESUBSCRIPTION_CLIENT_ID',
          'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
          'SYSTEM_OIDCREQUESTURI',
        ].map((path) => expect.objectContaining({ path })),
      }),
    );
  });
});

describe('a login endpoint that is away', () => {
  function tokensOver(failing: () => boolean) {
    const clock = new VirtualClock(0);
    let asked = 0;
    const credential = {
      described: 'a test',
      issue: async () => {
        asked++;
        if (failing()) throw new TransientError('away', { code: 'login-not-reachable' });
        return { value: `t${asked}`, expiresAtMs: clock.now() + 3_600_000 };
      },
    };
    return { clock, asked: () => asked, tokens: createTokens(credential, clock, () => {}) };
  }

  it('is bridged by a token that is still good, and asked again only now and then', async () => {
    let away = false;
    const { clock, asked, tokens } = tokensOver(() => away);
    expect(await tokens.current()).toBe('t1');
    away = true;
    clock.advance(56 * 60_000);
    for (let requests = 0; requests < 50; requests++) expect(await tokens.current()).toBe('t1');
    expect(asked()).toBe(2);
    clock.advance(31_000);
    away = false;
    expect(await tokens.current()).toBe('t3');
  });

  it('is told when the token is no good any more', async () => {
    let away = false;
    const { clock, tokens } = tokensOver(() => away);
    await tokens.current();
    away = true;
    clock.advance(61 * 60_000);
    await expect(tokens.current()).rejects.toMatchObject({ code: 'login-not-reachable' });
  });

  it('does not make a short life shorter: a token of 40 s is used for 30', async () => {
    const clock = new VirtualClock(0);
    let issued = 0;
    const issue = async () => ({ value: `t${++issued}`, expiresAtMs: clock.now() + 40_000 });
    const tokens = createTokens({ described: '', issue }, clock, () => {});
    for (let seconds = 0; seconds < 29; seconds++) {
      await tokens.current();
      clock.advance(1_000);
    }
    expect(issued).toBe(1);
    clock.advance(2_000);
    expect(await tokens.current()).toBe('t2');
  });
});

describe('a right that is missing', () => {
  it('is named, with its scope and a role that has it', async () => {
    const clock = new VirtualClock(Date.now());
    const emulator = createEmulator({
      world: {
        identity: { deny: ['Microsoft.Web/sites/slots/slotsswap/action'] },
        sites: [{ name: 'orders-weu', region: 'westeurope', release: 'old.000000000000' }],
      },
      clock,
      runtime: playedRuntime,
    });
    const { tenantId, clientId, clientSecret } = emulator.identity;
    const azure = await clock.run(
      createAzure({
        cloudName: emulator.origin,
        transport: transportOver(emulator.fetch, clock),
        clock,
        environment: {
          AZURE_TENANT_ID: tenantId,
          AZURE_CLIENT_ID: clientId,
          AZURE_CLIENT_SECRET: clientSecret,
        },
        random: () => 0.5,
        hide: () => {},
      }),
    );
    await expect(clock.run(azure.slots.swap(target))).rejects.toMatchObject({
      kind: 'refusal',
      code: 'permission-missing',
      next: expect.stringMatching(
        /role with Microsoft\.Web\/sites\/slots\/slotsswap\/action on \/subscriptions\/.*\/sites\/orders-weu.*: Website Contributor has it/,
      ),
    });
  });
});
