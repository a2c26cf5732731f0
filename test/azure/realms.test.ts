import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { zipSync } from 'fflate';
import { type Azure, createAzure, type Wait } from '../../src/azure/azure.ts';
import type { CredentialChoice } from '../../src/azure/credential-choice.ts';
import { chooseForTenant, findSecrets } from '../../src/azure/tenant-credential.ts';
import type { HttpRequest, Transport } from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import type { Target } from '../../src/plan/fleet.ts';
import { type Release, stampSetting } from '../../src/release/release.ts';
import { playedRuntime, transportOver } from './in-process.ts';
import { cloud } from './scripted.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-realms-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function makeRelease(id: string): Release {
  const bytes = zipSync({
    'host.json': new TextEncoder().encode('{"version":"2.0"}'),
    'slotwave.release.json': new TextEncoder().encode(JSON.stringify({ release: id })),
  });
  const path = join(folder, `${id}.zip`);
  writeFileSync(path, bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { id, contentDigest: digest, digest, path, bytes: bytes.byteLength, files: 2 };
}

const release = makeRelease('r1.0123456789ab');

const here = {
  origin: 'https://localhost:8443',
  tenant: '11111111-1111-4111-8111-111111111111',
  client: '1c1c1c1c-1111-4111-8111-111111111111',
  secret: 'secret-of-this-cloud',
  subscription: '51075a1e-0000-4000-8000-000000000001',
};
const there = {
  origin: 'https://localhost:9443',
  tenant: '22222222-2222-4222-8222-22222222222b',
  client: '2c2c2c2c-2222-4222-8222-222222222222',
  secret: 'secret-of-that-cloud',
  subscription: '51075a1e-0000-4000-8000-000000000002',
};
type Place = typeof here;

const usual = {
  AZURE_TENANT_ID: here.tenant,
  AZURE_CLIENT_ID: here.client,
  AZURE_CLIENT_SECRET: here.secret,
};
const suffix = '22222222_2222_4222_8222_22222222222B';
const both = {
  ...usual,
  [`AZURE_CLIENT_ID_${suffix}`]: there.client,
  [`AZURE_CLIENT_SECRET_${suffix}`]: there.secret,
};

function worldOf(place: Place, sites: WorldInput['sites']): WorldInput {
  const { subscription, tenant: tenantId, client: clientId, secret: clientSecret } = place;
  return { subscription, identity: { tenantId, clientId, clientSecret }, sites };
}

function targetIn(place: Place, site: string, more: Partial<Target> = {}): Target {
  const { subscription: subscriptionId } = place;
  return {
    name: site,
    subscriptionId,
    resourceGroup: 'slotwave',
    site,
    slot: 'staging',
    labels: {},
    ...more,
  };
}

const abroad = { cloud: there.origin, tenantId: there.tenant };

/** Two clouds, each an emulator behind its own port, and what was sent to which. */
function twoClouds(options: { throttling?: boolean } = {}) {
  const clock = new VirtualClock();
  const site = (name: string) => ({
    name,
    region: 'westeurope',
    release: 'old.000000000000',
    tags: { app: 'orders' },
  });
  const emulators = [here, there].map((place, at) => {
    const world = worldOf(place, [site(at === 0 ? 'orders-weu' : 'orders-cn')]);
    return createEmulator({
      world: { ...world, throttling: options.throttling ?? false },
      clock,
      runtime: playedRuntime,
      origin: place.origin,
    });
  });
  const sent: HttpRequest[][] = [[], []];
  const wires = emulators.map((emulator) => transportOver(emulator.fetch, clock));
  const transport: Transport = (request) => {
    const at = new URL(request.url).port === '9443' ? 1 : 0;
    sent[at]!.push(request);
    return wires[at]!(request);
  };
  const connect = (environment: Record<string, string>, more: object = {}): Promise<Azure> =>
    createAzure({
      cloudName: here.origin,
      transport,
      clock,
      environment,
      random: () => 0.5,
      hide: () => {},
      ...more,
    });
  return { clock, emulators, sent, transport, connect };
}

describe('a fleet in two clouds', () => {
  const fleet = [targetIn(here, 'orders-weu'), targetIn(there, 'orders-cn', abroad)];

  it('is surveyed, staged and swapped as one, each target where it is and as who is known there', async () => {
    const { clock, emulators, sent, connect } = twoClouds();
    const signedIn: string[] = [];
    const azure = await clock.run(connect(both, { onSignIn: (line: string) => signedIn.push(line) }));
    const surveyed = await clock.run(azure.survey({ targets: fleet, settings: {} }));
    expect(surveyed.targets.map(({ target, production }) => [target.name, production.releaseId])).toEqual([
      ['orders-weu', 'old.000000000000'],
      ['orders-cn', 'old.000000000000'],
    ]);
    for (const target of fleet) {
      await clock.run(azure.slots.writeSettings(target, { [stampSetting]: release.id }));
      await clock.run(azure.slots.deployPackage(target, release, () => {}));
      await clock.run(azure.slots.swap(target));
      expect(await clock.run(azure.slots.readSlots(target))).toMatchObject({ liveId: release.id });
      expect((await clock.run(azure.hostKey(target, 'live'))).length).toBeGreaterThan(10);
      await clock.run(azure.resetPrepared(target));
    }
    for (const [at, site] of ['orders-weu', 'orders-cn'].entries())
      expect(emulators[at]!.snapshot().sites[site]?.slots['production']).toMatchObject({
        content: release.digest,
      });
    expect(sent.every((requests) => requests.length > 10)).toBe(true);
    expect(signedIn).toEqual([
      expect.stringContaining(`service principal ${here.client} with`),
      expect.stringContaining(`service principal ${there.client} with`),
    ]);
  });

  it('gives each cloud its own secrets and tokens, and never those of the other', async () => {
    const { clock, sent, connect } = twoClouds();
    const hidden: string[] = [];
    const azure = await clock.run(connect(both, { hide: (secret: string) => hidden.push(secret) }));
    await clock.run(azure.survey({ targets: fleet, settings: {} }));
    const said = sent.map((requests) =>
      JSON.stringify(requests.map(({ headers, body }) => ({ headers, body }))),
    );
    expect(said[0]).toContain(here.secret);
    expect(said[0]).not.toContain(there.secret);
    expect(said[1]).toContain(there.secret);
    expect(said[1]).not.toContain(here.secret);
    const tokens = sent.map(
      (requests) => new Set(requests.flatMap(({ headers }) => headers['authorization'] ?? [])),
    );
    expect([...tokens[0]!].filter((token) => tokens[1]!.has(token))).toEqual([]);
    expect(hidden).toEqual(expect.arrayContaining([here.secret, there.secret]));
  });

  it('keeps two releases of one site apart when only the cloud tells them apart', async () => {
    const { clock, connect } = twoClouds();
    const azure = await clock.run(connect(both));
    await expect(
      clock.run(azure.slots.readSlots(targetIn(there, 'orders-weu', abroad))),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  it('that has no credential there says which variables are needed, and sends nothing there but the question what it is', async () => {
    const { clock, sent, connect } = twoClouds();
    const azure = await clock.run(connect(usual));
    await expect(clock.run(azure.survey({ targets: fleet, settings: {} }))).rejects.toMatchObject({
      kind: 'input',
      code: 'credential-missing',
      where: `AZURE_CLIENT_ID_${suffix}`,
      next: expect.stringContaining(`AZURE_CLIENT_SECRET_${suffix}`),
    });
    expect(sent[1]!.map(({ url }) => new URL(url).pathname)).toEqual(['/metadata/endpoints']);
  });

  it('has to say the tenant of another cloud', async () => {
    const { clock, connect } = twoClouds();
    const azure = await clock.run(connect(both));
    const targets = [targetIn(there, 'orders-cn', { cloud: there.origin })];
    await expect(clock.run(azure.survey({ targets, settings: {} }))).rejects.toMatchObject({
      kind: 'input',
      code: 'tenant-needed',
    });
  });

  it('tells everything that is wrong about its places at once', async () => {
    const { clock, connect } = twoClouds();
    const azure = await clock.run(connect(usual));
    const targets = [
      targetIn(here, 'orders-weu'),
      targetIn(there, 'orders-cn', abroad),
      targetIn(there, 'orders-eu', { cloud: there.origin }),
    ];
    await expect(clock.run(azure.survey({ targets, settings: {} }))).rejects.toMatchObject({
      kind: 'input',
      code: 'realms-not-open',
      problems: [{ path: 'orders-cn' }, { path: 'orders-eu' }],
    });
  });

  it('is rehearsed at home: nothing reaches the other cloud, whatever the config says', async () => {
    const { clock, sent, connect } = twoClouds();
    const azure = await clock.run(connect(both, { homeOnly: true }));
    const targets = [targetIn(here, 'orders-weu', abroad)];
    const fleetAtHome = await clock.run(azure.survey({ targets, settings: {} }));
    expect(fleetAtHome.targets.length).toBe(1);
    expect(sent[1]).toEqual([]);
  });

  it('knows its own cloud and tenant by any spelling', async () => {
    const { clock, sent, connect } = twoClouds();
    const azure = await clock.run(connect(usual));
    for (const more of [
      { cloud: `${here.origin}/` },
      { tenantId: here.tenant.toUpperCase() },
      { cloud: here.origin, tenantId: here.tenant },
    ])
      await clock.run(azure.slots.readSlots(targetIn(here, 'orders-weu', more)));
    const logins = sent[0]!.filter(({ method, url }) => method === 'POST' && url.includes('/oauth2/'));
    expect(logins.length).toBe(1);
  });

  it('tells a wait with the name of its target', async () => {
    const waits: Wait[] = [];
    const { clock, transport, connect } = twoClouds();
    let refusals = 1;
    const throttled: Transport = async (request) =>
      request.url.includes('/sites/orders-weu') && refusals-- > 0
        ? {
            status: 429,
            reason: '',
            headers: { 'retry-after': '17' },
            setCookies: [],
            body: '',
            address: null,
          }
        : transport(request);
    const azure = await clock.run(
      connect(usual, { transport: throttled, onWait: (wait: Wait) => waits.push(wait) }),
    );
    const target = targetIn(here, 'orders-weu', { name: 'weu' });
    await clock.run(azure.slots.readSlots(target));
    expect(waits).toEqual([
      { target: 'weu', what: `ARM asks for 17 s (reads of subscription ${here.subscription})` },
    ]);
  });
});

describe('who signs in to another tenant', () => {
  const secret: CredentialChoice = {
    kind: 'client-secret',
    tenantId: here.tenant,
    clientId: here.client,
    secret: here.secret,
    secretFrom: 'AZURE_CLIENT_SECRET',
  };
  const choose = (environment: Record<string, string>, home: CredentialChoice, atHome = true) =>
    chooseForTenant(environment, { tenantId: there.tenant, cloud, atHome, home });

  it.each<[string, CredentialChoice, object]>([
    ['a secret', secret, { kind: 'client-secret', tenantId: there.tenant, clientId: here.client }],
    [
      'a GitHub job',
      {
        kind: 'github-oidc',
        tenantId: here.tenant,
        clientId: 'c',
        requestUrl: 'u',
        requestToken: 't',
        audience: null,
      },
      { kind: 'github-oidc', tenantId: there.tenant, requestUrl: 'u' },
    ],
    ['the Azure CLI', { kind: 'azure-cli', tenantId: null }, { kind: 'azure-cli', tenantId: there.tenant }],
    [
      'a managed identity, which has one tenant only',
      { kind: 'managed-identity', clientId: null },
      { kind: 'managed-identity', clientId: null },
    ],
  ])('of the same cloud: the same: %s', (_name, home, expected) => {
    expect(choose({}, home)).toEqual(expect.objectContaining(expected));
  });

  it('takes what was given for it, and then nothing of the usual one', () => {
    expect(choose({ ...both, AZURE_CLIENT_CERTIFICATE_PATH: '/home.pem' }, secret)).toMatchObject({
      kind: 'client-secret',
      tenantId: there.tenant,
      clientId: there.client,
      secret: there.secret,
    });
    // The usual secret does not prove another application.
    const { [`AZURE_CLIENT_SECRET_${suffix}`]: _, ...half } = both;
    expect(() => choose(half, secret)).toThrow(expect.objectContaining({ code: 'credential-missing' }));
  });

  it('of another cloud: never the usual one', () => {
    expect(() => choose(usual, secret, false)).toThrow(
      expect.objectContaining({ code: 'credential-missing' }),
    );
  });

  it('has its secrets hidden like all others', () => {
    expect(
      findSecrets({ ...both, SYSTEM_ACCESSTOKEN: 'job', PATH: '/bin', AZURE_CLIENT_SECRET_HINT: 'x' }),
    ).toEqual([here.secret, there.secret, 'job']);
  });
});

/**
 * Names as Azure gives them: with a hash and a region, or with the suffix of an App Service Environment. Nothing in
 * them follows from the name of the site, so that whoever computes one fails.
 */
function renamed(wire: Transport, names: readonly (readonly [string, string])[]): Transport {
  const replace = (text: string, from: 0 | 1, to: 0 | 1) =>
    names.reduce((rest, pair) => rest.replaceAll(pair[from], pair[to]), text);
  return async (request) => {
    if (/azurewebsites\.localhost/.test(request.url))
      throw new Error(`a name that was computed: ${request.url}`);
    const answer = await wire({ ...request, url: replace(request.url, 1, 0) });
    return {
      ...answer,
      headers: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, replace(value, 0, 1)]),
      ),
      body: replace(answer.body, 0, 1),
    };
  };
}

describe('host names', () => {
  const label = 'azurewebsites.localhost:8443';
  it.each<[string, readonly (readonly [string, string])[]]>([
    [
      'with a hash and a region',
      [
        [`orders-weu-staging.scm.${label}`, 'orders-weu-staging-g3f0.scm.westeurope-01.azurewebsites.net'],
        [`orders-weu-staging.${label}`, 'orders-weu-staging-g3f0.westeurope-01.azurewebsites.net'],
        [`orders-weu.scm.${label}`, 'orders-weu-a1b2.scm.westeurope-01.azurewebsites.net'],
        [`orders-weu.${label}`, 'orders-weu-a1b2.westeurope-01.azurewebsites.net'],
      ],
    ],
    [
      'of an App Service Environment',
      [
        [`orders-weu-staging.scm.${label}`, 'orders-weu-staging.scm.ase-7.appserviceenvironment.net'],
        [`orders-weu-staging.${label}`, 'orders-weu-staging.ase-7.appserviceenvironment.net'],
        [`orders-weu.scm.${label}`, 'orders-weu.scm.ase-7.appserviceenvironment.net'],
        [`orders-weu.${label}`, 'orders-weu.ase-7.appserviceenvironment.net'],
      ],
    ],
    [
      'of another domain altogether',
      [
        [`orders-weu-staging.scm.${label}`, 'x17.deploy.contoso.example'],
        [`orders-weu-staging.${label}`, 'x17.apps.contoso.example'],
        [`orders-weu.scm.${label}`, 'x16.deploy.contoso.example'],
        [`orders-weu.${label}`, 'x16.apps.contoso.example'],
      ],
    ],
  ])('%s are read from the site, for the app and for its SCM site', async (_name, names) => {
    const clock = new VirtualClock();
    const emulator = createEmulator({
      world: worldOf(here, [{ name: 'orders-weu', region: 'westeurope', release: 'old.000000000000' }]),
      clock,
      runtime: playedRuntime,
      origin: here.origin,
    });
    const asked: string[] = [];
    const wire = renamed(transportOver(emulator.fetch, clock), names);
    const azure = await clock.run(
      createAzure({
        cloudName: here.origin,
        transport: (request) => {
          asked.push(new URL(request.url).host);
          return wire(request);
        },
        clock,
        environment: usual,
        random: () => 0.5,
        hide: () => {},
      }),
    );
    const target = targetIn(here, 'orders-weu');
    const { targets } = await clock.run(azure.survey({ targets: [target], settings: {} }));
    expect(targets[0]).toMatchObject({
      production: { hostName: names[3]![1], scmHostName: names[2]![1] },
      staging: { hostName: names[1]![1], scmHostName: names[0]![1] },
    });
    await clock.run(azure.slots.writeSettings(target, { [stampSetting]: release.id }));
    await clock.run(azure.slots.deployPackage(target, release, () => {}));
    await clock.run(azure.slots.swap(target));
    expect(await clock.run(azure.slots.readSlots(target))).toMatchObject({
      liveId: release.id,
      liveHost: names[3]![1],
      besideHost: names[1]![1],
    });
    expect(asked).toContain(names[0]![1]);
    expect(new Set(asked).size).toBe(2);
  });
});

describe('discovery', () => {
  const one = (name: string) => ({ name, region: 'westeurope', tags: { app: 'orders' } });

  async function discover(gone: readonly string[], found: readonly string[]) {
    const clock = new VirtualClock();
    const emulator = createEmulator({
      world: worldOf(here, found.map(one)),
      clock,
      runtime: playedRuntime,
      origin: here.origin,
    });
    const wire = transportOver(emulator.fetch, clock);
    const body = JSON.stringify({ error: { code: 'ResourceNotFound', message: 'was not found.' } });
    const transport: Transport = async (request) =>
      gone.some((name) => request.url.includes(`/sites/${name}`))
        ? { status: 404, reason: '', headers: {}, setCookies: [], body, address: null }
        : wire(request);
    const azure = await clock.run(
      createAzure({
        cloudName: here.origin,
        transport,
        clock,
        environment: usual,
        random: () => 0.5,
        hide: () => {},
      }),
    );
    return clock.run(azure.survey({ targets: [], discover: { tags: { app: 'orders' } }, settings: {} }));
  }

  it('tells of a site that Resource Graph lists and ARM has no more, and goes on with the others', async () => {
    const fleet = await discover(['orders-neu'], ['orders-neu', 'orders-weu']);
    expect(fleet.targets.map(({ target }) => target.name)).toEqual(['orders-weu']);
    expect(fleet.vanished).toEqual([
      `/subscriptions/${here.subscription}/resourceGroups/slotwave/providers/Microsoft.Web/sites/orders-neu`,
    ]);
  });

  it('says nothing of the kind when all are there', async () => {
    expect(await discover([], ['orders-weu'])).not.toHaveProperty('vanished');
  });

  it('refuses when all of them are gone', async () => {
    await expect(discover(['orders-neu', 'orders-weu'], ['orders-neu', 'orders-weu'])).rejects.toMatchObject({
      kind: 'input',
      code: 'nothing-discovered',
      problems: [{ message: 'is not there any more' }, { message: 'is not there any more' }],
    });
  });

  it('turns 2,500 found sites into targets over pages, no faster than Resource Graph allows', async () => {
    const sites = Array.from({ length: 2_500 }, (_, at) => `orders-${String(at).padStart(4, '0')}`);
    const clock = new VirtualClock();
    const queries: number[] = [];
    const transport: Transport = async (request) => {
      const { pathname } = new URL(request.url);
      const answer = { status: 200, reason: '', headers: {}, setCookies: [], address: null };
      if (pathname === '/metadata/endpoints')
        return {
          ...answer,
          body: JSON.stringify({ authentication: { loginEndpoint: here.origin, audiences: [here.origin] } }),
        };
      if (pathname.includes('/oauth2/') || pathname.includes('.well-known')) return login(answer);
      if (!pathname.includes('ResourceGraph')) return { ...answer, status: 403, body: '' };
      queries.push(clock.now());
      const { options } = JSON.parse(String(request.body)) as { options: { $skipToken?: string } };
      const from = Number(options.$skipToken ?? 0);
      const rows = sites.slice(from, from + 1_000);
      const more = from + 1_000 < sites.length;
      return {
        ...answer,
        headers: { 'x-ms-user-quota-remaining': '0', 'x-ms-user-quota-resets-after': '00:00:05' },
        body: JSON.stringify({
          totalRecords: sites.length,
          count: rows.length,
          resultTruncated: String(more),
          ...(more ? { $skipToken: String(from + 1_000) } : {}),
          data: rows.map((name) => ({
            id: `/subscriptions/${here.subscription}/resourceGroups/g/providers/Microsoft.Web/sites/${name}`,
          })),
        }),
      };
    };
    const login = (answer: object) => ({
      ...(answer as { status: number; reason: string; setCookies: string[]; address: null }),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        token_endpoint: `${here.origin}/t/oauth2/v2.0/token`,
        authorization_endpoint: `${here.origin}/t/oauth2/v2.0/authorize`,
        issuer: here.origin,
        jwks_uri: here.origin,
        token_type: 'Bearer',
        expires_in: 3_600,
        access_token: 'token',
      }),
    });
    const azure = await clock.run(
      createAzure({
        cloudName: here.origin,
        transport,
        clock,
        environment: usual,
        random: () => 0.5,
        hide: () => {},
      }),
    );
    // Every site is asked for through ARM before anything else, which here does not let us.
    await expect(
      clock.run(azure.survey({ targets: [], discover: { tags: { app: 'orders' } }, settings: {} })),
    ).rejects.toMatchObject({ message: expect.stringContaining('2500 of 2500') });
    expect(queries.length).toBe(3);
    expect(queries[1]! - queries[0]!).toBeGreaterThanOrEqual(5_000);
    expect(queries[2]! - queries[1]!).toBeGreaterThanOrEqual(5_000);
  });
});
