/** The transport of real life, over node:http and our roads. */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import * as nodeTls from 'node:tls';
import type { Clock } from '../clock.ts';
import type { RoadFacts } from '../probe/road.ts';
import { createGate, type Gate } from './gate.ts';
import { type ProxyEnvironment, readProxyRules } from './proxy-environment.ts';
import { type Road, startTrace, type Trace } from './road.ts';
import { type Opening, RoadAgent, traceOf } from './road-agent.ts';
import { createDirectRoad } from './road-direct.ts';
import {
  answerTooLong,
  defaultMaxAnswerBytes,
  type HttpAnswer,
  type HttpRequest,
  type Transport,
} from './transport.ts';
import { writeBody } from './transport-body.ts';
import { asTransportError } from './transport-failure.ts';
import { createTurns } from './turns.ts';

export interface TransportParts {
  readonly clock: Pick<Clock, 'timeout'>;
  /** PEM of a CA to trust in addition to the system's. */
  readonly ca?: string | undefined;
  /** Requests to one origin at the same time; the others wait for their turn. */
  readonly maxConnections?: number | undefined;
  /** Where `HTTPS_PROXY` and the like are read; none where absent. */
  readonly environment?: ProxyEnvironment | undefined;
}

export interface NodeTransport {
  readonly send: Transport;
  /** For roads that speak TLS themselves: trusts what the transport trusts. */
  readonly secureContext: nodeTls.SecureContext | undefined;
  /** Closes the connections that are kept; requests under way are cut. */
  close(): void;
}

const beginsPerTurn = 8;

/** @throws InputError: the environment names a proxy by what is no address. */
export function createTransport(parts: TransportParts): NodeTransport {
  const { clock, ca, maxConnections = 32, environment = {} } = parts;
  // Made once: from a list, each connection would make its own store of all authorities, megabytes at a time.
  const secureContext =
    ca === undefined ? undefined : nodeTls.createSecureContext({ ca: [...trustedRoots(), ca] });
  const standard = createDirectRoad(readProxyRules(environment), secureContext);
  const turns = createTurns(beginsPerTurn);
  const lanes = new Map<Road, Lanes>();
  const lanesOf = (road: Road) => {
    const found = lanes.get(road) ?? openLanes(road, secureContext, maxConnections);
    lanes.set(road, found);
    return found;
  };
  return {
    secureContext,
    send: async (request) => {
      const url = new URL(request.url);
      const road = request.road ?? standard;
      const over = new AbortController();
      const late = clock.timeout(request.timeoutMs, over.signal);
      const signal = request.signal ? AbortSignal.any([late, request.signal]) : late;
      const trace = startTrace(road.via, hostOf(url), portOf(url));
      const { agent, gate } = lanesOf(road)(url, request.freshConnection ?? false);
      let leave = () => {};
      try {
        leave = await gate.enter(signal).catch((error: Error) => {
          throw asTransportError(error, { request, host: url.host, sent: false, signal, road: undefined });
        });
        await turns.take();
        return await exchange({ request, url, agent, signal, trace });
      } finally {
        leave();
        over.abort(null);
      }
    },
    close: () => {
      for (const each of lanes.values()) each.close();
    },
  };
}

/** Absent before Node 22.15, whatever the types say. */
const { getCACertificates }: Partial<Pick<typeof nodeTls, 'getCACertificates'>> = nodeTls;

/** Naming a CA replaces Node's own list, so the list is given along; an older Node tells only the bundled one. */
function trustedRoots(): readonly string[] {
  return getCACertificates?.('default') ?? nodeTls.rootCertificates;
}

interface Lanes {
  (url: URL, fresh: boolean): { readonly agent: RoadAgent; readonly gate: Gate };
  close(): void;
}

/** The connections of one road: kept or not, with TLS or without. */
function openLanes(
  road: Road,
  secureContext: nodeTls.SecureContext | undefined,
  maxConnections: number,
): Lanes {
  const agents = new Map<string, RoadAgent>();
  const gates = new Map<string, Gate>();
  const keep = <T>(kept: Map<string, T>, key: string, make: () => T): T => {
    const found = kept.get(key) ?? make();
    kept.set(key, found);
    return found;
  };
  const pick = (url: URL, fresh: boolean) => {
    const encrypted = url.protocol !== 'http:';
    return {
      gate: keep(gates, url.origin, () => createGate(maxConnections)),
      agent: keep(
        agents,
        `${url.protocol}${fresh}`,
        () => new RoadAgent({ road, encrypted, keepAlive: !fresh, secureContext }),
      ),
    };
  };
  return Object.assign(pick, {
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  });
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf({ protocol, port }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'http:' ? 80 : 443;
}

interface Exchange {
  readonly request: HttpRequest;
  readonly url: URL;
  readonly agent: RoadAgent;
  readonly signal: AbortSignal;
  readonly trace: Trace;
}

function exchange({ request, url, agent, signal, trace }: Exchange): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions & { readonly opening: Opening } = {
      method: request.method,
      headers: headersOf(request),
      agent,
      signal,
      opening: { signal, trace },
    };
    const outgoing = httpRequest(url, options);
    const way = watchWay(outgoing, trace);
    let bodyFailure: Error | null = null;
    const fail = (error: Error) => {
      outgoing.destroy();
      // A body that fails takes the connection down with it; the body's failure is the one to tell.
      reject(asTransportError(bodyFailure ?? error, { request, host: url.host, signal, ...way() }));
    };
    outgoing.once('response', (incoming) => {
      // From here on the answer decides: a server may refuse a body before it has read all of it.
      outgoing.removeListener('error', fail);
      readAnswer(incoming, url.host, request.maxAnswerBytes ?? defaultMaxAnswerBytes).then((answer) => {
        if (!outgoing.writableFinished) outgoing.destroy();
        const road = { ...way().road, stage: 'answered' as const };
        resolve({ ...answer, address: road.address, road });
      }, fail);
    });
    outgoing.once('error', fail);
    // A request can fail once more after it has failed, when its connection comes too late.
    outgoing.on('error', ignore);
    writeBody(outgoing, request, (error) => {
      bodyFailure ??= error;
      fail(error);
    });
  });
}

const ignore = () => {};

function headersOf(request: HttpRequest): Record<string, string> {
  const { body } = request;
  if (body === undefined)
    return request.method === 'GET' || request.method === 'HEAD'
      ? { ...request.headers }
      : { ...request.headers, 'content-length': '0' };
  const length =
    typeof body === 'string' ? Buffer.byteLength(body) : 'open' in body ? body.bytes : body.byteLength;
  return { ...request.headers, 'content-length': String(length) };
}

/**
 * How the request goes, and whether it may have left. A request is given a connection when all of it stands, tunnel
 * and TLS: until then nothing has left; from then on some of it may be under way, and a reset does not say how much
 * arrived.
 */
function watchWay(
  outgoing: ClientRequest,
  opened: Trace,
): () => { readonly sent: boolean; readonly road: RoadFacts } {
  let sent = false;
  // A kept connection came about under another request, and its trace goes with it.
  let trace = opened;
  outgoing.once('socket', (socket) => {
    sent = true;
    trace = traceOf(socket) ?? opened;
  });
  return () => ({ sent, road: sent ? { ...trace.facts, stage: 'request' } : trace.facts });
}

async function readAnswer(
  incoming: IncomingMessage,
  host: string,
  limitBytes: number,
): Promise<Omit<HttpAnswer, 'address' | 'road'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw answerTooLong(host, limitBytes);
    chunks.push(chunk);
  }
  const { 'set-cookie': setCookies, ...rest } = incoming.headers;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    status: incoming.statusCode ?? 0,
    reason: incoming.statusMessage ?? '',
    headers,
    setCookies: setCookies ?? [],
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
