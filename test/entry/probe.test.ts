/** Each cause is made for real, on the loopback interface, and has to be named by the command line. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../src/clock.ts';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';
import { createGather } from '../../src/entry/gather-facts.ts';
import { type ProbeParts, probeApp } from '../../src/entry/probe-once.ts';
import type { CauseCode } from '../../src/probe/causes.ts';
import type { Vantage } from '../../src/probe/vantage.ts';
import { makePlan } from '../builders.ts';
import { playHost } from '../probe/played-host.ts';
import { openSmallFleet, type SmallFleet } from './small-fleet.ts';
import { root } from './start-cli.ts';

const subscription = '00000000-0000-4000-8000-000000000001';
const orders = join(root, 'examples/orders');
const secret = 'pass-word-of-a-proxy';

interface Case {
  readonly code: CauseCode;
  /** Of the site in the world. */
  readonly site?: Readonly<Record<string, unknown>>;
  /** Of the target in the config; `PORT` is the proxy's. */
  readonly vantage?: string;
  /** What the reader is told. */
  readonly said: RegExp;
}

/** By the name of the target. */
const cases: Readonly<Record<string, Case>> = {
  refused: {
    code: 'connection-refused',
    vantage: '{ via: private-endpoint, address: 127.0.0.91 }',
    said: /127\.0\.0\.91 port \d+ \(private\)/,
  },
  mismatch: {
    code: 'tls-name-mismatch',
    vantage: '{ via: private-endpoint, address: 127.0.0.92 }',
    said: /127\.0\.0\.92 has a certificate for .*\*\.elsewhere\.example.*, and not for orders-mismatch/,
  },
  untrusted: {
    code: 'tls-unknown-authority',
    vantage: '{ via: private-endpoint, address: 127.0.0.93 }',
    said: /127\.0\.0\.93 has a certificate of slotwave emulator CA that is not trusted here/,
  },
  expired: {
    code: 'tls-expired',
    vantage: '{ via: private-endpoint, address: 127.0.0.94 }',
    said: /CERT_HAS_EXPIRED.*It ends on 20\d\d-/,
  },
  proxy: {
    code: 'proxy-unreachable',
    vantage: '{ via: proxy, proxy: "http://127.0.0.91:9" }',
    said: /The proxy .*127\.0\.0\.91:9 cannot be reached/,
  },
  'proxy-user': {
    code: 'proxy-credentials',
    vantage: '{ via: proxy, proxy: "http://me:${env:PROXY_PASSWORD}@127.0.0.1:PORT" }',
    said: /407/,
  },
  'proxy-rule': {
    code: 'proxy-refused',
    vantage: '{ via: proxy, proxy: "http://127.0.0.1:PORT" }',
    said: /refuses to connect to orders-proxy-rule.*403/,
  },
  closed: {
    code: 'ip-forbidden',
    site: { publicNetworkAccess: 'Disabled', privateEndpoints: [] },
    said: /publicNetworkAccess: Disabled/,
  },
  outside: {
    code: 'private-endpoint-pending',
    site: { publicNetworkAccess: null, privateEndpoints: [{ address: '10.1.0.4', status: 'Pending' }] },
    said: /is Pending/,
  },
  lacking: {
    code: 'private-endpoint-missing',
    vantage: '{ via: private-endpoint }',
    said: /of this slot Azure lists none/,
  },
  awaiting: {
    code: 'private-endpoint-pending',
    site: { privateEndpoints: [{ address: '10.1.0.5', status: 'Pending' }] },
    vantage: '{ via: private-endpoint }',
    said: /is Pending/,
  },
  stopped: { code: 'app-stopped', site: { state: 'Stopped' }, said: /stopped/ },
  empty: {
    code: 'host-without-functions',
    site: { package: join(root, 'test/lab/empty-app') },
    said: /lists no functions/,
  },
  error: { code: 'host-error', site: { package: orders }, said: /No job storage/ },
  slow: { code: 'too-slow', site: { package: orders }, said: /"health" does not answer in time/ },
  forbids: { code: 'app-forbids', site: { package: orders }, said: /the app itself answers 403/ },
};

const sick = (site: string, path: string, sickness: object) => ({
  when: { site: `orders-${site}` },
  // biome-ignore lint/suspicious/noThenProperty: the word of the file.
  then: { app: { sick: { path, ...sickness } } },
});

const faults = [
  sick('error', '/admin/host/status', {
    status: 200,
    body: '{"state":"Error","errors":["No job storage"]}',
    headers: { 'content-type': 'application/json' },
  }),
  // Emulated time is compressed, and the time-out of who asks is not.
  sick('slow', '/api/health', { delay: '10m' }),
  sick('forbids', '/api/health', { status: 403, body: 'not for you' }),
];

const names = ['well', 'hearsay', ...Object.keys(cases)];
const worldOf = () => ({
  sites: names.map((name) => ({
    ...{ name: `orders-${name}`, region: 'westeurope', subscription, resourceGroup: 'g' },
    ...(cases[name] ? cases[name].site : { package: orders, release: 'r-1' }),
  })),
});

function writeConfig(port: number): string {
  const targets = names.map((name) => {
    const id = `/subscriptions/${subscription}/resourceGroups/g/providers/Microsoft.Web/sites/orders-${name}`;
    const asked = name === 'hearsay' ? '{ via: arm }' : cases[name]?.vantage;
    const vantage = asked?.replace('PORT', String(port));
    return `    - { name: ${name}, resourceId: ${id}${vantage ? `, vantage: ${vantage}` : ''} }`;
  });
  return [
    'app: orders',
    `package: ${orders}`,
    'fleet:',
    '  targets:',
    ...targets,
    'strategy: { waves: [{ name: rest }] }',
    'probes:',
    '  timeout: 3s',
    '  checks: [{ name: health, path: /api/health }]',
  ].join('\n');
}

interface Told {
  readonly tookMs: number;
  readonly probed: readonly {
    readonly target: string;
    readonly side: string;
    readonly door: string;
    readonly host: string;
    readonly vantage: string;
    readonly condition: string;
    readonly diagnosis: { readonly code: string; readonly said: string; readonly docs: string } | null;
  }[];
}

const hasStarting = ({ probed }: Told) => probed.some(({ diagnosis }) => diagnosis?.code === 'host-starting');

describe('slotwave probe', () => {
  let folder = '';
  let fleet: SmallFleet;
  const servers: Server[] = [];
  let all: Told;
  let ran: Awaited<ReturnType<SmallFleet['run']>>;

  const listen = async (server: Server, host: string, port = 0) => {
    server.listen(port, host);
    await once(server, 'listening');
    servers.push(server);
    return server;
  };
  const probe = async (...words: readonly string[]) => {
    const told = await fleet.run(['probe', '-c', 'probe.yml', ...words], { PROXY_PASSWORD: secret });
    const json = (): Told => {
      if (told.out === '') throw new Error(told.err);
      return JSON.parse(told.out);
    };
    return { ...told, json };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwave-probe-'));
    const elsewhere = { domain: 'elsewhere.example', management: 'elsewhere.example' };
    const nowMs = Date.now();
    const [wrong, stranger, old] = await Promise.all([
      makeCertificates(nowMs, elsewhere),
      makeCertificates(nowMs),
      makeCertificates(nowMs - 2 * 365 * 86_400_000),
    ]);
    fleet = await openSmallFleet(folder, faults, {}, { world: worldOf(), ca: `${wrong.ca}\n${old.ca}` });
    const proxy = createHttp();
    proxy.on('connect', (request, socket) => {
      const isKnown = request.headers['proxy-authorization'] === undefined;
      socket.end(isKnown ? 'HTTP/1.1 403 Filtered\r\n\r\n' : 'HTTP/1.1 407 Who are you\r\n\r\n');
    });
    const { port } = (await listen(proxy, '127.0.0.1')).address() as { port: number };
    await writeFile(join(folder, 'probe.yml'), writeConfig(port));
    // Apps that are all just starting answer late: this look wakes them, and says where they are.
    const first = (await probe('--side', 'live', '--json')).json();
    const emulatorPort = Number(new URL(`https://${first.probed[0]!.host}`).port);
    const standIns: readonly (readonly [string, typeof wrong])[] = [
      ['127.0.0.92', wrong],
      ['127.0.0.93', stranger],
      ['127.0.0.94', old],
    ];
    for (const [host, { certificate: cert, key }] of standIns)
      await listen(createHttps({ cert, key }), host, emulatorPort);
    // No case is about a host that starts: on a busy machine a good one does so for longer than a look may take.
    for (let tries = 0; tries === 0 || (tries < 6 && hasStarting(all)); tries++) {
      ran = await probe('--side', 'live', '--json');
      all = JSON.parse(ran.out);
    }
  }, 120_000);

  afterAll(async () => {
    for (const server of servers) server.close();
    await fleet?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Object.entries(cases))('%s: names the cause', (name, { code, said }) => {
    const { diagnosis } = all.probed.find(({ target }) => target === name)!;
    expect(diagnosis).toMatchObject({ code, docs: `docs/diagnosis/${code}.md` });
    expect(diagnosis?.said).toMatch(said);
  });

  it('finds the one that is well among them, and exits with 10', () => {
    expect(ran.code).toBe(10);
    expect(all.probed.find(({ target }) => target === 'well')).toMatchObject({
      condition: 'healthy',
      diagnosis: null,
    });
  });

  it('tells people the cause, what to do and where it is explained; 13 when nothing answers', async () => {
    const { code, out } = await probe('--target', 'refused');
    expect(code).toBe(13);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^refused +production +NOT WELL; by private-endpoint; connection-refused; /);
    expect(lines[1]).toMatch(/^ {4}What is so: .*127\.0\.0\.91/);
    expect(lines[2]).toMatch(/^ {4}What to do: /);
    expect(lines[3]).toBe('    About it:   docs/diagnosis/connection-refused.md');
    expect(out).toMatch(/refused +staging, SCM +NOT WELL; .*; connection-refused;/);
    expect(out).toMatch(/0 of 3 places well; took \d\.\d s/);
    expect(Number(/took (.*) s/.exec(out)?.[1])).toBeLessThan(10);
  });

  it('says what answers where all is well, and holds it against what is expected', async () => {
    const { code, out } = await probe('--target', 'well', '--side', 'live');
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(
        /^well +production +well; by direct, (127\.0\.0\.1|::1) \(private\); host Running; \d+ functions; release r-1; passes health; /,
      ),
    ]);
    const other = await probe('--target', 'well', '--side', 'live', '--expect', 'r-3', '--json');
    expect([other.code, other.json().probed[0]?.diagnosis?.code]).toEqual([10, 'other-release']);
  });

  it('hears of an app from Azure alone, and tries its SCM site the usual way', async () => {
    const { probed } = (await probe('--target', 'hearsay', '--json')).json();
    const [live, , scm] = probed;
    expect(live).toMatchObject({ vantage: 'arm', condition: 'healthy', diagnosis: null });
    expect(scm).toMatchObject({ door: 'scm', vantage: 'direct', condition: 'reached', diagnosis: null });
  });

  it('does not pass over a staging slot that is not there', async () => {
    const app = [
      '--app-name',
      'orders-well',
      '--resource-group-name',
      'g',
      '--subscription-id',
      subscription,
    ];
    const { code, out } = await fleet.run(['probe', ...app, '--slot-name', 'nosuch', '--side', 'staging']);
    expect([code, out]).toEqual([
      10,
      expect.stringMatching(/^orders-well +staging +NOT WELL; .*slot-missing/),
    ]);
    expect(out).toContain('orders-well/nosuch');
  });

  it('refuses a target that is not there', async () => {
    const { code, err } = await probe('--target', 'nowhere', '--target', 'well');
    expect([code, err]).toEqual([2, expect.stringContaining('[target-unknown]')]);
    expect(err).toContain('"nowhere"');
  });

  it('writes nothing to Azure, and no secret anywhere', async () => {
    const types = (await fleet.readChanges()).map(({ type }) => type);
    expect(types.filter((type) => type !== 'fault.struck')).toEqual([]);
    expect(`${ran.out}${ran.err}`).not.toContain(secret);
  });
});

describe('the time of one look and its diagnosis', () => {
  const totalMs = 9_500;
  const never = new Promise<never>(() => {});

  it.each<[string, Partial<Vantage>]>([
    ['an app that never answers', { ask: () => never }],
    ['a host that cannot be asked, behind a front end that says something else', {}],
  ])('holds: %s', async (_what, changed) => {
    const clock = new VirtualClock();
    const plan = makePlan({ waves: [{ name: 'all', targets: ['weu'] }] });
    const { facts } = plan.targets[0]!;
    const { vantage } = playHost({});
    const vantageFor = () => ({ ...vantage, ...changed });
    const parts: ProbeParts = {
      look: () => never,
      gather: createGather({ vantageFor, azure: { siteState: () => never }, clock }),
      vantageFor,
      roadFor: () => undefined,
      totalMs,
      signal: new AbortController().signal,
      after: (ms, signal) => clock.sleep(ms, signal),
      now: () => clock.now(),
    };
    const probed = await clock.run(
      Promise.race([
        probeApp(parts, facts, { target: facts.target, side: 'live', hostName: 'localhost', ...unasked }),
        clock.sleep(60_000),
      ]),
    );
    expect(probed?.tookMs).toBeLessThanOrEqual(totalMs + 10);
    expect(probed?.diagnosis?.code).toBe('host-starting');
  });
});

const unasked = { expected: null, functions: [], checks: [] };
