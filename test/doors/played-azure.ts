/** One Azure for all jobs of a test file: apps of their own for each job, and something that vouches for them. */
import 'reflect-metadata';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, get, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { systemClock } from '../../src/clock.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { playBuilds } from '../azure/sign-in.ts';
import { root } from '../entry/start-cli.ts';

export const subscriptionId = '00000000-0000-4000-8000-000000000001';
const timeScale = 60;

export interface PlayedAzure {
  /** What a job needs to find it: its clock, and who the job is. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same with a secret, for those who are not vouched for. */
  readonly withSecret: Readonly<Record<string, string>>;
  /** Only its clock, for a job that is told by its agent who it is. */
  readonly clock: Readonly<Record<string, string>>;
  /** Where an agent's job is vouched for, and by which token. */
  readonly pipelines: { readonly requestUri: string; readonly accessToken: string };
  readonly clientSecret: string;
  readonly inputs: { readonly cloud: string; readonly ca: string };
  readonly clientId: string;
  readonly tenantId: string;
  countSwaps(site: string): Promise<number>;
  /** The keys of a site's hosts, of production and of staging, as Azure tells them to whoever may ask. */
  readKeys(site: string): Promise<readonly string[]>;
  /** In place of all faults there were. */
  setFaults(faults: readonly object[]): Promise<void>;
  stop(): Promise<void>;
}

/** Secrets that stand in this Azure and that nobody may show. */
export const planted = {
  'setting of production': 'prd#55a1-production-setting-0c',
  'setting of staging': 'stg$71ee-staging-setting-a9',
  'signature of an address to read by': 'SaS%2BsIgNaTuRe0987%3D',
} as const;

/** An address of a package, of the kind that opens it for whoever has it. */
export const signedAddress = `https://a.blob.core.windows.net/c/p.zip?sv=2024-11-04&sp=r&sig=${planted['signature of an address to read by']}`;

const world = (sites: readonly string[]) => ({
  latencies: {
    ...{ arm: 0, login: 0, scm: 0, front: 0, deploy: '2s', scmSettings: 0, hostStart: 0, restart: 0 },
    ...{ swapApply: '1s', swapPing: '2s', swapRoute: '1s', swapPost: '1s', swapPoll: '2s' },
  },
  sites: sites.map((name) => ({
    name,
    region: name.endsWith('eus') ? 'eastus' : 'westeurope',
    subscription: subscriptionId,
    resourceGroup: 'g',
    package: join(root, 'examples/orders'),
    sticky: ['PLANTED', 'PLANTED_ADDRESS'],
    settings: { PLANTED: planted['setting of production'], PLANTED_ADDRESS: signedAddress },
    slots: [
      {
        name: 'staging',
        settings: { PLANTED: planted['setting of staging'], PLANTED_ADDRESS: signedAddress },
      },
    ],
  })),
});

export async function playAzure(folder: string, sites: readonly string[]): Promise<PlayedAzure> {
  await writeFile(join(folder, 'world.yml'), JSON.stringify(world(sites)));
  const words = ['--world', 'world.yml', '--time-scale', String(timeScale)];
  const emulator = spawn(process.execPath, [join(root, 'src/entry/cli.ts'), 'emulator', ...words], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: emulator.stdout }), 'line')) as [string];
  const facts = JSON.parse(line) as Readonly<
    Record<'url' | 'ca' | 'tenantId' | 'clientId' | 'clientSecret' | 'anchorMs', string>
  >;
  const vouching = await vouch();
  const ca = join(folder, 'both-ca.pem');
  await writeFile(ca, `${readFileSync(facts.ca, 'utf8')}\n${vouching.ca}`);
  const authority = readFileSync(facts.ca, 'utf8');
  const clock = { SLOTWAVE_TIME_SCALE: String(timeScale), SLOTWAVE_ANCHOR: String(facts.anchorMs) };
  return {
    environment: { ...clock, ...vouching.environment },
    withSecret: {
      ...clock,
      AZURE_TENANT_ID: facts.tenantId,
      AZURE_CLIENT_ID: facts.clientId,
      AZURE_CLIENT_SECRET: facts.clientSecret,
    },
    clock,
    pipelines: {
      requestUri: vouching.pipelines['SYSTEM_OIDCREQUESTURI'] ?? '',
      accessToken: vouching.pipelines['SYSTEM_ACCESSTOKEN'] ?? '',
    },
    clientSecret: facts.clientSecret,
    inputs: { cloud: facts.url, ca },
    clientId: facts.clientId,
    tenantId: facts.tenantId,
    countSwaps: (site) => countSwaps(facts.url, authority, site),
    readKeys: (site) => readKeys(facts, authority, site),
    setFaults: (faults) => setFaults(facts.url, authority, faults),
    async stop() {
      vouching.server.close();
      await end(emulator);
    },
  };
}

/** The endpoints for tokens of jobs, GitHub's and that of Azure Pipelines. */
async function vouch() {
  const { ca, key, certificate } = await makeCertificates(Date.now());
  const server: Server = createServer({ key, cert: certificate }, (asked, response) => {
    const { status, headers, body } = builds.answer({
      method: asked.method ?? '',
      url: `${origin}${asked.url}`,
      headers: asked.headers as Record<string, string>,
    });
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  // Far longer than a real one lives: the emulator's time runs away from the wall's.
  const builds = playBuilds({ origin, clock: systemClock(), lifeMs: 24 * 3_600_000 });
  return { ca, server, environment: builds.github, pipelines: builds.pipelines };
}

async function countSwaps(url: string, ca: string, site: string): Promise<number> {
  const [answer] = (await once(get(`${url}/_emulator/history`, { ca }), 'response')) as [IncomingMessage];
  const history = (await json(answer)) as readonly { readonly type: string; readonly site?: string }[];
  return history.filter((each) => each.type === 'swap.done' && each.site === site).length;
}

/** By a road of its own: what is compared with must not come from what is tested. */
async function readKeys(
  { url, tenantId, clientId, clientSecret }: Readonly<Record<string, string>>,
  ca: string,
  site: string,
): Promise<readonly string[]> {
  const grant = new URLSearchParams({
    ...{ grant_type: 'client_credentials', scope: `${url}/.default` },
    ...{ client_id: clientId ?? '', client_secret: clientSecret ?? '' },
  });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const login = `${url}/${tenantId}/oauth2/v2.0/token`;
  const { access_token: token } = (await post(login, ca, form, grant.toString())) as { access_token: string };
  const found: string[] = [];
  for (const place of [site, `${site}/slots/staging`]) {
    const id = `/subscriptions/${subscriptionId}/resourceGroups/g/providers/Microsoft.Web/sites/${place}`;
    const at = `${url}${id}/host/default/listkeys?api-version=2024-04-01`;
    const told = (await post(at, ca, { authorization: `Bearer ${token}` }, '')) as {
      readonly masterKey: string;
      readonly functionKeys: Readonly<Record<string, string>>;
    };
    found.push(told.masterKey, ...Object.values(told.functionKeys));
  }
  return found;
}

async function post(
  url: string,
  ca: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<unknown> {
  const asked = request(url, { ca, method: 'POST', headers });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`);
  return json(answer);
}

async function setFaults(url: string, ca: string, faults: readonly object[]): Promise<void> {
  const asked = request(`${url}/_emulator/faults`, { ca, method: 'POST' });
  asked.end(JSON.stringify(faults));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  if (answer.statusCode !== 200 && answer.statusCode !== 204) throw new Error(`faults: ${answer.statusCode}`);
}

async function end(emulator: ChildProcess): Promise<void> {
  const ended = once(emulator, 'exit');
  emulator.kill('SIGTERM');
  await ended;
}
