// biome-ignore-all lint/suspicious/noThenProperty: the word of the faults file; nothing here is awaited for it.
import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { makeZip, type Played, play, read } from './played.ts';

const world: WorldInput = {
  sites: [
    {
      name: 'orders-weu',
      region: 'westeurope',
      release: 'old',
      slots: [{ name: 'staging', release: 'new' }],
    },
    {
      name: 'orders-neu',
      region: 'North Europe',
      release: 'old',
      slots: [{ name: 'staging', release: 'new' }],
    },
  ],
};

const swapBody = { targetSlot: 'production', preserveVnet: true };
const begin = (...faults: FaultInput[]) => play({ world, faults });
const settings = { properties: { A: '1' } };
const written = (played: Played) =>
  played.emulator.history.filter(({ type }) => type === 'settings.written').length;
const restart = async (played: Played) => (await played.arm('POST', 'restart')).status;
const statuses = async (count: number, ask: () => Promise<number>) => {
  const all: number[] = [];
  for (let index = 0; index < count; index++) all.push(await ask());
  return all;
};

async function endOfSwap(played: Played) {
  const accepted = await played.arm('POST', 'slots/staging/slotsswap', swapBody);
  await played.pass(10 * 60_000);
  return read(await played.arm('GET', new URL(accepted.headers.get('location')!).pathname));
}

describe('an answer that is lost', () => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('%s the effect', async (lost, effects) => {
    const played = await begin({
      when: { request: 'PUT */config/appsettings', occurrence: 1 },
      then: { lost },
    });
    await expect(played.arm('PUT', 'config/appsettings', settings)).rejects.toMatchObject({
      name: 'ConnectionLost',
      code: 'ECONNRESET',
    });
    expect(written(played)).toBe(effects);
    expect((await played.arm('PUT', 'config/appsettings', settings)).status).toBe(200);
  });

  it('in the middle of an upload leaves no deployment behind, and a shorter one gets through', async () => {
    const played = await begin({
      when: { request: 'POST /api/zipdeploy' },
      then: { reset: { afterBytes: 100 } },
    });
    await expect(
      played.scm('POST', 'orders-weu', '/api/zipdeploy', new Uint8Array(101)),
    ).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(played.emulator.history.filter(({ type }) => type === 'deployment.begun')).toEqual([]);
    expect((await played.scm('POST', 'orders-weu', '/api/zipdeploy?isAsync=true', makeZip({}))).status).toBe(
      202,
    );
  });
});

describe('a status', () => {
  it.each([
    ['none', 0, 0],
    ['before', 1, 1],
    ['after', 0, 1],
  ] as const)('with effect %s', async (effect, atOnce, later) => {
    const played = await begin({
      when: { request: 'PUT */appsettings' },
      then: {
        status: 500,
        code: 'Broken',
        message: 'It is broken.',
        headers: { 'retry-after': '7' },
        effect,
      },
    });
    const { emulator, clock } = played;
    const answer = await played.arm('PUT', 'config/appsettings', settings);
    const seenAtOnce = written(played);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(await read(answer)).toEqual({
      status: 500,
      body: { error: { code: 'Broken', message: 'It is broken.' } },
    });
    await played.pass(1000);
    expect([seenAtOnce, written(played)]).toEqual([atOnce, later]);
    expect(emulator.snapshot().atMs).toBe(clock.now());
  });

  it('may have any body', async () => {
    const played = await begin({ when: { door: 'app' }, then: { status: 502, body: '<h1>gateway</h1>' } });
    const answer = await played.app('orders-weu', '/');
    expect([answer.status, await answer.text()]).toEqual([502, '<h1>gateway</h1>']);
    expect(await restart(played)).toBe(200);
  });
});

it('a delay comes on top of what a request takes anyway', async () => {
  const played = await begin({ when: { request: '* */restart' }, then: { delay: '30s' } });
  const before = played.clock.now();
  await restart(played);
  expect(played.clock.now() - before).toBe(30_150);
});

describe('when a fault strikes', () => {
  const no = { status: 503 } as const;
  const cases: readonly (readonly [string, FaultInput['when'], readonly number[]])[] = [
    ['once', { request: 'POST */restart', occurrence: 2 }, [200, 503, 200, 200]],
    ['at several turns', { request: 'POST */restart', occurrence: [1, 3] }, [503, 200, 503, 200]],
    ['every time', { request: 'POST */restart', occurrence: 'every' }, [503, 503, 503, 503]],
    ['for some methods', { door: 'arm', request: 'PUT|post *' }, [503, 503, 503, 503]],
    ['for another method', { request: 'GET */restart' }, [200, 200, 200, 200]],
    ['for another site', { site: 'orders-neu' }, [200, 200, 200, 200]],
    ['for its region', { region: 'westeurope', slot: 'production' }, [503, 503, 503, 503]],
    ['for another slot', { slot: 'staging' }, [200, 200, 200, 200]],
    ['never', { request: 'POST *', probability: 0 }, [200, 200, 200, 200]],
  ];
  it.each(cases)('%s', async (_title, when, expected) => {
    const played = await begin({ when: when!, then: no });
    expect(await statuses(4, () => restart(played))).toEqual(expected);
  });

  it('only after a while', async () => {
    const played = await begin({ when: { request: 'POST */restart', after: '10m' }, then: no });
    expect(await restart(played)).toBe(200);
    await played.pass(10 * 60_000);
    expect(await restart(played)).toBe(503);
  });

  it('by chance, alike for one seed and different for another', async () => {
    const faults: FaultInput[] = [{ when: { request: 'POST */restart', probability: 0.5 }, then: no }];
    const run = async (seed: number) => {
      const played = await play({ world, faults, seed });
      return (await statuses(40, () => restart(played))).join();
    };
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    expect(first).toBe(again);
    expect(first).not.toBe(other);
    expect(first).toMatch(/200/);
    expect(first).toMatch(/503/);
  });

  it('is in the history', async () => {
    const played = await begin({ when: { request: 'POST */restart', occurrence: 2 }, then: no });
    await statuses(3, () => restart(played));
    const strikes = played.emulator.history.filter(({ type }) => type === 'fault.struck');
    expect(strikes).toEqual([
      expect.objectContaining({
        fault: 0,
        what: 'status',
        site: 'orders-weu',
        slot: 'production',
        request: expect.stringMatching(/^POST .*\/restart$/),
      }),
    ]);
  });
});

describe('a swap that fails', () => {
  it.each([
    ['ping', 417, /'staging' slot did not respond to http ping\.$/],
    ['worker', 400, /the worker process for 'staging' slot could not be started\.$/],
    [
      'initialization',
      400,
      /the application initialization in 'staging' slot either took too long or failed/,
    ],
    ['timeout', 400, /the warmup requests to application in 'staging' slot have timed out\.$/],
    ['allocation', 400, /the allocation of VM instances for 'staging' slot has changed/],
    [
      'unexpected',
      500,
      /^There was an unexpected error swapping slots 'staging' and 'production' for site 'orders-weu\(staging\)'/,
    ],
  ] as const)('as %s', async (as, status, message) => {
    const played = await begin({ when: { site: 'orders-weu' }, then: { swap: { as } } });
    const end = await endOfSwap(played);
    expect(end.status).toBe(status);
    expect(String(end.body['Message'])).toMatch(message);
    const { production, staging } = played.emulator.snapshot().sites['orders-weu']!.slots;
    expect([production!.release, staging!.release]).toEqual(['old', 'new']);
    expect(staging!.preparedFor).toBe(as === 'unexpected' ? 'production' : null);
  });

  it.each(['apply', 'warmup', 'route'] as const)('at %s, and succeeds the next time', async (failAt) => {
    const played = await begin({ when: { site: 'orders-weu', occurrence: 1 }, then: { swap: { failAt } } });
    expect((await endOfSwap(played)).status).toBe(417);
    expect((await endOfSwap(played)).status).toBe(200);
    expect(played.emulator.history.filter(({ type }) => type === 'swap.routed')).toHaveLength(1);
  });
});

it('a host that is slow to start keeps its callers waiting', async () => {
  const played = await begin({
    when: { site: 'orders-weu', occurrence: 1 },
    then: { host: { startDelay: '2m' } },
  });
  await restart(played);
  await played.pass(3000);
  const before = played.clock.now();
  expect((await played.app('orders-weu', '/')).status).toBe(200);
  expect(played.clock.now() - before).toBeGreaterThan(120_000);
});

it('a host that is too slow for the front end is unavailable in the meantime', async () => {
  const played = await begin({ when: { site: 'orders-weu' }, then: { host: { startDelay: '10m' } } });
  await restart(played);
  await played.pass(3000);
  expect((await played.app('orders-weu', '/')).status).toBe(503);
});

describe('an app that is sick', () => {
  const health = async (played: Played, label: string) => (await played.app(label, '/api/health')).status;

  it('in production alone, in one region alone, in what was newly put there alone', async () => {
    const played = await begin({
      when: { region: 'westeurope' },
      then: { app: { sick: { in: 'production', release: '!old', status: 500, body: 'ill' } } },
    });
    const all = () =>
      Promise.all(['orders-weu', 'orders-weu-staging', 'orders-neu'].map((label) => health(played, label)));
    expect(await all()).toEqual([200, 200, 200]);
    await endOfSwap(played);
    expect(await all()).toEqual([500, 200, 200]);
    expect((await played.app('orders-weu', '/')).status).toBe(200);
    await endOfSwap(played);
    expect(await all()).toEqual([200, 200, 200]);
  });

  it('only some time after the content came to where it is', async () => {
    const played = await begin({
      then: { app: { sick: { in: 'production', after: '30m', release: 'n*' } } },
    });
    await played.pass(35 * 60_000);
    await endOfSwap(played);
    expect(await health(played, 'orders-weu')).toBe(200);
    await played.pass(30 * 60_000);
    expect(await health(played, 'orders-weu')).toBe(500);
  });

  it('only when a deployment has brought it', async () => {
    const played = await begin({ then: { app: { sick: { content: 'arrived', in: 'staging' } } } });
    expect(await health(played, 'orders-weu-staging')).toBe(200);
    await played.scm('POST', 'orders-weu-staging', '/api/zipdeploy', makeZip({ 'host.json': '{}' }));
    await played.pass(5000);
    expect(await health(played, 'orders-weu-staging')).toBe(500);
  });

  it('may be slow and nothing else', async () => {
    const played = await begin({ then: { app: { sick: { delay: '20s' } } } });
    const before = played.clock.now();
    expect(await health(played, 'orders-weu')).toBe(200);
    expect(played.clock.now() - before).toBeGreaterThanOrEqual(20_000);
  });

  it('fails the pings of the platform where they go to the sick path', async () => {
    const staged: WorldInput = {
      sites: [
        {
          name: 'orders-weu',
          region: 'westeurope',
          slots: [
            {
              name: 'staging',
              settings: {
                WEBSITE_SWAP_WARMUP_PING_PATH: '/api/health',
                WEBSITE_SWAP_WARMUP_PING_STATUSES: '200',
              },
            },
          ],
        },
      ],
    };
    const played = await play({ world: staged, faults: [{ then: { app: { sick: { in: 'staging' } } } }] });
    expect((await endOfSwap(played)).status).toBe(417);
  });
});

describe('a list of faults', () => {
  it('is refused with all that is wrong with it', async () => {
    const wrong = [
      { when: { request: 'slotsswap', occurrence: 0, speed: 1 }, then: { lost: 'sometimes' } },
      { then: {} },
      { then: { delay: '3 weeks', lost: 'after' } },
      { when: { request: 'GET *' }, then: { host: { startDelay: '1s' } } },
      { then: { delay: '1s', message: 'x' } },
    ] as unknown as FaultInput[];
    const played = await begin();
    const message = (() => {
      try {
        played.emulator.setFaults(wrong);
        return 'taken';
      } catch (thrown) {
        return String(thrown);
      }
    })();
    const places = [
      '[0].when.request',
      '[0].when.occurrence',
      '[0].when.speed',
      '[0].then.lost',
      '[1].then',
      '[2].then.delay',
      '[3].when.request',
      '[4].then.message',
    ];
    for (const place of places) expect(message).toContain(`  ${place}: `);
  });

  it('can be replaced, and its counts begin anew', async () => {
    const once: FaultInput = { when: { request: 'POST */restart', occurrence: 1 }, then: { status: 503 } };
    const played = await begin(once);
    expect(await statuses(2, () => restart(played))).toEqual([503, 200]);
    played.emulator.setFaults([once]);
    expect(await statuses(2, () => restart(played))).toEqual([503, 200]);
    played.emulator.setFaults([]);
    expect(await statuses(1, () => restart(played))).toEqual([200]);
  });
});
