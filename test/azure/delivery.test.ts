import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createDelivery, plainPush, settingsFor } from '../../src/azure/delivery.ts';
import type { PackageStore } from '../../src/azure/package-store.ts';
import { type Road, startTrace } from '../../src/azure/road.ts';
import { createPinnedRoad } from '../../src/azure/road-direct.ts';
import { tame, veilAddresses } from '../../src/azure/server-text.ts';
import { type HttpAnswer, TransportError } from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import type { ConfigDelivery } from '../../src/config/config.ts';
import { SlotwaveError } from '../../src/errors.ts';
import { type Release, stampSetting } from '../../src/release/release.ts';
import { armOver, countedTokens, lost, type Sent, script, target, unreachable } from './scripted.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-delivery-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'release.zip');
writeFileSync(path, 'the packed bytes');
const release: Release = {
  id: 'r1.0123456789ab',
  contentDigest: 'c',
  digest: 'd1',
  path,
  bytes: 16,
  files: 1,
};

type Answer = Partial<HttpAnswer> | TransportError;
type Said = Answer | ((times: number) => Answer);

/** One slot, as ARM and its SCM site tell of it; each said anew each time it is asked. */
interface World {
  readonly os?: 'linux' | 'windows';
  readonly delivery?: ConfigDelivery;
  readonly store?: PackageStore | null;
  readonly lastModified?: string;
  readonly sticky?: readonly string[];
  readonly road?: Road;
  /** ARM */
  readonly deployments?: (times: number, asked: number) => Answer;
  readonly one?: Said;
  readonly log?: Said;
  readonly onedeploy?: Said;
  readonly sync?: Said;
  readonly policy?: Said;
  readonly credentials?: Said;
  /** The SCM site */
  readonly scmList?: (times: number, headers: Sent['headers']) => Answer;
  readonly scmOne?: Said;
  readonly upload?: Said;
}

const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const slotId = `/subscriptions/${target.subscriptionId}/resourceGroups/g/providers/Microsoft.Web/sites/orders-weu/slots/staging`;
const scmHost = 'orders-weu-staging.scm.azurewebsites.net';

/** As ARM wraps what Kudu says. */
const record = (id: string, status: number, more: object = {}) => ({
  id: `${slotId}/deployments/${id}`,
  name: `orders-weu/staging/${id}`,
  properties: {
    id,
    status,
    complete: status === 4 || status === 3,
    is_temp: false,
    active: status === 4,
    message: 'OneDeploy',
    deployer: 'OneDeploy',
    received_time: `2026-01-01T00:00:0${id.at(-1)}Z`,
    ...more,
  },
});
const pushed = (status: number) => ({ ...record('d1', status).properties, message: release.id });
const list = (...records: readonly object[]) => json({ value: records });
/** Shorter than what a deployment may take when nobody says how long. */
const roadDeadlineMs = 12 * 60_000;

const shelf = (): PackageStore & { readonly kept: string[]; readonly lent: number[] } => {
  const kept: string[] = [];
  const lent: number[] = [];
  return {
    kept,
    lent,
    keep: async (each, onSent) => {
      kept.push(each.digest);
      onSent(each.bytes);
    },
    lend: async (each, lifeMs) => {
      lent.push(lifeMs);
      return `https://acct.blob.core.windows.net/p/${each.digest}.zip?sv=1&sig=SECRETSIGNATURE${lent.length}`;
    },
    isUsed: () => kept.length > 0,
    list: async () => [],
    remove: async () => false,
  };
};
const pull: ConfigDelivery = {
  ...plainPush,
  mode: 'pull',
  store: 'https://acct.blob.core.windows.net/p',
};

async function deliver(world: World) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const beganMs = clock.now();
  const counts = new Map<string, number>();
  const next = (name: string, said: Said | undefined, fallback: Answer): Answer => {
    const times = (counts.get(name) ?? 0) + 1;
    counts.set(name, times);
    return (typeof said === 'function' ? said(times) : said) ?? fallback;
  };
  const take = (answer: Answer): Answer => {
    if (!(answer instanceof TransportError) && (answer.status ?? 200) < 300) counts.set('taken', 1);
    return answer;
  };
  const arm = ({ method, path: asked }: Sent): Answer => {
    if (asked.includes('/config/slotConfigNames'))
      return json({ properties: { appSettingNames: world.sticky ?? ['QUEUE'] } });
    if (asked.includes('/extensions/onedeploy'))
      return take(next('onedeploy', world.onedeploy, json(record('temp-9', 0, { is_temp: true }), 202)));
    if (asked.includes('/syncfunctiontriggers')) return next('sync', world.sync, json({ status: 'success' }));
    if (asked.includes('/basicPublishingCredentialsPolicies/scm'))
      return next('policy', world.policy, json({ properties: { allow: true } }));
    if (asked.includes('/config/publishingcredentials/list')) {
      const properties = {
        publishingUserName: '$orders-weu__staging',
        publishingPassword: 'PASSWORD-of-slot',
      };
      return next('credentials', world.credentials, json({ properties }));
    }
    if (asked.includes('/log')) return next('log', world.log, json({ value: [] }));
    if (/\/deployments\?/.test(asked)) {
      const times = (counts.get('list') ?? 0) + 1;
      counts.set('list', times);
      const puts = counts.get('onedeploy') ?? 0;
      return world.deployments?.(times, puts) ?? (counts.has('taken') ? list(record('d1', 4)) : list());
    }
    if (/\/deployments\//.test(asked)) return next('one', world.one, json(record('d1', 4)));
    if (method !== 'GET') throw new Error(`unexpected: ${method} ${asked}`);
    return json({
      id: slotId,
      name: 'orders-weu/staging',
      location: 'West Europe',
      kind: world.os === 'windows' ? 'functionapp' : 'functionapp,linux',
      properties: {
        defaultHostName: 'orders-weu-staging.azurewebsites.net',
        hostNameSslStates: [{ name: scmHost, hostType: 'Repository' }],
        ...(world.lastModified ? { lastModifiedTimeUtc: world.lastModified } : {}),
      },
    });
  };
  const scm = ({ method, path: asked, headers }: Sent): Answer => {
    if (method === 'POST') return next('upload', world.upload, { status: 202 });
    if (asked.startsWith('/api/settings')) return json({ [stampSetting]: release.id });
    const times = (counts.get('scm') ?? 0) + 1;
    counts.set('scm', times);
    const uploaded = (counts.get('upload') ?? 0) > 0;
    const done = pushed(4);
    if (!asked.startsWith('/api/deployments?')) return next('scmOne', world.scmOne, json(done));
    return world.scmList?.(times, headers) ?? json(uploaded ? [done] : []);
  };
  const { transport, sent } = script(
    [(each) => (new URL(each.url).host === scmHost ? scm(each) : arm(each))],
    clock,
  );
  const notices: string[] = [];
  const hidden: string[] = [];
  const progress: number[] = [];
  const handedOver: (string | undefined)[] = [];
  const onSent = () => handedOver.push(sent.at(-1)?.path);
  const tokens = countedTokens(clock);
  const deployPackage = createDelivery(
    {
      arm: armOver(transport, clock),
      tokens,
      transport,
      clock,
      random: () => 0.5,
      hide: (secret) => hidden.push(secret),
      store: world.store ?? null,
    },
    {
      delivery: world.delivery ?? plainPush,
      deadlineMs: roadDeadlineMs,
      roadFor: () => world.road,
      onNotice: (_, what) => notices.push(what),
    },
  );
  const error = await clock.run(
    deployPackage(target, release, ({ sentBytes }) => progress.push(sentBytes), { onSent }).then(
      () => null,
      (thrown: unknown) => thrown,
    ),
  );
  if (error !== null && !(error instanceof SlotwaveError)) throw error;
  const calls = (part: string) => sent.filter((each) => each.path.includes(part));
  return {
    end: error === null ? 'done' : `${error.kind} ${error.code}`,
    error,
    sent,
    calls,
    notices,
    hidden,
    progress,
    handedOver,
    tookMs: clock.now() - beganMs,
  };
}

const closed = () => ({ status: 403, reason: 'Ip Forbidden', body: '<html>blocked your access</html>' });

describe('a package that the slot fetches', () => {
  it('is put on the shelf, asked for through ARM, followed there, and its triggers are synced; SCM is left alone', async () => {
    const store = shelf();
    const { end, sent, calls, progress } = await deliver({ delivery: pull, store });
    expect(end).toBe('done');
    expect(store.kept).toEqual(['d1']);
    expect(progress).toEqual([16]);
    const [put] = calls('/extensions/onedeploy');
    expect(put?.method).toBe('PUT');
    expect(JSON.parse(put?.body ?? '')).toEqual({
      properties: {
        type: 'zip',
        packageUri: 'https://acct.blob.core.windows.net/p/d1.zip?sv=1&sig=SECRETSIGNATURE1',
        clean: true,
        restart: true,
      },
    });
    expect(sent.filter(({ url }) => url.includes(scmHost))).toEqual([]);
    expect(sent.at(-1)?.path).toContain('/slots/staging/syncfunctiontriggers');
    // The address lives as long as this deployment may take, and no longer.
    expect(store.lent[0]).toBeGreaterThan(roadDeadlineMs - 120_000);
    expect(store.lent[0]).toBeLessThanOrEqual(roadDeadlineMs);
  });

  const busy: Answer = {
    status: 409,
    body: 'There is a deployment currently in progress. Please try again when it completes.',
  };
  type Row = readonly [string, World, string, number];
  const rows: readonly Row[] = [
    [
      'is taken with 200',
      { onedeploy: json({ properties: { provisioningState: 'InProgress' } }) },
      'done',
      1,
    ],
    ['is taken with 202 and no body', { onedeploy: { status: 202 } }, 'done', 1],
    [
      'has no record at first, then a temporary one, then its own',
      {
        deployments: (times, puts) =>
          puts === 0 || times < 5
            ? list()
            : times < 8
              ? list(record('temp-1', 0, { is_temp: true }))
              : list(record('d1', 1)),
        one: (times) => json(record('d1', times < 4 ? 2 : 4)),
      },
      'done',
      1,
    ],
    [
      'is told in the documented form, which has no "complete"',
      {
        one: (times) => {
          const { complete: _, ...properties } = record('d1', 4).properties;
          return json({
            name: 'orders-weu/staging/d1',
            properties: times < 3 ? { ...properties, status: 2 } : { ...properties, end_time: '2026-01-01' },
          });
        },
        deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', 2))),
      },
      'done',
      1,
    ],
    [
      'comes after another one, which is not ours whatever its end',
      {
        deployments: (_, puts) =>
          puts === 0 ? list(record('d0', 3)) : list(record('d0', 3), record('d1', 4)),
      },
      'done',
      1,
    ],
    [
      "fails, with its log's words",
      {
        deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', 3))),
        log: json({
          value: [{ properties: { message: 'Package deployment failed: 403', type: 2 } }],
        }),
      },
      'refusal deployment-failed',
      1,
    ],
    [
      'is cancelled',
      { deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', -1))) },
      'refusal deployment-failed',
      1,
    ],
    [
      'ends as partial success',
      { deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', 6))) },
      'refusal deployment-failed',
      1,
    ],
    [
      'ends as conflict',
      { deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', 5))) },
      'transient deployment-conflict',
      1,
    ],
    [
      'never ends',
      {
        deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', 2))),
        one: json(record('d1', 2)),
      },
      'transient deployment-without-verdict',
      1,
    ],
    [
      'has a status that nobody knows',
      {
        deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', 9))),
        one: json(record('d1', 9)),
      },
      'transient deployment-without-verdict',
      1,
    ],
    [
      'waits for another deployment',
      { onedeploy: (times) => (times < 3 ? busy : { status: 202 }) },
      'done',
      3,
    ],
    [
      'waits for another deployment that ARM wraps in its own error',
      {
        onedeploy: (times) =>
          times < 2
            ? json({ Code: 'Conflict', Message: busy instanceof TransportError ? '' : busy.body }, 409)
            : { status: 202 },
      },
      'done',
      2,
    ],
    [
      'is refused where the setting is a URL: two masters',
      {
        onedeploy: {
          status: 409,
          body: 'Run-From-Zip is set to a remote URL using WEBSITE_USE_ZIP app setting. Deployment is not supported in this configuration.',
        },
      },
      'refusal package-is-remote',
      1,
    ],
    [
      'whose answer is lost is looked for, and found',
      {
        onedeploy: lost(),
        deployments: (times, puts) => (puts === 0 || times < 3 ? list() : list(record('d1', 4))),
      },
      'done',
      1,
    ],
    [
      'whose answer is lost is looked for, and only then asked for again',
      {
        onedeploy: (times) => (times < 2 ? lost() : { status: 202 }),
        deployments: (_, puts) => (puts < 2 ? list() : list(record('d1', 4))),
      },
      'done',
      2,
    ],
    [
      'answered 500 though it was accepted',
      {
        onedeploy: { status: 500 },
        deployments: (_, puts) => (puts === 0 ? list() : list(record('d1', 4))),
      },
      'done',
      1,
    ],
    [
      'is refused for a role',
      { onedeploy: json({ error: { code: 'AuthorizationFailed' } }, 403) },
      'refusal forbidden',
      1,
    ],
  ];
  it.each(rows)('%s', async (_, world, end, puts) => {
    const story = await deliver({ delivery: pull, store: shelf(), ...world });
    expect(story.end).toBe(end);
    expect(story.calls('/extensions/onedeploy')).toHaveLength(puts);
    expect(story.calls('/syncfunctiontriggers').length > 0).toBe(end === 'done');
    expect(story.tookMs).toBeLessThanOrEqual(roadDeadlineMs + 60_000);
    expect(JSON.stringify([story.error?.message, story.error?.next, story.notices])).not.toContain(
      'SECRETSIG',
    );
  });

  it('gives each asking an address of its own, because the one before may have ended', async () => {
    const store = shelf();
    const { calls } = await deliver({
      delivery: pull,
      store,
      onedeploy: (times) => (times < 3 ? busy : { status: 202 }),
    });
    expect(new Set(calls('/extensions/onedeploy').map(({ body }) => body)).size).toBe(3);
  });

  it("waits for the restart that the slot's settings caused a moment ago, and for none of earlier days", async () => {
    const fresh = await deliver({ delivery: pull, store: shelf(), lastModified: '2025-12-31T23:59:50Z' });
    const old = await deliver({ delivery: pull, store: shelf(), lastModified: '2025-12-31T20:00:00Z' });
    const putAt = (story: typeof fresh) => story.calls('/extensions/onedeploy')[0]?.atMs ?? 0;
    expect(putAt(fresh) - Date.UTC(2026, 0, 1)).toBe(50_000);
    expect(putAt(old) - Date.UTC(2026, 0, 1)).toBe(0);
  });

  it('may lie at an address that was given, whose query is hidden and told nowhere', async () => {
    const url = 'https://feed.example/orders.zip?token=VERYSECRETQUERYTOKEN';
    const delivery: ConfigDelivery = { ...plainPush, mode: 'url', url };
    const { end, calls, hidden } = await deliver({ delivery });
    expect(end).toBe('done');
    expect(JSON.parse(calls('/extensions/onedeploy')[0]?.body ?? '').properties.packageUri).toBe(url);
    expect(hidden).toEqual(expect.arrayContaining(['token=VERYSECRETQUERYTOKEN', 'VERYSECRETQUERYTOKEN']));
  });

  it('keeps signatures out of an error in which the server repeats them', async () => {
    const { error } = await deliver({
      delivery: pull,
      store: shelf(),
      onedeploy: json(
        {
          Message: 'Cannot read https://acct.blob.core.windows.net/p/d1.zip?sv=1&sig=SECRETSIGNATURE1 (404)',
        },
        400,
      ),
    });
    expect(error?.message).toContain('sig=*** (404)');
    expect(error?.message).not.toContain('SECRETSIGNATURE');
  });
});

describe('trigger sync, after a package that the SCM site did not see', () => {
  const notYet = (word: string): Answer =>
    json({ Code: 'BadRequest', Message: `Encountered an error (${word}) from host runtime.` }, 400);
  it.each([
    ['200 with a body', json({ status: 'success' }), 'done', 1],
    ['204, as documented', { status: 204 }, 'done', 1],
    [
      'ServiceUnavailable while the host restarts',
      (n: number) => (n < 4 ? notYet('ServiceUnavailable') : { status: 200 }),
      'done',
      4,
    ],
    [
      'InternalServerError of the host',
      (n: number) => (n < 2 ? notYet('InternalServerError') : { status: 200 }),
      'done',
      2,
    ],
    ['BadGateway', (n: number) => (n < 2 ? notYet('BadGateway') : { status: 200 }), 'done', 2],
    ['a lost answer', (n: number) => (n < 2 ? lost() : { status: 200 }), 'done', 2],
    ['500', (n: number) => (n < 2 ? { status: 500 } : { status: 200 }), 'done', 2],
    ['a host that never comes up', notYet('ServiceUnavailable'), 'transient triggers-not-synced', null],
    [
      'a missing role',
      json({ error: { code: 'AuthorizationFailed', message: 'no' } }, 403),
      'refusal forbidden',
      1,
    ],
  ] as const)('%s', async (_, sync, end, times) => {
    const story = await deliver({ delivery: pull, store: shelf(), sync: sync as Said });
    expect(story.end).toBe(end);
    const syncs = story.calls('/syncfunctiontriggers');
    if (times === null) expect(syncs.length).toBeLessThan(40);
    else expect(syncs).toHaveLength(times);
    expect(syncs.every(({ method }) => method === 'POST')).toBe(true);
    expect(story.tookMs).toBeLessThan(6 * 60_000);
  });

  it('is left to the SCM site when that took the package itself', async () => {
    const { end, calls } = await deliver({});
    expect(end).toBe('done');
    expect(calls('/syncfunctiontriggers')).toEqual([]);
  });
});

function atProxy(code: string, proxyRefusal: string | null): TransportError {
  const { facts } = startTrace('proxy', scmHost, 443);
  const road = { ...facts, stage: 'proxy' as const, proxy: 'hub:3128', proxyRefusal };
  return new TransportError('no way through', { code, sent: false, host: scmHost, road });
}

describe('an SCM site that cannot be reached from here', () => {
  const causes: readonly (readonly [string, () => Answer, RegExp, string])[] = [
    ['DNS does not know it', () => unreachable('ENOTFOUND'), /ENOTFOUND/, 'scm-not-reachable'],
    ['DNS does not answer', () => unreachable('EAI_AGAIN'), /EAI_AGAIN/, 'scm-not-reachable'],
    ['it refuses', () => unreachable('ECONNREFUSED'), /ECONNREFUSED/, 'scm-not-reachable'],
    ['nothing comes back', () => unreachable('ETIMEDOUT'), /ETIMEDOUT/, 'scm-not-reachable'],
    ['no route', () => unreachable('EHOSTUNREACH'), /EHOSTUNREACH/, 'scm-not-reachable'],
    ['Ip Forbidden', closed, /403 Ip Forbidden/, 'network-forbidden'],
    [
      'the proxy has a rule against it',
      () => atProxy('PROXY_REFUSED', '403 Filtered'),
      /hub:3128 says 403 Filtered/,
      'scm-not-reachable',
    ],
    [
      'the proxy wants a password',
      () => atProxy('PROXY_AUTH_REQUIRED', '407 Who are you'),
      /wants a user and a password.*hub:3128/,
      'scm-not-reachable',
    ],
    [
      'the proxy does not get there',
      () => atProxy('PROXY_REFUSED', 'HostUnreachable'),
      /hub:3128 says HostUnreachable/,
      'scm-not-reachable',
    ],
    [
      'no proxy',
      () => atProxy('PROXY_UNREACHABLE', null),
      /PROXY_UNREACHABLE.*hub:3128/,
      'scm-not-reachable',
    ],
  ];
  it.each(causes)('with a store: the slot fetches, and that is said (%s)', async (_, answer, cause) => {
    const store = shelf();
    const delivery: ConfigDelivery = { ...pull, mode: 'push' };
    const story = await deliver({ delivery, store, scmList: answer });
    expect(story.end).toBe('done');
    expect(story.notices).toEqual([expect.stringMatching(cause)]);
    expect(story.notices[0]).toContain('https://acct.blob.core.windows.net/p');
    expect(story.calls('/extensions/onedeploy')).toHaveLength(1);
    expect(story.calls('/syncfunctiontriggers')).toHaveLength(1);
    expect(story.calls('/api/zipdeploy')).toEqual([]);
    expect(story.tookMs).toBeLessThan(30_000);
  });

  it.each(causes)(
    'without one: refused, with the cause and both ways out (%s)',
    async (_, answer, cause, code) => {
      const story = await deliver({ scmList: answer });
      expect(story.end).toBe(`refusal ${code}`);
      expect(story.error?.message).toMatch(cause);
      expect(story.error?.message).toContain(scmHost);
      expect(story.error?.next).toMatch(/self-hosted runner in the VNet/);
      expect(story.error?.next).toMatch(/mode: pull, store:/);
      expect(story.tookMs).toBeLessThan(20_000);
    },
  );

  it('is not taken for closed when it was only cold, or unreachable once', async () => {
    const cold = await deliver({
      store: shelf(),
      delivery: { ...pull, mode: 'push' },
      scmList: (times) =>
        times === 1 ? unreachable('ECONNREFUSED') : times < 4 ? { status: 503 } : json([]),
      upload: { status: 400, body: 'ZipDeploy Validation ERROR' },
    });
    expect(cold.end).toBe('refusal azure-refused');
    expect(cold.notices).toEqual([]);
  });
});

describe('the end of the work, from which on there is only waiting', () => {
  it.each([
    ['push', {}, '/api/publish'],
    ['pull', { delivery: pull, store: shelf() }, '/extensions/onedeploy'],
  ])('by %s is told once: when the package was taken', async (_mode, world, path) => {
    const { end, handedOver } = await deliver(world);
    expect([end, handedOver]).toEqual(['done', [expect.stringContaining(path)]]);
  });

  it('is not told of a package that nobody took', async () => {
    const { handedOver } = await deliver({ upload: { status: 400, body: '"not a zip"' } });
    expect(handedOver).toEqual([]);
  });
});

describe("a target's own road", () => {
  it('is taken by everything that is for its SCM site, and by nothing else', async () => {
    const road = createPinnedRoad('10.1.0.4');
    const { end, sent } = await deliver({ road });
    expect(end).toBe('done');
    const toScm = sent.filter((each) => new URL(each.url).host === scmHost);
    expect(toScm.some(({ method }) => method === 'POST')).toBe(true);
    expect(new Set(toScm.map((each) => each.road))).toEqual(new Set([road]));
    expect(sent.filter((each) => !toScm.includes(each)).map((each) => each.road)).not.toContain(road);
  });
});

describe('the time that one deployment may take', () => {
  it.each([
    [
      'never ends',
      { scmList: (times: number) => json(times === 1 ? [] : [pushed(2)]), scmOne: json(pushed(2)) },
    ],
    [
      'meets a site that is always busy',
      {
        upload: {
          status: 409,
          body: 'There is a deployment currently in progress. Please try again when it completes.',
        },
        scmList: () => json([]),
      },
    ],
  ] as const)('is what the target has for its progress: a push that %s', async (_, world) => {
    const story = await deliver(world);
    expect(story.end).toMatch(/^transient deployment-(without-verdict|in-progress)$/);
    expect(story.tookMs).toBeGreaterThan(roadDeadlineMs - 70_000);
    expect(story.tookMs).toBeLessThanOrEqual(roadDeadlineMs + 40_000);
  });
});

describe('basic publishing credentials', () => {
  const basic = `Basic ${Buffer.from('$orders-weu__staging:PASSWORD-of-slot').toString('base64')}`;
  const noEntra = (_: number, headers: Sent['headers']): Answer =>
    headers['authorization']?.startsWith('Basic ') ? json([]) : { status: 401, body: 'Unauthorized' };

  it('are asked for only when the site refuses a good token, hidden, and used for that slot alone', async () => {
    const story = await deliver({ scmList: noEntra, upload: { status: 400, body: 'no zip' } });
    const scm = story.sent.filter(({ url }) => url.includes(scmHost));
    expect(scm.slice(0, 2).every(({ headers }) => headers['authorization']?.startsWith('Bearer '))).toBe(
      true,
    );
    expect(scm.slice(2).map(({ headers }) => headers['authorization'])).toEqual(
      scm.slice(2).map(() => basic),
    );
    expect(scm.at(-1)?.method).toBe('POST');
    expect(story.hidden).toEqual(expect.arrayContaining(['PASSWORD-of-slot', basic.slice(6)]));
    const elsewhere = story.sent.filter(({ url }) => !url.includes(scmHost));
    expect(elsewhere.some(({ headers }) => headers['authorization'] === basic)).toBe(false);
  });

  it('are never asked for where Entra is accepted', async () => {
    const { calls } = await deliver({});
    expect(calls('/basicPublishingCredentialsPolicies')).toEqual([]);
    expect(calls('/publishingcredentials')).toEqual([]);
  });

  it.each([
    ['off', json({ properties: { allow: false } })],
    ['not told', json({ properties: {} })],
  ])('are not touched when basic authentication is %s: a clear refusal', async (_, policy) => {
    const story = await deliver({ scmList: noEntra, policy });
    expect(story.end).toBe('refusal scm-credential-refused');
    expect(story.error?.message).toMatch(/basic authentication is off/);
    expect(story.error?.next).toMatch(/publish\/Action/);
    expect(story.calls('/publishingcredentials/list')).toEqual([]);
  });
});

describe('what a swap would not move, or nobody could build', () => {
  it.each([['WEBSITE_RUN_FROM_PACKAGE'], ['website_run_from_package'], [stampSetting]])(
    'a sticky %s is refused with the reason, whatever the road',
    async (name) => {
      for (const delivery of [plainPush, pull]) {
        const story = await deliver({ delivery, store: shelf(), sticky: ['QUEUE', name] });
        expect(story.end).toBe('refusal package-setting-sticky');
        expect(story.error?.message).toMatch(/stays where it is in a swap/);
        expect(story.sent.every(({ method }) => method === 'GET')).toBe(true);
      }
    },
  );

  it('a remote build on Windows is refused with the reason, on Linux it is switched on by settings', async () => {
    const delivery = { ...plainPush, remoteBuild: true };
    const windows = await deliver({ os: 'windows', delivery });
    expect(windows.end).toBe('refusal remote-build-on-windows');
    expect(windows.error?.message).toMatch(/Windows/);
    expect((await deliver({ os: 'linux', delivery, upload: { status: 202 } })).end).toBe('done');
    expect(settingsFor(delivery)).toEqual({
      SCM_DO_BUILD_DURING_DEPLOYMENT: 'true',
      ENABLE_ORYX_BUILD: 'true',
      WEBSITE_RUN_FROM_PACKAGE: '0',
    });
    expect(settingsFor(plainPush)).toEqual({});
  });
});

describe("a server's words", () => {
  it.each([
    ['https://a/b?sv=1&sig=abc%2Fdef%3D&se=2', 'https://a/b?sv=1&sig=***&se=2'],
    ['"packageUri":"https://a/b?sig=abc"', '"packageUri":"https://a/b?sig=***"'],
    ['<a href="https://a/?x=1&amp;sig=abc">', '<a href="https://a/?x=1&amp;sig=***">'],
    [
      'https://$orders__staging:p4ssw0rd@orders.scm.azurewebsites.net/',
      'https://***@orders.scm.azurewebsites.net/',
    ],
    ['DefaultEndpointsProtocol=https at 10:30 a@b.c', 'DefaultEndpointsProtocol=https at 10:30 a@b.c'],
    ['signature design=1', 'signature design=1'],
  ])('lose what opens a door: %s', (said, kept) => {
    expect(veilAddresses(said)).toBe(kept);
    expect(tame(said)).toBe(kept);
  });
});
