import { get, updateApplicationSettingsSlot } from '@azure/arm-appservice/api/webApps';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createArm } from '../../src/azure/arm.ts';
import { createAzure } from '../../src/azure/azure.ts';
import { createFairQueue } from '../../src/azure/fair-queue.ts';
import { createGovernor, type Visit } from '../../src/azure/governor.ts';
import { longestHoldMs, type Waiting } from '../../src/azure/lane.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { TransientError } from '../../src/errors.ts';
import { playedRuntime, transportOver } from './in-process.ts';
import { armOver, cloud, countedTokens, script, target } from './scripted.ts';

const arm = 'https://management.azure.com';
const siteUrl = (site: string, rest = '') =>
  `${arm}/subscriptions/s1/resourceGroups/g/providers/Microsoft.Web/sites/${site}${rest}?api-version=2025-05-01`;
const graphUrl = `${arm}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01`;
const headerOf = {
  reads: 'x-ms-ratelimit-remaining-subscription-reads',
  writes: 'x-ms-ratelimit-remaining-subscription-writes',
};

/** A server's own token bucket: counts, refuses, and says what is left, by the moment of arrival. */
function bucketServer(clock: VirtualClock, capacity: number, perSecond: number, header: string) {
  let tokens = capacity;
  let filledMs = clock.now();
  const seen = { refused: 0, lowest: capacity };
  return {
    seen,
    /** Somebody else with the same identity. */
    spend: (count: number) => {
      tokens -= count;
    },
    answer: () => {
      tokens = Math.min(capacity, tokens + ((clock.now() - filledMs) / 1000) * perSecond);
      filledMs = clock.now();
      if (tokens < 1) {
        seen.refused++;
        return { status: 429, headers: { 'retry-after': String(Math.ceil((1 - tokens) / perSecond)) } };
      }
      tokens -= 1;
      seen.lowest = Math.min(seen.lowest, tokens);
      return { status: 200, headers: { [header]: String(Math.floor(tokens)) } };
    },
  };
}

function begin(random = () => 0, stop?: AbortSignal) {
  const clock = new VirtualClock(0);
  const told: Waiting[] = [];
  const governor = createGovernor({ clock, random, stop, onWait: (waiting) => told.push(waiting) });
  /** One request as the pipeline makes it; `latencyMs` there and back again. */
  const ask = async (
    url: string,
    answer: () => { status: number; headers: Record<string, string> },
    { method = 'GET', latencyMs = 0 } = {},
  ) => {
    const pass = await governor.enter(method, url);
    const leftMs = clock.now();
    await clock.sleep(latencyMs);
    const answered = answer();
    await clock.sleep(latencyMs);
    pass.answered(answered);
    return { ...answered, leftMs };
  };
  return { clock, told, governor, ask };
}

const ok = () => ({ status: 200, headers: {} });

describe('the governor of a subscription', () => {
  it('lets through what the buckets hold at once, and then as fast as they fill: never more, hardly longer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('reads' as const, 'writes' as const),
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 0, max: 180 }), { minLength: 5, maxLength: 5 }),
        fc.boolean(),
        async (kind, requests, sites, latencies, tells) => {
          const { clock, ask } = begin();
          const [capacity, perSecond] = kind === 'reads' ? [250, 25] : [200, 10];
          const server = bucketServer(clock, capacity, perSecond, tells ? headerOf[kind] : 'x-nothing');
          const method = kind === 'reads' ? 'GET' : 'PUT';
          await clock.run(
            Promise.all(
              Array.from({ length: requests }, (_, at) =>
                // Whoever is told to wait too long comes again, as the engine does.
                again(() =>
                  ask(siteUrl(`site-${at % sites}`), server.answer, {
                    method,
                    latencyMs: latencies[at % 5]!,
                  }),
                ),
              ),
            ),
          );
          expect(server.seen.refused).toBe(0);
          const leastMs = Math.max(0, ((requests - capacity) / perSecond) * 1000);
          // What is kept in reserve, what was under way, and the way there and back.
          expect(clock.now()).toBeLessThanOrEqual(leastMs + (60 / perSecond) * 1000 + 2_000);
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  it('slows down before the quota is used up when somebody else uses it too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 230 }), async (others) => {
        const { clock, ask } = begin();
        const server = bucketServer(clock, 250, 25, headerOf.reads);
        await clock.run(ask(siteUrl('first'), server.answer));
        server.spend(others);
        await clock.run(ask(siteUrl('first'), server.answer));
        await clock.run(
          Promise.all(Array.from({ length: 400 }, (_, at) => ask(siteUrl(`s${at % 8}`), server.answer))),
        );
        expect(server.seen.refused).toBe(0);
        expect(clock.now()).toBeLessThanOrEqual(((400 + others - 250) / 25) * 1000 + 2_500);
      }),
      { numRuns: 20 },
    );
  });

  it('takes every site in its turn: one that asks a thousand times holds up nobody who asks once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 300, max: 600 }),
        fc.integer({ min: 1, max: 30 }),
        async (many, few) => {
          const { clock, ask } = begin();
          const left: string[] = [];
          const one = (site: string) =>
            ask(siteUrl(site), () => {
              left.push(site);
              return ok();
            });
          const greedy = Promise.allSettled(Array.from({ length: many }, () => one('greedy')));
          await clock.run(clock.sleep(10));
          const before = left.length;
          const modest = Promise.all(Array.from({ length: few }, (_, at) => one(`modest-${at}`)));
          await clock.run(modest);
          // Each round serves the greedy one once: between two modest ones it has at most one turn.
          expect(left.length - before).toBeLessThanOrEqual(few + 2);
          await clock.run(greedy);
          expect(left.filter((site) => site === 'greedy').length).toBe(many);
        },
      ),
      { numRuns: 15 },
    );
  });

  it.each(['1', '17', '90'])(
    'is quiet for the %s s that Retry-After asks for, to the second, and says it once',
    async (seconds) => {
      const { clock, ask, told } = begin(() => 1);
      const refuse = () => ({ status: 429, headers: { 'retry-after': seconds } });
      await clock.run(Promise.all(['a', 'b', 'c'].map((site) => ask(siteUrl(site), refuse))));
      const after = await clock.run(Promise.all(['a', 'b', 'c', 'd'].map((site) => ask(siteUrl(site), ok))));
      for (const { leftMs } of after) {
        expect(leftMs).toBeGreaterThanOrEqual(Number(seconds) * 1000);
        expect(leftMs).toBeLessThan(Number(seconds) * 1000 + 1_000);
      }
      expect(told).toEqual([
        {
          site: '/subscriptions/s1/resourceGroups/g/providers/Microsoft.Web/sites/a',
          waitMs: Number(seconds) * 1000,
          what: `ARM asks for ${seconds} s (reads of subscription s1)`,
        },
      ]);
    },
  );

  it('tells the next wait again', async () => {
    const { clock, ask, told } = begin();
    const refuse = () => ({ status: 429, headers: { 'retry-after': '5' } });
    await clock.run(ask(siteUrl('a'), refuse));
    await clock.run(ask(siteUrl('a'), refuse));
    expect(told.map(({ waitMs }) => waitMs)).toEqual([5_000, 5_000]);
  });

  it('keeps reads, writes and deletes apart, and subscriptions', async () => {
    const { clock, ask } = begin();
    await clock.run(ask(siteUrl('a'), () => ({ status: 429, headers: { 'retry-after': '60' } })));
    const free = [
      ask(siteUrl('a'), ok, { method: 'PUT' }),
      ask(siteUrl('a'), ok, { method: 'DELETE' }),
      ask(siteUrl('a').replace('/s1/', '/s2/'), ok),
      ask(graphUrl, ok, { method: 'POST' }),
    ];
    for (const { leftMs } of await clock.run(Promise.all(free))) expect(leftMs).toBe(0);
    expect((await clock.run(ask(siteUrl('a', '/config/web'), ok))).leftMs).toBe(60_000);
    expect((await clock.run(ask(siteUrl('a').replace('/s1/', '/S1/'), ok))).leftMs).toBeGreaterThanOrEqual(
      60_000,
    );
  });

  it('does not sit out what is too long: who waits already hears it, and who comes then, too', async () => {
    const { clock, ask, governor } = begin();
    await clock.run(ask(siteUrl('a'), () => ({ status: 429, headers: { 'retry-after': '10' } })));
    const waiting = ask(siteUrl('b'), ok).catch((error: unknown) => error);
    const late = await clock.run(
      ask(siteUrl('c'), () => ({ status: 429, headers: { 'retry-after': '3600' } })).then(() =>
        governor.enter('GET', siteUrl('d')).catch((error: unknown) => error),
      ),
    );
    expect(late).toMatchObject({ kind: 'transient', code: 'throttled', where: 'd' });
    expect(late).toHaveProperty('retryAfterMs', expect.closeTo(3_600_000, -3));
    expect(await clock.run(waiting)).toMatchObject({ status: 200 });
    expect(clock.now()).toBeLessThan(longestHoldMs);
  });

  it('lets nobody wait for ever in a row that does not move', async () => {
    const { clock, ask } = begin();
    const crowd = Array.from({ length: 4_000 }, (_, at) =>
      ask(siteUrl(`s${at % 40}`), ok).then(
        () => 'left',
        (error: unknown) => (error instanceof TransientError ? error.code : 'defect'),
      ),
    );
    const ends = await clock.run(Promise.all(crowd));
    expect(clock.now()).toBeLessThanOrEqual(longestHoldMs + 1_000);
    expect(new Set(ends)).toEqual(new Set(['left', 'throttled']));
    // 240 at once, and 25 a second for two minutes.
    expect(ends.filter((end) => end === 'left').length).toBeGreaterThan(3_200);
  });

  it('tells of a long row once', async () => {
    const { clock, ask, told } = begin();
    await clock.run(Promise.all(Array.from({ length: 600 }, (_, at) => ask(siteUrl(`s${at}`), ok))));
    expect(told.length).toBe(1);
    expect(told[0]?.what).toMatch(
      /^the quota for reads of subscription s1 is nearly used up, and \d+ requests wait/,
    );
  });
});

describe('hosts that ARM does not count for', () => {
  const visit = (name: string): Visit => ({
    host: `${name}-staging.scm.azurewebsites.net`,
    who: 'the SCM site',
    site: new URL(siteUrl(name)).pathname,
  });
  const knock = async (
    { clock, governor }: ReturnType<typeof begin>,
    name: string,
    answer: { status: number; headers: Record<string, string> } = ok(),
  ): Promise<number> => {
    const pass = await governor.enterHost(visit(name));
    const leftMs = clock.now();
    pass.answered(answer);
    return leftMs;
  };
  const slowDown = (seconds: string) => ({ status: 429, headers: { 'retry-after': seconds } });

  it.each(['1', '17', '90'])(
    'are left alone for the %s s that they ask for, to the second, each by itself, and it is said once',
    async (seconds) => {
      const began = begin(() => 1);
      const { clock, told, ask } = began;
      await clock.run(Promise.all(['a', 'a', 'a'].map(() => knock(began, 'a', slowDown(seconds)))));
      const [other, atArm] = await clock.run(Promise.all([knock(began, 'b'), ask(siteUrl('a'), ok)]));
      expect([other, atArm.leftMs]).toEqual([0, 0]);
      for (const leftMs of await clock.run(Promise.all([1, 2, 3].map(() => knock(began, 'a'))))) {
        expect(leftMs).toBeGreaterThanOrEqual(Number(seconds) * 1000);
        expect(leftMs).toBeLessThan(Number(seconds) * 1000 + 1_000);
      }
      const waitMs = Number(seconds) * 1000;
      const what = `the SCM site a-staging.scm.azurewebsites.net asks for ${seconds} s (requests)`;
      expect(told).toEqual([{ site: visit('a').site, waitMs, what }]);
    },
  );

  it.each([
    ['429 without a time', { status: 429, headers: {} }, 1_000],
    ['503 with one, as storage accounts throttle', { status: 503, headers: { 'retry-after': '9' } }, 9_000],
    [
      '503 without one: it is unwell, and second tries have a pace of their own',
      { status: 503, headers: {} },
      0,
    ],
    ['202 that says when to look again', { status: 202, headers: { 'retry-after': '30' } }, 0],
  ])('are understood: %s', async (_, answer, expectedMs) => {
    const began = begin();
    await began.clock.run(knock(began, 'a', answer));
    expect(await began.clock.run(knock(began, 'a'))).toBe(expectedMs);
  });

  it('have no quota of ours: a thousand requests leave at once', async () => {
    const began = begin();
    const left = await began.clock.run(Promise.all(Array.from({ length: 1_000 }, () => knock(began, 'a'))));
    expect(Math.max(...left)).toBe(0);
    expect(began.told).toEqual([]);
  });

  it('are not sat out for longer than anybody should wait', async () => {
    const began = begin();
    await began.clock.run(knock(began, 'a', slowDown('600')));
    const late = await began.clock.run(knock(began, 'a').catch((error: unknown) => error));
    expect(late).toMatchObject({ kind: 'transient', code: 'throttled', where: 'a', retryAfterMs: 600_000 });
    expect(late).toHaveProperty('message', expect.stringMatching(/^The SCM site .*Nothing was sent\.$/));
  });
});

describe('somebody who asks to stop', () => {
  it('calls off at once what waits for its turn, wherever it waits: nothing of it is sent', async () => {
    const stop = new AbortController();
    const { clock, governor, ask } = begin(() => 0, stop.signal);
    const left: string[] = [];
    const quiet = () => ({ status: 429, headers: { 'retry-after': '60' } });
    const host = { host: 'a.scm', who: 'the SCM site', site: null };
    await clock.run(ask(siteUrl('a'), quiet, { method: 'POST' }));
    await clock.run(governor.enterHost(host).then((pass) => pass.answered(quiet())));
    const waiting = Promise.allSettled([
      governor.enter('POST', siteUrl('a')).then(() => left.push('swap')),
      governor.enter('PUT', siteUrl('b')).then(() => left.push('settings')),
      governor.enterHost(host).then(() => left.push('package')),
    ]);
    await clock.run(clock.sleep(10_000));
    stop.abort('SIGINT');
    const ends = await clock.run(waiting);
    expect(clock.now()).toBe(10_000);
    for (const end of ends)
      expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'transient', code: 'stopped' } });
    await clock.run(clock.sleep(120_000));
    expect(left).toEqual([]);
  });

  it('lets pass what need not wait, and nothing that would have to', async () => {
    const stop = new AbortController();
    const { clock, governor, ask } = begin(() => 0, stop.signal);
    await clock.run(ask(siteUrl('a'), () => ({ status: 429, headers: { 'retry-after': '60' } })));
    stop.abort('SIGTERM');
    await expect(governor.enter('GET', siteUrl('a'))).rejects.toMatchObject({
      code: 'stopped',
      message: expect.stringMatching(/SIGTERM.*Nothing was sent/),
    });
    await expect(governor.enter('DELETE', siteUrl('a'))).resolves.toBeDefined();
  });

  it('is not kept waiting by second tries: a read that was called off is not repeated', async () => {
    const stop = new AbortController();
    const clock = new VirtualClock(0);
    const { transport, sent } = script([{ status: 429, headers: { 'retry-after': '60' } }], clock);
    const governor = createGovernor({ clock, random: () => 0, stop: stop.signal });
    const tokens = countedTokens(clock);
    const governed = createArm({ cloud, tokens, transport, clock, random: () => 0, governor });
    const ask = { method: 'GET', url: siteUrl('b').replace('/s1/', `/${target.subscriptionId}/`) } as const;
    await expect(clock.run(governed.send(target.subscriptionId, ask))).rejects.toBeDefined();
    const read = governed
      .read(target.subscriptionId, { what: 'read the site', where: 'weu' }, (context) =>
        get(context, 'g', 'a'),
      )
      .catch((error: unknown) => error);
    await clock.run(clock.sleep(10_000));
    stop.abort('SIGINT');
    expect(await clock.run(read)).toMatchObject({ code: 'stopped' });
    expect([clock.now(), sent.length]).toEqual([10_000, 1]);
  });
});

describe('Resource Graph', () => {
  /** 15 queries in each window of 5 s, told in its own headers. */
  function windowServer(clock: VirtualClock, offsetMs: number) {
    const counts = new Map<number, number>();
    const seen = { refused: 0 };
    return {
      seen,
      answer: () => {
        const window = Math.floor((clock.now() + offsetMs) / 5_000);
        const used = counts.get(window) ?? 0;
        const restMs = 5_000 - ((clock.now() + offsetMs) % 5_000);
        const headers = {
          'x-ms-user-quota-remaining': String(Math.max(0, 14 - used)),
          'x-ms-user-quota-resets-after': `00:00:0${Math.ceil(restMs / 1000)}`,
        };
        if (used >= 15) {
          seen.refused++;
          return { status: 429, headers: { ...headers, 'retry-after': String(Math.ceil(restMs / 1000)) } };
        }
        counts.set(window, used + 1);
        return { status: 200, headers };
      },
    };
  }

  it('is asked 15 times in 5 s at most, wherever its windows begin', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 4_999 }),
        fc.integer({ min: 1, max: 60 }),
        async (offset, queries) => {
          const { clock, ask } = begin();
          const server = windowServer(clock, offset);
          await clock.run(
            Promise.all(
              Array.from({ length: queries }, () =>
                ask(graphUrl, server.answer, { method: 'POST', latencyMs: 20 }),
              ),
            ),
          );
          expect(server.seen.refused).toBe(0);
          expect(clock.now()).toBeLessThanOrEqual(Math.ceil(queries / 14) * 6_000 + 1_000);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is left alone until its quota comes back when somebody else has used it', async () => {
    const { clock, ask } = begin();
    const headers = { 'x-ms-user-quota-remaining': '0', 'x-ms-user-quota-resets-after': '00:00:04' };
    await clock.run(ask(graphUrl, () => ({ status: 200, headers }), { method: 'POST' }));
    expect((await clock.run(ask(graphUrl, ok, { method: 'POST' }))).leftMs).toBe(4_000);
  });
});

describe('second tries', () => {
  it('of a whole fleet come at most 20 at once and 5 a second, whatever each would do alone', () => {
    const { governor } = begin();
    const waits = Array.from({ length: 70 }, () => governor.retryWaitMs('s1', 60_000));
    expect(waits.slice(0, 20).every((ms) => ms === 0)).toBe(true);
    expect(waits.slice(20, 23)).toEqual([200, 400, 600]);
    expect(waits.at(-1)).toBe(10_000);
    expect(governor.retryWaitMs('s2', 60_000)).toBe(0);
  });

  it('that would come too late are not waited for, and keep nobody else out', () => {
    const { governor } = begin();
    for (let tries = 0; tries < 25; tries++) governor.retryWaitMs('s1', 60_000);
    expect(governor.retryWaitMs('s1', 100)).toBeNull();
    expect(governor.retryWaitMs('s1', 60_000)).toBe(1_200);
  });
});

describe('a fair queue', () => {
  it('gives what was put in, each once, each party in its order, and no party twice while another waits', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 }), (parties) => {
        const queue = createFairQueue<{ party: string; at: number }>();
        for (const [at, party] of parties.entries()) queue.add(party, { party, at });
        const left = new Map<string, number>();
        for (const party of parties) left.set(party, (left.get(party) ?? 0) + 1);
        const turns: string[] = [];
        const taken = new Map<string, number>();
        for (let item = queue.take(); item !== null; item = queue.take()) {
          expect(item.at).toBeGreaterThan(taken.get(item.party) ?? -1);
          taken.set(item.party, item.at);
          turns.push(item.party);
          left.set(item.party, left.get(item.party)! - 1);
        }
        expect(turns.length).toBe(parties.length);
        expect([...left.values()].every((count) => count === 0)).toBe(true);
        for (const [at, party] of turns.entries()) {
          const nextAt = turns.indexOf(party, at + 1);
          if (nextAt < 0) continue;
          const rest = new Set(turns.slice(at + 1));
          const between = new Set(turns.slice(at + 1, nextAt));
          for (const other of rest) if (other !== party) expect(between.has(other)).toBe(true);
        }
      }),
    );
  });
});

describe('ARM, governed', () => {
  const about = { what: 'read the site', where: 'weu' };
  const refused = { status: 429, headers: { 'retry-after': '17' } };

  it('a mutation that is refused is not sent again, and the next one waits for as long as was asked', async () => {
    const clock = new VirtualClock(0);
    const { transport, sent } = script([refused, { body: '{"properties":{}}' }], clock);
    const governed = armOver(transport, clock);
    const write = () =>
      governed.change(target.subscriptionId, about, (context) =>
        updateApplicationSettingsSlot(context, 'g', 'orders-weu', 'staging', { properties: {} }),
      );
    await expect(clock.run(write())).rejects.toMatchObject({
      kind: 'transient',
      code: 'throttled',
      retryAfterMs: 17_000,
    });
    expect(sent.length).toBe(1);
    await clock.run(write());
    expect(sent.map(({ atMs }) => Math.floor(atMs / 1000))).toEqual([0, 17]);
  });

  it('a swap that would have to wait too long is not sent, and that is certain', async () => {
    const clock = new VirtualClock(0);
    const { transport, sent } = script([{ status: 429, headers: { 'retry-after': '900' } }], clock);
    const governed = armOver(transport, clock);
    const post = () => governed.send(target.subscriptionId, { method: 'POST', url: `${siteUrl('a')}` });
    await expect(clock.run(post())).rejects.toMatchObject({ facts: { status: 429 } });
    await expect(clock.run(post())).rejects.toMatchObject({
      kind: 'transient',
      code: 'throttled',
      retryAfterMs: expect.closeTo(900_000, -3),
    });
    expect(sent.length).toBe(1);
  });

  it('a read waits and is answered', async () => {
    const clock = new VirtualClock(0);
    const { transport, sent } = script([refused, { body: '{"location":"x","properties":{}}' }], clock);
    await clock.run(
      armOver(transport, clock).read(target.subscriptionId, about, (context) => get(context, 'g', 'a')),
    );
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(17_000);
    expect(sent[1]?.atMs).toBeLessThan(18_000);
  });
});

async function again<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TransientError) return again(act);
    throw error;
  }
}

describe('a fleet against buckets that are enforced', () => {
  async function survey(count: number, throttling: NonNullable<WorldInput['throttling']>) {
    const clock = new VirtualClock();
    const names = Array.from({ length: count }, (_, at) => `orders-${at}`);
    const emulator = createEmulator({
      world: { throttling, sites: names.map((name) => ({ name, region: 'westeurope' })) },
      clock,
      runtime: playedRuntime,
    });
    const wire = transportOver(emulator.fetch, clock);
    const statuses: number[] = [];
    const { tenantId, clientId, clientSecret } = emulator.identity;
    const azure = await clock.run(
      createAzure({
        cloudName: emulator.origin,
        transport: async (request) => {
          const answer = await wire(request);
          statuses.push(answer.status);
          return answer;
        },
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
    const targets = names.map((site) => ({ ...target, name: site, site, resourceGroup: 'slotwave' }));
    const startMs = clock.now();
    const fleet = await clock.run(azure.survey({ targets, settings: {} }));
    return {
      fleet,
      refusals: statuses.filter((status) => status === 429).length,
      tookMs: clock.now() - startMs,
    };
  }

  it("is surveyed without one refusal at Azure's own sizes, and no slower than they allow", async () => {
    const { fleet, refusals, tookMs } = await survey(120, true);
    expect(fleet.targets.length).toBe(120);
    expect(refusals).toBe(0);
    // Three writes each (POSTs that read): 200 at once and 10 a second.
    expect(tookMs).toBeLessThan(((120 * 3 - 200) / 10) * 1_000 + 8_000);
  });

  it('is surveyed whole at sizes that nobody told us, with few refusals', async () => {
    const small = { reads: { tokens: 40, perSecond: 5 }, writes: { tokens: 30, perSecond: 3 } };
    const { fleet, refusals } = await survey(30, small);
    expect(fleet.targets.length).toBe(30);
    expect(refusals).toBeLessThan(30);
  });
});
