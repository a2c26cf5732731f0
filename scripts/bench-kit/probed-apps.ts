/**
 * `node probed-apps.ts CERT_FILE KEY_FILE`: function apps that are well, under every name, on one port of this
 * machine. Tells the port, and on each line of standard input how many requests came since the last one.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

const [certFile = '', keyFile = '', release = ''] = process.argv.slice(2);

const answers: Readonly<Record<string, object>> = {
  '/admin/host/status': {
    id: 'orders',
    state: 'Running',
    version: '4.1042.100.25374',
    processUptime: 61_000,
  },
  '/admin/vfs/slotwave.release.json': { release, content: '0'.repeat(64) },
  '/admin/functions': ['orders', 'health'].map((name) => ({ name, language: 'node', isDisabled: false })),
  '/api/health': { release, ok: true },
};

let asked = 0;
const server = createServer(
  { cert: readFileSync(certFile), key: readFileSync(keyFile) },
  (request, response) => {
    asked++;
    const answer = answers[request.url?.split('?')[0] ?? ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? null));
  },
);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
const orders = createInterface({ input: process.stdin });
orders.on('line', () => {
  console.log(asked);
  asked = 0;
});
// Whoever started it is gone.
orders.on('close', () => process.exit(0));
