import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slotwave-main-'));
  writeFileSync(
    join(folder, 'world.yml'),
    `sites:\n  - { name: orders-weu, region: westeurope, package: ${join(root, 'examples/orders')}, release: r-0 }\n`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(...flags: readonly string[]): ChildProcess {
  const main = join(root, 'src/emulator/main.ts');
  return spawn(process.execPath, [main, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] });
}

interface Facts {
  readonly url: string;
  readonly ca: string;
  readonly timeScale: number;
  readonly anchorMs: number;
  readonly pid: number;
}

async function firstLine(child: ChildProcess): Promise<Facts> {
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return JSON.parse(String(line)) as Facts;
}

async function endOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly said: string }> {
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'exit');
  return { code, said };
}

function get(
  facts: Facts,
  host: string,
  path: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const { port } = new URL(facts.url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        servername: host,
        ca: readFileSync(facts.ca),
        headers: { host: `${host}:${port}` },
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    outgoing.on('error', reject).end();
  });
}

describe("the emulator's door", () => {
  it('prints one line, runs the deployed app for real, and leaves nothing behind when its starter goes', async () => {
    const data = join(folder, 'data');
    const child = start(
      '--world',
      join(folder, 'world.yml'),
      '--time-scale',
      '20',
      '--anchor',
      '1767225600000',
      '--data',
      data,
    );
    const end = endOf(child);
    const facts = await firstLine(child);
    expect(facts).toMatchObject({
      emulator: 'slotwave',
      timeScale: 20,
      anchorMs: 1_767_225_600_000,
      pid: child.pid,
    });
    expect(facts.ca.startsWith(data)).toBe(true);
    const health = await get(facts, 'orders-weu.azurewebsites.localhost', '/api/health');
    expect(health.status).toBe(200);
    expect(JSON.parse(health.body)).toMatchObject({ release: 'r-0' });
    child.stdin!.end();
    expect(await end).toEqual({ code: 0, said: '' });
    expect(existsSync(facts.ca)).toBe(false);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends in order on %s', async (signal) => {
    const child = start('--world', join(folder, 'world.yml'));
    const end = endOf(child);
    const facts = await firstLine(child);
    child.kill(signal);
    expect(await end).toEqual({ code: 0, said: '' });
    expect(existsSync(facts.ca)).toBe(false);
  });

  it.each([
    ['without a world', [], /--world is missing/],
    [
      'with a number that is none',
      ['--port', 'x', '--seed', 'y'],
      /--port must be a number[\s\S]*--seed must be a number/,
    ],
    ['with an unknown flag', ['--wrold', 'x'], /--wrold/],
    ['with a world that is not there', ['--world', '/nowhere.yml'], /\/nowhere\.yml cannot be used/],
  ])('says what is wrong %s and ends with 2', async (_title, flags, message) => {
    const { code, said } = await endOf(start(...flags));
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it('says so when its port is taken, and leaves no folder', async () => {
    const first = start('--world', join(folder, 'world.yml'));
    const end = endOf(first);
    const { port } = new URL((await firstLine(first)).url);
    const data = join(folder, 'taken');
    const second = await endOf(start('--world', join(folder, 'world.yml'), '--port', port, '--data', data));
    expect(second).toMatchObject({ code: 2, said: expect.stringContaining('EADDRINUSE') });
    expect(readdirSync(data)).toEqual([]);
    first.kill('SIGTERM');
    await end;
  });
});
