/** The emulator behind real HTTPS on the loopback interface. */
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
  /** A second port, whose callers stand inside of the virtual network. Null, the default: there is none. */
  readonly insidePort?: number | null;
  /** Called once the ports are known: the emulator's addresses carry them. */
  readonly create: (origin: string, insideOrigin: string | undefined) => Emulator;
  /** A request that failed in the emulator itself; its caller gets a broken connection. */
  readonly onDefect?: (thrown: unknown) => void;
}

export interface Served {
  /** `https://localhost:PORT` */
  readonly url: string;
  /** The same for callers inside; null without an inside port. */
  readonly insideUrl: string | null;
  readonly emulator: Emulator;
  /** Breaks off what is under way, ends the hosts. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, and on ::1 where there is one. Rejects when the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { certificates, create, onDefect = () => undefined, insidePort = null } = options;
  let emulator: Emulator | null = null;
  const sockets = new Set<Duplex>();
  const open = (inside: boolean): Server => {
    const server = createServer({ cert: certificates.certificate, key: certificates.key });
    // Uploads take as long as they take, and a front end waits 230 s for an app.
    server.requestTimeout = 0;
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.on('request', (incoming, outgoing) => {
      if (!emulator) return void outgoing.destroy();
      const caller = { address: incoming.socket.remoteAddress ?? null, inside };
      const work = answerRequest(emulator, asRequest(incoming), caller);
      work
        .then((response) => writeResponse(response, incoming, outgoing))
        .catch((thrown: unknown) => {
          incoming.socket.destroy();
          if (!isConnectionLost(thrown)) onDefect(thrown);
        });
    });
    return server;
  };
  const outer = await listenOn(() => open(false), options.port ?? 0);
  const inner = insidePort === null ? null : await listenOn(() => open(true), insidePort);
  const servers = [...outer.servers, ...(inner?.servers ?? [])];
  const url = `https://localhost:${outer.port}`;
  const insideUrl = inner && `https://localhost:${inner.port}`;
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

async function answerRequest(emulator: Emulator, request: Request, caller: Caller): Promise<Response> {
  return isControlPath(request) ? answerControl(emulator, request) : emulator.fetch(request, caller);
}

/** On both loopback addresses where there are two. */
async function listenOn(
  open: () => Server,
  wanted: number,
): Promise<{ readonly port: number; readonly servers: readonly Server[] }> {
  const first = open();
  await listen(first, wanted, '127.0.0.1');
  const { port } = first.address() as AddressInfo;
  const second = open();
  const both = await listen(second, port, '::1').then(
    () => true,
    () => false,
  );
  return { port, servers: both ? [first, second] : [first] };
}

function isConnectionLost(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
