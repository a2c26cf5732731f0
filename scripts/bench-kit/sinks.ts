/**
 * `node sinks.ts CERT_FILE KEY_FILE`: what packages are sent to, under every name, on one port of this machine: SCM
 * sites, a storage account, and as much of ARM as lets a slot fetch. Tells the port, and on each line of standard
 * input the bytes that its sockets have received since the last one, and how many of them were packages.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Received {
  /** By all sockets, TLS and headers included. */
  readonly received: number;
  readonly packageBytes: number;
}

const [certFile = '', keyFile = ''] = process.argv.slice(2);

/** What a site has been given, by its host or path: the release that it then says it runs. */
const deployed = new Map<string, string>();
const blobs = new Map<string, number>();
let gone = 0;
const open = new Set<Socket>();
let packageBytes = 0;
let toldBytes = 0;

const server = createServer(
  { cert: readFileSync(certFile), key: readFileSync(keyFile) },
  (request, response) => {
    const bytes = { count: 0 };
    // Counted and forgotten: no chunk is kept, and none is copied.
    request.on('data', (chunk: Buffer) => {
      bytes.count += chunk.length;
    });
    request.on('end', () => {
      const { status, body, headers } = answer(request, bytes.count);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  },
);
server.on('connection', (socket: Socket) => {
  open.add(socket);
  socket.on('close', () => {
    open.delete(socket);
    gone += socket.bytesRead;
  });
});

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

function answer(request: IncomingMessage, bytes: number): Answer {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://any');
  const host = request.headers.host ?? '';
  if (host.includes('.scm.')) return answerScm(request.method ?? '', host, pathname, searchParams, bytes);
  const isStore = pathname.startsWith('/packages') || searchParams.get('restype') === 'service';
  if (isStore) return answerStore(request.method ?? '', pathname, searchParams, bytes);
  return answerArm(request.method ?? '', pathname);
}

const record = (id: string, message: string) => ({
  id,
  status: 4,
  complete: true,
  is_temp: false,
  active: true,
  message,
  deployer: 'slotwave',
  received_time: new Date().toISOString(),
});

function answerScm(
  method: string,
  host: string,
  pathname: string,
  search: URLSearchParams,
  bytes: number,
): Answer {
  if (method === 'POST') {
    packageBytes += bytes;
    deployed.set(host, search.get('message') ?? '');
    return { status: 202 };
  }
  const message = deployed.get(host);
  if (pathname === '/api/deployments') return { status: 200, body: message ? [record('d1', message)] : [] };
  if (pathname.startsWith('/api/deployments/')) return { status: 200, body: record('d1', message ?? '') };
  return { status: 404 };
}

function answerStore(method: string, path: string, search: URLSearchParams, bytes: number): Answer {
  const comp = search.get('comp');
  if (comp === 'userdelegationkey') {
    const times = ['2026-01-01T00:00:00Z', '2036-01-01T00:00:00Z'];
    const key = `<SignedOid>o</SignedOid><SignedTid>t</SignedTid><SignedStart>${times[0]}</SignedStart><SignedExpiry>${times[1]}</SignedExpiry><SignedService>b</SignedService><SignedVersion>2023-11-03</SignedVersion><Value>a2V5</Value>`;
    return { status: 200, body: `<UserDelegationKey>${key}</UserDelegationKey>` };
  }
  if (method === 'PUT' && comp !== 'blocklist') {
    packageBytes += bytes;
    blobs.set(path, (blobs.get(path) ?? 0) + bytes);
    // A block is seen by nobody before it is in a list.
    if (comp === 'block') return { status: 201 };
  }
  if (method === 'PUT') listed.add(path);
  if (method === 'HEAD' && !listed.has(path))
    return { status: 404, headers: { 'x-ms-error-code': 'BlobNotFound' } };
  if (method === 'HEAD') return { status: 200, headers: { 'content-length': String(blobs.get(path)) } };
  return { status: 201 };
}
const listed = new Set<string>();

function answerArm(method: string, path: string): Answer {
  if (path.endsWith('/config/slotConfigNames')) return { status: 200, body: { properties: {} } };
  const slot = /^(.*\/slots\/[^/]+)/.exec(path)?.[1] ?? path;
  if (path.endsWith('/extensions/onedeploy')) deployed.set(slot, 'OneDeploy');
  if (method !== 'GET') return { status: 200, body: {} };
  const asArm = (one: ReturnType<typeof record>) => ({
    id: `${slot}/deployments/d1`,
    name: 'd1',
    properties: one,
  });
  const message = deployed.get(slot);
  if (path.endsWith('/deployments'))
    return { status: 200, body: { value: message ? [asArm(record('d1', message))] : [] } };
  if (path.includes('/deployments/')) return { status: 200, body: asArm(record('d1', message ?? '')) };
  const site = /\/sites\/([^/]+)/.exec(path)?.[1] ?? '';
  const port = (server.address() as AddressInfo).port;
  const properties = {
    defaultHostName: `${site}-staging.azurewebsites.localhost:${port}`,
    hostNameSslStates: [
      { name: `${site}-staging.scm.azurewebsites.localhost:${port}`, hostType: 'Repository' },
    ],
  };
  return {
    status: 200,
    body: { id: slot, name: `${site}/staging`, location: 'West Europe', kind: 'functionapp', properties },
  };
}

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
const orders = createInterface({ input: process.stdin });
orders.on('line', () => {
  const received = [...open].reduce((sum, { bytesRead }) => sum + bytesRead, gone);
  console.log(JSON.stringify({ received: received - toldBytes, packageBytes } satisfies Received));
  [toldBytes, packageBytes] = [received, 0];
});
// Whoever started it is gone.
orders.on('close', () => process.exit(0));
