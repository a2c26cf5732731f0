import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { pieceBytes, shareFiles } from '../../src/azure/shared-file.ts';
import { createTransport } from '../../src/azure/transport-node.ts';
import { createUploads, type Upload } from '../../src/azure/uploads.ts';
import { systemClock, VirtualClock } from '../../src/clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-uploads-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function makeFile(name: string, bytes: number) {
  const path = join(folder, name);
  const content = randomBytes(bytes);
  writeFileSync(path, content);
  return { path, content, bytes };
}

async function readAll(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

/** How often this process has the file open. */
const openings = (path: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;

describe('a file that several send at once', () => {
  it('is read once for all of them, whole, and closed when the last one has it', async () => {
    const { path, content, bytes } = makeFile('shared', 3 * pieceBytes + 17);
    const files = shareFiles();
    const readers = await Promise.all([1, 2, 3].map(() => readAll(files.read(path, bytes))));
    for (const pieces of readers) expect(Buffer.concat(pieces).equals(content)).toBe(true);
    const [one, two, three] = readers;
    expect(one!.map(({ length }) => length)).toEqual([pieceBytes, pieceBytes, pieceBytes, 17]);
    expect(one!.every((piece, at) => piece === two![at] && piece === three![at])).toBe(true);
    expect(openings(path)).toBe(0);
  });

  it('waits for nobody: who is slow reads again by itself, what a fast one has long sent', async () => {
    const { path, content, bytes } = makeFile('slow', 20 * pieceBytes);
    const files = shareFiles();
    const slow = files.read(path, bytes)[Symbol.asyncIterator]();
    const first = await slow.next();
    const fast = await readAll(files.read(path, bytes));
    expect(fast[0]).toBe(first.value);
    const rest: Buffer[] = [];
    for (let next = await slow.next(); !next.done; next = await slow.next()) rest.push(next.value);
    expect(Buffer.concat([first.value as Buffer, ...rest]).equals(content)).toBe(true);
    expect(rest[0]).not.toBe(fast[1]);
    expect(openings(path)).toBe(0);
  });

  it('is closed as well when somebody stops in the middle', async () => {
    const { path, bytes } = makeFile('stopped', 2 * pieceBytes);
    for await (const piece of shareFiles().read(path, bytes)) {
      expect([piece.length, openings(path)]).toEqual([pieceBytes, 1]);
      break;
    }
    expect(openings(path)).toBe(0);
  });

  it.each([
    ['another length than it was said to have', -1, /has 10 bytes and not 11/],
    ['none, because it is gone', null, /ENOENT/],
  ] as const)('is refused when it has %s', async (_, change, why) => {
    const { path, bytes } = makeFile('changed', 10);
    if (change === null) rmSync(path);
    await expect(readAll(shareFiles().read(path, change === null ? bytes : bytes + 1))).rejects.toThrow(why);
  });

  it('is refused when it is cut while it is read, and is read anew by the next one', async () => {
    const { path, bytes } = makeFile('cut', 3 * pieceBytes);
    const files = shareFiles();
    const reader = files.read(path, bytes)[Symbol.asyncIterator]();
    await reader.next();
    truncateSync(path, pieceBytes);
    await expect(reader.next()).rejects.toThrow(/cut/);
    const again = makeFile('cut', bytes);
    expect(Buffer.concat(await readAll(files.read(path, bytes))).equals(again.content)).toBe(true);
  });
});

describe('uploads that run together, over real connections', () => {
  it('do not wait for a slow one, and one that breaks begins again at its first byte', async () => {
    const { path, content, bytes } = makeFile('moved', 24 * pieceBytes + 5);
    const digest = createHash('sha256').update(content).digest('hex');
    const over = new AbortController();
    const arrived: string[] = [];
    let tries = 0;
    const receive = async (incoming: IncomingMessage, answer: ServerResponse) => {
      const name = incoming.url ?? '';
      if (name === '/broken' && ++tries === 1) {
        await once(incoming, 'data');
        incoming.destroy();
        return;
      }
      // It takes what the kernel holds for it, and nothing more, until the others have all.
      if (name === '/slow') await once(over.signal, 'abort');
      const hash = createHash('sha256');
      for await (const chunk of incoming) hash.update(chunk as Buffer);
      arrived.push(`${name} ${hash.digest('hex') === digest}`);
      answer.end();
    };
    // One that breaks off breaks the answer as well, and the upload learns of it.
    const server = createServer((incoming, answer) => {
      receive(incoming, answer).catch(() => answer.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { send: transport, close } = createTransport({ clock: systemClock() });
    const uploads = createUploads(systemClock());
    const put = async (name: string) => {
      const upload = await uploads.begin({ path, bytes }, Number.POSITIVE_INFINITY);
      const url = `http://localhost:${port}/${name}`;
      const body = { bytes, open: upload.open };
      const request = { method: 'POST', url, headers: {}, body, timeoutMs: 20_000, onSent: upload.sent };
      return transport({ ...request, freshConnection: true }).finally(upload.end);
    };
    try {
      const slow = put('slow');
      const broken = await Promise.all([put('broken').catch((error: unknown) => error), put('a'), put('b')]);
      expect(broken[0]).toMatchObject({ name: 'TransportError', sent: true });
      await put('broken');
      expect(arrived.toSorted()).toEqual(['/a true', '/b true', '/broken true']);
      over.abort();
      expect((await slow).status).toBe(200);
      expect(arrived).toContain('/slow true');
      // The answer may be there before the file is closed.
      for (let looks = 0; openings(path) > 0 && looks < 100; looks++) await setTimeout(10);
      expect(openings(path)).toBe(0);
    } finally {
      close();
      server.closeAllConnections();
      server.close();
    }
  }, 30_000);
});

describe('packages on the line', () => {
  const begin = (limitBytes: number) => {
    const clock = new VirtualClock();
    const uploads = createUploads(clock, limitBytes);
    const begun: string[] = [];
    const start = (name: string, bytes: number, untilMs = Number.POSITIVE_INFINITY): Promise<Upload> =>
      uploads.begin({ path: name, bytes }, untilMs).then((upload) => {
        begun.push(name);
        return upload;
      });
    const pass = (ms: number) => clock.run(clock.sleep(ms));
    return { clock, begun, start, pass };
  };

  it('are as many as have room by their bytes, the others in their order', async () => {
    const { begun, start, pass } = begin(100);
    const [a] = [start('a', 60), start('b', 40), start('c', 50), start('d', 1)];
    await pass(0);
    // The small one does not overtake: a large one would never come.
    expect(begun).toEqual(['a', 'b']);
    (await a).end();
    await pass(0);
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('make room as they go', async () => {
    const { begun, start, pass } = begin(100);
    const [a] = [start('a', 100), start('b', 60)];
    (await a).sent(50);
    await pass(0);
    expect(begun).toEqual(['a']);
    (await a).sent(60);
    await pass(0);
    expect(begun).toEqual(['a', 'b']);
  });

  it('go alone when they are larger than all that may go at once', async () => {
    const { begun, start, pass } = begin(100);
    const [a] = [start('a', 10), start('huge', 1_000), start('b', 10)];
    await pass(0);
    expect(begun).toEqual(['a']);
    (await a).end();
    await pass(0);
    expect(begun).toEqual(['a', 'huge']);
  });

  it('hold nobody up when they do not move, and count again when they do', async () => {
    const { begun, start, pass } = begin(100);
    const [a] = [start('a', 100), start('b', 100), start('c', 100)];
    await pass(9_000);
    expect(begun).toEqual(['a']);
    await pass(3_000);
    expect(begun).toEqual(['a', 'b']);
    (await a).sent(1);
    await pass(9_000);
    expect(begun).toEqual(['a', 'b']);
    await pass(12_000);
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('wait no longer than their deployment may take', async () => {
    const { clock, begun, start, pass } = begin(100);
    const a = await start('a', 100);
    const late = start('late', 50, clock.now() + 60_000).catch((error: unknown) => error);
    for (let at = 0; at < 20; at++) {
      a.sent(0);
      await pass(5_000);
    }
    expect(await late).toMatchObject({ kind: 'transient', code: 'upload-not-begun' });
    expect(begun).toEqual(['a']);
  });
});
