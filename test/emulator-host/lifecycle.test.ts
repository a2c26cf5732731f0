import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunningHost } from '../../src/emulator/host/runtime.ts';
import {
  asAdmin,
  ask,
  askJson,
  isAlive,
  nodeApp,
  openStage,
  repository,
  type Stage,
  until,
  workerPath,
} from './kit.ts';

const http = (name: string, handler: string) =>
  `require('@azure/functions').app.http('${name}', { authLevel: 'anonymous', handler: ${handler} });`;
const pidApp = http('pid', 'async () => ({ body: String(process.pid) })');

async function pidOf(host: RunningHost): Promise<number> {
  return Number(await (await ask(host, '/api/pid')).text());
}

let stage: Stage;
beforeEach(() => {
  stage = openStage();
});
afterEach(() => stage.close());

describe('the processes', () => {
  it('start with the first request that needs the app; the home page needs it not', async () => {
    const marker = path.join(stage.dataDir, 'started');
    const code = `require('node:fs').writeFileSync(process.env.MARKER, ''); ${pidApp}`;
    const host = stage.start(nodeApp({ 'index.js': code }), { settings: { MARKER: marker } });
    await ask(host, '/');
    expect(readdirSync(stage.dataDir)).not.toContain('started');
    await ask(host, '/api/pid');
    expect(readdirSync(stage.dataDir)).toContain('started');
  });

  it('are gone after stop and close, also those that hang', async () => {
    const hangs = `${pidApp} process.on('SIGTERM', () => {});
      require('@azure/functions').app.hook.appTerminate(() => new Promise(() => {}));`;
    const hosts = [stage.start(nodeApp({ 'index.js': pidApp })), stage.start(nodeApp({ 'index.js': hangs }))];
    const pids = await Promise.all(hosts.map(pidOf));
    await hosts[0]?.stop();
    expect(isAlive(pids[0] ?? 0)).toBe(false);
    await stage.runtime.close();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(() => readdirSync(stage.dataDir)).toThrow('ENOENT');
  });

  it('end when the emulator is killed', async () => {
    const app = nodeApp({ 'index.js': pidApp });
    const folder = mkdtempSync(path.join(tmpdir(), 'slotwave-killed-'));
    writeFileSync(path.join(folder, 'app.zip'), app.bytes);
    const emulator = path.join(folder, 'emulator.ts');
    writeFileSync(
      emulator,
      `import { readFileSync } from 'node:fs';
       import { systemClock } from '${repository}/src/clock.ts';
       import { createProcessRuntime } from '${repository}/src/emulator/host/process-runtime.ts';
       const runtime = createProcessRuntime({ dataDir: '${folder}/data', nodePath: process.execPath,
         workerPath: '${workerPath}', searchPath: process.env.PATH, funcPath: null });
       const host = runtime.start({ site: 's', slot: 'x', hostName: 's.test', operatingSystem: 'linux', settings: {},
         content: { digest: '${app.digest}', bytes: readFileSync('${folder}/app.zip') }, clock: systemClock(),
         keys: { master: 'm', functionKeys: {}, systemKeys: {} } });
       console.log(await (await host.fetch(new Request('https://s.test/api/pid'))).text());
       setInterval(() => {}, 1000);`,
    );
    const parent = spawn(process.execPath, [emulator], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
    rmSync(folder, { recursive: true, force: true });
  });

  it('are never more than maxHosts: who was used longest ago rests', async () => {
    await stage.close();
    stage = openStage({ maxHosts: 2, funcPath: null });
    const content = nodeApp({ 'index.js': pidApp });
    const [a, b, c] = [stage.start(content), stage.start(content), stage.start(content)] as const;
    const first = [await pidOf(a), await pidOf(b)] as const;
    expect(await pidOf(a)).toBe(first[0]);
    const third = await pidOf(c);
    expect([first[0], first[1], third].map(isAlive)).toEqual([true, false, true]);
    const again = await pidOf(b);
    expect([first[0], third, again].map(isAlive)).toEqual([false, true, true]);
  });

  it('wait for a place while everybody is busy', async () => {
    await stage.close();
    stage = openStage({ maxHosts: 1, funcPath: null });
    const slow = http(
      'pid',
      'async () => { await new Promise((r) => setTimeout(r, 600)); return { body: String(process.pid) }; }',
    );
    const content = nodeApp({ 'index.js': slow });
    const pids = await Promise.all([pidOf(stage.start(content)), pidOf(stage.start(content))]);
    expect(pids.filter(isAlive)).toHaveLength(1);
  });
});

describe('a host that waits for a place', () => {
  it('is stopped at once, and the one at work goes on', async () => {
    await stage.close();
    stage = openStage({ maxHosts: 1, funcPath: null });
    const leave = path.join(stage.dataDir, 'leave');
    const busy = http(
      'pid',
      `async () => {
        while (!require('node:fs').existsSync('${leave}')) await new Promise((r) => setTimeout(r, 20));
        return { body: String(process.pid) };
      }`,
    );
    const content = nodeApp({ 'index.js': busy });
    const [first, second] = [stage.start(content), stage.start(content)] as const;
    const working = pidOf(first);
    await until(() => readdirSync(stage.dataDir).includes('homes'));
    await ask(second, '/');
    const waiting = ask(second, '/api/pid');
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Whoever waited for the one at work would wait for ever.
    await second.stop();
    expect((await waiting).status).toBe(503);
    writeFileSync(leave, '');
    expect(await working).toBeGreaterThan(0);
  });
});

describe('an app that dies', () => {
  const mortal = `${pidApp} ${http('die', 'async () => { process.exit(9); }')}`;

  it('leaves the request in flight with 502 and is started again for the next', async () => {
    const host = stage.start(nodeApp({ 'index.js': mortal }));
    const before = await pidOf(host);
    expect((await ask(host, '/api/die')).status).toBe(502);
    const after = await pidOf(host);
    expect(after).not.toBe(before);
  });

  it('while it loads puts the host in state Error after three tries', async () => {
    const host = stage.start(nodeApp({ 'index.js': 'process.exit(7);' }));
    const answer = await ask(host, '/api/pid');
    expect([answer.status, await answer.text()]).toEqual([503, 'Function host is not running.']);
    expect(await askJson(host, '/admin/host/status', asAdmin)).toMatchObject({
      ...{ state: 'Error', errors: [expect.stringContaining('ended with code 7')] },
    });
    expect((await ask(host, '/admin/functions', asAdmin)).status).toBe(503);
  });

  it('is stopped in the middle of its loading without a wait', async () => {
    const host = stage.start(nodeApp({ 'index.js': 'setInterval(() => {}, 1000); while (true) {}' }));
    const asked = ask(host, '/api/pid');
    await until(() => readdirSync(path.join(stage.dataDir)).includes('homes'));
    const startedMs = Date.now();
    await host.stop();
    expect((await asked).status).toBe(503);
    // It is given two seconds to end by itself, as every app; its loading might take thirty.
    expect(Date.now() - startedMs).toBeLessThan(20_000);
  });
});
