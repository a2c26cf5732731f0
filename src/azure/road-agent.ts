/** Node's own keeping of connections, which come about by our roads. */
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Road, Trace } from './road.ts';
import { asError } from './road-socket.ts';
import { secure } from './road-tls.ts';

/** Given to the request beside Node's own options: whoever needs a new connection opens it under its own deadline. */
export interface Opening {
  readonly signal: AbortSignal;
  readonly trace: Trace;
}

export interface AgentParts {
  readonly road: Road;
  readonly encrypted: boolean;
  readonly keepAlive: boolean;
  readonly secureContext: SecureContext | undefined;
}

/** How the connection came about that a request is given, new or kept. */
export const traceOf = (socket: object): Trace | undefined => traces.get(socket);
const traces = new WeakMap<object, Trace>();

/**
 * Without a limit of its own: a request that waits for somebody else's connection would be given one that was
 * opened under the other's deadline. The transport's gate limits instead.
 */
export class RoadAgent extends HttpAgent {
  readonly defaultPort: number;
  readonly protocol: string;
  readonly #parts: AgentParts;
  readonly #closing = new AbortController();

  constructor(parts: AgentParts) {
    super({ keepAlive: parts.keepAlive, maxFreeSockets: 8, scheduling: 'lifo' });
    this.#parts = parts;
    this.defaultPort = parts.encrypted ? 443 : 80;
    this.protocol = parts.encrypted ? 'https:' : 'http:';
  }

  override createConnection(
    options: ClientRequestArgs & { readonly opening?: Opening },
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const { opening } = options;
    if (opening === undefined) throw new Error('a request came to a road without its opening');
    const host = String(options.host ?? options.hostname).replace(/^\[(.*)\]$/, '$1');
    const port = Number(options.port ?? this.defaultPort);
    this.#open(host, port, opening).then(
      (socket) => done(null, socket),
      // Node's types want a socket even where there is none.
      (error: unknown) => (done as (error: Error) => void)(asError(error)),
    );
  }

  override destroy(): void {
    this.#closing.abort(Object.assign(new Error('the transport was closed'), { code: 'ECONNRESET' }));
    super.destroy();
  }

  async #open(host: string, port: number, { signal: patience, trace }: Opening): Promise<Socket> {
    const { road, encrypted, secureContext } = this.#parts;
    const signal = AbortSignal.any([patience, this.#closing.signal]);
    const plain = await road.open({ host, port, encrypted, signal, trace });
    const socket = encrypted ? await secure(plain, { host, signal, trace }, secureContext) : plain;
    traces.set(socket, trace);
    return socket;
  }
}
