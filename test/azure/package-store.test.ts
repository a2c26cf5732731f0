import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGovernor } from '../../src/azure/governor.ts';
import { openPackageStore } from '../../src/azure/package-store.ts';
import { createTokens } from '../../src/azure/tokens.ts';
import { type HttpRequest, type Transport, TransportError } from '../../src/azure/transport.ts';
import { createTransport, type NodeTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import type { Release } from '../../src/release/release.ts';
import { type Azurite, makeStorageToken, startAzurite } from './azurite.ts';

const clock = systemClock();
const folder = mkdtempSync(join(tmpdir(), 'slotwave-store-'));
let azurite: Azurite;
let wire: NodeTransport;

beforeAll(async () => {
  azurite = await startAzurite();
  wire = createTransport({ clock, ca: azurite.ca });
  const { status } = await send('PUT', `${azurite.account}/packages?restype=container`);
  expect(status).toBe(201);
}, 30_000);
afterAll(async () => {
  wire?.close();
  await azurite?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const token = makeStorageToken(Date.now());
const send = (method: string, url: string, headers: Record<string, string> = {}) =>
  wire.send({
    method,
    url,
    headers: { authorization: `Bearer ${token}`, 'x-ms-version': '2023-11-03', ...headers },
    timeoutMs: 10_000,
  });

function makeRelease(bytes: number): Release {
  const content = randomBytes(bytes);
  const digest = createHash('sha256').update(content).digest('hex');
  const path = join(folder, `${digest}.zip`);
  writeFileSync(path, content);
  return { id: `r1.${digest.slice(0, 12)}`, contentDigest: digest, digest, path, bytes, files: 1 };
}

interface Story {
  readonly container?: string;
  /** Stands between the store and the network. */
  readonly between?: (request: HttpRequest, send: Transport) => ReturnType<Transport>;
}

function openStore({ container = 'packages', between = (request, next) => next(request) }: Story = {}) {
  const sent: string[] = [];
  const hidden: string[] = [];
  const transport: Transport = (request) => {
    const url = new URL(request.url);
    sent.push(`${request.method} ${url.searchParams.get('comp') ?? 'blob'}`);
    return between(request, wire.send);
  };
  const issue = async () => ({ value: token, expiresAtMs: clock.now() + 3_600_000 });
  const store = openPackageStore({
    address: `${azurite.account}/${container}`,
    tokens: createTokens({ described: 'a test', issue }, clock, (secret) => hidden.push(secret)),
    transport,
    clock,
    random: () => 0,
    hide: (secret) => hidden.push(secret),
    governor: createGovernor({ clock, random: () => 0 }),
  });
  return { store, sent, hidden, puts: () => sent.filter((each) => each.startsWith('PUT')) };
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** Without a token: the address is all that a slot is given. */
async function fetchAs(url: string): Promise<{ status: number; digest: string }> {
  const { status, body } = await wire.send({ method: 'GET', url, headers: {}, timeoutMs: 10_000 });
  return { status, digest: digestOf(Buffer.from(body, 'utf8')) };
}

describe('a shelf of packages', () => {
  it('takes a package of several blocks once, whoever asks how often, and tells how far it is', async () => {
    const release = makeRelease(10 * 1024 * 1024);
    const { store, puts } = openStore();
    const told: number[] = [];
    await Promise.all([1, 2, 3].map(() => store.keep(release, (bytes) => told.push(bytes))));
    expect(puts()).toEqual(['PUT block', 'PUT block', 'PUT block', 'PUT blocklist']);
    expect(told.at(-1)).toBe(release.bytes);
    const head = await send('HEAD', `${azurite.account}/packages/${release.digest}.zip`);
    expect([head.status, head.headers['content-length'], head.headers['content-type']]).toEqual([
      200,
      String(release.bytes),
      'application/zip',
    ]);
    const other = openStore();
    await other.store.keep(release, () => {});
    expect(other.puts()).toEqual([]);
  });

  it('lends it by an address that reads these bytes, needs no token, and is hidden before anybody has it', async () => {
    const release = makeRelease(1000);
    writeFileSync(release.path, 'a'.repeat(1000));
    const { store, hidden } = openStore();
    await store.keep(release, () => {});
    const url = await store.lend(release, 60_000);
    const query = new URL(url).searchParams;
    expect(await fetchAs(url)).toEqual({ status: 200, digest: digestOf(Buffer.from('a'.repeat(1000))) });
    expect([query.get('sp'), query.get('spr'), query.get('sr')]).toEqual(['r', 'https', 'b']);
    expect(query.get('skoid')).toBe('22222222-2222-4222-8222-222222222222');
    const lifeMs = Date.parse(query.get('se') ?? '') - Date.now();
    expect(lifeMs).toBeGreaterThan(60_000);
    expect(lifeMs).toBeLessThan(7 * 60_000);
    expect(hidden).toContain(query.get('sig'));
    const unsigned = await fetchAs(url.replace(/\?.*/, ''));
    expect(unsigned.status).toBeGreaterThanOrEqual(400);
    const other = url.replace(release.digest, makeRelease(10).digest);
    expect((await fetchAs(other)).status).toBeGreaterThanOrEqual(400);
  });

  it('lends by addresses that end', async () => {
    const release = makeRelease(10);
    const { store } = openStore();
    await store.keep(release, () => {});
    const url = await store.lend(release, -6 * 60_000);
    expect((await fetchAs(url)).status).toBe(403);
  });

  it('signs for a whole fleet with one key', async () => {
    const release = makeRelease(10);
    const { store, sent } = openStore();
    await store.keep(release, () => {});
    await Promise.all(Array.from({ length: 20 }, () => store.lend(release, 60_000)));
    expect(sent.filter((each) => each === 'POST userdelegationkey')).toHaveLength(1);
  });

  it('sends each block again that was lost, from its own first byte, and takes a lost last answer for what it did', async () => {
    const release = makeRelease(5 * 1024 * 1024);
    const lostOnce = new Set<string>();
    const { store, puts } = openStore({
      between: async (request, next) => {
        const key = new URL(request.url).search;
        if (request.method !== 'PUT' || lostOnce.has(key)) return next(request);
        lostOnce.add(key);
        await next(request);
        throw new TransportError('lost', { code: 'ECONNRESET', sent: true, host: 'x' });
      },
    });
    await store.keep(release, () => {});
    expect(puts()).toHaveLength(6);
    const head = await send('HEAD', `${azurite.account}/packages/${release.digest}.zip`);
    expect(head.headers['content-length']).toBe(String(release.bytes));
  });

  it('leaves the store alone for as long as it asks for, all blocks together', async () => {
    const release = makeRelease(9 * 1024 * 1024);
    let untilMs = 0;
    const early: string[] = [];
    const { store } = openStore({
      between: async (request, next) => {
        // Timers may fire a millisecond early by the wall's clock.
        if (Date.now() < untilMs - 5) early.push(request.url);
        const isBlock = new URL(request.url).searchParams.get('comp') === 'block';
        const answered = await next(request);
        if (!isBlock || untilMs > 0) return answered;
        untilMs = Date.now() + 1_000;
        return { ...answered, status: 503, headers: { 'retry-after': '1', 'x-ms-error-code': 'ServerBusy' } };
      },
    });
    await store.keep(release, () => {});
    expect(Date.now()).toBeGreaterThanOrEqual(untilMs - 5);
    expect(early).toEqual([]);
  });

  it('does not take a name for its content: other bytes under it are refused', async () => {
    const release = makeRelease(100);
    const { store } = openStore();
    await store.keep({ ...makeRelease(50), digest: release.digest }, () => {});
    await expect(openStore().store.keep(release, () => {})).rejects.toMatchObject({
      kind: 'refusal',
      code: 'store-content-differs',
    });
  });

  const answer = (status: number, code: string) => ({
    between: async () => ({
      status,
      reason: '',
      headers: { 'x-ms-error-code': code, 'content-type': 'application/xml' },
      setCookies: [],
      body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no\nRequestId:1</Message></Error>`,
      address: null,
    }),
  });
  it.each([
    ['a container that is not there', { container: 'nowhere' }, 'refusal', 'store-not-found', /container/],
    [
      'a missing role',
      answer(403, 'AuthorizationPermissionMismatch'),
      'refusal',
      'store-forbidden',
      /Storage Blob Data Contributor.*Delegator/,
    ],
    [
      'a firewall',
      answer(403, 'AuthorizationFailure'),
      'refusal',
      'store-network-forbidden',
      /firewall of the storage account/,
    ],
    [
      'a token of another tenant',
      answer(401, 'InvalidAuthenticationInfo'),
      'refusal',
      'credential-refused',
      /tenant/,
    ],
  ] as const)('says what is wrong: %s', async (_, story, kind, code, next) => {
    const release = makeRelease(10);
    const failure: unknown = await openStore(story as Story)
      .store.keep(release, () => {})
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind, code, next: expect.stringMatching(next) });
    expect(String(failure)).not.toMatch(/RequestId|Bearer|sig=/);
  });
});
