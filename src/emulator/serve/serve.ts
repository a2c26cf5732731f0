/** The emulator behind real HTTPS: on the loopback interface, or on addresses that it is given. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Emulator } from '../emulator.ts';
import type { Caller } from '../network/caller.ts';
import type { Certificates } from './certificates.ts';
import { answerControl, isControlPath } from './control.ts';
import { asRequest, writeResponse } from './exchange.ts';

export interface ServeOptions {
  readonly certificates: Certificates;
  /** 0, the default: any that is free. */
  readonly port?: number;
  /** In place of the loopback interface and both ports; who arrives at a private endpoint's address is inside. */
  readonly listen?: readonly ListenAddress[];
  /** ARM's name in `url`; localhost when not given. */
  readonly hostName?: string;
  /** A second port, whose callers stand inside of the virtual network. Null, the default: there is none. */
  readonly insidePort?: number | null;
  /** Called once the ports are known: the emulator's addresses carry them. */
  readonly create: (origin: string, insideOrigin: string | undefined) => Emulator;
  /** A request that failed in the emulator itself; its caller gets a broken connection. */
  readonly onDefect?: (thrown: unknown) => void;
}

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface Served {
  /** `https://localhost:PORT`; without the port where it is 443. */
  readonly url: string;
  /** The same for callers inside; null without an inside port. */
  readonly insideUrl: string | null;
  readonly emulator: Emulator;
  /** Breaks off what is under way, ends the hosts. */
  close(): Promise<void>;
}

/** Without `listen` on 127.0.0.1, and on ::1 where there is one. Rejects when the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { certificates, create, onDefect = () => undefined, insidePort = null, listen = [] } = options;
  let emulator: Emulator | null = null;
  const sockets = new Set<Duplex>();
  const open = (inside: boolean): Server => {
    const server = makeServer(certificates, sockets);
    server.on('request', (incoming, outgoing) => {
      if (!emulator) return void outgoing.destroy();
      const { remoteAddress: address = null, localAddress: arrivedAt = null } = incoming.socket;
      const request = asRequest(incoming);
      if (request === null) return void outgoing.writeHead(400).end();
      const work = answerRequest(emulator, request, { address, inside, arrivedAt });
      work
        .then((response) => writeResponse(response, incoming, outgoing))
        .catch((thrown: unknown) => {
          incoming.socket.destroy();
          if (!isConnectionLost(thrown)) onDefect(thrown);
        });
    });
    return server;
  };
  const onLoopback = listen.length === 0;
  const outer = await (onLoopback
    ? listenOn(() => open(false), options.port ?? 0)
    : listenOnAll(() => open(false), listen));
  const inner = onLoopback && insidePort !== null ? await listenOn(() => open(true), insidePort) : null;
  const servers = [...outer.servers, ...(inner?.servers ?? [])];
  const { hostName = 'localhost' } = options;
  const url = new URL(`https://${hostName}:${outer.port}`).origin;
  const insideUrl = inner && new URL(`https://${hostName}:${inner.port}`).origin;
  emulator = create(url, insideUrl ?? undefined);
  const served = emulator;
  return {
    url,
    insideUrl,
    emulator: served,
    close: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await served.close();
      await Promise.all(closed);
    },
  };
}

function makeServer({ certificate, key }: Certificates, sockets: Set<Duplex>): Server {
  const server = createServer({ cert: certificate, key });
  // Uploads take as long as they take, and a front end waits 230 s for an app.
  server.requestTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return server;
}

async function answerRequest(emulator: Emulator, request: Request, caller: Caller): Promise<Response> {
  return isControlPath(emulator, request)
    ? answerControl(emulator, request)
    : emulator.fetch(request, caller);
}

interface Listening {
  readonly port: number;
  readonly servers: readonly Server[];
}

/** On each of these; the port of the first is the one that the emulator's own addresses carry. */
async function listenOnAll(open: () => Server, wanted: readonly ListenAddress[]): Promise<Listening> {
  const servers: Server[] = [];
  for (const { address, port } of wanted) {
    const server = open();
    await bind(server, port, address);
    servers.push(server);
  }
  return { port: (servers[0]!.address() as AddressInfo).port, servers };
}

/** On both loopback addresses where there are two. */
async function listenOn(open: () => Server, wanted: number): Promise<Listening> {
  const first = open();
  await bind(first, wanted, '127.0.0.1');
  const { port } = first.address() as AddressInfo;
  const second = open();
  const both = await bind(second, port, '::1').then(
    () => true,
    () => false,
  );
  return { port, servers: both ? [first, second] : [first] };
}

function isConnectionLost(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
}

function bind(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
