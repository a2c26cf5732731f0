import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import { type Azure, createAzure } from '../../src/azure/azure.ts';
import type { CredentialChoice } from '../../src/azure/credential-choice.ts';
import { createTransport, type NodeTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { type Served, serve } from '../../src/emulator/serve/serve.ts';
import type { Target } from '../../src/plan/fleet.ts';
import { playedRuntime } from './in-process.ts';
import { type Builds, playBuilds } from './sign-in.ts';

/** Every kind of credential, with the unmodified library, over real HTTPS, past the end of its first token. */
const lifeMs = 4_000;
const clock = systemClock();
const folder = mkdtempSync(join(tmpdir(), 'slotwave-login-'));
const target: Target = {
  name: 'weu',
  subscriptionId: '51075a1e-0000-4000-8000-000000000001',
  resourceGroup: 'slotwave',
  site: 'orders-weu',
  slot: 'staging',
  labels: {},
};

let served: Served;
let wire: NodeTransport;
let builds: Builds;
let principal: Readonly<Record<string, string>>;
let authority: string;
const servers: Server[] = [];
/** What the metadata endpoint of this "machine" was asked for. */
const askedOfMachine: string[] = [];
const before = { ...process.env };

beforeAll(async () => {
  const certificates = await makeCertificates(Date.now());
  authority = certificates.ca;
  served = await serve({
    certificates,
    create: (origin) =>
      createEmulator({
        world: {
          identity: { tokenLifetime: lifeMs },
          latencies: { arm: 1, login: 1 },
          sites: [{ name: 'orders-weu', region: 'westeurope', release: 'old.000000000000' }],
        },
        clock,
        runtime: playedRuntime,
        origin,
      }),
  });
  wire = createTransport({ clock, ca: authority });
  const { tenantId, clientId } = served.emulator.identity;
  principal = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId };

  const buildServer = createHttpsServer(
    { key: certificates.key, cert: certificates.certificate },
    (request, response) => {
      const answer = builds.answer({
        method: request.method ?? '',
        url: `${origin}${request.url}`,
        headers: request.headers as Record<string, string>,
      });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    },
  );
  const origin = `https://localhost:${await listen(buildServer)}`;
  builds = playBuilds({ origin, clock, lifeMs: 60_000 });

  const machine = createServer(
    (request, response) => void answerAsMachine(request).then((body) => response.end(body)),
  );
  const port = await listen(machine);
  // The library reads these itself; nothing here could give them to it otherwise.
  process.env['IDENTITY_ENDPOINT'] = `http://127.0.0.1:${port}/msi/token`;
  process.env['IDENTITY_HEADER'] = 'header-of-this-machine';
  writeFileSync(
    join(folder, 'az'),
    `#!/bin/sh\nexec "${process.execPath}" -e 'fetch("http://127.0.0.1:${port}/az?" + process.argv.slice(1).join("+")).then((a) => a.text()).then(console.log)' -- "$@"\n`,
  );
  chmodSync(join(folder, 'az'), 0o755);
}, 30_000);

afterAll(async () => {
  for (const name of ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER']) {
    const value = before[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  for (const server of servers) server.close();
  wire?.close();
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

function listen(server: Server): Promise<number> {
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** A managed identity's endpoint as App Service has it, and what `az account get-access-token` prints. */
async function answerAsMachine(request: IncomingMessage): Promise<string> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
  askedOfMachine.push(`${pathname} ${searchParams.get('client_id') ?? ''}`.trim());
  if (pathname === '/msi/token' && request.headers['x-identity-header'] !== 'header-of-this-machine')
    return '{}';
  const { tenantId, clientId, clientSecret } = served.emulator.identity;
  const answer = await wire.send({
    method: 'POST',
    url: `${served.url}/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'https://management.azure.com/.default',
    }).toString(),
    timeoutMs: 5_000,
  });
  const { access_token: token } = JSON.parse(answer.body) as { access_token: string };
  const expiresOn = Math.floor((Date.now() + lifeMs) / 1000);
  return JSON.stringify({
    access_token: token,
    accessToken: token,
    expires_on: expiresOn,
    expiresOn: new Date(expiresOn * 1000).toISOString(),
    resource: 'https://management.azure.com',
    token_type: 'Bearer',
    tokenType: 'Bearer',
  });
}

/** An RSA key with a certificate of its own, as `openssl req -x509` makes them. */
async function makePem(): Promise<string> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=orders',
    keys,
    signingAlgorithm: algorithm,
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return `${key}\n${certificate.toString('pem')}\n`;
}

interface Signing {
  readonly environment: Readonly<Record<string, string>>;
  readonly credential?: CredentialChoice;
}

const kinds: Readonly<Record<string, () => Promise<Signing>>> = {
  'a secret': async () => ({
    environment: { ...principal, AZURE_CLIENT_SECRET: served.emulator.identity.clientSecret },
  }),
  'a certificate in a file': async () => {
    const path = join(folder, 'orders.pem');
    writeFileSync(path, await makePem());
    return { environment: { ...principal, AZURE_CLIENT_CERTIFICATE_PATH: path } };
  },
  "a service connection's certificate": async () => ({
    environment: {},
    credential: {
      kind: 'client-certificate',
      tenantId: principal['AZURE_TENANT_ID']!,
      clientId: principal['AZURE_CLIENT_ID']!,
      certificate: { pem: await makePem() },
      password: null,
    },
  }),
  "a service connection's secret": async () => ({
    environment: {
      tenantId: principal['AZURE_TENANT_ID']!,
      servicePrincipalId: principal['AZURE_CLIENT_ID']!,
      servicePrincipalKey: served.emulator.identity.clientSecret,
    },
  }),
  "a service connection's workload identity": async () => ({
    environment: {
      AZURESUBSCRIPTION_TENANT_ID: principal['AZURE_TENANT_ID']!,
      AZURESUBSCRIPTION_CLIENT_ID: principal['AZURE_CLIENT_ID']!,
      ...builds.pipelines,
    },
  }),
  'a GitHub job': async () => ({ environment: { ...principal, ...builds.github } }),
  'a token file': async () => {
    const file = join(folder, 'federated-token');
    const answer = builds.answer({
      method: 'GET',
      url: builds.github['ACTIONS_ID_TOKEN_REQUEST_URL']!,
      headers: { authorization: `Bearer ${builds.github['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}` },
    });
    writeFileSync(file, (JSON.parse(answer.body) as { value: string }).value);
    return { environment: { ...principal, AZURE_FEDERATED_TOKEN_FILE: file } };
  },
  "the machine's managed identity": async () => ({
    environment: { IDENTITY_ENDPOINT: process.env['IDENTITY_ENDPOINT']! },
  }),
  'a managed identity of its own': async () => ({
    environment: {
      SLOTWAVE_CREDENTIAL: 'managed-identity',
      AZURE_CLIENT_ID: '0a0a0a0a-0000-4000-8000-000000000001',
    },
  }),
};

async function open({ environment, credential }: Signing, seen: Set<string>): Promise<Azure> {
  return createAzure({
    cloudName: served.url,
    transport: (request) => {
      if (request.headers['authorization'] && request.url.startsWith(`${served.url}/subscriptions`))
        seen.add(request.headers['authorization']);
      return wire.send(request);
    },
    clock,
    environment,
    credential,
    random: () => 0.5,
    hide: () => {},
  });
}

interface Told {
  readonly liveIds: readonly (string | null)[];
  /** Different tokens that ARM was shown. */
  readonly tokens: number;
}

/** Before the first token has ended and after. */
async function askTwice(signing: Signing): Promise<Told> {
  const seen = new Set<string>();
  const azure = await open(signing, seen);
  const first = await azure.slots.readSlots(target);
  await clock.sleep(lifeMs);
  const second = await azure.slots.readSlots(target);
  return { liveIds: [first.liveId, second.liveId], tokens: seen.size };
}

function demand(told: Told | Error | undefined): Told {
  if (told === undefined || told instanceof Error) throw told ?? new Error('nothing was told');
  return told;
}

describe('signing in over HTTPS', () => {
  // Told together, since each of them waits for its token to end.
  const told = new Map<string, Told | Error>();
  beforeAll(async () => {
    await Promise.all(
      Object.entries(kinds).map(async ([name, make]) =>
        told.set(name, await askTwice(await make()).catch((error: Error) => error)),
      ),
    );
  }, 60_000);

  it.each(Object.keys(kinds))('with %s works, and again when the first token has ended', (name) => {
    const { liveIds, tokens } = demand(told.get(name));
    expect(liveIds).toEqual(['old.000000000000', 'old.000000000000']);
    // A machine that is slow enough needs a third before the second reading is done.
    expect(tokens).toBeGreaterThanOrEqual(2);
  });

  it('with a managed identity of its own asks for exactly that one', () => {
    expect(askedOfMachine).toContain('/msi/token 0a0a0a0a-0000-4000-8000-000000000001');
    expect(askedOfMachine).toContain('/msi/token');
  });

  it('with the Azure CLI works, and again when the first token has ended', async () => {
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, authority);
    const script = join(import.meta.dirname, 'ask-once.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, served.url, ca, String(lifeMs)], {
      env: { PATH: `${folder}:/usr/bin:/bin`, SYSTEMROOT: process.env['SYSTEMROOT'] ?? '' },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      identity: expect.stringContaining('az login'),
      liveIds: ['old.000000000000', 'old.000000000000'],
    });
    expect(askedOfMachine.filter((asked) => asked.startsWith('/az')).length).toBeGreaterThanOrEqual(2);
  }, 60_000);
});
