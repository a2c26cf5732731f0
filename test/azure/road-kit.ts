/** Networks on loopback: sites with certificates, proxies that write down what they see, a name server. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Answer as DnsAnswer } from 'dns-packet';
import packet from 'dns-packet';
import {
  type Certificates,
  type CertifiedNames,
  makeCertificates,
} from '../../src/emulator/serve/certificates.ts';

const closers: (() => void)[] = [];

/** Everything that was opened; called after each test. */
export function closeAll(): void {
  for (const close of closers.splice(0)) close();
}

export function closeLater(close: () => void): void {
  closers.push(close);
}

/** Connections to anything here that are not closed yet. */
const sockets = new Set<Socket>();

/** Resolves when nobody is connected any more: a test that waits in vain has found a leak. */
export async function untilAllClosed(): Promise<void> {
  for (const socket of sockets) {
    // An HTTP server's own sockets stay half open: the other side's end is what counts.
    socket.resume();
    if (!socket.closed && !socket.readableEnded)
      await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  }
}

export async function listen(server: Server): Promise<number> {
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  };
  server.on('connection', keep);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The names of `sites.test` and of `scm.sites.test`, and nothing else. */
export const names = { domain: 'sites.test', management: 'localhost' };
export const siteName = 'orders.sites.test';

/** Azure's own, as far as one certificate of the emulator's kind reaches. */
export const azureNames = { domain: 'azure.com', management: 'login.microsoftonline.com' };

const certificates = new Map<string, Promise<Certificates>>();
export function certify(wanted: CertifiedNames = names): Promise<Certificates> {
  const made = certificates.get(wanted.domain) ?? makeCertificates(Date.now(), wanted);
  certificates.set(wanted.domain, made);
  return made;
}

/** An ARM that describes itself and has nothing, and a login that gives everybody a token. */
export async function startAzure(): Promise<number> {
  const { certificate, key } = await certify(azureNames);
  const known: readonly (readonly [string, object])[] = [
    [
      '/metadata/endpoints',
      {
        name: 'AzureCloud',
        authentication: { loginEndpoint: 'https://login.microsoftonline.com', audiences: [] },
      },
    ],
    ['/oauth2/v2.0/token', { token_type: 'Bearer', access_token: 'a-token-of-this-test', expires_in: 3600 }],
  ];
  const server = createHttps({ cert: certificate, key }, (incoming, answer) => {
    const [, found] = known.find(([part]) => incoming.url?.includes(part)) ?? [];
    answer.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    answer.end(JSON.stringify(found ?? { error: { code: 'ResourceNotFound', message: 'not here' } }));
  });
  return listen(server);
}

/** A site that answers with the host it was asked for, and the requests that it saw. */
export async function startSite(): Promise<{ readonly port: number; readonly seen: string[] }> {
  const { certificate, key } = await certify();
  const seen: string[] = [];
  const server = createHttps({ cert: certificate, key }, (incoming, answer) => {
    seen.push(
      `${incoming.method} ${incoming.headers.host} ${String(incoming.headers['proxy-authorization'])}`,
    );
    answer.end(`hello from ${incoming.headers.host}`);
  });
  return { port: await listen(server), seen };
}

export interface ProxyWish {
  /** The port that all names lead to. */
  readonly to: number;
  /** `user:password` that it insists on. */
  readonly login?: string;
  /** What it says to everybody: `403 Filtered`. */
  readonly refuses?: string;
  readonly silent?: boolean;
  readonly encrypted?: boolean;
}

/** An HTTP proxy. `seen`: what was asked for, and with which credentials. */
export async function startConnectProxy(wish: ProxyWish): Promise<{ port: number; seen: string[] }> {
  const { certificate, key } = await certify();
  const server: HttpServer = wish.encrypted ? createHttps({ cert: certificate, key }) : createHttp();
  const seen: string[] = [];
  server.on('connect', (incoming, socket: Socket) => {
    const login = Buffer.from(
      String(incoming.headers['proxy-authorization'] ?? '').replace(/^Basic /, ''),
      'base64',
    ).toString();
    seen.push(`${incoming.url} ${login}`.trim());
    if (wish.silent) return;
    if (wish.refuses !== undefined) return void socket.end(`HTTP/1.1 ${wish.refuses}\r\n\r\n`);
    if (wish.login !== undefined && login !== wish.login)
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const onward = connect(wish.to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  return { port: await listen(server), seen };
}

export interface SocksWish extends Omit<ProxyWish, 'refuses' | 'encrypted'> {
  /** The reply of RFC 1928 §6 that everybody gets. */
  readonly replies?: number;
}

/** SOCKS5, as far as RFC 1928 and RFC 1929 need it here. */
export async function startSocksProxy(wish: SocksWish): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const serve = async (socket: Socket) => {
    const read = reader(socket);
    const [, methods = 0] = await read(2);
    await read(methods);
    if (wish.silent) return;
    socket.write(Buffer.from([5, wish.login === undefined ? 0 : 2]));
    if (wish.login !== undefined) {
      const user = (await read((await read(2))[1] ?? 0)).toString();
      const password = (await read((await read(1))[0] ?? 0)).toString();
      const good = `${user}:${password}` === wish.login;
      socket.write(Buffer.from([1, good ? 0 : 1]));
      if (!good) return void socket.end();
    }
    const [, , , kind] = await read(4);
    const host = kind === 3 ? await read((await read(1))[0] ?? 0) : await read(4);
    const port = (await read(2)).readUInt16BE();
    seen.push(`${kind === 3 ? host.toString() : [...host].join('.')}:${port}`);
    const reply = wish.replies ?? 0;
    const answer = Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
    if (reply !== 0) return void socket.end(answer);
    const onward = connect(wish.to, '127.0.0.1', () => {
      socket.write(answer);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
  };
  const port = await listen(createServer((socket) => void serve(socket).catch(() => socket.destroy())));
  return { port, seen };
}

function reader(socket: Socket): (bytes: number) => Promise<Buffer> {
  return async (bytes) => {
    for (;;) {
      const chunk = (bytes === 0 ? Buffer.alloc(0) : socket.read(bytes)) as Buffer | null;
      if (chunk !== null) return chunk;
      if (socket.destroyed || socket.readableEnded) throw new Error('gone');
      await once(socket, 'readable');
    }
  };
}

/** A name server: name → CNAME or addresses. `null`, or a type that it is silent for, has no answer. */
export async function startDns(
  zone: Readonly<Record<string, string | null>>,
  silentFor?: string,
): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const asked = packet.decode(message);
    const [question] = asked.questions ?? [];
    if (question === undefined || zone[question.name] === null || question.type === silentFor) return;
    const answers = answersTo(zone, question.name, question.type);
    const known = zone[question.name] !== undefined;
    const flags = packet.RECURSION_AVAILABLE | (known ? 0 : 3);
    socket.send(
      packet.encode({ type: 'response', id: asked.id ?? 0, flags, questions: [question], answers }),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closeLater(() => void socket.close());
  return socket.address().port;
}

/** The whole chain, as a recursive server gives it. */
function answersTo(zone: Readonly<Record<string, string | null>>, name: string, type: string): DnsAnswer[] {
  const value = zone[name];
  if (!value) return [];
  if (isIP(value) === 0) {
    const link: DnsAnswer = { type: 'CNAME', name, ttl: 1, data: value };
    return type === 'CNAME' ? [link] : [link, ...answersTo(zone, value, type)];
  }
  return type === (isIP(value) === 4 ? 'A' : 'AAAA')
    ? [{ type: type as 'A' | 'AAAA', name, ttl: 1, data: value }]
    : [];
}
