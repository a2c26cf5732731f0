/** The transport of real life, over node:http and node:https. */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import * as nodeTls from 'node:tls';
import type { Clock } from '../clock.ts';
import { lookupHost } from './loopback.ts';
import {
  answerTooLong,
  defaultMaxAnswerBytes,
  type HttpAnswer,
  type HttpRequest,
  type StreamedBody,
  type Transport,
  TransportError,
} from './transport.ts';

export interface TransportParts {
  readonly clock: Pick<Clock, 'timeout'>;
  /** PEM of a CA to trust in addition to the system's. */
  readonly ca?: string | undefined;
  /** Connections open to one origin at the same time. */
  readonly maxConnections?: number | undefined;
}

export interface NodeTransport {
  readonly send: Transport;
  /** Closes the connections that are kept; requests under way are cut. */
  close(): void;
}

export function createTransport({ clock, ca, maxConnections = 32 }: TransportParts): NodeTransport {
  const shared = {
    maxSockets: maxConnections,
    maxFreeSockets: 8,
    scheduling: 'lifo',
    lookup: lookupHost,
  } as const;
  // Made once: from a list, each connection would make its own store of all authorities, megabytes at a time.
  const tls =
    ca === undefined ? {} : { secureContext: nodeTls.createSecureContext({ ca: [...trustedRoots(), ca] }) };
  const https = new HttpsAgent({ ...shared, ...tls, keepAlive: true });
  const httpsOnce = new HttpsAgent({ ...shared, ...tls, keepAlive: false });
  const http = new HttpAgent({ ...shared, keepAlive: true });
  const httpOnce = new HttpAgent({ ...shared, keepAlive: false });
  const pick = (url: URL, fresh: boolean) => {
    if (url.protocol === 'http:') return fresh ? httpOnce : http;
    return fresh ? httpsOnce : https;
  };
  return {
    send: (request) => {
      const url = new URL(request.url);
      return exchange(clock, request, url, pick(url, request.freshConnection ?? false));
    },
    close: () => {
      for (const agent of [https, httpsOnce, http, httpOnce]) agent.destroy();
    },
  };
}

/** Absent before Node 22.15, whatever the types say. */
const { getCACertificates }: Partial<Pick<typeof nodeTls, 'getCACertificates'>> = nodeTls;

/** Naming a CA replaces Node's own list, so the list is given along; an older Node tells only the bundled one. */
function trustedRoots(): readonly string[] {
  return getCACertificates?.('default') ?? nodeTls.rootCertificates;
}

function exchange(
  clock: Pick<Clock, 'timeout'>,
  request: HttpRequest,
  url: URL,
  agent: HttpAgent,
): Promise<HttpAnswer> {
  const limits = [clock.timeout(request.timeoutMs), ...(request.signal ? [request.signal] : [])];
  const signal = AbortSignal.any(limits);
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const outgoing = send(url, { method: request.method, headers: headersOf(request), agent, signal });
    const sent = watchSent(outgoing, url.protocol === 'https:');
    let bodyFailure: Error | null = null;
    const fail = (error: Error) => {
      outgoing.destroy();
      // A body that fails takes the connection down with it; the body's failure is the one to tell.
      reject(asTransportError(bodyFailure ?? error, { request, host: url.host, sent: sent(), signal }));
    };
    outgoing.once('response', (incoming) => {
      // From here on the answer decides: a server may refuse a body before it has read all of it.
      outgoing.removeListener('error', fail);
      outgoing.on('error', ignore);
      readAnswer(incoming, url.host, request.maxAnswerBytes ?? defaultMaxAnswerBytes).then((answer) => {
        if (!outgoing.writableFinished) outgoing.destroy();
        resolve(answer);
      }, fail);
    });
    outgoing.once('error', fail);
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
 * Whether the request may have left. Without a connection nothing has; from the moment there is one, some of it
 * may be under way, and a reset does not say how much arrived.
 */
function watchSent(outgoing: ClientRequest, encrypted: boolean): () => boolean {
  let connected = false;
  outgoing.once('socket', (socket) => {
    connected = connectedSockets.has(socket);
    if (connected) return;
    socket.once(encrypted ? 'secureConnect' : 'connect', () => {
      connectedSockets.add(socket);
      connected = true;
    });
  });
  return () => connected;
}

/** Kept sockets pass through here again, and Node does not say of each whether it was used before. */
const connectedSockets = new WeakSet<Socket>();

function writeBody(
  outgoing: ClientRequest,
  request: HttpRequest,
  onBodyFailure: (error: Error) => void,
): void {
  const { body } = request;
  if (body === undefined) outgoing.end();
  else if (typeof body === 'string' || !('open' in body)) outgoing.end(body);
  else {
    const failed = (why: string) => onBodyFailure(Object.assign(new Error(why), { code: 'EBODYCHANGED' }));
    const source = body.open();
    source.once('error', (error) => failed(`the body cannot be read: ${error.message}`));
    // The connection's own failures come by the request's error event; here they are only the end of the pipe.
    pipeline(source, countBytes(body, request.onSent, failed), outgoing, ignore);
  }
}

/** Counts, and stops a file that changed its length while it was read: a cut body must not look whole. */
function countBytes(
  body: StreamedBody,
  onSent: HttpRequest['onSent'],
  failed: (why: string) => void,
): Transform {
  let bytes = 0;
  const stop = (done: (error: Error) => void) => {
    const why = `the body has another length than the ${body.bytes} bytes that were announced`;
    failed(why);
    done(new Error(why));
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > body.bytes) return stop(done);
      onSent?.(bytes);
      done(null, chunk);
    },
    flush(done) {
      if (bytes === body.bytes) done();
      else stop(done);
    },
  });
}

async function readAnswer(incoming: IncomingMessage, host: string, limitBytes: number): Promise<HttpAnswer> {
  const address = incoming.socket.remoteAddress ?? null;
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
    address,
  };
}

interface Failing {
  readonly request: HttpRequest;
  readonly host: string;
  readonly sent: boolean;
  readonly signal: AbortSignal;
}

function asTransportError(error: Error, { request, host, sent, signal }: Failing): TransportError {
  if (error instanceof TransportError) return error;
  if (request.signal?.aborted) {
    return new TransportError(`The request to ${host} was called off.`, {
      code: 'ABORTED',
      sent,
      host,
      cause: error,
    });
  }
  if (signal.aborted) {
    const what = sent ? 'did not answer' : 'could not be connected to';
    return new TransportError(`${host} ${what} within ${request.timeoutMs / 1000} s.`, {
      code: 'ETIMEDOUT',
      sent,
      host,
      cause: error,
    });
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'ECONNRESET';
  return new TransportError(`${host}: ${describeCode(code, error)}`, { code, sent, host, cause: error });
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut before the answer',
  EPIPE: 'the connection was cut while sending',
  ENOTFOUND: 'the name is not known to DNS here',
  EAI_AGAIN: 'DNS did not answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'the connection timed out',
  EPROTO: 'what listens there does not speak TLS as it should',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an authority that is not trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not trusted here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself only',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** The code in words; an unknown one keeps Node's own sentence, which carries no body and no header. */
function describeCode(code: string, error: Error): string {
  return `${words[code] ?? (error.message || 'the request failed')} (${code})`;
}
