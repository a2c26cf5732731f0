/** The road to the real `func`, shown with a program that takes the same command line and answers the same paths. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { asAdmin, ask, askJson, functionKey, isAlive, openStage, pack, type Stage } from './kit.ts';

const standIn = `#!/usr/bin/env node
const { createServer } = require('node:http');
const { writeFileSync } = require('node:fs');
const [verb, flag, port] = process.argv.slice(2);
if (verb !== 'start' || flag !== '--port') process.exit(64);
writeFileSync('written-by-func.txt', 'the folder is a copy that may be written to');
process.on('SIGTERM', () => {}); // the real one hangs on it
process.on('SIGINT', () => { console.log('told to stop'); process.exit(0); });
let ready = false;
setTimeout(() => { ready = true; }, 200);
const bindings = (authLevel) => [{ name: 'req', type: 'httpTrigger', direction: 'in', authLevel, route: 'py/{x}', methods: ['GET'] }, { name: '$return', type: 'http', direction: 'out' }];
const list = [{ name: 'py', language: 'python', config: { scriptFile: 'function_app.py', bindings: bindings('function') } }];
createServer((request, response) => {
  const say = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (request.url === '/admin/host/status') return say(200, { state: ready ? 'Running' : 'Starting' });
  if (request.url === '/admin/functions') return say(200, list);
  say(200, { url: request.url, cwd: process.cwd(), pid: process.pid, mine: process.env.MINE });
}).listen(Number(port), '127.0.0.1');
`;

let bin: string;
let stage: Stage;
beforeAll(() => {
  bin = mkdtempSync(path.join(tmpdir(), 'slotwave-func-'));
  writeFileSync(path.join(bin, 'func'), standIn);
  chmodSync(path.join(bin, 'func'), 0o755);
});
afterAll(async () => {
  await stage.close();
  rmSync(bin, { recursive: true, force: true });
});

it('runs what the emulator has no worker for, and SIGINT ends it', async () => {
  const lines: string[] = [];
  // No funcPath is given: it is found on the search path.
  const searchPath = `${bin}${path.delimiter}${process.env['PATH']}`;
  stage = openStage({ searchPath, log: (line) => lines.push(line) });
  const files = { 'host.json': '{"version":"2.0"}', 'function_app.py': 'import azure.functions' };
  const host = stage.start(pack(files), { settings: { FUNCTIONS_WORKER_RUNTIME: 'python', MINE: 'set' } });

  expect((await ask(host, '/api/py/1')).status).toBe(401);
  const seen = (await askJson(host, `/api/py/1?code=${functionKey}`)) as { pid: number; cwd: string };
  expect(seen).toMatchObject({ url: `/api/py/1?code=${functionKey}`, mine: 'set' });
  expect(seen.cwd.startsWith(stage.dataDir)).toBe(true);
  expect(await askJson(host, '/admin/functions', asAdmin)).toMatchObject([
    { name: 'py', language: 'python' },
  ]);
  expect(isAlive(seen.pid)).toBe(true);
  await host.stop();
  expect(isAlive(seen.pid)).toBe(false);
  expect(lines.join('\n')).toContain('told to stop');
});
