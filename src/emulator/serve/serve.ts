/** The emulator behind real HTTPS on the loopback interface. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Emulator } from '../emulator.ts';
import type { Certificates } from './certificates.ts';
import { answerControl, isControlPath } from './control.ts';
import { asRequest, writeResponse } from './exchange.ts';

export interface ServeOptions {
  readonly certificates: Certificates;
  /** 0, the default: any that is free. */
  readonly port?: number;
  /** Called once the port is known: the emulator's addresses carry it. */
  readonly create: (origin: string) => Emulator;
  /** A request that failed in the emulator itself; its caller gets a broken connection. */
  readonly onDefect?: (thrown: unknown) => void;
}

export interface Served {
  /** `https://localhost:PORT` */
  readonly url: string;
  readonly emulator: Emulator;
  /** Breaks off what is under way, ends the hosts. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, and on ::1 where there is one. Rejects when the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { certificates, create, onDefect = () => undefined } = options;
  let emulator: Emulator | null = null;
  const sockets = new Set<Duplex>();
  const open = (): Server => {
    const server = createServer({ cert: certificates.certificate, key: certificates.key });
    // Uploads take as long as they take, and a front end waits 230 s for an app.
    server.requestTimeout = 0;
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.on('request', (incoming, outgoing) => {
      if (!emulator) return void outgoing.destroy();
      const work = answerRequest(emulator, asRequest(incoming));
      work
        .then((response) => writeResponse(response, incoming, outgoing))
        .catch((thrown: unknown) => {
          incoming.socket.destroy();
          if (!isConnectionLost(thrown)) onDefect(thrown);
        });
    });
    return server;
  };
  const first = open();
  await listen(first, options.port ?? 0, '127.0.0.1');
  const { port } = first.address() as AddressInfo;
  const servers = [first];
  const second = open();
  const both = await listen(second, port, '::1').then(
    () => true,
    () => false,
  );
  if (both) servers.push(second);
  const url = `https://localhost:${port}`;
  emulator = create(url);
  const served = emulator;
  return {
    url,
    emulator: served,
    close: async () => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await served.close();
      await Promise.all(closed);
    },
  };
}

async function answerRequest(emulator: Emulator, request: Request): Promise<Response> {
  return isControlPath(request) ? answerControl(emulator, request) : emulator.fetch(request);
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
