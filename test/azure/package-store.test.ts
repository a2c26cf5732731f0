import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  AnonymousCredential,
  BlobSASPermissions,
  BlobServiceClient,
  generateBlobSASQueryParameters,
  SASProtocol,
} from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createGovernor } from '../../src/azure/governor.ts';
import type { PackageOwner } from '../../src/azure/package-label.ts';
import { openPackageStore } from '../../src/azure/package-store.ts';
import { connectStore } from '../../src/azure/store-client.ts';
import { classifyStore } from '../../src/azure/store-errors.ts';
import { createStoreShelf } from '../../src/azure/store-shelf.ts';
import { signForReading, storageVersion } from '../../src/azure/store-signature.ts';
import { type Element, readElement, readElements } from '../../src/azure/store-xml.ts';
import { createTokens } from '../../src/azure/tokens.ts';
import { type HttpRequest, type Transport, TransportError } from '../../src/azure/transport.ts';
import { createTransport, type NodeTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import type { Release } from '../../src/release/release.ts';
import { type Azurite, makeStorageToken, startAzurite } from './azurite.ts';
import { target } from './scripted.ts';

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
  readonly owner?: PackageOwner;
  /** Stands between the store and the network. */
  readonly between?: (request: HttpRequest, send: Transport) => ReturnType<Transport>;
}

function openStore({
  container = 'packages',
  owner,
  between = (request, next) => next(request),
}: Story = {}) {
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
    owner,
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

/** The SDK by its own way through our wire, which trusts Azurite's authority; it is given the address alone. */
async function readBySdk(url: string): Promise<{ body: Buffer; type: string | undefined }> {
  const { origin, pathname, search } = new URL(url);
  const [, account = '', container = '', ...names] = pathname.split('/');
  const service = new BlobServiceClient(`${origin}/${account}${search}`, new AnonymousCredential(), {
    tlsOptions: { ca: azurite.ca },
  } as object);
  const client = service.getContainerClient(container).getBlobClient(names.join('/'));
  const { contentType } = await client.getProperties();
  return { body: await client.downloadToBuffer(), type: contentType };
}

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

describe('a shelf of packages', () => {
  it('takes a package of several blocks once, whoever asks how often, and tells how far it is', async () => {
    const release = makeRelease(18 * 1024 * 1024);
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
    const { body } = await readBySdk(await store.lend(release, 60_000));
    expect(digestOf(body)).toBe(release.digest);
  });

  it('takes a small package by one request, under the type of a zip', async () => {
    const release = makeRelease(8 * 1024 * 1024);
    const { store, puts } = openStore();
    await store.keep(release, () => {});
    expect(puts()).toEqual(['PUT blob']);
    const { body, type } = await readBySdk(await store.lend(release, 60_000));
    expect([digestOf(body), type]).toEqual([release.digest, 'application/zip']);
  });

  it('says that a package shrank while it was sent, and leaves nothing under its name', async () => {
    const release = makeRelease(9 * 1024 * 1024);
    truncateSync(release.path, 100);
    const failure = { kind: 'refusal', code: 'package-changed', where: release.path };
    await expect(openStore().store.keep(release, () => {})).rejects.toMatchObject(failure);
    expect((await send('HEAD', `${azurite.account}/packages/${release.digest}.zip`)).status).toBe(404);
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
    const release = makeRelease(9 * 1024 * 1024);
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
    const small = openStore({
      between: async (request, next) => {
        const answer = await next(request);
        if (request.method !== 'PUT' || small.puts().length > 1) return answer;
        throw new TransportError('lost', { code: 'ECONNRESET', sent: true, host: 'x' });
      },
    });
    await small.store.keep(makeRelease(10), () => {});
    expect(small.puts()).toEqual(['PUT blob', 'PUT blob']);
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

/** An app in some regions, whose packages lie in a container of their own. */
const ownerOf = (app: string, ...sites: readonly string[]): PackageOwner => ({
  app,
  targets: sites.map((site) => ({ ...target, name: site, site })),
});

async function makeContainer(): Promise<string> {
  const name = `c${randomBytes(6).toString('hex')}`;
  expect((await send('PUT', `${azurite.account}/${name}?restype=container`)).status).toBe(201);
  return name;
}

/** Uploaded by somebody else's tool. */
async function putBySdk(container: string, blob: string, metadata: Record<string, string> = {}) {
  const service = new BlobServiceClient(azurite.account, new AnonymousCredential(), {
    tlsOptions: { ca: azurite.ca },
  } as object);
  const url = service.getContainerClient(container).getBlobClient(blob).url;
  const meta = Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value] as const);
  const headers = { 'x-ms-blob-type': 'BlockBlob', ...Object.fromEntries(meta) };
  expect((await send('PUT', url, headers)).status).toBe(201);
}

/** As the SDK tells what lies there, metadata included. */
async function listBySdk(container: string, prefix: string) {
  const bearer = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const service = new BlobServiceClient(azurite.account, bearer, {
    tlsOptions: { ca: azurite.ca },
  } as object);
  const found = [];
  for await (const blob of service.getContainerClient(container).listBlobsFlat({
    prefix,
    includeMetadata: true,
  }))
    found.push({
      name: blob.name,
      bytes: blob.properties.contentLength,
      changedMs: blob.properties.lastModified.getTime(),
      metadata: blob.metadata ?? {},
    });
  return found;
}

describe('what lies on the shelf', () => {
  const own = ownerOf('orders', 'orders-weu', 'orders-eus');
  const releases = (store: ReturnType<typeof openStore>['store']) =>
    store.list().then((found) => found.map(({ release }) => release).sort());

  it("is known again as this app's by name and label, through all pages, as the SDK lists it", async () => {
    const container = await makeContainer();
    const { store, sent } = openStore({
      container,
      owner: own,
      between: (request, next) =>
        next({ ...request, url: request.url.replace(/maxresults=\d+/, 'maxresults=2') }),
    });
    const kept = [10, 20, 30, 40, 50].map((bytes) => makeRelease(bytes));
    for (const each of kept) await store.keep(each, () => {});
    const found = await store.list();
    expect(sent.filter((each) => each === 'GET list')).toHaveLength(3);
    expect(found.map(({ release }) => release).sort()).toEqual(kept.map(({ id }) => id).sort());
    const theirs = await listBySdk(container, 'orders/');
    const bare = found.map(({ name, bytes, usedMs: changedMs }) => ({ name, bytes, changedMs }));
    expect(bare).toEqual(theirs.map(({ metadata: _, ...rest }) => rest));
    const { body } = await readBySdk(await store.lend(kept[0]!, 60_000));
    expect(digestOf(body)).toBe(kept[0]!.digest);
  });

  it('and belongs to another app, another fleet or nobody, is no package of ours', async () => {
    const container = await makeContainer();
    const keepAs = (owner: PackageOwner | undefined, bytes: number) => {
      const release = makeRelease(bytes);
      return openStore({ container, ...(owner ? { owner } : {}) })
        .store.keep(release, () => {})
        .then(() => release.id);
    };
    const ours = [await keepAs(own, 1), await keepAs(ownerOf('orders', 'orders-weu'), 2)];
    await keepAs(ownerOf('billing', 'orders-weu'), 3);
    // Of a region that we do not look at, nobody here knows what it runs.
    await keepAs(ownerOf('orders', 'orders-weu', 'orders-sea'), 4);
    await keepAs(undefined, 5);
    // Another slot of the same apps is another fleet's, which may be fetching it right now.
    const canary = own.targets.map((target) => ({ ...target, slot: 'canary' }));
    await keepAs({ ...own, targets: canary }, 6);
    const [listed] = await listBySdk(container, 'orders/');
    const label = listed?.metadata ?? {};
    await putBySdk(container, 'orders/notes.txt', label);
    await putBySdk(container, `orders/old/${'a'.repeat(64)}.zip`, label);
    await putBySdk(container, `orders/${'b'.repeat(64)}.zip`);
    await putBySdk(container, `orders/${'c'.repeat(64)}.zip`, { slotwave_release: 'x.0123456789ab' });
    await putBySdk(container, `orders/${'e'.repeat(64)}.zip`, {
      ...label,
      slotwave_release: '##[error]forged',
    });
    await putBySdk(container, `orders-too/${'d'.repeat(64)}.zip`, label);
    expect(await releases(openStore({ container, owner: own }).store)).toEqual([...ours].sort());
    expect(await releases(openStore({ container }).store)).toEqual([]);
  });

  it('is deleted one by one, unless a rollout has used it since it was listed', async () => {
    const container = await makeContainer();
    const { store } = openStore({ container, owner: own });
    const [old, reused] = [makeRelease(10), makeRelease(20)];
    for (const each of [old, reused]) await store.keep(each, () => {});
    const found = await store.list();
    const find = (id: string) => found.find(({ release }) => release === id)!;
    await openStore({ container, owner: own }).store.keep(reused, () => {});
    expect(await store.remove(find(reused.id))).toBe(false);
    expect(await store.remove(find(old.id))).toBe(true);
    expect(await store.remove(find(old.id))).toBe(false);
    expect(await releases(store)).toEqual([reused.id]);
  });

  it('and is deleted between two looks of a rollout that needs it is put there again', async () => {
    const container = await makeContainer();
    const release = makeRelease(10);
    await openStore({ container, owner: own }).store.keep(release, () => {});
    const tidy = openStore({ container, owner: own }).store;
    const [stored] = await tidy.list();
    const { store, puts } = openStore({
      container,
      owner: own,
      between: async (request, next) => {
        if (new URL(request.url).searchParams.get('comp') === 'metadata') await tidy.remove(stored!);
        return next(request);
      },
    });
    await store.keep(release, () => {});
    expect(puts()).toEqual(['PUT metadata', 'PUT blob']);
    expect(await releases(store)).toEqual([release.id]);
  });

  it('stays where this identity may not delete, and the way out is told', async () => {
    const container = await makeContainer();
    const { store } = openStore({
      container,
      owner: own,
      between: async (request, next) =>
        request.method === 'DELETE'
          ? answer(403, 'AuthorizationPermissionMismatch').between()
          : next(request),
    });
    await store.keep(makeRelease(10), () => {});
    const [stored] = await store.list();
    await expect(store.remove(stored!)).rejects.toMatchObject({
      kind: 'refusal',
      code: 'store-delete-forbidden',
      next: expect.stringMatching(/Storage Blob Data Contributor.*lifecycle/),
    });
  });

  it('is not looked at where a push had no need of it', async () => {
    const container = await makeContainer();
    const { store, sent } = openStore({ container, owner: own });
    const shelf = createStoreShelf({ store, keep: 5, isAlwaysUsed: false });
    expect(await shelf.list()).toEqual({ shelved: [], unfinished: [] });
    expect(sent).toEqual([]);
    const release = makeRelease(10);
    await store.keep(release, () => {});
    const { shelved } = await shelf.list();
    expect(shelved).toMatchObject([{ release: release.id, bytes: 10 }]);
    expect(await shelf.remove(shelved[0]!)).toBe(true);
  });

  it('of a fleet too large for a label is never known again', async () => {
    const container = await makeContainer();
    const large = ownerOf('orders', ...Array.from({ length: 1_201 }, (_, at) => `site-${at}`));
    const whole = { ...large, targets: large.targets.slice(1) };
    const [lost, known] = [makeRelease(1), makeRelease(2)];
    await openStore({ container, owner: large }).store.keep(lost, () => {});
    await openStore({ container, owner: whole }).store.keep(known, () => {});
    expect(await releases(openStore({ container, owner: large }).store)).toEqual([known.id]);
  });
});

describe('an address to read by', () => {
  const seconds = fc.integer({ min: 1_600_000_000, max: 1_900_000_000 });
  const word = fc.stringMatching(/^[a-z0-9-]{3,20}$/);
  it('is signed as the SDK signs, and written as it writes', () =>
    fc.assert(
      fc.property(
        fc.record({
          account: word,
          container: word,
          blob: word,
          startsS: seconds,
          lifeS: fc.integer({ min: 1, max: 90_000 }),
        }),
        fc.record({
          oid: fc.uuid(),
          tid: fc.uuid(),
          service: fc.constant('b'),
          version: word,
          startsS: seconds,
        }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        ({ startsS, lifeS, ...lent }, { startsS: keyS, ...signer }, secret) => {
          const value = Buffer.from(secret).toString('base64');
          const expiresMs = (startsS + lifeS) * 1000;
          const key = { ...signer, value, startsMs: keyS * 1000, expiresMs: keyS * 1000 + 3_600_000 };
          const ours = signForReading({ ...lent, startsMs: startsS * 1000 + 999, expiresMs }, key);
          const theirs = generateBlobSASQueryParameters(
            {
              ...{ containerName: lent.container, blobName: lent.blob, version: storageVersion },
              ...{ permissions: BlobSASPermissions.parse('r'), protocol: SASProtocol.Https },
              ...{ startsOn: new Date(startsS * 1000), expiresOn: new Date(expiresMs) },
            },
            {
              ...{ signedObjectId: key.oid, signedTenantId: key.tid, value },
              ...{ signedStartsOn: new Date(key.startsMs), signedExpiresOn: new Date(key.expiresMs) },
              ...{ signedService: key.service, signedVersion: key.version },
            },
            lent.account,
          );
          const sorted = (query: string) => query.split('&').sort();
          expect(sorted(ours.query)).toEqual(sorted(theirs.toString()));
          expect(ours.signature).toBe(theirs.signature);
        },
      ),
    ));
});

describe('what a storage account sends as XML', () => {
  it.each([
    ['one element', '<A><B>x</B></A>', { B: 'x' }],
    [
      'a prologue, a namespace, lines, an empty element',
      '\uFEFF<?xml version="1.0" encoding="utf-8"?>\n<A xmlns="u">\n <B>x\ny</B>\n <C/> </A>\n',
      { B: 'x\ny', C: '' },
    ],
    ['characters by name and number', '<A><B>&lt;&amp;&#65;&#x42;&quot;</B></A>', { B: '<&AB"' }],
    ['no elements', '<A></A>', {}],
    ['no text', '', null],
    ['another root', '<Z><B>x</B></Z>', null],
    ['a document that was cut', '<A><B>x</B>', null],
    ['elements that cross', '<A><B>x</C></A>', null],
    ['more behind the end', '<A><B>x</B></A><A>', null],
    ['elements in elements', '<A><B><C>x</C></B></A>', null],
    ['one name twice', '<A><B>1</B><B>2</B></A>', null],
    ['entities of its own', '<!DOCTYPE A [<!ENTITY e "x">]><A><B>&e;</B></A>', null],
    ['an entity that nobody knows', '<A><B>&constructor;</B></A>', null],
    ['a bare ampersand', '<A><B>a & b</B></A>', null],
    ['a number that is no character', '<A><B>&#x110000;</B></A>', null],
    ['a page of a proxy', '<html><body>sign in</body></html>', null],
    ['64 KiB and more', `<A><B>${'x'.repeat(70_000)}</B></A>`, null],
  ])('is read as elements or not at all: %s', (_, xml, expected) => {
    const found = readElements(xml, 'A');
    expect(found === null ? null : Object.fromEntries(found)).toEqual(expected);
  });

  it.each([
    ['elements in elements', '<A><B><C>x</C><C/></B></A>', 'A(B(C=x C=))'],
    ['attributes, which say nothing', '<A x="1"><B Encoded="true">x</B><C y="/"/></A>', 'A(B=x C=)'],
    ['a text beside elements', '<A><B>x</B>y</A>', null],
    ['a text around all', 'x<A></A>', null],
    ['nothing', ' ', null],
    ['more than is ever nested', `${'<A>'.repeat(9)}${'</A>'.repeat(9)}`, null],
  ])('is read as deep as a list is: %s', (_, xml, expected) => {
    const write = ({ name, text, elements }: Element): string =>
      elements.length > 0
        ? `${name}(${elements.map(write).join(' ')})`
        : `${name}${name === 'A' ? '' : `=${text}`}`;
    const found = readElement(xml);
    expect(found && write(found)).toBe(expected);
  });

  it('is read in a moment, whatever it is', () => {
    const bad = [
      '<A '.repeat(20_000),
      '<A>'.repeat(20_000),
      `<A>${' '.repeat(60_000)}`,
      `<A><B>${'&'.repeat(60_000)}</B></A>`,
    ];
    const before = process.cpuUsage();
    for (const xml of [...bad, `<?xml ${' '.repeat(60_000)}`, `<A><B${' '.repeat(60_000)}`])
      expect(readElements(xml, 'A')).toBeNull();
    // Computing, not time: a pattern that tries again from each place would take many seconds.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  it('is no key when something else answers, and then no word of it is repeated', async () => {
    const secret = 'a2V5LXRoYXQtbm9ib2R5LXNob3VsZC1zZWU';
    const body = `<UserDelegationKey><SignedOid>1</SignedOid><Value>${secret}</Value></UserDelegationKey>`;
    const store = connectStore('https://acct.blob.core.windows.net/packages', {
      transport: async () => ({
        status: 200,
        reason: 'OK',
        headers: {},
        setCookies: [],
        body,
        address: null,
      }),
      tokens: { current: async () => 'a-token', drop: () => {} },
      governor: createGovernor({ clock, random: () => 0 }),
    });
    const thrown: unknown = await store.issueKey(0, 1000).catch((error: unknown) => error);
    expect(classifyStore(thrown, 'ask', 'here')).toMatchObject({
      kind: 'transient',
      code: 'answer-unreadable',
    });
    expect(inspect(thrown, { depth: 9 })).not.toContain(secret);
  });

  it.each([
    ['https://acct.blob.core.windows.net/packages', 'acct'],
    ['https://acct.z37.blob.storage.azure.net/packages', 'acct'],
    ['https://acct.privatelink.blob.core.windows.net/packages', 'acct'],
    ['https://127.0.0.1:10000/devstoreaccount1/packages', 'devstoreaccount1'],
  ])('is asked for at %s of the account %s', async (address, account) => {
    const asked: string[] = [];
    const store = connectStore(address, {
      transport: async ({ method, url, headers }) => {
        asked.push(`${method} ${url} ${headers['authorization']} ${headers['x-ms-version']}`);
        return { status: 404, reason: '', headers: {}, setCookies: [], body: '', address: null };
      },
      tokens: { current: async () => 'a-token', drop: () => {} },
      governor: createGovernor({ clock, random: () => 0 }),
    });
    await expect(store.readLength('x.zip')).rejects.toMatchObject({ facts: { status: 404 } });
    expect([store.account, store.container]).toEqual([account, 'packages']);
    expect(asked).toEqual([`HEAD ${address}/x.zip Bearer a-token 2023-11-03`]);
  });
});
