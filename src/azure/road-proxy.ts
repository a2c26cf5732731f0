/** Through a proxy: HTTP CONNECT or SOCKS5. The proxy resolves the name, and its refusals are told as its own. */
import { request as askHttp } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { SocksClient } from 'socks';
import { isPrivateAddress } from '../probe/private-address.ts';
import type { Via } from '../probe/road.ts';
import { type ProxyAddress, showProxy } from './proxy-address.ts';
import { codeOf, type Road, type RoadAsk, RoadError } from './road.ts';
import { openSocket } from './road-socket.ts';
import { secure } from './road-tls.ts';
import { tame } from './server-text.ts';

export interface ProxyParts {
  readonly via: Via;
  readonly proxy: ProxyAddress;
  /** For a proxy that is itself spoken to by TLS. */
  readonly secureContext?: SecureContext | undefined;
}

export function createProxyRoad({ via, proxy, secureContext }: ProxyParts): Road {
  const shown = showProxy(proxy);
  return {
    via,
    async open(ask) {
      const { host, trace } = ask;
      trace.note({ stage: 'proxy', proxy: shown });
      if (isIP(host) !== 0)
        trace.note({ addresses: [host], address: host, isPrivate: isPrivateAddress(host) });
      // Before there is a connection: one that waits for a file has nobody who hears of its end.
      const pass = proxy.kind === 'socks' ? await loadSocks() : passConnect;
      const socket = await reach(proxy, secureContext, ask);
      trace.note({ proxyReached: true });
      try {
        return await pass(socket, proxy, ask);
      } catch (error) {
        socket.destroy();
        throw error;
      }
    },
  };
}

async function reach(
  proxy: ProxyAddress,
  secureContext: SecureContext | undefined,
  { signal }: RoadAsk,
): Promise<Socket> {
  try {
    const socket = await openSocket({ ...proxy, signal });
    return proxy.encrypted ? await secure(socket, { host: proxy.host, signal }, secureContext) : socket;
  } catch (error) {
    signal.throwIfAborted();
    const code = codeOf(error);
    throw new RoadError(
      'PROXY_UNREACHABLE',
      `the proxy ${showProxy(proxy)} cannot be reached${code === null ? '' : ` (${code})`}`,
      error,
    );
  }
}

/** RFC 9110 §9.3.6. The name goes to the proxy as it is: only it may know what the name means in its network. */
async function passConnect(socket: Socket, proxy: ProxyAddress, ask: RoadAsk): Promise<Socket> {
  const authority = authorityOf(ask);
  const { status, said, head } = await untilAborted(socket, ask.signal, () =>
    askConnect(socket, proxy, authority),
  );
  if (status >= 200 && status < 300) {
    if (head.length > 0) socket.unshift(head);
    return socket;
  }
  ask.trace.note({ proxyRefusal: said });
  throw refusal(proxy, { wantsUser: status === 407, authority, said });
}

interface ConnectAnswer {
  readonly status: number;
  readonly said: string;
  readonly head: Buffer;
}

/** A reason phrase; what is longer is a page. */
const maxSaidChars = 120;

function askConnect(socket: Socket, proxy: ProxyAddress, authority: string): Promise<ConnectAnswer> {
  return new Promise((resolve, reject) => {
    const asked = askHttp({
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, connection: 'keep-alive', ...authorizationOf(proxy) },
      // Without an agent: `agent: false` would be one of its own, which connects by itself, and to this machine.
      createConnection: () => socket,
    });
    asked.on('error', (error) =>
      reject(new RoadError('PROXY_UNREACHABLE', `the proxy ${showProxy(proxy)} gave no sound answer`, error)),
    );
    asked.once('connect', ({ statusCode: status = 0, statusMessage = '' }, _socket, head) =>
      resolve({ status, said: tame(`${status} ${statusMessage}`, maxSaidChars), head }),
    );
    asked.end();
  });
}

type Pass = (socket: Socket, proxy: ProxyAddress, ask: RoadAsk) => Promise<Socket>;

async function loadSocks(): Promise<Pass> {
  // As the default: a bundle knows a CommonJS package that is loaded late by no other name.
  const { SocksClient } = (await import('socks')).default;
  return (socket, proxy, ask) => passSocks(SocksClient, socket, proxy, ask);
}

async function passSocks(
  client: typeof SocksClient,
  socket: Socket,
  proxy: ProxyAddress,
  ask: RoadAsk,
): Promise<Socket> {
  const { host, port, user, password } = proxy;
  try {
    await untilAborted(socket, ask.signal, () =>
      client.createConnection({
        proxy: { host, port, type: 5, ...(user === '' ? {} : { userId: user, password }) },
        command: 'connect',
        destination: { host: ask.host, port: ask.port },
        existing_socket: socket,
        // The request's own deadline comes before it, by the signal.
        timeout: longestHandshakeMs,
      }),
    );
    return socket;
  } catch (error) {
    ask.signal.throwIfAborted();
    throw readSocksRefusal(error, proxy, ask);
  }
}

/** Both handshakes end with their socket, so it is enough to end that. */
async function untilAborted<T>(socket: Socket, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const hangUp = () => socket.destroy();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
}

const longestHandshakeMs = 120_000;

/** The library tells the reply by its name in the sentence, and nowhere else. */
function readSocksRefusal(error: unknown, proxy: ProxyAddress, ask: RoadAsk): RoadError {
  const message = String(error);
  const reply = /rejected connection - (\w+)/i.exec(message)?.[1];
  const wantsUser = /authentication failed|no accepted authentication/i.test(message);
  if (reply === undefined && !wantsUser)
    return new RoadError('PROXY_UNREACHABLE', `the proxy ${showProxy(proxy)} gave no sound answer`, error);
  const said = reply ?? 'AuthenticationFailed';
  ask.trace.note({ proxyRefusal: said });
  return refusal(proxy, { wantsUser, authority: authorityOf(ask), said });
}

interface Refused {
  readonly wantsUser: boolean;
  readonly authority: string;
  readonly said: string;
}

function refusal(proxy: ProxyAddress, { wantsUser, authority, said }: Refused): RoadError {
  const shown = showProxy(proxy);
  if (!wantsUser)
    return new RoadError('PROXY_REFUSED', `the proxy ${shown} refuses to connect to ${authority}: ${said}`);
  const what = proxy.user === '' ? 'wants a user and a password' : 'does not accept this user and password';
  return new RoadError('PROXY_AUTH_REQUIRED', `the proxy ${shown} ${what}: ${said}`);
}

function authorityOf({ host, port }: RoadAsk): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function authorizationOf({ user, password }: ProxyAddress): Record<string, string> {
  if (user === '' && password === '') return {};
  const basic = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
  return { 'proxy-authorization': `Basic ${basic}` };
}
