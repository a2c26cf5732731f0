import { createServer as createTcpServer, Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createAzure } from '../../src/azure/azure.ts';
import { createGovernor } from '../../src/azure/governor.ts';
import { parseProxy, secretsOf } from '../../src/azure/proxy-address.ts';
import type { Road } from '../../src/azure/road.ts';
import { createPinnedRoad } from '../../src/azure/road-direct.ts';
import { createDnsRoad, followCnames } from '../../src/azure/road-names.ts';
import { createProxyRoad } from '../../src/azure/road-proxy.ts';
import { whenReady } from '../../src/azure/road-socket.ts';
import { connectStore } from '../../src/azure/store-client.ts';
import { type HttpRequest, TransportError } from '../../src/azure/transport.ts';
import { createTransport, type NodeTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import { makeTarget } from '../builders.ts';
import {
  azureNames,
  certify,
  closeAll,
  closeLater,
  listen,
  siteName,
  startAzure,
  startConnectProxy,
  startDns,
  startSite,
  startSocksProxy,
  untilAllClosed,
} from './road-kit.ts';

afterEach(closeAll);

async function open(environment: Readonly<Record<string, string>> = {}): Promise<NodeTransport> {
  const { ca } = await certify();
  const transport = createTransport({ clock: systemClock(), ca, environment });
  closeLater(transport.close);
  return transport;
}

const ask = (port: number, road?: Road, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: `https://${siteName}:${port}/`,
  headers: {},
  timeoutMs: 5_000,
  road,
  ...more,
});

async function failure(work: Promise<unknown>): Promise<TransportError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TransportError) return error;
  throw new Error(`expected a TransportError, found ${String(error)}`);
}

async function throughProxy(address: string): Promise<{ readonly road: Road } & NodeTransport> {
  const transport = await open();
  const proxy = parseProxy(address);
  if (proxy === null) throw new Error(`not a proxy: ${address}`);
  return {
    ...transport,
    road: createProxyRoad({ via: 'proxy', proxy, secureContext: transport.secureContext }),
  };
}

const secret = 'p4ss&word';
const login = `me:${secret}`;
const writtenLogin = `me:${encodeURIComponent(secret)}`;

describe('a private endpoint', () => {
  it('is connected to by its address, and spoken to by the real name', async () => {
    const { port } = await startSite();
    const { send } = await open();
    const answer = await send(ask(port, createPinnedRoad('127.0.0.1')));
    expect(answer.body).toBe(`hello from ${siteName}:${port}`);
    expect(answer.address).toBe('127.0.0.1');
    expect(answer.road).toMatchObject({
      via: 'private-endpoint',
      host: siteName,
      port,
      stage: 'answered',
      addresses: ['127.0.0.1'],
      address: '127.0.0.1',
      isPrivate: true,
      proxy: null,
      certificate: { issuer: 'slotwave emulator CA' },
    });
    expect(answer.road?.certificate?.names).toContain('*.sites.test');
    expect(answer.road?.certificate?.validToMs).toBeGreaterThan(Date.now());
  });

  it('that serves another name is refused before anything is sent, and the certificate is told', async () => {
    const { port, seen } = await startSite();
    const { send } = await open();
    const url = `https://orders.privatelink.example:${port}/`;
    const error = await failure(send(ask(port, createPinnedRoad('127.0.0.1'), { url, method: 'POST' })));
    expect([error.code, error.sent]).toEqual(['ERR_TLS_CERT_ALTNAME_INVALID', false]);
    expect(error.road).toMatchObject({
      stage: 'tls',
      host: 'orders.privatelink.example',
      address: '127.0.0.1',
    });
    expect(error.road?.certificate?.names).toContain('*.sites.test');
    expect(seen).toEqual([]);
  });

  it('behind an authority that nobody knows: the issuer is told all the same', async () => {
    const { port } = await startSite();
    const { send, close } = createTransport({ clock: systemClock() });
    closeLater(close);
    const error = await failure(send(ask(port, createPinnedRoad('127.0.0.1'))));
    expect([error.code, error.sent]).toEqual([expect.stringMatching(/UNABLE_TO|SELF_SIGNED/), false]);
    expect(error.road?.certificate?.issuer).toBe('slotwave emulator CA');
  });

  it('keeps its connections for others that go the same way, with the facts of each', async () => {
    const { port } = await startSite();
    const { send } = await open();
    const road = createPinnedRoad('127.0.0.1');
    const [first, second] = [await send(ask(port, road)), await send(ask(port, road))];
    expect(second.road).toEqual(first.road);
    // Another road to the same host: the connection of the first must not serve it.
    const elsewhere = await failure(send(ask(port, createPinnedRoad('127.0.0.9'), { timeoutMs: 1_000 })));
    expect(elsewhere.road?.addresses).toEqual(['127.0.0.9']);
  });
});

describe('given name servers', () => {
  it('resolve the name, and tell what it leads to', async () => {
    const { port } = await startSite();
    const dns = await startDns({
      [siteName]: 'orders.privatelink.sites.test',
      'orders.privatelink.sites.test': '127.0.0.1',
    });
    const { send } = await open();
    const { road } = await send(ask(port, createDnsRoad([`127.0.0.1:${dns}`])));
    expect(road).toMatchObject({
      via: 'dns',
      stage: 'answered',
      cnames: ['orders.privatelink.sites.test'],
      addresses: ['127.0.0.1'],
      isPrivate: true,
    });
  });

  it('that do not know it: not sent, at the name, with the servers in the sentence', async () => {
    const dns = await startDns({});
    const { send } = await open();
    const error = await failure(send(ask(443, createDnsRoad([`127.0.0.1:${dns}`]))));
    expect([error.code, error.sent, error.road?.stage]).toEqual(['ENOTFOUND', false, 'name']);
    expect(error.message).toContain(`127.0.0.1:${dns}`);
  });

  it('that are not there are not taken for an app that refuses', async () => {
    const port = await listen(createTcpServer());
    const { send } = await open();
    const error = await failure(send(ask(443, createDnsRoad([`127.0.0.1:${port}`]), { timeoutMs: 8_000 })));
    expect([error.code, error.sent, error.road?.stage]).toEqual(['EAI_AGAIN', false, 'name']);
  });

  it('of which the second answers', async () => {
    const { port } = await startSite();
    const nobody = await listen(createTcpServer());
    const dns = await startDns({ [siteName]: '127.0.0.1' });
    const { send } = await open();
    const road = createDnsRoad([`127.0.0.1:${nobody}`, `127.0.0.1:${dns}`]);
    expect((await send(ask(port, road))).status).toBe(200);
  });

  it('that are still asked for the chain while the other side hangs up: no answer, and nothing sent', async () => {
    const port = await listen(
      createTcpServer((socket) => void setTimeout(() => socket.resetAndDestroy(), 100)),
    );
    const dns = await startDns({ [siteName]: '127.0.0.1' }, 'CNAME');
    const { send } = await open();
    const error = await failure(send(ask(port, createDnsRoad([`127.0.0.1:${dns}`]), { method: 'POST' })));
    expect([error.code, error.sent, error.road?.stage]).toEqual(['ECONNRESET', false, 'tls']);
  });

  it('tell a chain that bites its own tail once', async () => {
    const dns = await startDns({ 'a.test': 'b.test', 'b.test': 'a.test' });
    const servers = [`127.0.0.1:${dns}`];
    const signal = AbortSignal.timeout(5_000);
    expect(await followCnames('a.test', { servers, signal })).toEqual(['b.test', 'a.test']);
  });
});

describe('an HTTP proxy', () => {
  it.each([false, true])(
    'is told the name, and lets in who has the password (TLS to it: %s)',
    async (encrypted) => {
      const { port, seen: atSite } = await startSite();
      const proxy = await startConnectProxy({ to: port, login, encrypted });
      const scheme = encrypted ? 'https' : 'http';
      const { send, road } = await throughProxy(`${scheme}://${writtenLogin}@localhost:${proxy.port}`);
      const answer = await send(ask(port, road));
      expect(answer.body).toBe(`hello from ${siteName}:${port}`);
      expect(proxy.seen).toEqual([`${siteName}:${port} ${login}`]);
      // What is for the proxy goes no further.
      expect(atSite).toEqual([`GET ${siteName}:${port} undefined`]);
      expect(answer.address).toBeNull();
      expect(answer.road).toMatchObject({
        via: 'proxy',
        stage: 'answered',
        addresses: [],
        isPrivate: null,
        proxy: `localhost:${proxy.port}`,
        certificate: { issuer: 'slotwave emulator CA' },
      });
    },
  );

  it.each([
    ['407 Who are you', 'PROXY_AUTH_REQUIRED', /wants a user and a password|does not accept/],
    ['403 Filtered', 'PROXY_REFUSED', /refuses to connect to orders\.sites\.test:\d+: 403 Filtered/],
    ['502 Bad Gateway', 'PROXY_REFUSED', /502/],
  ])('that says %s: its own refusal, and nothing was sent', async (refuses, code, words) => {
    const proxy = await startConnectProxy({ to: 1, refuses });
    const { send, road } = await throughProxy(`http://${writtenLogin}@127.0.0.1:${proxy.port}`);
    const error = await failure(send(ask(443, road, { method: 'POST' })));
    expect([error.code, error.sent]).toEqual([code, false]);
    expect(error.message).toMatch(words);
    expect(error.road).toMatchObject({ stage: 'proxy', proxyRefusal: refuses, address: null });
  });

  it('that says much, and repeats what it should not: told short, and without it', async () => {
    const refuses = `403 https://x.example/?sig=c2lnbmF0dXJl ${'no '.repeat(500)}`;
    const proxy = await startConnectProxy({ to: 1, refuses });
    const { send, road } = await throughProxy(`http://127.0.0.1:${proxy.port}`);
    const error = await failure(send(ask(443, road)));
    expect(error.message).toMatch(/403 https:\/\/x\.example\/\?sig=\*\*\* no no/);
    expect(error.message.length).toBeLessThan(300);
    expect(error.road?.proxyRefusal?.length).toBeLessThan(200);
  });

  it('that is not there', async () => {
    const { send, road } = await throughProxy('http://127.0.0.1:1');
    const error = await failure(send(ask(443, road)));
    expect([error.code, error.sent, error.road?.stage]).toEqual(['PROXY_UNREACHABLE', false, 'proxy']);
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('that speaks something else', async () => {
    const port = await listen(createTcpServer((socket) => void socket.end('220 mail.example ESMTP\r\n')));
    const { send, road } = await throughProxy(`http://127.0.0.1:${port}`);
    expect((await failure(send(ask(443, road)))).code).toBe('PROXY_UNREACHABLE');
  });

  it("that puts a certificate of its own in the app's place is found out", async () => {
    const { port } = await startSite();
    const proxy = await startConnectProxy({ to: port });
    const { send, road } = await throughProxy(`http://127.0.0.1:${proxy.port}`);
    const error = await failure(send(ask(443, road, { url: 'https://elsewhere.test/', method: 'POST' })));
    expect([error.code, error.sent, error.road?.stage]).toEqual([
      'ERR_TLS_CERT_ALTNAME_INVALID',
      false,
      'tls',
    ]);
  });

  it('that hangs up after the request has left: that may have arrived', async () => {
    const cutting = await listen(
      createTcpServer((socket) => {
        socket.once('data', () => setTimeout(() => socket.destroy(), 300));
      }),
    );
    const { send } = await open();
    const http = { url: `http://127.0.0.1:${cutting}/`, method: 'POST', road: undefined };
    const error = await failure(send(ask(cutting, undefined, http)));
    expect([error.code, error.sent, error.road?.stage]).toEqual(['ECONNRESET', true, 'request']);
  });
});

describe('a SOCKS proxy', () => {
  it.each([`socks5://${writtenLogin}@`, `socks5h://${writtenLogin}@`, 'socks5://'])(
    '%s: is told the name',
    async (start) => {
      const { port } = await startSite();
      const proxy = await startSocksProxy({ to: port, ...(start.includes('@') ? { login } : {}) });
      const { send, road } = await throughProxy(`${start}127.0.0.1:${proxy.port}`);
      const answer = await send(ask(port, road));
      expect(answer.body).toBe(`hello from ${siteName}:${port}`);
      expect(proxy.seen).toEqual([`${siteName}:${port}`]);
      expect(answer.road).toMatchObject({
        stage: 'answered',
        address: null,
        proxy: `127.0.0.1:${proxy.port}`,
      });
    },
  );

  it.each([
    [2, 'NotAllowed'],
    [4, 'HostUnreachable'],
    [5, 'ConnectionRefused'],
  ])('that replies %d says %s, and nothing was sent', async (replies, word) => {
    const proxy = await startSocksProxy({ to: 1, replies });
    const { send, road } = await throughProxy(`socks5://127.0.0.1:${proxy.port}`);
    const error = await failure(send(ask(443, road, { method: 'POST' })));
    expect([error.code, error.sent, error.road?.proxyRefusal]).toEqual(['PROXY_REFUSED', false, word]);
    expect(error.message).toContain(word);
  });

  it.each(['socks5://me:wrong-one@', 'socks5://'])('%s: does not get in', async (start) => {
    const proxy = await startSocksProxy({ to: 1, login });
    const { send, road } = await throughProxy(`${start}127.0.0.1:${proxy.port}`);
    const error = await failure(send(ask(443, road)));
    expect([error.code, error.sent]).toEqual(['PROXY_AUTH_REQUIRED', false]);
  });

  it('that speaks something else', async () => {
    const port = await listen(createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad\r\n\r\n')));
    const { send, road } = await throughProxy(`socks5://127.0.0.1:${port}`);
    expect((await failure(send(ask(443, road)))).code).toBe('PROXY_UNREACHABLE');
  });
});

describe('a deadline', () => {
  const silentTcp = () => listen(createTcpServer(() => {}));

  it.each([
    ['the name', async () => createDnsRoad([`127.0.0.1:${await startDns({ [siteName]: null })}`]), 'name'],
    [
      'the tunnel',
      async () => proxyRoad('http', (await startConnectProxy({ to: 1, silent: true })).port),
      'proxy',
    ],
    [
      'the SOCKS handshake',
      async () => proxyRoad('socks5', (await startSocksProxy({ to: 1, silent: true })).port),
      'proxy',
    ],
    ['TLS', async () => createPinnedRoad('127.0.0.1'), 'tls'],
  ] as const)('ends %s, and its connection with it', async (_, make, stage) => {
    const port = await silentTcp();
    const road = await make();
    const { send } = await open();
    const error = await failure(send(ask(port, road, { timeoutMs: 250, method: 'POST' })));
    expect([error.code, error.sent, error.road?.stage]).toEqual(['ETIMEDOUT', false, stage]);
    expect(error.message).toContain('within 0.25 s');
    expect(error.road?.proxyReached).toBe(stage === 'proxy' ? true : undefined);
    await untilAllClosed();
  });

  it('ends a connection that does not come about', async () => {
    const socket = new Socket();
    const stop = new AbortController();
    const waiting = whenReady(socket, 'connect', stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(socket.destroyed).toBe(true);
  });

  it('is called off by its asker at every step alike', async () => {
    const port = await silentTcp();
    const stop = new AbortController();
    const { send } = await open();
    const asked = send(ask(port, createPinnedRoad('127.0.0.1'), { signal: stop.signal }));
    setTimeout(() => stop.abort(), 50);
    const error = await failure(asked);
    expect([error.code, error.sent]).toEqual(['ABORTED', false]);
  });

  it('counts while others are served: a request that never had its turn was not sent', async () => {
    const port = await listen(createTcpServer(() => {}));
    const { send, close } = createTransport({ clock: systemClock(), maxConnections: 1 });
    closeLater(close);
    const http = (timeoutMs: number) => ask(port, undefined, { url: `http://127.0.0.1:${port}/`, timeoutMs });
    const [first, second] = await Promise.all([failure(send(http(400))), failure(send(http(100)))]);
    expect([first.code, first.sent]).toEqual(['ETIMEDOUT', true]);
    expect([second.code, second.sent]).toEqual(['ETIMEDOUT', false]);
    // Neither DNS nor the network is to blame: nothing of it was tried.
    expect(second.message).toContain('waited for its turn');
    expect(second.road).toBeUndefined();
    // The place is free again.
    expect((await failure(send(http(100)))).sent).toBe(true);
  });
});

function proxyRoad(scheme: string, port: number): Road {
  const proxy = parseProxy(`${scheme}://127.0.0.1:${port}`);
  if (proxy === null) throw new Error('not a proxy');
  return createProxyRoad({ via: 'proxy', proxy });
}

describe('the proxies of the environment', () => {
  it('carry everything that does not say another road', async () => {
    const { port } = await startSite();
    const proxy = await startConnectProxy({ to: port, login });
    const { send } = await open({ HTTPS_PROXY: `http://${writtenLogin}@127.0.0.1:${proxy.port}` });
    const answer = await send(ask(port));
    expect(answer.road).toMatchObject({ via: 'direct', proxy: `127.0.0.1:${proxy.port}`, address: null });
    expect(proxy.seen).toEqual([`${siteName}:${port} ${login}`]);
    await send(ask(port, createPinnedRoad('127.0.0.1')));
    expect(proxy.seen).toHaveLength(1);
  });

  it('may be SOCKS', async () => {
    const { port } = await startSite();
    const proxy = await startSocksProxy({ to: port });
    const { send } = await open({ all_proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect((await send(ask(port))).status).toBe(200);
    expect(proxy.seen).toEqual([`${siteName}:${port}`]);
  });

  it('tell nobody their password when they fail', async () => {
    const proxy = await startConnectProxy({ to: 1, refuses: '407 Who are you' });
    const { send } = await open({ HTTPS_PROXY: `http://${writtenLogin}@127.0.0.1:${proxy.port}` });
    const error = await failure(send(ask(443)));
    const told = [error.message, error.stack, JSON.stringify(error), JSON.stringify(error.road)].join('\n');
    for (const each of secretsOf(`http://${writtenLogin}@x`)) expect(told).not.toContain(each);
    expect(told).not.toContain(login);
    expect(secretsOf(`http://${writtenLogin}@x`)).toContain(secret);
  });
});

describe('Azure behind a proxy of the environment', () => {
  it('is signed in to, asked and stored in through it, and through nothing else', async () => {
    const stub = await startAzure();
    const proxy = await startConnectProxy({ to: stub });
    const { ca } = await certify(azureNames);
    const environment = {
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      NO_PROXY: 'corp.example',
      AZURE_TENANT_ID: '72f988bf-0000-4000-8000-2d7cd011db47',
      AZURE_CLIENT_ID: '11111111-0000-4000-8000-2d7cd011db47',
      AZURE_CLIENT_SECRET: 'a-secret-of-this-test',
    };
    const clock = systemClock({ scale: 600 });
    const { send: transport, close } = createTransport({ clock, ca, environment });
    closeLater(close);
    const parts = { transport, clock, environment, random: () => 0.5, hide: () => {} };
    const azure = await createAzure({ ...parts, cloudName: 'AzureCloud' });
    await expect(
      azure.survey({ targets: [makeTarget({ name: 'weu' })], settings: {} }),
    ).rejects.toMatchObject({
      code: 'targets-not-found',
    });
    const tokens = { current: async () => 'a-token', drop: () => {} };
    const store = connectStore('https://acct.blob.core.windows.net/packages', {
      transport,
      tokens,
      governor: createGovernor({ clock, random: () => 0 }),
    });
    await expect(store.readLength('x.zip')).rejects.toThrow();
    expect(new Set(proxy.seen)).toEqual(
      new Set([
        'login.microsoftonline.com:443',
        'management.azure.com:443',
        'acct.blob.core.windows.net:443',
      ]),
    );
  });
});
