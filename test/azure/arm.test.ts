import { get, updateApplicationSettingsSlot } from '@azure/arm-appservice/api/webApps';
import { describe, expect, it } from '@jest/globals';
import { discoverTargets, fleetQuery } from '../../src/azure/discover.ts';
import { delayBefore } from '../../src/azure/retry.ts';
import { completeSettings, writeSettings } from '../../src/azure/settings.ts';
import { VirtualClock } from '../../src/clock.ts';
import { armOver, lost, type Step, script, target, unreachable } from './scripted.ts';

const site: Step = {
  body: JSON.stringify({
    id: '/x',
    name: 'orders-weu',
    location: 'West Europe',
    properties: { state: 'Running' },
  }),
};
const about = { what: 'read the site', where: 'weu' };

function begin(...steps: Step[]) {
  const clock = new VirtualClock(0);
  const { transport, sent } = script(steps, clock);
  const arm = armOver(transport, clock);
  const read = () =>
    clock.run(arm.read(target.subscriptionId, about, (context) => get(context, 'g', 'orders-weu')));
  const change = () =>
    clock.run(
      arm.change(target.subscriptionId, about, (context) =>
        updateApplicationSettingsSlot(context, 'g', 'orders-weu', 'staging', { properties: {} }),
      ),
    );
  return { clock, arm, sent, read, change };
}

describe('a read', () => {
  it.each<[string, readonly Step[], number]>([
    ['429', [{ status: 429 }, site], 2],
    ['408', [{ status: 408 }, site], 2],
    ['500, 502, 503, 504', [{ status: 500 }, { status: 502 }, { status: 503 }, { status: 504 }, site], 5],
    ['a cut connection', [lost(), site], 2],
    ['a refused connection', [unreachable(), site], 2],
    ["a proxy's page", [{ body: '<html>sign in</html>' }, site], 2],
    ['a token that was refused', [{ status: 401 }, site], 2],
  ])('is repeated after %s', async (_name, steps, requests) => {
    const { read, sent } = begin(...steps);
    expect((await read()).state).toBe('Running');
    expect(sent.length).toBe(requests);
  });

  it('signs again with another token after a 401, and only once', async () => {
    const { read, sent } = begin({ status: 401 });
    await expect(read()).rejects.toMatchObject({ code: 'credential-refused' });
    expect(sent.map(({ headers }) => headers['authorization'])).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it.each([400, 403, 404, 409])('is not repeated after %d', async (status) => {
    const { read, sent } = begin({ status });
    await expect(read()).rejects.toMatchObject({ kind: 'refusal' });
    expect(sent.length).toBe(1);
  });

  it('waits at least as long as Retry-After says', async () => {
    const { read, sent } = begin({ status: 429, headers: { 'retry-after': '30' } }, site);
    await read();
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(30_000);
    expect(sent[1]?.atMs).toBeLessThan(32_000);
  });

  it('gives up within its budget, and at once when Retry-After goes beyond it', async () => {
    const always = begin({ status: 503 });
    await expect(always.read()).rejects.toMatchObject({ kind: 'transient', code: 'server-error' });
    expect(always.clock.now()).toBeLessThanOrEqual(120_000);
    const far = begin({ status: 503, headers: { 'retry-after': '3600' } });
    await expect(far.read()).rejects.toMatchObject({ kind: 'transient', retryAfterMs: 3_600_000 });
    expect(far.sent.length).toBe(1);
  });

  it('asks only once more for a name that DNS does not know', async () => {
    const { read, sent, clock } = begin(unreachable('ENOTFOUND'));
    await expect(read()).rejects.toMatchObject({
      code: 'not-reachable',
      next: expect.stringContaining('DNS'),
    });
    expect(sent.length).toBe(2);
    expect(clock.now()).toBeLessThan(2_000);
  });

  it('of the same subscription waits as well when one was told to slow down', async () => {
    const { arm, clock, sent } = begin({ status: 429, headers: { 'retry-after': '30' } }, site);
    const one = () => arm.read(target.subscriptionId, about, (context) => get(context, 'g', 'orders-weu'));
    const first = one();
    await clock.run(clock.sleep(1));
    await clock.run(Promise.all([first, one(), one()]));
    expect(sent.slice(1).every(({ atMs }) => atMs >= 30_000)).toBe(true);
  });
});

describe('a mutation', () => {
  it.each<[string, Step, string]>([
    ['500', { status: 500 }, 'doubt'],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '1' } }, 'doubt'],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }, 'transient'],
    ['401', { status: 401 }, 'refusal'],
    ['a redirect to itself', { status: 307, headers: { location: '/' } }, 'refusal'],
    ['a cut connection', lost(), 'doubt'],
    ['a refused connection', unreachable(), 'transient'],
  ])('is sent once, whatever comes back: %s', async (_name, step, kind) => {
    const { change, sent } = begin(step);
    await expect(change()).rejects.toMatchObject({ kind });
    expect(sent.length).toBe(1);
  });
});

describe('the token', () => {
  it.each([
    'https://evil.example/x',
    'https://management.azure.com.evil.example/x',
    'http://management.azure.com/x',
    'https://management.azure.com:8443/x',
    'https://evilmanagement.azure.com/x',
  ])('is not sent to %s', async (url) => {
    const { arm, sent } = begin(site);
    await expect(arm.send(target.subscriptionId, { method: 'GET', url })).rejects.toMatchObject({
      code: 'link-to-stranger',
    });
    expect(sent).toEqual([]);
  });
});

describe('delays', () => {
  it('double, keep half to chance, and never come before they were asked for', () => {
    expect([1, 2, 3, 20].map((tries) => delayBefore(tries, undefined, () => 0))).toEqual([
      250, 500, 1000, 10_000,
    ]);
    expect([1, 2, 3, 20].map((tries) => delayBefore(tries, undefined, () => 1))).toEqual([
      500, 1000, 2000, 20_000,
    ]);
    expect(delayBefore(1, 7_000, () => 0)).toBeGreaterThanOrEqual(7_000);
  });
});

describe('the settings of a slot', () => {
  it.each([
    [
      'empty',
      {},
      {
        WEBSITE_RUN_FROM_PACKAGE: '1',
        WEBSITE_SWAP_WARMUP_PING_PATH: '/',
        WEBSITE_SWAP_WARMUP_PING_STATUSES: '200,202,204',
      },
    ],
    [
      'with a ping path of their own',
      { WEBSITE_SWAP_WARMUP_PING_PATH: '/up' },
      { WEBSITE_RUN_FROM_PACKAGE: '1', WEBSITE_SWAP_WARMUP_PING_PATH: '/up' },
    ],
    [
      'with ping statuses of their own',
      { WEBSITE_SWAP_WARMUP_PING_STATUSES: '200' },
      { WEBSITE_RUN_FROM_PACKAGE: '1', WEBSITE_SWAP_WARMUP_PING_STATUSES: '200' },
    ],
    [
      'in another case',
      { website_run_from_package: '0', Website_Swap_Warmup_Ping_Path: '/' },
      { website_run_from_package: '0', Website_Swap_Warmup_Ping_Path: '/' },
    ],
  ])('%s are completed', (_name, given, expected) => {
    expect(completeSettings(given)).toEqual(expected);
  });

  /** ARM with one slot: its settings, and what goes wrong at the first PUT. */
  function slotWith(
    initial: Record<string, string>,
    atPut: (wanted: Record<string, string>) => { keep: Record<string, string>; answer: Step },
  ) {
    let settings = initial;
    return begin((sent) => {
      if (sent.method !== 'PUT') return { body: JSON.stringify({ properties: settings }) };
      const { keep, answer } = atPut(
        (JSON.parse(sent.body) as { properties: Record<string, string> }).properties,
      );
      settings = keep;
      return typeof answer === 'function' ? answer(sent) : answer;
    });
  }
  const complete = completeSettings({ KEEP: '1' });
  const ok: Step = { body: '{"properties":{}}' };

  it('are merged in one PUT, nothing lost', async () => {
    const { arm, clock, sent } = slotWith({ KEEP: '1' }, (wanted) => ({ keep: wanted, answer: ok }));
    await clock.run(writeSettings(arm, clock, target, { NEW: '2' }));
    const puts = sent.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ body }) => JSON.parse(body))).toEqual([{ properties: { ...complete, NEW: '2' } }]);
  });

  it('that are in place already are not written, so the slot is not restarted', async () => {
    const { arm, clock, sent } = slotWith({ ...complete, NEW: '2' }, (wanted) => ({
      keep: wanted,
      answer: ok,
    }));
    await clock.run(writeSettings(arm, clock, target, { NEW: '2' }));
    expect(sent.some(({ method }) => method === 'PUT')).toBe(false);
  });

  it('whose PUT lost its answer are read: written is written', async () => {
    const { arm, clock, sent } = slotWith({ KEEP: '1' }, (wanted) => ({ keep: wanted, answer: lost() }));
    await clock.run(writeSettings(arm, clock, target, { NEW: '2' }));
    // One PUT, one look before it and one behind it, and the first look behind shows that it is done.
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'PUT', 'POST']);
    expect(JSON.parse(sent[1]!.body)).toEqual({ properties: { ...complete, NEW: '2' } });
    expect(clock.now()).toBeLessThan(1_000);
  });

  it('whose PUT lost its answer are read: not written is to be done again', async () => {
    const { arm, clock } = slotWith({}, () => ({ keep: {}, answer: lost() }));
    await expect(clock.run(writeSettings(arm, clock, target, { NEW: '2' }))).rejects.toMatchObject({
      kind: 'transient',
      code: 'settings-not-in-place',
    });
  });

  it('that somebody else overwrote meanwhile are told', async () => {
    const { arm, clock } = slotWith({ KEEP: '1' }, () => ({ keep: { THEIRS: '1' }, answer: ok }));
    await expect(clock.run(writeSettings(arm, clock, target, { NEW: '2' }))).rejects.toMatchObject({
      code: 'settings-not-in-place',
    });
  });

  it('that mount a package from a URL are refused before anything is written, and the URL is not told', async () => {
    const { arm, clock, sent } = slotWith(
      { WEBSITE_RUN_FROM_PACKAGE: 'https://acct.blob.core.windows.net/x.zip?sig=secret' },
      (wanted) => ({ keep: wanted, answer: ok }),
    );
    const error = await clock
      .run(writeSettings(arm, clock, target, { NEW: '2' }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'refusal', code: 'package-is-remote' });
    expect(String(error)).not.toContain('secret');
    expect(sent.some(({ method }) => method === 'PUT')).toBe(false);
  });
});

describe('discovery', () => {
  const row = (name: string, tags: object = { app: 'orders', ring: 1 }) => ({
    id: `/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/${name}`,
    name,
    tags,
  });
  const page = (rows: object[], more: object = {}): Step => ({
    body: JSON.stringify({ totalRecords: rows.length, count: rows.length, data: rows, ...more }),
  });

  it('follows every page, and takes tags for labels', async () => {
    const { arm, clock, sent } = begin(
      page([row('one')], { $skipToken: 'more', resultTruncated: 'true' }),
      page([row('two')]),
    );
    const found = await clock.run(discoverTargets(arm, { app: 'orders' }, 'staging'));
    expect(found.map(({ name, slot, labels }) => [name, slot, labels])).toEqual([
      ['one', 'staging', { app: 'orders', ring: '1' }],
      ['two', 'staging', { app: 'orders', ring: '1' }],
    ]);
    expect(
      sent.map(({ body }) => (JSON.parse(body) as { options: { $skipToken?: string } }).options.$skipToken),
    ).toEqual([undefined, 'more']);
  });

  it('does not take a cut answer for a whole one', async () => {
    const { arm, clock } = begin(page([row('one')], { resultTruncated: 'true' }));
    await expect(clock.run(discoverTargets(arm, { app: 'orders' }, 'staging'))).rejects.toMatchObject({
      code: 'graph-answer-cut',
    });
  });

  it('that finds nothing says so', async () => {
    const { arm, clock } = begin(page([]));
    await expect(clock.run(discoverTargets(arm, { app: 'orders' }, 'staging'))).rejects.toMatchObject({
      kind: 'input',
      code: 'nothing-discovered',
    });
  });

  it('quotes what users write: a tag cannot end the query', () => {
    expect(fleetQuery({ "a'b": "x' or 1 == 1 | project id \\" })).toContain(
      "tags['a\\'b'] =~ 'x\\' or 1 == 1 | project id \\\\'",
    );
  });
});
