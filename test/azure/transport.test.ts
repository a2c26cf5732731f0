import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { asHttpClient } from '../../src/azure/http-client.ts';
import { type HttpRequest, TransportError } from '../../src/azure/transport.ts';
import { createTransport, type NodeTransport } from '../../src/azure/transport-node.ts';
import { systemClock } from '../../src/clock.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
        server.closeAllConnections();
      }
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

function connect(ca?: string): NodeTransport {
  const transport = createTransport({ clock: systemClock(), ca });
  open.push(transport);
  return transport;
}

type Listener = (incoming: IncomingMessage, answer: ServerResponse) => unknown;
const serve = (listener: Listener) =>
  listen(createServer((incoming, answer) => void listener(incoming, answer)));
const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  headers: {},
  timeoutMs: 5_000,
  ...more,
});

async function failure(work: Promise<unknown>): Promise<TransportError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TransportError) return error;
  throw new Error(`expected a TransportError, found ${String(error)}`);
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const reply = (answer: ServerResponse, status: number, body = '', headers = {}) =>
  answer.writeHead(status, headers).end(body);

describe('a request that is over', () => {
  it.each([
    ['answered', true],
    ['failed', false],
  ])('and %s leaves no deadline behind: a rollout sends thousands', async (_, answered) => {
    const port = await serve((incoming, answer) =>
      answered ? reply(answer, 200) : incoming.socket.destroy(),
    );
    const ends: (AbortSignal | undefined)[] = [];
    const clock = systemClock();
    const timeout = (ms: number, done?: AbortSignal) => {
      ends.push(done);
      return clock.timeout(ms, done);
    };
    const transport = createTransport({ clock: { timeout } });
    open.push(transport);
    await transport.send(get(`http://127.0.0.1:${port}/`)).catch(() => null);
    expect(ends.map((done) => done?.aborted)).toEqual([true]);
  });

  it.each<[string, () => Promise<void>]>([
    ['before its connection is begun', () => Promise.resolve()],
    ['while its connection comes about', () => new Promise((resolve) => setImmediate(resolve))],
  ])('and is called off without a reason %s fails as itself alone', async (_, moment) => {
    const port = await serve((_incoming, answer) => reply(answer, 200));
    const transport = createTransport({ clock: systemClock() });
    open.push(transport);
    const caller = new AbortController();
    const sent = transport.send({
      ...get(`https://127.0.0.1:${port}/`),
      signal: caller.signal,
      freshConnection: true,
    });
    void moment().then(() => caller.abort(null));
    await expect(sent).rejects.toMatchObject({ code: 'ABORTED' });
    // What comes about too late is nobody's: it must not bring the process down.
    await systemClock().sleep(20);
  });

  it('is not told that its time is up', async () => {
    const done = new AbortController();
    const [cleared, due] = [systemClock().timeout(20, done.signal), systemClock().timeout(40)];
    done.abort(null);
    await once(due, 'abort');
    expect(cleared.aborted).toBe(false);
  });

  it('but one that lasts is', async () => {
    const late = systemClock().timeout(5, new AbortController().signal);
    // Nothing else holds the process while it waits: a deadline does not.
    await Promise.all([once(late, 'abort'), systemClock().sleep(50)]);
    expect(late.reason).toMatchObject({ name: 'TimeoutError' });
  });
});

describe('what goes over the wire', () => {
  it('status, reason, headers, cookies, body, and who answered', async () => {
    const port = await serve((_, answer) => {
      answer.writeHead(
        403,
        'Ip Forbidden',
        [
          ['X-Two', 'a'],
          ['X-Two', 'b'],
          ['Set-Cookie', 'one=1'],
          ['Set-Cookie', 'two=2'],
        ].flat(),
      );
      answer.end('närrisch');
    });
    const answer = await connect().send(get(`http://localhost:${port}/`));
    expect(answer).toMatchObject({
      status: 403,
      reason: 'Ip Forbidden',
      setCookies: ['one=1', 'two=2'],
      body: 'närrisch',
    });
    expect(answer.headers['x-two']).toBe('a, b');
    expect(answer.address).toMatch(/^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/);
  });

  it.each([
    ['text', 'gräßlich', 'gräßlich'],
    ['bytes', new Uint8Array([104, 105]), 'hi'],
    ['nothing', undefined, ''],
  ])('%s as a body, with its length', async (_name, body, expected) => {
    const port = await serve(async (incoming, answer) => {
      const bytes = await readAll(incoming);
      reply(
        answer,
        200,
        JSON.stringify([
          incoming.method,
          incoming.headers['content-length'],
          incoming.headers['transfer-encoding'] ?? null,
          bytes.toString(),
        ]),
      );
    });
    const answer = await connect().send(get(`http://localhost:${port}/`, { method: 'POST', body }));
    expect(JSON.parse(answer.body)).toEqual(['POST', String(Buffer.byteLength(expected)), null, expected]);
  });

  it('streams a body from its first byte on each try, and tells how much is sent', async () => {
    const bytes = Buffer.alloc(1_000_000, 'a');
    let tries = 0;
    const port = await serve(async (incoming, answer) => {
      const found = await readAll(incoming);
      reply(answer, ++tries === 1 ? 503 : 200, String(found.equals(bytes)));
    });
    const { send } = connect();
    let opened = 0;
    const told: number[] = [];
    const request = get(`http://localhost:${port}/`, {
      method: 'POST',
      body: {
        bytes: bytes.length,
        open: () => {
          opened++;
          return Readable.from([bytes.subarray(0, 400_000), bytes.subarray(400_000)]);
        },
      },
      onSent: (sent) => told.push(sent),
    });
    expect((await send(request)).body).toBe('true');
    expect((await send(request)).body).toBe('true');
    expect(opened).toBe(2);
    const once = [262_144, 400_000, 662_144, 924_288, 1_000_000];
    expect(told).toEqual([...once, ...once]);
  });

  it.each([
    ['shorter', 10],
    ['longer', 2],
  ])('a body that turns out %s than said never looks whole', async (_name, said) => {
    const seen: string[] = [];
    const port = await serve((incoming, answer) => {
      readAll(incoming)
        .then(
          () => seen.push('whole'),
          () => seen.push('cut'),
        )
        .finally(() => reply(answer, 200));
    });
    const error = await failure(
      connect().send(
        get(`http://localhost:${port}/`, {
          method: 'POST',
          body: { bytes: said, open: () => Readable.from([Buffer.from('12345')]) },
        }),
      ),
    );
    expect(error.code).toBe('EBODYCHANGED');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).not.toContain('whole');
  });

  it('a body that cannot be read is told as such', async () => {
    const port = await serve(
      (incoming, answer) => void incoming.resume().once('end', () => reply(answer, 200)),
    );
    const body = { bytes: 5, open: () => createReadStream('/nowhere/at/all') };
    const error = await failure(connect().send(get(`http://localhost:${port}/`, { method: 'POST', body })));
    expect([error.code, error.message]).toEqual(['EBODYCHANGED', expect.stringContaining('ENOENT')]);
  });

  it('takes the answer of a server that refuses the body before it has read it', async () => {
    const port = await serve((_incoming, answer) => reply(answer, 409, 'busy', { connection: 'close' }));
    const answer = await connect().send(
      get(`http://localhost:${port}/`, { method: 'POST', body: { bytes: 300, open: () => slowly(300) } }),
    );
    expect([answer.status, answer.body]).toEqual([409, 'busy']);
  });

  it('never follows a redirect', async () => {
    let asked = 0;
    const port = await serve((_, answer) => {
      asked++;
      reply(answer, 307, '', { location: '/elsewhere' });
    });
    expect(
      (await connect().send(get(`http://localhost:${port}/`, { method: 'POST', body: 'x' }))).status,
    ).toBe(307);
    expect(asked).toBe(1);
  });

  it('opens a connection of its own where asked to, and keeps one otherwise', async () => {
    const ports: (number | undefined)[] = [];
    const port = await serve((incoming, answer) => {
      ports.push(incoming.socket.remotePort);
      reply(answer, 200);
    });
    const { send } = connect();
    for (const freshConnection of [false, false, true, true])
      await send(get(`http://localhost:${port}/`, { freshConnection }));
    expect(ports[0]).toBe(ports[1]);
    expect(new Set(ports).size).toBe(3);
  });
});

/** A byte a millisecond. */
function slowly(bytes: number): Readable {
  return Readable.from(
    (async function* () {
      for (let sent = 0; sent < bytes; sent++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield Buffer.from('x');
      }
    })(),
  );
}

describe('no answer, and whether the request may have arrived', () => {
  it('a name that is not known: not sent', async () => {
    const error = await failure(connect().send(get('http://no-such-host.invalid/')));
    expect([error.code, error.sent]).toEqual([expect.stringMatching(/ENOTFOUND|EAI_AGAIN/), false]);
  });

  it('a refused connection: not sent', async () => {
    const port = await serve(() => {});
    for (const each of open.splice(0)) each.close();
    const error = await failure(connect().send(get(`http://localhost:${port}/`, { method: 'POST' })));
    expect([error.code, error.sent, error.host]).toEqual(['ECONNREFUSED', false, `localhost:${port}`]);
    expect(error.message).toContain('refused');
  });

  it('a connection that is never finished: not sent', async () => {
    const port = await listen(createTcpServer(() => {}));
    // TCP connects, TLS never does: nothing of the request can have left.
    const error = await failure(
      connect().send(get(`https://localhost:${port}/`, { method: 'POST', timeoutMs: 150 })),
    );
    expect([error.code, error.sent]).toEqual(['ETIMEDOUT', false]);
  });

  it('a certificate that nobody vouches for: not sent', async () => {
    const { send, port } = await secure();
    const error = await failure(send(get(`https://localhost:${port}/`)));
    expect([error.code, error.sent]).toEqual([expect.stringMatching(/UNABLE_TO|SELF_SIGNED/), false]);
  });

  it.each([
    [
      'cut after the request',
      (_: IncomingMessage, answer: ServerResponse) => void answer.socket?.destroy(),
      ...(['ECONNRESET', 30_000] as const),
    ],
    [
      'cut inside the answer',
      (_: IncomingMessage, answer: ServerResponse) => {
        answer.writeHead(200, { 'content-length': '10' }).write('x');
        setTimeout(() => answer.socket?.destroy(), 20);
      },
      ...(['ECONNRESET', 30_000] as const),
    ],
    ['never answered', () => {}, 'ETIMEDOUT', 1_000],
    [
      'answered for ever',
      (_: IncomingMessage, answer: ServerResponse) => void answer.writeHead(200).write('x'),
      ...(['ETIMEDOUT', 1_000] as const),
    ],
  ])('%s: perhaps sent', async (_name, listener, code, timeoutMs) => {
    const port = await serve(listener);
    const error = await failure(
      connect().send(get(`http://localhost:${port}/`, { method: 'POST', body: 'x', timeoutMs })),
    );
    expect([error.code, error.sent]).toEqual([code, true]);
  });

  it('cut in the middle of the body: perhaps sent', async () => {
    const port = await serve((incoming) => incoming.once('data', () => incoming.socket.destroy()));
    const error = await failure(
      connect().send(
        get(`http://localhost:${port}/`, { method: 'POST', body: { bytes: 300, open: () => slowly(300) } }),
      ),
    );
    expect(error.sent).toBe(true);
  });

  it('called off: said so', async () => {
    const port = await serve(() => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 20);
    expect(
      (await failure(connect().send(get(`http://localhost:${port}/`, { signal: stop.signal })))).code,
    ).toBe('ABORTED');
  });

  it('an answer longer than its limit is an error, and is not read to its end', async () => {
    const port = await serve((_, answer) => void answer.writeHead(200).end('x'.repeat(10_000)));
    const error = await failure(connect().send(get(`http://localhost:${port}/`, { maxAnswerBytes: 100 })));
    expect([error.code, error.sent]).toEqual(['EANSWERTOOLONG', true]);
  });
});

async function secure() {
  const { ca, certificate, key } = await makeCertificates(Date.now());
  const port = await listen(
    createTlsServer({ cert: certificate, key }, (incoming, answer) =>
      reply(answer, 200, incoming.headers.host),
    ),
  );
  return { ca, port, send: connect().send };
}

describe('TLS', () => {
  it('trusts a CA that it is given, and finds the names of the emulator on this machine', async () => {
    const { ca, port } = await secure();
    const answer = await connect(ca).send(get(`https://orders-staging.scm.azurewebsites.localhost:${port}/`));
    expect(answer.body).toBe(`orders-staging.scm.azurewebsites.localhost:${port}`);
  });

  it('still holds the name against the certificate', async () => {
    const { ca, port } = await secure();
    const error = await failure(connect(ca).send(get(`https://elsewhere.localhost:${port}/`)));
    expect([error.code, error.sent]).toEqual(['ERR_TLS_CERT_ALTNAME_INVALID', false]);
  });
});

describe("in the libraries' shape", () => {
  it('asks for no compression, and gives the answer as it is', async () => {
    const port = await serve((incoming, answer) =>
      reply(answer, 418, JSON.stringify(incoming.headers), { 'x-teapot': 'yes' }),
    );
    const { createPipelineRequest } = await import('@azure/core-rest-pipeline');
    const request = createPipelineRequest({
      url: `http://localhost:${port}/`,
      method: 'GET',
      allowInsecureConnection: true,
    });
    request.headers.set('Accept-Encoding', 'gzip,deflate');
    const answer = await asHttpClient(connect().send).sendRequest(request);
    expect([answer.status, answer.headers.get('X-Teapot')]).toEqual([418, 'yes']);
    expect(JSON.parse(answer.bodyAsText ?? '')).not.toHaveProperty('accept-encoding');
  });
});
