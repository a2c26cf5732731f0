import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createGovernor } from '../../src/azure/governor.ts';
import type { Waiting } from '../../src/azure/lane.ts';
import { deployToSlot } from '../../src/azure/scm.ts';
import { rebaseLocation } from '../../src/azure/scm-session.ts';
import type { HttpAnswer, TransportError } from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import { SlotwaveError } from '../../src/errors.ts';
import type { OperatingSystem } from '../../src/plan/fleet.ts';
import { type Release, stampSetting } from '../../src/release/release.ts';
import { countedTokens, lost, type Sent, script, target, unreachable } from './scripted.ts';

const folder = mkdtempSync(join(tmpdir(), 'slotwave-scm-'));
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

/** What one SCM site says: each a function of how often it was asked before, so that a story can be told. */
interface Kudu {
  readonly os?: OperatingSystem;
  readonly upload?: (uploads: number) => Answer;
  readonly list?: (lists: number, uploads: number) => Answer;
  readonly one?: (looks: number, id: string) => Answer;
  readonly latest?: (looks: number) => Answer;
  readonly settings?: (looks: number) => Answer;
  readonly log?: Answer;
}

const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const gone = json({ Message: "Deployment 'x' not found." }, 404);
const named = `slotwave ${release.id}`;
const record = (id: string, status: number, more: object = {}) => ({
  id,
  status,
  complete: status === 4 || status === 3,
  is_temp: false,
  active: status === 4,
  message: named,
  status_text: '',
  ...more,
});
const temporary = (more: object = {}) => ({
  ...record('temp-1', 0),
  is_temp: true,
  message: 'Deploying from pushed zip file',
  status_text: 'Receiving changes.',
  ...more,
});
const accepted: Answer = {
  status: 202,
  headers: {
    location:
      'http://orders-staging.scm.azurewebsites.net:80/api/deployments/latest?deployer=slotwave&time=x',
  },
};

async function deploy({ os = 'windows', ...kudu }: Kudu) {
  const clock = new VirtualClock(0);
  const counts = new Map<string, number>();
  const count = (name: string) => {
    const next = (counts.get(name) ?? 0) + 1;
    counts.set(name, next);
    return next;
  };
  const answer = ({ method, path: asked }: Sent): Answer => {
    if (method === 'POST') {
      const uploads = count('upload');
      const said = kudu.upload?.(uploads) ?? accepted;
      if (!(said instanceof Error) && said.status !== undefined && said.status < 300) count('taken');
      return said;
    }
    if (asked.startsWith('/api/settings'))
      return kudu.settings?.(count('settings')) ?? json({ [stampSetting]: release.id });
    if (asked.includes('/log')) return kudu.log ?? json([]);
    if (asked.startsWith('/api/deployments?'))
      return (
        kudu.list?.(count('list'), counts.get('upload') ?? 0) ??
        json(counts.has('taken') ? [record('d1', 4)] : [])
      );
    if (asked.startsWith('/api/deployments/latest')) return kudu.latest?.(count('latest')) ?? gone;
    return kudu.one?.(count('one'), asked.split('/').at(-1) ?? '') ?? json(record('d1', 4));
  };
  const { transport, sent } = script([(each) => answer(each)], clock);
  const progress: number[] = [];
  const waits: Waiting[] = [];
  const error = await clock.run(
    deployToSlot(
      {
        transport,
        clock,
        tokens: countedTokens(clock),
        random: () => 0.5,
        governor: createGovernor({ clock, random: () => 0, onWait: (wait) => waits.push(wait) }),
      },
      {
        target,
        slot: { scmHostName: 'orders-staging.scm.azurewebsites.net', operatingSystem: os },
        release,
        onProgress: ({ sentBytes }) => progress.push(sentBytes),
      },
    ).then(
      () => null,
      (thrown: unknown) => thrown,
    ),
  );
  if (error !== null && !(error instanceof SlotwaveError)) throw error;
  const uploads = sent.filter(({ method }) => method === 'POST');
  return {
    end: error === null ? 'done' : `${error.kind} ${error.code}`,
    error,
    sent,
    uploads,
    progress,
    waits,
    tookMs: clock.now(),
  };
}

describe('a deployment', () => {
  it('sends nothing to an SCM site that asks for 40 s, and tells whose it is', async () => {
    const { end, sent, waits } = await deploy({
      upload: (times) => (times === 1 ? { status: 429, headers: { 'retry-after': '40' } } : accepted),
    });
    expect(end).toBe('done');
    const refused = sent.findIndex(({ method }) => method === 'POST');
    const after = sent.slice(refused + 1).map(({ atMs }) => atMs - sent[refused]!.atMs);
    expect(after.length).toBeGreaterThan(2);
    expect(Math.min(...after)).toBeGreaterThanOrEqual(40_000);
    expect(Math.min(...after)).toBeLessThan(42_000);
    expect(waits).toMatchObject([{ site: expect.stringMatching(/\/sites\/orders-weu$/), waitMs: 40_000 }]);
  });

  it('goes to zipdeploy on Windows, with its name, its digest and all of its bytes', async () => {
    const { end, uploads, progress } = await deploy({ os: 'windows' });
    expect(end).toBe('done');
    expect(
      uploads.map((each) => [
        each.path,
        each.headers['content-type'],
        each.headers['x-ms-artifact-checksum'],
        each.body,
      ]),
    ).toEqual([
      [
        '/api/zipdeploy?isAsync=true&Deployer=slotwave&message=r1.0123456789ab',
        'application/zip',
        'd1',
        'the packed bytes',
      ],
    ]);
    expect(progress).toEqual([16]);
  });

  it('goes to publish on Linux', async () => {
    const { end, uploads } = await deploy({ os: 'linux' });
    expect(end).toBe('done');
    expect(uploads[0]?.path).toBe(
      '/api/publish?type=zip&async=true&Deployer=slotwave&message=r1.0123456789ab',
    );
  });

  const busy: Answer = {
    status: 409,
    body: 'There is a deployment currently in progress. Please try again when it completes.',
  };
  type Row = readonly [string, Kudu, string, number];
  const rows: readonly Row[] = [
    [
      'is followed from its temporary record to the permanent one',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [temporary()]),
        latest: (n) => (n < 3 ? json(temporary(), 202) : json(record('d1', 1), 202)),
        one: (n) => json(record('d1', n < 3 ? 2 : 4)),
      },
      'done',
      1,
    ],
    [
      'has no record at first',
      {
        list: (n, uploads) => (uploads === 0 || n < 6 ? json([]) : json([record('d1', 2)])),
        one: (n) => json(record('d1', n < 4 ? 2 : 4)),
      },
      'done',
      1,
    ],
    [
      'answers 200 while it builds',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 1)]),
        one: (n) => json(record('d1', n < 5 ? 1 : 4)),
      },
      'done',
      1,
    ],
    ['is told by 202 without Location', { upload: () => ({ status: 202 }) }, 'done', 1],
    ['is told by 200', { upload: () => ({ status: 200 }) }, 'done', 1],
    [
      'ends as 3, failed',
      { list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 3)]) },
      'refusal deployment-failed',
      1,
    ],
    [
      'ends as -1, cancelled',
      { list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', -1)]) },
      'refusal deployment-failed',
      1,
    ],
    [
      'ends as 6, partial success',
      { list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 6)]) },
      'refusal deployment-failed',
      1,
    ],
    [
      'ends as 5, conflict',
      { list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 5)]) },
      'transient deployment-conflict',
      1,
    ],
    [
      'says 4 before it is complete',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 4, { complete: false })]),
        one: (n) => json(record('d1', 4, { complete: n > 3 })),
      },
      'done',
      1,
    ],
    [
      'stays at 2 for ever',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 2)]),
        one: () => json(record('d1', 2)),
      },
      'transient deployment-without-verdict',
      1,
    ],
    [
      'stays at a status that nobody knows',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 9)]),
        one: () => json(record('d1', 9)),
      },
      'transient deployment-without-verdict',
      1,
    ],
    [
      'loses its record while the site restarts',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 2)]),
        one: (n) => (n < 3 ? json(record('d1', 2)) : n < 8 ? gone : json(record('d1', 4))),
      },
      'done',
      1,
    ],
    [
      'loses its record for good: never green',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 2)]),
        one: (n) => (n < 3 ? json(record('d1', 2)) : gone),
      },
      'transient deployment-without-verdict',
      1,
    ],
    [
      'answers {} for a record',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 2)]),
        one: (n) => (n < 3 ? json({}) : json(record('d1', 4))),
      },
      'done',
      1,
    ],
    [
      'is watched through a restarting site',
      {
        list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 2)]),
        one: (n) =>
          n === 1 ? { status: 503 } : n === 2 ? lost() : n === 3 ? { status: 502 } : json(record('d1', 4)),
      },
      'done',
      1,
    ],
    ['waits for another deployment', { upload: (n) => (n < 4 ? busy : accepted) }, 'done', 4],
    [
      'waits for a lock',
      {
        upload: (n) =>
          n < 2
            ? {
                status: 409,
                body: "The 'Preparing zip package' operation conflicts with the pending 'x' operation started at y.  Please retry operation later.",
              }
            : accepted,
      },
      'done',
      2,
    ],
    [
      'waits for an auto swap',
      {
        upload: (n) =>
          n < 2
            ? {
                status: 409,
                body: 'There is an auto swap deployment currently ongoing please try again when it completes.',
              }
            : accepted,
      },
      'done',
      2,
    ],
    [
      'waits for another deployment that KuduLite tells of as a JSON string',
      {
        upload: (n) =>
          n < 2
            ? {
                status: 409,
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify(
                  'There is a deployment currently in progress. Please try again when it completes.',
                ),
              }
            : accepted,
      },
      'done',
      2,
    ],
    ['does not wait for ever', { upload: () => busy }, 'transient deployment-in-progress', 240],
    [
      'is refused where the package is a URL',
      {
        upload: () => ({
          status: 409,
          body: 'Run-From-Zip is set to a remote URL using WEBSITE_USE_ZIP app setting. Deployment is not supported in this configuration.',
        }),
      },
      'refusal package-is-remote',
      1,
    ],
    [
      'is refused where the package is a URL, told by KuduLite',
      { upload: () => ({ status: 409, body: JSON.stringify('Run-From-Zip is set to a remote URL') }) },
      'refusal package-is-remote',
      1,
    ],
    [
      'is refused while the app is stopped',
      {
        list: () => ({
          status: 403,
          body: '<html><title>Error 403</title>The web app you have attempted to reach is currently stopped</html>',
        }),
      },
      'refusal site-stopped',
      0,
    ],
    [
      'is refused for its zip',
      { upload: () => ({ status: 400, body: 'ZipDeploy Validation ERROR' }) },
      'refusal azure-refused',
      1,
    ],
    [
      'is refused by the network before a byte is sent',
      { list: () => ({ status: 403, reason: 'Ip Forbidden', body: '<html>' }) },
      'refusal network-forbidden',
      0,
    ],
    ['is refused for its token', { list: () => ({ status: 401 }) }, 'refusal credential-refused', 0],
    ['is not reachable', { list: () => unreachable('ENOTFOUND') }, 'refusal scm-not-reachable', 0],
    [
      'comes to a site that is not up yet',
      { list: (n) => (n < 3 ? { status: 503 } : json(n < 4 ? [] : [record('d1', 4)])) },
      'done',
      1,
    ],
    [
      'comes to a site that has no history',
      { list: (n) => (n < 2 ? { status: 404 } : json([record('d1', 4)])) },
      'done',
      1,
    ],
    [
      'whose answer is lost is looked for, and found',
      { upload: () => lost(), list: (n, uploads) => json(uploads === 0 || n < 4 ? [] : [record('d1', 4)]) },
      'done',
      1,
    ],
    [
      'whose answer is lost is looked for, and only then sent again',
      {
        upload: (n) => (n < 2 ? lost() : accepted),
        list: (_, uploads) => json(uploads < 2 ? [] : [record('d1', 4)]),
      },
      'done',
      2,
    ],
    [
      'answered 500 is looked for',
      { upload: () => ({ status: 500 }), list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 4)]) },
      'done',
      1,
    ],
    [
      'that never gets through is given up',
      { upload: () => lost(), list: () => json([]) },
      'doubt answer-lost',
      4,
    ],
    [
      'whose connection is refused is sent again',
      { upload: (n) => (n < 3 ? unreachable() : accepted) },
      'done',
      3,
    ],
    ['that is done already is not sent again', { list: () => json([record('d1', 4)]) }, 'done', 0],
    [
      'that is done, and not the active one any more, is sent again',
      {
        list: (_, uploads) =>
          json(
            uploads === 0
              ? [record('d1', 4, { active: false })]
              : [record('d2', 4), record('d1', 4, { active: false })],
          ),
      },
      'done',
      1,
    ],
    [
      'that runs already is followed',
      { list: () => json([record('d1', 2)]), one: (n) => json(record('d1', n < 3 ? 2 : 4)) },
      'done',
      0,
    ],
    [
      'that failed before is sent again, and its old failure is not taken for the new one',
      {
        list: (n, uploads) =>
          json(uploads === 0 || n < 5 ? [record('d0', 3)] : [record('d1', 4), record('d0', 3)]),
      },
      'done',
      1,
    ],
    [
      "another's success is not ours",
      { list: (_, uploads) => json(uploads === 0 ? [] : [record('other', 4, { message: 'somebody else' })]) },
      'transient deployment-without-verdict',
      1,
    ],
    [
      'settings that come late are waited for',
      { settings: (n) => json({ [stampSetting]: n < 4 ? 'r0' : release.id }) },
      'done',
      1,
    ],
    ['settings that are not told are not waited for', { settings: () => ({ status: 404 }) }, 'done', 1],
    ['settings that never come are not waited for for ever', { settings: () => json({}) }, 'done', 1],
  ];

  it.each(rows)('%s', async (_name, kudu, end, uploads) => {
    const story = await deploy(kudu);
    expect(story.end).toBe(end);
    // How often it knocks at a busy site depends on its pace; that it stops does not.
    if (uploads > 10) expect(story.uploads.length).toBeLessThanOrEqual(uploads);
    else expect(story.uploads.length).toBe(uploads);
    expect(story.uploads.every(({ body }) => body === 'the packed bytes')).toBe(true);
    expect(story.tookMs).toBeLessThan(25 * 60_000);
  });

  it('on Linux is known by not having been there before: OneDeploy keeps no message', async () => {
    const old = record('old', 4, { message: 'OneDeploy' });
    const { end, sent } = await deploy({
      os: 'linux',
      list: (_, uploads) => json(uploads === 0 ? [old] : [record('new', 2, { message: 'OneDeploy' }), old]),
      one: (_, id) => json(record(id, 4)),
    });
    expect(end).toBe('done');
    expect(sent.at(-1)?.path).toBe('/api/deployments/new');
  });

  it('tells why it failed, in the words of its log, on one line', async () => {
    const log = json([
      { message: 'Updating submodules.', type: 0 },
      { message: 'zip is\n##vso[task.complete]bad', type: 2 },
    ]);
    const { error } = await deploy({
      list: (_, uploads) => json(uploads === 0 ? [] : [record('d1', 3)]),
      log,
    });
    expect(error?.message).toContain('zip is ##vso[task.complete]bad');
    expect(error?.message).not.toContain('\n');
    expect(error?.next).toContain('/api/deployments/d1/log');
  });

  it('stays on one instance, and talks to nobody but its own origin', async () => {
    const { sent } = await deploy({
      upload: () => ({
        ...accepted,
        setCookies: ['ARRAffinity=abc;Path=/;HttpOnly', 'ARRAffinitySameSite=abc;Path=/', 'other=1'],
      }),
    });
    expect(sent.at(-1)?.headers['cookie']).toBe('ARRAffinity=abc; ARRAffinitySameSite=abc');
    expect(new Set(sent.map(({ url }) => new URL(url).origin))).toEqual(
      new Set(['https://orders-staging.scm.azurewebsites.net']),
    );
  });

  it.each([
    [
      'http://orders.scm.azurewebsites.net:80/api/deployments/latest?time=1',
      '/api/deployments/latest?time=1',
    ],
    ['https://evil.example/api/deployments/latest', '/api/deployments/latest'],
    ['https://evil.example/collect', null],
    ['/api/deployments/1', '/api/deployments/1'],
    ['//evil.example/api/x', '/api/x'],
    ['http://[broken', null],
    [undefined, null],
  ])('a Location %s means %s on our own origin', (location, expected) => {
    expect(rebaseLocation(location, 'https://orders.scm.azurewebsites.net')).toBe(expected);
  });
});
