/** Looking through ARM, and what a slot reaches: against the emulator in process, and against answers of our own. */
import { describe, expect, it } from '@jest/globals';
import { createArmVantage } from '../../src/azure/arm-look.ts';
import { createAzure } from '../../src/azure/azure.ts';
import { createReach } from '../../src/azure/dependencies.ts';
import { readOnly } from '../../src/azure/read-only.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import type { HostRuntime } from '../../src/emulator/host/runtime.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { DefectError } from '../../src/errors.ts';
import type { Dependency } from '../../src/plan/plan.ts';
import { createLook, type Question } from '../../src/probe/look.ts';
import { stampFile } from '../../src/release/release.ts';
import { transportOver } from './in-process.ts';
import { armOver, lost, type Step, script, target } from './scripted.ts';

type Site = NonNullable<WorldInput['sites']>[number];

const reference = '@Microsoft.KeyVault(VaultName=v;SecretName=s)';
const makeSite = (more: Partial<Site> = {}): Site => ({
  name: target.site,
  region: 'westeurope',
  settings: { FUNCTIONS_WORKER_RUNTIME: 'node' },
  release: 'old.000000000000',
  slots: [{ name: 'staging', settings: { SLOTWAVE_RELEASE_ID: 'new.0123456789ab' } }],
  ...more,
});

interface PlayedHost {
  readonly state?: object;
  readonly functions?: readonly object[];
  /** What the mounted package says; absent: it has no stamp. */
  readonly stamp?: string;
}

const sound: PlayedHost = {
  stamp: 'new.0123456789ab',
  functions: [
    { name: 'orders', config: { bindings: [{ type: 'httpTrigger' }] } },
    { name: 'nightly', config: { bindings: [{ type: 'timerTrigger' }] } },
  ],
};

function playRuntime(host: PlayedHost): HostRuntime {
  const answer = (path: string): Response => {
    if (path === '/admin/host/status') return Response.json(host.state ?? { state: 'Running', version: '4' });
    if (path === '/admin/functions') return Response.json(host.functions ?? []);
    if (path.startsWith('/admin/vfs/') && host.stamp !== undefined)
      return Response.json({ release: host.stamp });
    return new Response(null, { status: path === '/' ? 204 : 404 });
  };
  return {
    start: () => ({ fetch: async (request) => answer(new URL(request.url).pathname), stop: async () => {} }),
    close: async () => {},
  };
}

const noAnswer = { reason: '', headers: {}, setCookies: [], body: '', address: null };

async function begin(options: { host?: PlayedHost; world?: Partial<WorldInput>; without?: RegExp } = {}) {
  const clock = new VirtualClock();
  const world = { sites: [makeSite()], resourceGroup: 'g', ...options.world };
  const runtime = playRuntime(options.host ?? sound);
  const emulator = createEmulator({ world, faults: [], clock, runtime });
  const { tenantId, clientId, clientSecret } = emulator.identity;
  const sent: string[] = [];
  const wire = transportOver(emulator.fetch, clock);
  const transport: typeof wire = (request) => {
    const { pathname } = new URL(request.url);
    sent.push(`${request.method} ${pathname.split('/').slice(8).join('/')}`);
    if (!options.without?.test(pathname)) return wire(request);
    return Promise.resolve({ ...noAnswer, status: 404 });
  };
  const azure = await clock.run(
    createAzure({
      cloudName: emulator.origin,
      // Whatever is asked here must be possible for a command that only looks.
      transport: options.without ? transport : readOnly(transport),
      clock,
      environment: {
        AZURE_TENANT_ID: tenantId,
        AZURE_CLIENT_ID: clientId,
        AZURE_CLIENT_SECRET: clientSecret,
      },
      random: () => 0.5,
      hide: () => {},
    }),
  );
  return { clock, azure, sent };
}

const question: Question = {
  target,
  side: 'beside',
  hostName: 'nowhere.invalid',
  expected: 'new.0123456789ab',
  functions: ['orders'],
  checks: [{ name: 'health', method: 'GET', path: '/api/health', headers: {}, expect: { status: 200 } }],
};

async function lookAt(begun: Awaited<ReturnType<typeof begin>>, wish: Partial<Question> = {}) {
  const { azure, clock } = begun;
  const look = createLook({
    vantageFor: (of) => azure.armVantage(of),
    hostKey: () => Promise.reject(new DefectError('no key is needed here', { code: 'key-asked' })),
    probes: { timeoutMs: 5_000, requirePrivate: true, certificate: { daysLeft: 14 } },
    stampFile,
    clock,
  });
  return clock.run(look({ ...question, ...wish }));
}

describe('a look without line of sight', () => {
  it('asks Azure for host, release and functions, says what nobody could ask, and needs no key', async () => {
    const begun = await begin();
    const { reading, functions, triggers, passed } = await lookAt(begun);
    expect(reading).toMatchObject({ vantage: 'arm', condition: 'healthy' });
    expect(reading.findings.map(({ check, condition }) => `${check} ${condition}`)).toEqual([
      'host healthy',
      'release healthy',
      'functions healthy',
      'health unasked',
      'private unasked',
      'certificate unasked',
    ]);
    expect(functions).toEqual(['orders', 'nightly']);
    expect(triggers).toEqual([{ name: 'nightly', type: 'timerTrigger' }]);
    expect(passed).not.toContain('health');
    expect(begun.sent.some((each) => each.includes('listkeys'))).toBe(false);
  });

  it.each<[string, PlayedHost, Partial<Question>, string, RegExp]>([
    ['a host in error', { ...sound, state: { state: 'Error', errors: ['boom'] } }, {}, 'unhealthy', /boom/],
    ['no functions', { stamp: 'new.0123456789ab' }, {}, 'unhealthy', /lists no functions/],
    ['a function too few', sound, { functions: ['orders', 'bill'] }, 'unhealthy', /not listed: bill/],
    ['another release', { ...sound, stamp: 'old.000000000000' }, {}, 'starting', /old\.000000000000 answers/],
    ['a release without a stamp', { functions: sound.functions! }, {}, 'starting', /without a stamp answers/],
    ['a host that starts', { ...sound, state: { state: 'Starting' } }, {}, 'starting', /Starting/],
  ])('sees %s', async (_what, host, wish, condition, said) => {
    const { reading } = await lookAt(await begin({ host }), wish);
    expect(reading.condition).toBe(condition);
    expect(JSON.stringify(reading.findings)).toMatch(said);
  });

  it('takes an app that is stopped, or that Azure cannot reach, for one that is not up', async () => {
    const stopped = makeSite({ slots: [{ name: 'staging', state: 'Stopped' }] });
    const { reading } = await lookAt(await begin({ world: { sites: [stopped] } }));
    expect(reading.findings).toMatchObject([
      { check: 'host', condition: 'starting' },
      { check: 'private' },
      {},
    ]);
  });

  it.each<[string, string, string]>([
    ['Resolved', 'healthy', '1 followed'],
    ['Initialized', 'starting', 'PASSWORD: Initialized'],
    ['AccessToKeyVaultDenied', 'unhealthy', 'PASSWORD: AccessToKeyVaultDenied'],
  ])('tells a reference that is %s', async (status, condition, said) => {
    const settings = { SLOTWAVE_RELEASE_ID: 'new.0123456789ab', PASSWORD: reference };
    const references = { PASSWORD: status } as NonNullable<Site['references']>;
    const sites = [makeSite({ slots: [{ name: 'staging', settings, references }] })];
    const { reading } = await lookAt(await begin({ world: { sites } }));
    expect(reading.findings.find(({ check }) => check === 'references')).toMatchObject({ condition, said });
    const spared = await lookAt(await begin({ world: { sites } }), { spared: ['references'] });
    expect(spared.reading.condition).toBe('healthy');
  });
});

/** Answers by the end of the path. */
function answers(byPath: Readonly<Record<string, Step>>): Step {
  return (sent) => {
    const path = sent.path.split('?')[0] ?? '';
    const [, step] = Object.entries(byPath).find(([end]) => path.endsWith(end)) ?? [];
    if (step === undefined)
      return { status: 404, body: '{"error":{"code":"NotFound","message":"no such path"}}' };
    return typeof step === 'function' ? step(sent) : step;
  };
}

const json = (value: unknown, status = 200) => ({ status, body: JSON.stringify(value) });
const hostDown = json(
  { Code: 'BadRequest', Message: 'Encountered an error (ServiceUnavailable) from host runtime.' },
  400,
);

describe('the stamp, where ARM does not pass the question on to the host', () => {
  const ask = async (steps: Readonly<Record<string, Step>>, side: 'live' | 'beside' = 'beside') => {
    const clock = new VirtualClock();
    const { transport } = script([answers(steps)], clock);
    const vantage = createArmVantage({ arm: async () => armOver(transport, clock), target });
    const url = new URL(`https://app/admin/vfs/${stampFile}?relativePath=1`);
    return clock.run(vantage.ask({ side, url, method: 'GET', headers: {}, timeoutMs: 5_000 }));
  };
  const settings = json({ properties: { SLOTWAVE_RELEASE_ID: 'r-1.0', SECRET: 's' } });

  it.each<[string, Step]>([
    ['has no such operation', json({ error: { code: 'ResourceNotFound', message: 'no hostruntime' } }, 404)],
    ['does not reach the host', hostDown],
    ['lets nobody ask', json({ error: { code: 'AuthorizationFailed', message: 'no' } }, 403)],
  ])('is the setting, and says so: %s', async (_why, step) => {
    const answer = await ask({ [stampFile]: step, 'staging/config/appsettings/list': settings });
    expect(answer).toMatchObject({ status: 200, body: '{"release":"r-1.0"}', source: 'control plane only' });
  });

  it('is none where the host itself has no such file', async () => {
    const answer = await ask({ [stampFile]: { status: 404, body: '' }, 'appsettings/list': settings });
    expect(answer).toMatchObject({ status: 404 });
    expect(answer.source).toBeUndefined();
  });

  it('is unknown where nothing answers, and what Azure says is told', async () => {
    const steps = {
      [stampFile]: hostDown,
      'appsettings/list': json({ error: { code: 'AuthorizationFailed', message: 'no right' } }, 403),
    };
    await expect(ask(steps)).rejects.toMatchObject({ name: 'NoAnswer', code: 'ARM_SILENT' });
    await expect(ask({ [stampFile]: lost('ECONNRESET') })).rejects.toMatchObject({ code: 'ECONNRESET' });
    // A name of Azure's that is not known must not be told as the app's.
    await expect(ask({ [stampFile]: lost('ENOTFOUND') })).rejects.toMatchObject({ code: 'ARM_SILENT' });
  });
});

describe('whether a slot reaches what its app needs', () => {
  const hosts = { 'sql.internal': { addresses: ['10.0.0.4'], ports: [1433] } };
  const world = { network: { hosts } } as Partial<WorldInput>;
  it.each<[string, Dependency, string, string | undefined]>([
    ['an open port', { host: 'sql.internal', port: 1433 }, 'healthy', undefined],
    ['a closed port', { host: 'sql.internal', port: 443 }, 'unhealthy', 'DEPENDENCY_CLOSED'],
    ['a name that nobody knows', { host: 'nosql.internal', port: 443 }, 'unhealthy', 'DEPENDENCY_NAME'],
  ])(
    'is asked of the slot by Azure, with nothing but reads: %s',
    async (_what, dependency, condition, code) => {
      const { azure, clock, sent } = await begin({ world });
      const remark = await clock.run(azure.reachFor({})(target, 'beside', dependency));
      expect(remark).toMatchObject(code === undefined ? { condition } : { condition, code });
      expect(sent.filter((each) => /check/i.test(each)).every((each) => each.includes('slots/staging'))).toBe(
        true,
      );
    },
  );

  const ask = async (
    steps: Readonly<Record<string, Step>>,
    dependency: Dependency = { host: 'sql.internal', port: 1433 },
    tools: Readonly<Record<string, string | null>> | null = null,
  ) => {
    const clock = new VirtualClock();
    const { transport, sent } = script([answers(steps)], clock);
    const ran: string[] = [];
    const runCommand =
      tools &&
      (async (_target: unknown, _side: unknown, command: string) => {
        ran.push(command);
        return tools[command.split(' ')[0] ?? ''] ?? null;
      });
    const reach = createReach({ arm: armOver(transport, clock), runCommand });
    return { remark: await clock.run(reach(target, 'beside', dependency)), sent, ran };
  };
  const found = json({ properties: { connectionStatus: 'Success' } });

  it.each<[string, Readonly<Record<string, Step>>, string, string | undefined]>([
    [
      'a gateway that gives up',
      { dnsCheck: found, tcpPingCheck: json({}, 504) },
      'unhealthy',
      'DEPENDENCY_CLOSED',
    ],
    [
      'our own patience',
      { dnsCheck: found, tcpPingCheck: lost('ETIMEDOUT') },
      'unhealthy',
      'DEPENDENCY_CLOSED',
    ],
    [
      'a status that nobody knows',
      { dnsCheck: json({ properties: { connectionStatus: 'UnknownError' } }), tcpPingCheck: found },
      'healthy',
      undefined,
    ],
    ['no operation', {}, 'unasked', 'DEPENDENCY_UNKNOWN'],
    ['an operation that is refused', { dnsCheck: json({}, 405) }, 'unasked', 'DEPENDENCY_UNKNOWN'],
    [
      'no right to it',
      { dnsCheck: json({ error: { code: 'AuthorizationFailed', message: 'no' } }, 403) },
      'unasked',
      'DEPENDENCY_UNKNOWN',
    ],
    ['an Azure that is ill', { dnsCheck: json({}, 503) }, 'unasked', 'DEPENDENCY_UNKNOWN'],
    [
      'an answer without a status',
      { dnsCheck: found, tcpPingCheck: json({}) },
      'unasked',
      'DEPENDENCY_UNKNOWN',
    ],
  ])('%s', async (_what, steps, condition, code) => {
    const { remark } = await ask(steps);
    expect(remark).toMatchObject(code === undefined ? { condition } : { condition, code });
  });

  it('says that nobody knows where somebody in a hurry gets no answer', async () => {
    const clock = new VirtualClock();
    const { transport } = script([answers({ dnsCheck: found, tcpPingCheck: lost('ETIMEDOUT') })], clock);
    const reach = createReach({ arm: armOver(transport, clock), runCommand: null, hurriedMs: 3_000 });
    const remark = await clock.run(reach(target, 'live', { host: 'sql.internal', port: 1433 }));
    expect(remark).toMatchObject({ condition: 'unasked', said: expect.stringContaining('within 3 s') });
  });

  it('does not ask for the name of an address', async () => {
    const { sent } = await ask({ tcpPingCheck: found }, { host: '10.0.0.4', port: 1433 });
    expect(sent.map(({ path, body }) => [path.split('/').at(-1)?.split('?')[0], body])).toEqual([
      ['tcpPingCheck', '{"properties":{"host":"10.0.0.4","port":"1433"}}'],
    ]);
  });

  it.each<[string, Readonly<Record<string, string | null>>, string, string | undefined]>([
    ['reached', { 'tcpping.exe': 'Connected to sql.internal:1433, time taken: 12ms' }, 'healthy', undefined],
    [
      'closed',
      {
        'tcpping.exe': 'Connection attempt failed',
        'nameresolver.exe': 'Name: sql.internal\nAddresses: 10.0.0.4',
      },
      'unhealthy',
      'DEPENDENCY_CLOSED',
    ],
    [
      'unknown',
      { 'tcpping.exe': 'Connection attempt failed', 'nameresolver.exe': 'sql.internal could not be found' },
      'unhealthy',
      'DEPENDENCY_NAME',
    ],
    ['no tools, as on Linux', {}, 'unasked', 'DEPENDENCY_UNKNOWN'],
  ])(
    'is asked of the SCM site’s tools where Azure has no operation: %s',
    async (_what, tools, condition, code) => {
      const { remark, ran } = await ask({}, undefined, tools);
      expect(remark).toMatchObject(code === undefined ? { condition } : { condition, code });
      expect(ran[0]).toBe('tcpping.exe sql.internal:1433');
    },
  );

  it.each<[string, 'windows' | 'linux', Dependency, string, string | undefined]>([
    ['an open port', 'windows', { host: 'sql.internal', port: 1433 }, 'healthy', undefined],
    ['a closed port', 'windows', { host: 'sql.internal', port: 443 }, 'unhealthy', 'DEPENDENCY_CLOSED'],
    ['an unknown name', 'windows', { host: 'no.internal', port: 443 }, 'unhealthy', 'DEPENDENCY_NAME'],
    ['Linux', 'linux', { host: 'sql.internal', port: 1433 }, 'unasked', 'DEPENDENCY_UNKNOWN'],
  ])('finds the SCM site and its tools: %s', async (_what, os, dependency, condition, code) => {
    const sites = [makeSite({ os })];
    const { azure, clock } = await begin({ world: { ...world, sites }, without: /Check$/ });
    const reach = azure.reachFor({ scmRoadFor: () => undefined });
    const remark = await clock.run(reach(target, 'beside', dependency));
    expect(remark).toMatchObject(code === undefined ? { condition } : { condition, code });
    const looksOnly = await clock.run(azure.reachFor({})(target, 'beside', dependency));
    expect(looksOnly.condition).toBe('unasked');
  });

  it('never puts anything but a name into a command', async () => {
    const { remark, ran, sent } = await ask(
      {},
      { host: 'a&whoami', port: 1 },
      { 'tcpping.exe': 'Connected to a' },
    );
    expect([remark.condition, ran, sent]).toEqual(['unasked', [], []]);
  });
});
