import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asAdmin, ask, askJson, type Files, isAlive, openStage, pack, type Stage, until } from './kit.ts';

/** A handler as somebody would write it without knowing us: it tells what reaches it. */
const handler = `#!/usr/bin/env node
const { createServer } = require('node:http');
const timers = [];
createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    const body = Buffer.concat(chunks).toString();
    const say = (status, value) => response.writeHead(status, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] }).end(JSON.stringify(value));
    const { url, method, headers } = request;
    if (url === '/named') return say(200, { Outputs: { res: { statusCode: 201, headers: { 'x-mine': 'yes' }, body: { payload: JSON.parse(body) } } }, Logs: ['said'], ReturnValue: null });
    if (url === '/returned') return say(200, { Outputs: {}, ReturnValue: 'plain ' + JSON.parse(body).Data.req.Params.id });
    if (url === '/odd') return say(200, { Outputs: { res: { statusCode: 99, body: 'x' } } });
    if (url === '/broken') return say(500, { sorry: true });
    if (url === '/nonsense') return response.end('no json');
    if (url === '/tick') { timers.push(JSON.parse(body).Metadata.sys.MethodName); return say(200, {}); }
    if (url === '/api/timers') return say(200, timers);
    if (url === '/api/die') return process.exit(3);
    say(202, { method, url, body, invocation: headers['x-azure-functions-invocationid'], agent: headers['user-agent'], pid: process.pid, setting: process.env.MINE, cwd: process.cwd() });
  });
}).listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1');
`;

const http = (name: string, trigger: object = {}) => ({
  bindings: [
    {
      type: 'httpTrigger',
      authLevel: 'anonymous',
      direction: 'in',
      name: 'req',
      methods: ['get', 'post'],
      ...trigger,
    },
    { type: 'http', direction: 'out', name },
  ],
});

function customApp(customHandler: object, functions: Readonly<Record<string, object>>): Files {
  const files: Record<string, Files[string]> = {
    'host.json': JSON.stringify({ version: '2.0', customHandler }),
    'bin/handler': { run: handler },
  };
  for (const [name, json] of Object.entries(functions)) files[`${name}/function.json`] = JSON.stringify(json);
  return files;
}

const settings = { FUNCTIONS_WORKER_RUNTIME: 'custom', MINE: 'set' };
const tick = {
  bindings: [{ type: 'timerTrigger', direction: 'in', name: 'timer', schedule: '0 0 * * * *' }],
};

let stage: Stage;
beforeAll(() => {
  stage = openStage();
});
afterAll(() => stage.close());

describe('a custom handler that takes requests as they are', () => {
  const files = customApp(
    { description: { defaultExecutablePath: 'bin/handler' }, enableForwardingHttpRequest: true },
    { any: http('res', { route: 'any/{*rest}' }), die: http('res'), timers: http('res'), tick },
  );

  it('gets the request forwarded with the path that was asked for, and its answer is passed on', async () => {
    const host = stage.start(pack(files), { settings });
    const answer = await ask(host, '/api/any/where?x=1', { method: 'POST', body: 'hello' });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([202, ['a=1', 'b=2']]);
    expect(await answer.json()).toMatchObject({
      ...{ method: 'POST', url: '/api/any/where?x=1', body: 'hello', setting: 'set' },
      ...{
        invocation: expect.stringMatching(/^[0-9a-f-]{36}$/),
        agent: expect.stringMatching(/^Azure-Functions-Host\//),
      },
    });
    expect((await ask(host, '/api/unknown')).status).toBe(404);
    expect(await askJson(host, '/admin/functions', asAdmin)).toMatchObject([
      { name: 'any', language: 'Custom', config: { functionDirectory: 'any' } },
      ...[{ name: 'die' }, { name: 'tick' }, { name: 'timers' }],
    ]);
    await host.stop();
  });

  it('gets a timer as payload', async () => {
    const host = stage.start(pack(files), { settings });
    expect((await ask(host, '/admin/functions/tick', { method: 'POST', ...asAdmin })).status).toBe(202);
    await until(async () => (await (await ask(host, '/api/timers')).text()) === '["tick"]');
    await host.stop();
  });

  it('answers 502 for the request in which it dies, and the next one finds it started again', async () => {
    const host = stage.start(pack(files), { settings });
    expect((await ask(host, '/api/die')).status).toBe(502);
    expect((await ask(host, '/api/any/thing')).status).toBe(202);
    await host.stop();
  });

  it('is gone after stop, with what a script around it started', async () => {
    const wrapped = {
      ...files,
      'start.sh': { run: '#!/bin/sh\n# no exec: the shell stays as the parent\n./bin/handler\n' },
    };
    const description = { defaultExecutablePath: 'start.sh' };
    const host = stage.start(
      pack({
        ...wrapped,
        'host.json': JSON.stringify({
          version: '2.0',
          customHandler: { description, enableForwardingHttpRequest: true },
        }),
      }),
      { settings },
    );
    const { pid } = (await askJson(host, '/api/any/thing')) as { pid: number };
    expect(isAlive(pid)).toBe(true);
    await host.stop();
    // The script is waited for; what it had started got the same signal, and nobody of ours hears when it has ended.
    await until(() => !isAlive(pid));
  });
});

describe('a custom handler that takes the payload', () => {
  const files = customApp(
    {
      description: {
        defaultExecutablePath: 'node',
        arguments: ['../bin/handler'],
        workingDirectory: 'named',
      },
    },
    {
      named: http('res'),
      returned: http('$return', { route: 'returned/{id}' }),
      ...{ broken: http('res'), nonsense: http('res'), odd: http('res') },
      both: { bindings: [...http('res').bindings, { type: 'queue', direction: 'out', name: 'q' }] },
    },
  );

  it('gets Data and Metadata, and its Outputs become the answer', async () => {
    const host = stage.start(pack(files), { settings });
    const answer = await ask(host, '/api/named?q=1', { method: 'POST', body: 'text' });
    expect([answer.status, answer.headers.get('x-mine')]).toEqual([201, 'yes']);
    expect(await answer.json()).toEqual({
      payload: {
        Data: {
          req: expect.objectContaining({
            ...{ Method: 'POST', Body: 'text', Params: {}, Query: { q: '1' } },
            ...{ Url: 'https://orders-weu-staging.example.test/api/named?q=1' },
            Headers: expect.objectContaining({ 'x-arr-log-id': ['7d1c'] }),
          }),
        },
        Metadata: { sys: expect.objectContaining({ MethodName: 'named' }) },
      },
    });
    expect(await (await ask(host, '/api/returned/42')).text()).toBe('plain 42');
    expect((await ask(host, '/api/broken')).status).toBe(500);
    expect((await ask(host, '/api/nonsense')).status).toBe(500);
    expect((await ask(host, '/api/odd')).status).toBe(500);
    await host.stop();
  });
});

describe('a custom handler that does not come up', () => {
  it.each([
    ['there is no such program', { defaultExecutablePath: 'no-such-program' }],
    ['it ends at once', { defaultExecutablePath: 'node', arguments: ['-e', 'process.exit(1)'] }],
  ])('puts the host in state Error when %s, and functions answer 503', async (_, description) => {
    const host = stage.start(pack(customApp({ description }, { a: http('res') })), { settings });
    const answer = await ask(host, '/api/a');
    expect([answer.status, await answer.text()]).toEqual([503, 'Function host is not running.']);
    expect(await askJson(host, '/admin/host/status', asAdmin)).toMatchObject({ state: 'Error' });
    expect((await ask(host, '/')).status).toBe(200);
    await host.stop();
  });
});
