/** azure-platform.md §4.1, row by row, against children that really run. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HostGoneError, type RunningHost } from '../../src/emulator/host/runtime.ts';
import {
  asAdmin,
  ask,
  askJson,
  type File,
  functionKey,
  master,
  nodeApp,
  openStage,
  pack,
  type Stage,
  until,
} from './kit.ts';

const soundApp = `
  const { app } = require('@azure/functions');
  app.http('hello', { methods: ['GET', 'POST'], authLevel: 'anonymous', handler: async (request, context) => {
    const body = await request.text();
    context.log('asked for ' + body);
    return { headers: { 'x-seen': request.headers.get('x-given') ?? '' }, jsonBody: {
      method: request.method, url: request.url, name: request.query.get('name'), body } };
  } });
  app.http('item', { route: 'items/{id:int}/{*rest}', methods: ['GET'], authLevel: 'anonymous',
    handler: async (request) => ({ jsonBody: request.params }) });
  app.http('maybe', { route: 'maybe/{id?}', methods: ['GET'], authLevel: 'anonymous',
    handler: async (request) => ({ body: request.params.id ?? 'nobody' }) });
  app.http('locked', { methods: ['GET'], authLevel: 'function', handler: async () => ({ body: 'open' }) });
  app.http('vault', { methods: ['GET'], authLevel: 'admin', handler: async () => ({ body: 'open' }) });
  app.http('fails', { methods: ['GET'], authLevel: 'anonymous', handler: async () => { throw new Error('sick'); } });
  app.http('odd', { methods: ['GET'], authLevel: 'anonymous', handler: async (request) =>
    request.query.has('text') ? 'only an object is an answer' : { status: 200, headers: { 'x-odd': 'a' }, body: 7n } });
  app.http('silent', { methods: ['GET'], authLevel: 'anonymous', handler: async () => undefined });
  app.http('bytes', { methods: ['POST'], authLevel: 'anonymous',
    handler: async (request) => ({ status: 418, body: new Uint8Array(await request.arrayBuffer()).reverse() }) });
  app.http('cookies', { methods: ['GET'], authLevel: 'anonymous', handler: async () => ({
    cookies: [{ name: 'a', value: '1 2', path: '/', httpOnly: true }, { name: 'b', value: '2', sameSite: 'Lax' }] }) });
  globalThis.ticks = [];
  app.timer('tick', { schedule: '0 0 * * * *', handler: async (timer) => { globalThis.ticks.push(timer.isPastDue); } });
  app.http('ticks', { methods: ['GET'], authLevel: 'anonymous', handler: async () => ({ jsonBody: globalThis.ticks }) });
`;

let stage: Stage;
let sound: RunningHost;

beforeAll(() => {
  stage = openStage();
  sound = stage.start(nodeApp({ 'index.js': soundApp, 'data/notes.txt': 'a note' }));
});

afterAll(() => stage.close());

describe('a sound app', () => {
  it('is Running, with version and uptime, and lists its functions in the shape of the host', async () => {
    const status = (await askJson(sound, '/admin/host/status', asAdmin)) as Record<string, unknown>;
    expect(status).toMatchObject({
      id: 'orders-weu-staging',
      state: 'Running',
      functionAppContentEditingState: 'NotAllowed',
    });
    expect(status['version']).toMatch(/^4\./);
    expect(status['processUptime']).toEqual(expect.any(Number));
    expect(status).not.toHaveProperty('errors');

    const list = (await askJson(sound, '/admin/functions', asAdmin)) as Record<string, unknown>[];
    const item = list.find((fn) => fn['name'] === 'item');
    expect(item).toMatchObject({
      href: 'https://orders-weu-staging.example.test/admin/functions/item',
      invoke_url_template: 'https://orders-weu-staging.example.test/api/items/{id:int}/{*rest}',
      language: 'node',
      ...{ isDisabled: false, isDirect: false, isProxy: false },
      config: {
        name: 'item',
        language: 'node',
        bindings: [
          {
            type: 'httpTrigger',
            direction: 'in',
            methods: ['GET'],
            authLevel: 'anonymous',
            route: 'items/{id:int}/{*rest}',
          },
          { type: 'http', name: '$return', direction: 'out' },
        ],
      },
    });
    expect(list.find((fn) => fn['name'] === 'tick')).toMatchObject({ invoke_url_template: null });
    expect(await askJson(sound, '/admin/functions/ITEM', asAdmin)).toEqual(item);
    expect(await askJson(sound, '/admin/functions/item/status', asAdmin)).toEqual({});
  });

  it('gets method, address, query, headers and body, and its answer comes back whole', async () => {
    const headers = { 'x-given': 'yes', 'content-type': 'text/plain' };
    const answer = await ask(sound, '/api/hello?name=w%C3%A4lli', { method: 'POST', headers, body: 'grüße' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-seen')).toBe('yes');
    const url = 'https://orders-weu-staging.example.test/api/hello?name=w%C3%A4lli';
    expect(await answer.json()).toEqual({ method: 'POST', url, name: 'wälli', body: 'grüße' });
  });

  it('gets bytes as they are, and more than a pipe holds', async () => {
    const body = new Uint8Array(300_000).map((_, at) => at % 251);
    const answer = await ask(sound, '/api/bytes', { method: 'POST', body });
    expect(answer.status).toBe(418);
    const back = new Uint8Array(await answer.arrayBuffer());
    expect(Buffer.compare(back.reverse(), body)).toBe(0);
  });

  it.each([
    ['/api/items/7/a/b%20c', 200, '{"id":"7","rest":"a/b c"}'],
    ['/api/items/7', 200, '{"id":"7"}'],
    ['/API/Items/7', 200, '{"id":"7"}'],
    ['/api/items/seven', 404, ''],
    ['/api/maybe', 200, 'nobody'],
    ['/api/maybe/me', 200, 'me'],
    ['/api/maybe/me/too', 404, ''],
    ['/api/unknown', 404, ''],
    ['/hello', 404, ''],
    ['/api/silent', 204, ''],
    ['/api/fails', 500, ''],
    ['/api/odd?text', 500, ''],
    ['/api/odd', 200, '7'],
  ])('answers %s with %i %s', async (at, status, text) => {
    const answer = await ask(sound, at);
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status, text });
  });

  it('answers 404 for a method that the function does not take', async () => {
    expect((await ask(sound, '/api/hello', { method: 'DELETE' })).status).toBe(404);
  });

  it('stays Running with its functions listed when a handler throws', async () => {
    await ask(sound, '/api/fails');
    expect(await askJson(sound, '/admin/host/status', asAdmin)).toMatchObject({ state: 'Running' });
    expect(sound.recentLines?.().join('\n')).toContain('sick');
  });

  it('sets the cookies that the function returns', async () => {
    const answer = await ask(sound, '/api/cookies');
    expect(answer.headers.getSetCookie()).toEqual(['a=1%202; Path=/; HttpOnly', 'b=2; SameSite=Lax']);
  });

  it('shows the home page to the outside and 204 to the platform', async () => {
    const outside = await ask(sound, '/');
    expect([outside.status, outside.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await ask(sound, '/', { internal: true })).status).toBe(204);
  });

  it('runs a timer when the host is told to, and says 202 at once', async () => {
    const answer = await ask(sound, '/admin/functions/tick', { method: 'POST', body: '{}', ...asAdmin });
    expect(answer.status).toBe(202);
    await until(async () => JSON.stringify(await askJson(sound, '/api/ticks')) === '[false]');
  });

  it('runs an HTTP function in the same way, with the input as the body', async () => {
    const body = JSON.stringify({ input: 'by hand' });
    expect((await ask(sound, '/admin/functions/hello', { method: 'POST', body, ...asAdmin })).status).toBe(
      202,
    );
    await until(() => sound.recentLines?.().some((line) => line.includes('asked for by hand')) ?? false);
    expect((await ask(sound, '/admin/functions/absent', { method: 'POST', body, ...asAdmin })).status).toBe(
      404,
    );
  });

  it('hands out files of the package through the host, and nothing beyond it', async () => {
    expect(await (await ask(sound, '/admin/vfs/data/notes.txt?relativePath=1', asAdmin)).text()).toBe(
      'a note',
    );
    expect(await (await ask(sound, '/admin/vfs/site/wwwroot/data/notes.txt', asAdmin)).text()).toBe('a note');
    for (const beyond of ['absent.txt', '..%2f..%2f..%2fetc%2fpasswd', '%2fetc%2fpasswd', 'data']) {
      expect((await ask(sound, `/admin/vfs/${beyond}?relativePath=1`, asAdmin)).status).toBe(404);
    }
  });
});

describe('keys', () => {
  const code = (key: string) => ({ headers: { 'x-functions-key': key } });

  it.each([
    ['/admin/host/status', {}, 401],
    ['/admin/functions', code(functionKey), 401],
    [`/admin/functions?code=${master}`, {}, 200],
    [`/admin/functions?code=${master}`, code('wrong'), 401],
    ['/admin/host/ping', asAdmin, 200],
    ['/admin/nothing', asAdmin, 404],
    ['/api/locked', {}, 401],
    ['/api/locked', code('wrong'), 401],
    [`/api/locked?code=${functionKey}`, {}, 200],
    ['/api/locked', code(functionKey), 200],
    ['/api/locked', code(master), 200],
    ['/api/vault', code(functionKey), 401],
    ['/api/vault', code(master), 200],
  ])('for %s with %j: %i', async (at, asked, status) => {
    const answer = await ask(sound, at, asked);
    expect(answer.status).toBe(status);
    const isAdmin = at.startsWith('/admin');
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe(isAdmin ? 'Bearer' : null);
    if (status === 401) expect(await answer.text()).toBe('');
  });

  it('syncs triggers for the master key, with the body that ARM templates need', async () => {
    const answer = await ask(sound, '/admin/host/synctriggers', { method: 'POST', ...asAdmin });
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'success' }]);
  });
});

describe('an app that does not load is Running, and dead', () => {
  const handler = "require('@azure/functions').app.http('a', { handler: async () => ({}) });";
  it.each<[string, Record<string, File>, object]>([
    ['a syntax error in the entry file', { 'index.js': 'const = 1;' }, { main: 'index.js' }],
    ['an entry file that throws', { 'index.js': "throw new Error('no database');" }, { main: 'index.js' }],
    ['an entry file that is not there', {}, { main: 'src/*.js' }],
    ['a module that is not there', { 'index.mjs': "import 'absent';" }, { main: 'index.mjs' }],
    ['a first file of several that throws', { 'a.js': 'throw 1;', 'b.js': handler }, { main: '{a,b}.js' }],
  ])('%s', async (_, files, packageJson) => {
    const host = stage.start(nodeApp(files, packageJson));
    const status = (await askJson(host, '/admin/host/status', asAdmin)) as object;
    expect(status).toMatchObject({ state: 'Running' });
    expect(status).not.toHaveProperty('errors');
    expect(await askJson(host, '/admin/functions', asAdmin)).toEqual([]);
    const answer = await ask(host, '/api/a');
    expect([answer.status, await answer.text()]).toEqual([404, '']);
    expect((await ask(host, '/')).status).toBe(200);
    expect(host.recentLines?.().join('\n')).toContain('unable to load entry point');
    await host.stop();
  });

  it('is in state Error instead where FUNCTIONS_NODE_BLOCK_ON_ENTRY_POINT_ERROR asks for it', async () => {
    const settings = { FUNCTIONS_WORKER_RUNTIME: 'node', FUNCTIONS_NODE_BLOCK_ON_ENTRY_POINT_ERROR: 'true' };
    const host = stage.start(nodeApp({ 'index.js': "throw new Error('no database');" }), { settings });
    const status = await askJson(host, '/admin/host/status', asAdmin);
    expect(status).toMatchObject({ state: 'Error', errors: [expect.stringContaining('no database')] });
    expect((await ask(host, '/api/a')).status).toBe(503);
    await host.stop();
  });
});

describe('a host that cannot start', () => {
  it.each(['soon', '25:00:00', 300, '00:99:00'])(
    'is gone when functionTimeout is %j',
    async (functionTimeout) => {
      const host = stage.start(pack({ 'host.json': JSON.stringify({ version: '2.0', functionTimeout }) }));
      for (const at of ['/', '/api/a', '/admin/host/status']) {
        await expect(ask(host, at, asAdmin)).rejects.toThrow(HostGoneError);
      }
    },
  );

  it.each([
    ['is no JSON', '{'],
    ['has no version', '{}'],
  ])('is in state Error when host.json %s', async (_, hostJson) => {
    const host = stage.start(pack({ 'host.json': hostJson }));
    expect(await askJson(host, '/admin/host/status', asAdmin)).toMatchObject({
      ...{ state: 'Error', errors: [expect.stringContaining('host.json')] },
    });
    const answer = await ask(host, '/api/a');
    expect([answer.status, await answer.text()]).toEqual([503, 'Function host is not running.']);
  });

  it('reads host.json with comments and a comma too many, as the host does', async () => {
    const hostJson = '{ // the app\n "version": "2.0", /* more */ "functionTimeout": "00:10:00", }';
    const host = stage.start(pack({ 'host.json': hostJson }));
    expect(await askJson(host, '/admin/host/status', asAdmin)).toMatchObject({ state: 'Running' });
    await host.stop();
  });

  it('shows app_offline.htm with 503 for every request', async () => {
    const host = stage.start(pack({ 'host.json': '{"version":"2.0"}', 'app_offline.htm': '<p>Back soon' }));
    const answer = await ask(host, '/api/a');
    expect([answer.status, await answer.text()]).toEqual([503, '<p>Back soon']);
  });

  it('without content has a home page and no functions', async () => {
    const host = stage.start(null);
    expect((await ask(host, '/')).status).toBe(200);
    expect(await askJson(host, '/admin/functions', asAdmin)).toEqual([]);
    expect((await ask(host, '/api/a')).status).toBe(404);
  });

  it('says plainly which runtime it cannot run, for every request', async () => {
    const files = { 'host.json': '{"version":"2.0"}', 'function_app.py': 'import azure.functions' };
    const host = stage.start(pack(files), { settings: { FUNCTIONS_WORKER_RUNTIME: 'python' } });
    for (const at of ['/', '/api/a', '/admin/host/status']) {
      const answer = await ask(host, at, asAdmin);
      expect(answer.status).toBe(503);
      expect(await answer.text()).toMatch(/cannot run .*python.*Core Tools/s);
    }
  });
});

describe('what an app is given', () => {
  const echo = `require('@azure/functions').app.http('env', { authLevel: 'anonymous', handler: async () => ({
    jsonBody: { env: process.env, cwd: process.cwd(), channel: typeof process.send } }) });`;

  it('is the settings and what App Service adds, and nothing of ours', async () => {
    const settings = { FUNCTIONS_WORKER_RUNTIME: 'node', ORDERS_VERSION: '3', WEBSITE_SITE_NAME: 'mine' };
    const host = stage.start(nodeApp({ 'index.js': echo }), { settings, slot: 'production' });
    const seen = (await askJson(host, '/api/env')) as { env: Record<string, string>; channel: string };
    expect(seen.env).toMatchObject({
      ...{ ORDERS_VERSION: '3', WEBSITE_SITE_NAME: 'orders-weu', WEBSITE_SLOT_NAME: 'Production' },
      ...{ WEBSITE_HOSTNAME: 'orders-weu-staging.example.test', REGION_NAME: 'West Europe' },
    });
    const ours = Object.keys(process.env).filter(
      (name) => name !== 'PATH' && name !== 'HOME' && name !== 'TMPDIR',
    );
    expect(Object.keys(seen.env).filter((name) => ours.includes(name))).toEqual([]);
    expect(Object.keys(seen.env).filter((name) => name.startsWith('NODE_'))).toEqual([]);
    expect(seen.channel).toBe('undefined');
    await host.stop();
  });

  it('can be an ES module, with top-level await', async () => {
    const code = `import { app } from '@azure/functions';
      const word = await Promise.resolve('modern');
      app.get('word', async () => ({ body: word }));`;
    const host = stage.start(
      nodeApp({ 'src/functions/word.js': code }, { type: 'module', main: './src/functions/*.js' }),
    );
    expect(await (await ask(host, '/api/word')).text()).toBe('modern');
    await host.stop();
  });

  it('may ask for HTTP streaming, as new apps do', async () => {
    const code = `const { app } = require('@azure/functions');
      app.setup({ enableHttpStream: true });
      app.http('up', { route: 'up/{who}', methods: ['POST'], authLevel: 'anonymous', handler: async (request) => {
        const body = (async function* () { yield 'to '; yield (await request.text()).toUpperCase(); yield request.params.who; })();
        return { status: 201, headers: { 'x-host': request.headers.get('x-given'), 'set-cookie': 'a=1' }, body };
      } });
      app.http('none', { authLevel: 'anonymous', handler: async () => undefined });
      app.http('sick', { authLevel: 'anonymous', handler: async () => { throw new Error('sick'); } });`;
    const host = stage.start(nodeApp({ 'index.js': code }));
    const answer = await ask(host, '/api/up/you', {
      method: 'POST',
      body: 'abc',
      headers: { 'x-given': 'g' },
    });
    expect([answer.status, await answer.text(), answer.headers.get('x-host')]).toEqual([
      201,
      'to ABCyou',
      'g',
    ]);
    expect(answer.headers.getSetCookie()).toEqual(['a=1']);
    expect((await ask(host, '/api/sick')).status).toBe(500);
    expect((await ask(host, '/api/none')).status).toBe(204);
    await host.stop();
  });

  it('has its hooks called around every invocation', async () => {
    const code = `const { app } = require('@azure/functions');
      const seen = [];
      app.hook.appStart(() => { seen.push('start'); });
      app.hook.preInvocation((context) => { seen.push('before ' + context.invocationContext.functionName); });
      app.hook.postInvocation((context) => { seen.push('after'); context.result = { body: seen.join() }; });
      app.http('hooked', { authLevel: 'anonymous', handler: async () => ({ body: 'replaced' }) });`;
    const host = stage.start(nodeApp({ 'index.js': code }));
    expect(await (await ask(host, '/api/hooked')).text()).toBe('start,before hooked,after');
    await host.stop();
  });

  it('takes the route prefix of host.json, even none, and may own / then', async () => {
    const code = `const { app } = require('@azure/functions');
      app.http('root', { route: '{x:regex(^$)?}', authLevel: 'anonymous', handler: async () => ({ body: 'mine' }) });
      app.http('a', { authLevel: 'anonymous', handler: async () => ({ body: 'a' }) });`;
    const hostJson = JSON.stringify({ version: '2.0', extensions: { http: { routePrefix: '' } } });
    const host = stage.start(nodeApp({ 'index.js': code, 'host.json': hostJson }));
    expect(await (await ask(host, '/a')).text()).toBe('a');
    expect(await (await ask(host, '/')).text()).toBe('mine');
    expect((await ask(host, '/api/a')).status).toBe(404);
    await host.stop();
  });

  it('is disabled by its setting for all but the master key', async () => {
    const settings = { FUNCTIONS_WORKER_RUNTIME: 'node', 'AzureWebJobs.env.Disabled': 'true' };
    const host = stage.start(nodeApp({ 'index.js': echo }), { settings });
    expect((await ask(host, '/api/env')).status).toBe(404);
    expect((await ask(host, '/api/env', asAdmin)).status).toBe(200);
    expect(await askJson(host, '/admin/functions/env', asAdmin)).toMatchObject({ isDisabled: true });
    await host.stop();
  });

  it('hides its home page where AzureWebJobsDisableHomepage says so', async () => {
    const host = stage.start(null, { settings: { AzureWebJobsDisableHomepage: 'true' } });
    expect((await ask(host, '/')).status).toBe(204);
  });
});
