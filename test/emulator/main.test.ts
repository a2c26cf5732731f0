import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readPackage } from '../../src/emulator/world/package-source.ts';
import { type Built, findBuilt, root } from '../entry/built.ts';

let folder: string;
let built: Built;

beforeAll(async () => {
  built = await findBuilt();
  folder = mkdtempSync(join(tmpdir(), 'slotwave-main-'));
  writeFileSync(
    join(folder, 'world.yml'),
    `sites:\n  - { name: orders-weu, region: westeurope, package: ${join(root, 'examples/orders')}, release: r-0 }\n`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(...flags: readonly string[]): ChildProcess {
  return spawn(process.execPath, [built.emulator, ...flags], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: built.compileCache },
  });
}

interface Facts {
  readonly url: string;
  readonly ca: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeScale: number;
  readonly anchorMs: number;
  readonly pid: number;
}

async function firstLine(child: ChildProcess): Promise<Facts> {
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return JSON.parse(String(line)) as Facts;
}

async function endOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly said: string }> {
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'exit');
  return { code, said };
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly address?: string;
}

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: string;
}

function ask(
  facts: Facts,
  host: string,
  path: string,
  { method = 'GET', headers = {}, body, address = '127.0.0.1' }: Asked = {},
): Promise<Answer> {
  const { port } = new URL(facts.url);
  const ca = readFileSync(facts.ca);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: address,
        port,
        path,
        method,
        servername: host,
        ca,
        headers: { ...headers, host: `${host}:${port}` },
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          const location = incoming.headers.location ?? '';
          resolve({ status: incoming.statusCode ?? 0, location, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

/** Headers with a fresh token. */
async function logIn(facts: Facts): Promise<Readonly<Record<string, string>>> {
  const { tenantId, clientId, clientSecret } = facts;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${facts.url}/.default`,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { body } = await ask(facts, 'localhost', `/${tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers,
    body: form.toString(),
  });
  const { access_token: token } = JSON.parse(body) as { readonly access_token: string };
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
}

/** Asks until the answer has this status. */
async function until(status: number, again: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await again();
    if (answer.status === status) return answer;
    if (answer.status >= 400) throw new Error(`${answer.status} ${answer.body}`);
    await sleep(50);
  }
}

describe("the emulator's door", () => {
  it.concurrent('prints one line, runs the deployed app for real, and leaves nothing behind when its starter goes', async () => {
    const data = join(folder, 'data');
    const child = start(
      '--world',
      join(folder, 'world.yml'),
      '--time-scale',
      '20',
      '--anchor',
      '1767225600000',
      '--data',
      data,
    );
    const end = endOf(child);
    const facts = await firstLine(child);
    expect(facts).toMatchObject({
      emulator: 'slotwave',
      timeScale: 20,
      anchorMs: 1_767_225_600_000,
      pid: child.pid,
    });
    expect(facts.ca.startsWith(data)).toBe(true);
    const health = await ask(facts, 'orders-weu.azurewebsites.localhost', '/api/health');
    expect(health.status).toBe(200);
    expect(JSON.parse(health.body)).toMatchObject({ release: 'r-0' });
    child.stdin!.end();
    expect(await end).toEqual({ code: 0, said: '' });
    expect(existsSync(facts.ca)).toBe(false);
  });

  it.concurrent('deploys and swaps real code: what was staged answers in production, and what was live waits beside it', async () => {
    const child = start('--world', join(folder, 'world.yml'), '--time-scale', '50');
    const end = endOf(child);
    const facts = await firstLine(child);
    const headers = await logIn(facts);
    const site =
      '/subscriptions/51075a1e-0000-4000-8000-000000000001/resourceGroups/slotwave/providers/Microsoft.Web/sites/orders-weu';
    const arm = (method: string, path: string, body: object) =>
      ask(facts, 'localhost', `${site}/${path}?api-version=2025-05-01`, {
        method,
        headers,
        body: JSON.stringify(body),
      });
    const scm = (method: string, path: string, body?: Uint8Array) =>
      ask(facts, 'orders-weu-staging.scm.azurewebsites.localhost', path, {
        method,
        headers: { ...headers, 'content-type': 'application/zip' },
        ...(body ? { body } : {}),
      });
    const release = async (label: string) => {
      const { body } = await ask(facts, `${label}.azurewebsites.localhost`, '/api/health');
      return (JSON.parse(body) as { readonly release: string }).release;
    };
    await arm('PUT', 'slots/staging/config/appsettings', {
      properties: {
        FUNCTIONS_WORKER_RUNTIME: 'node',
        WEBSITE_RUN_FROM_PACKAGE: '1',
        SLOTWAVE_RELEASE_ID: 'r-1',
        WEBSITE_SWAP_WARMUP_PING_PATH: '/api/health',
        WEBSITE_SWAP_WARMUP_PING_STATUSES: '200',
      },
    });
    // The SCM site sees them 5 s of its time later.
    await sleep(200);
    const bytes = readPackage(join(root, 'examples/orders'), 'r-1');
    expect((await scm('POST', '/api/publish?type=zip&async=true', bytes)).status).toBe(202);
    await until(200, () => scm('GET', '/api/deployments/latest'));
    const accepted = await arm('POST', 'slots/staging/slotsswap', {
      targetSlot: 'production',
      preserveVnet: true,
    });
    const { pathname, search } = new URL(accepted.location);
    await until(200, () => ask(facts, 'localhost', pathname + search, { headers }));
    expect([await release('orders-weu'), await release('orders-weu-staging')]).toEqual(['r-1', 'r-0']);
    child.kill('SIGTERM');
    expect(await end).toEqual({ code: 0, said: '' });
  });

  it.concurrent('listens where it is told to, under the names of its world: private endpoints are addresses', async () => {
    const world = {
      network: { domain: 'sites.test', management: 'management.test' },
      sites: [
        {
          ...{ name: 'orders-weu', region: 'westeurope', package: join(root, 'examples/orders') },
          ...{ publicNetworkAccess: 'Disabled', privateEndpoints: ['127.0.0.3'] },
        },
      ],
    };
    writeFileSync(join(folder, 'private.yml'), JSON.stringify(world));
    const port = String(20_000 + (process.pid % 12_000));
    const words = ['127.0.0.2', '127.0.0.3'].flatMap((address) => ['--listen', `${address}:${port}`]);
    const child = start('--world', join(folder, 'private.yml'), ...words);
    const end = endOf(child);
    const facts = await firstLine(child);
    expect(facts).toMatchObject({ url: `https://management.test:${port}`, insideUrl: null });
    const name = 'orders-weu.sites.test';
    const at = (address: string, host: string, path = '/api/health') => ask(facts, host, path, { address });
    const { status } = await at('127.0.0.3', name);
    expect([status, (await at('127.0.0.2', name)).status]).toEqual([200, 403]);
    expect((await at('127.0.0.2', 'management.test', '/subscriptions?api-version=2022-12-01')).status).toBe(
      401,
    );
    // As on Azure, the certificate is not for the names of the zone.
    await expect(at('127.0.0.3', 'orders-weu.privatelink.sites.test')).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    child.kill('SIGTERM');
    expect(await end).toEqual({ code: 0, said: '' });
  });

  it.concurrent.each(['SIGTERM', 'SIGINT'] as const)('ends in order on %s', async (signal) => {
    const child = start('--world', join(folder, 'world.yml'));
    const end = endOf(child);
    const facts = await firstLine(child);
    child.kill(signal);
    expect(await end).toEqual({ code: 0, said: '' });
    expect(existsSync(facts.ca)).toBe(false);
  });

  it.concurrent.each([
    ['without a world', [], /--world is missing/],
    [
      'with a number that is none',
      ['--port', 'x', '--seed', 'y'],
      /--port must be a number[\s\S]*--seed must be a number/,
    ],
    [
      'with addresses that are none',
      ['--listen', 'here', '--listen', '10.1.0.4:port'],
      /found "here"[\s\S]*found "10\.1\.0\.4:port"/,
    ],
    ['with an unknown flag', ['--wrold', 'x'], /--wrold/],
    ['with a world that is not there', ['--world', '/nowhere.yml'], /\/nowhere\.yml cannot be used/],
  ])('says what is wrong %s and ends with 2', async (_title, flags, message) => {
    const { code, said } = await endOf(start(...flags));
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it.concurrent('says so when its port is taken, and leaves no folder', async () => {
    const first = start('--world', join(folder, 'world.yml'));
    const end = endOf(first);
    const { port } = new URL((await firstLine(first)).url);
    const data = join(folder, 'taken');
    const second = await endOf(start('--world', join(folder, 'world.yml'), '--port', port, '--data', data));
    expect(second).toMatchObject({ code: 2, said: expect.stringContaining('EADDRINUSE') });
    expect(readdirSync(data)).toEqual([]);
    first.kill('SIGTERM');
    await end;
  });
});
