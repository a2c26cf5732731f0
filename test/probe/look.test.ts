import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { VirtualClock } from '../../src/clock.ts';
import { DefectError, RefusalError, TransientError } from '../../src/errors.ts';
import { createLook, type Sight } from '../../src/probe/look.ts';
import type { Condition } from '../../src/probe/verdict.ts';
import { stampFile } from '../../src/release/release.ts';
import { besideHostOf, incumbentId, releaseId } from '../builders.ts';
import {
  html,
  json,
  lookAt,
  makeCheck,
  notRunning,
  type PlayedHost,
  paths,
  playHost,
  playSound,
  type Script,
  silence,
  target,
} from './played-host.ts';

const sound = playSound(releaseId);
const pathsOf = (host: PlayedHost) => host.asked.map((each) => each.url.pathname);
const saidOf = (sight: Sight) => sight.reading.findings.map((each) => each.said).join(' | ');

describe('one look at a host', () => {
  it.each<[string, Script, Condition]>([
    ['a sound app', {}, 'healthy'],
    [
      'Running, and no functions: an entry file that does not load',
      { [paths.functions]: json([]) },
      'unhealthy',
    ],
    ['the home page instead of the functions', { [paths.functions]: html }, 'unhealthy'],
    ['functions without names', { [paths.functions]: json([{}, null, 7]) }, 'unhealthy'],
    ['an error for the functions', { [paths.functions]: { status: 500 } }, 'unhealthy'],
    ['another release', { [paths.stamp]: json({ release: incumbentId }) }, 'starting'],
    ['no stamp', { [paths.stamp]: { status: 404 } }, 'starting'],
    ['a stamp that is no stamp', { [paths.stamp]: json({ release: 7 }) }, 'starting'],
    ['an error for the stamp', { [paths.stamp]: { status: 500 } }, 'unhealthy'],
    ['state Error with 200', { [paths.host]: json({ state: 'Error' }) }, 'unhealthy'],
    ['Running with errors', { [paths.host]: json({ state: 'Running', errors: ['boom'] }) }, 'unhealthy'],
    ['state Offline', { [paths.host]: json({ state: 'Offline' }) }, 'unhealthy'],
    ['state Stopped', { [paths.host]: json({ state: 'Stopped' }) }, 'unhealthy'],
    ['state Default', { [paths.host]: json({ state: 'Default' }) }, 'starting'],
    ['state Starting', { [paths.host]: json({ state: 'Starting' }) }, 'starting'],
    ['state Initialized', { [paths.host]: json({ state: 'Initialized' }) }, 'starting'],
    ['503 while the host is not running', { [paths.host]: notRunning }, 'starting'],
    ['502 of the front end', { [paths.host]: { status: 502 } }, 'starting'],
    ['503 for the functions', { [paths.functions]: notRunning }, 'starting'],
    ['HTML instead of the status', { [paths.host]: html }, 'unhealthy'],
    ['JSON that is no status', { [paths.host]: json(['Running']) }, 'unhealthy'],
    ['another server', { [paths.host]: { status: 404 } }, 'unhealthy'],
    ['no answer', { [paths.host]: silence('ECONNREFUSED') }, 'unreachable'],
    ['a name that does not resolve', { [paths.host]: silence('ENOTFOUND') }, 'unreachable'],
    ['silence behind the status', { [paths.functions]: silence('ETIMEDOUT') }, 'unreachable'],
  ])('%s', async (_sentence, script, condition) => {
    const { reading } = await lookAt(playHost({ ...sound, ...script }));
    expect(reading.condition).toBe(condition);
  });

  it('reads JSON behind a byte order mark', async () => {
    const marked = Object.fromEntries(
      Object.entries(sound).map(([path, reply]) => [
        path,
        { body: `\uFEFF${(reply as { body: string }).body}` },
      ]),
    );
    expect((await lookAt(playHost(marked))).reading.condition).toBe('healthy');
  });

  it('tells what was expected, where from, when and for how long', async () => {
    const clock = new VirtualClock(1_000);
    const host = playHost(sound, clock, 70);
    const parts = { hostKey: async () => 'k', probes: { timeoutMs: 5_000 }, stampFile, clock };
    const look = createLook({ ...parts, vantageFor: () => host.vantage });
    const question = {
      target,
      side: 'live',
      hostName: 'h',
      expected: releaseId,
      functions: [],
      checks: [],
    } as const;
    const { reading } = await clock.run(look(question));
    expect(reading).toMatchObject({
      target: 'weu',
      side: 'live',
      expected: releaseId,
      vantage: 'played',
      atMs: 1_000,
    });
    // Host, stamp and functions one after the other.
    expect(reading.tookMs).toBe(210);
  });

  it('carries the code of a silence', async () => {
    const { reading } = await lookAt(playHost({ [paths.host]: silence('ETIMEDOUT') }));
    expect(reading.findings).toEqual([
      { check: 'host', condition: 'unreachable', said: 'no answer: ETIMEDOUT', code: 'ETIMEDOUT' },
    ]);
  });

  it('lets the bad news outweigh silence, and silence outweigh being late', async () => {
    const checks = [makeCheck('a'), makeCheck('b')];
    const both = { ...sound, '/api/a': silence('ECONNRESET'), '/api/b': { status: 500 } };
    expect((await lookAt(playHost(both), { question: { checks } })).reading.condition).toBe('unhealthy');
    const silent = { ...sound, '/api/a': silence('ECONNRESET'), '/api/b': notRunning };
    expect((await lookAt(playHost(silent), { question: { checks } })).reading.condition).toBe('unreachable');
  });

  it('throws on when it was not the network that failed', async () => {
    const host = playHost({ [paths.host]: new DefectError('a bug', { code: 'unexpected' }) });
    await expect(lookAt(host)).rejects.toThrow('a bug');
  });
});

describe('whose answer it is', () => {
  it('asks an answer of the wrong release nothing more', async () => {
    const host = playHost({
      ...sound,
      [paths.stamp]: json({ release: incumbentId }),
      '/api/health': { status: 500 },
    });
    const sight = await lookAt(host, { question: { checks: [makeCheck('health')] } });
    expect(pathsOf(host)).toEqual([paths.host, paths.stamp]);
    expect(sight.reading.condition).toBe('starting');
    expect(saidOf(sight)).toContain(incumbentId);
  });

  it('asks a host that is not up nothing more', async () => {
    const host = playHost({ ...sound, [paths.host]: json({ state: 'Starting' }) });
    await lookAt(host, { question: { checks: [makeCheck('health')] } });
    expect(pathsOf(host)).toEqual([paths.host]);
  });

  it('knows a release without a stamp when that is what it expects', async () => {
    const host = playHost({ ...sound, [paths.stamp]: { status: 404 } });
    expect((await lookAt(host, { question: { expected: null } })).reading.condition).toBe('healthy');
  });

  it.each([
    ['another release', json({ release: releaseId })],
    ['a page', html],
    ['half a stamp', { body: '{"release":"r-n' }],
  ])('does not take %s for a release without a stamp', async (_what, stamp) => {
    const host = playHost({ ...sound, [paths.stamp]: stamp });
    expect((await lookAt(host, { question: { expected: null } })).reading.condition).toBe('starting');
  });

  it('does not repeat the whole of a long foreign stamp', async () => {
    const host = playHost({ ...sound, [paths.stamp]: json({ release: 'x'.repeat(5_000) }) });
    expect(saidOf(await lookAt(host)).length).toBeLessThan(400);
  });
});

describe('the functions that are listed', () => {
  it('must hold every expected one, and the missing are named', async () => {
    const sight = await lookAt(playHost(sound), { question: { functions: ['orders', 'ship', 'bill'] } });
    expect(sight.reading.condition).toBe('unhealthy');
    expect(saidOf(sight)).toContain('not listed: ship, bill');
  });

  it('may hold more than the expected ones', async () => {
    const sight = await lookAt(playHost(sound), { question: { functions: ['orders'] } });
    expect(sight.reading.condition).toBe('healthy');
  });

  it('are told, with the checks that passed', async () => {
    const host = playHost({ ...sound, '/api/good': { status: 200 }, '/api/bad': { status: 500 } });
    const sight = await lookAt(host, { question: { checks: [makeCheck('good'), makeCheck('bad')] } });
    expect(sight.functions).toEqual(['orders', 'health']);
    expect(sight.passed).toContain('good');
    expect(sight.passed).not.toContain('bad');
  });
});

describe('the host key', () => {
  it('goes to the admin paths and nowhere else', async () => {
    const host = playHost({ ...sound, '/api/health': { status: 200 } });
    await lookAt(host, { question: { checks: [makeCheck('health')] } });
    const keyed = (key: boolean) =>
      host.asked.filter((each) => 'x-functions-key' in each.headers === key).map((each) => each.url.pathname);
    expect(keyed(true)).toEqual([paths.host, paths.stamp, paths.functions]);
    expect(keyed(false)).toEqual(['/api/health']);
    expect(host.asked.every((each) => each.url.href.includes('master-1') === false)).toBe(true);
  });

  it('goes to the slot’s own host, over HTTPS', async () => {
    const host = playHost(sound);
    await lookAt(host);
    expect(new Set(host.asked.map((each) => each.url.origin))).toEqual(
      new Set([`https://${besideHostOf('weu')}`]),
    );
  });

  it('is asked for anew when the host refuses it: keys are renewed, and may travel in a swap', async () => {
    const host = playHost({ ...sound, [paths.host]: [{ status: 401 }, sound[paths.host] as object] });
    const refusals: boolean[] = [];
    const hostKey = async (refused: boolean) => {
      refusals.push(refused);
      return refused ? 'master-2' : 'master-1';
    };
    const { reading } = await lookAt(host, { hostKey });
    expect(reading.condition).toBe('healthy');
    expect(refusals.slice(0, 2)).toEqual([false, true]);
    expect(host.asked.slice(0, 2).map((each) => each.headers['x-functions-key'])).toEqual([
      'master-1',
      'master-2',
    ]);
  });

  it('is asked for anew once, and then it is bad news', async () => {
    const host = playHost({ ...sound, [paths.host]: { status: 401 } });
    expect((await lookAt(host)).reading.condition).toBe('unhealthy');
    expect(host.asked).toHaveLength(2);
  });

  it('never stands in what is told', async () => {
    const host = playHost({ ...sound, [paths.host]: { status: 401 } });
    expect(JSON.stringify(await lookAt(host))).not.toContain('master');
  });

  it.each([
    new TransientError('the host runtime answered ServiceUnavailable', { code: 'throttled' }),
    new RefusalError('no right to list keys', { code: 'not-authorized' }),
  ])('that Azure does not give ($kind) is a missing answer, and not an end of the rollout', async (error) => {
    const sight = await lookAt(playHost(sound), { hostKey: () => Promise.reject(error) });
    expect(sight.reading.condition).toBe('unreachable');
    expect(saidOf(sight)).toContain(error.message);
  });

  it('that Azure refuses says what would help: no later look will', async () => {
    const error = new RefusalError('403 AuthorizationFailed: no right to list keys', {
      code: 'permission-missing',
      next: 'Give this identity a role with Microsoft.Web/sites/host/listkeys/action on /x: Website Contributor has it.',
    });
    const { reading } = await lookAt(playHost(sound), { hostKey: () => Promise.reject(error) });
    expect(reading.findings).toMatchObject([
      { code: 'KEY_REFUSED', said: `no host key: ${error.message}. ${error.next}` },
    ]);
  });

  it.each([
    ['three of its time-outs', 8_000, 24_000],
    ['a quarter of a minute where those are short', 1_000, 15_000],
  ])('is waited for %s and no longer: Azure may try for minutes', async (_how, timeoutMs, mostMs) => {
    const clock = new VirtualClock();
    const never = new Promise<string>(() => {});
    const parts = { clock, probes: { timeoutMs } };
    const { reading } = await clock.run(lookAt(playHost(sound), { parts, hostKey: () => never }));
    expect(reading).toMatchObject({ condition: 'unreachable', tookMs: mostMs });
    expect(reading.findings).toMatchObject([{ check: 'host', code: 'KEY_NOT_YET' }]);
  });

  it('leaves no deadline behind once it is there: hours of looks would pile them up', async () => {
    const clock = new VirtualClock();
    await lookAt(playHost(sound), { parts: { clock } });
    expect(clock.nextDueMs).toBeNull();
  });

  it('is not waited for any more when somebody asks to stop', async () => {
    const stop = new AbortController();
    const looked = lookAt(playHost(sound), { hostKey: () => new Promise(() => {}), signal: stop.signal });
    stop.abort('SIGTERM');
    expect((await looked).reading.condition).toBe('unreachable');
  });

  it('whose loss is our own fault is thrown on', async () => {
    const error = new DefectError('a bug', { code: 'unexpected' });
    await expect(lookAt(playHost(sound), { hostKey: () => Promise.reject(error) })).rejects.toBe(error);
  });
});

describe('a function that the release before lists', () => {
  const lists = (functions: readonly string[]) => playSound(releaseId, functions);
  const lookFor = async (functions: readonly string[]) => {
    const question = { functions: ['orders', 'pay'], functionsFrom: 'incumbent' } as const;
    return (await lookAt(playHost(lists(functions)), { question })).reading.findings.at(-1)!;
  };

  it('and that is gone is refused, with the line that allows it, which a config takes as it stands', async () => {
    const { code, said } = await lookFor(['orders', 'pay-v2', 'null']);
    expect(code).toBe('FUNCTION_MISSING');
    expect(said).toMatch(/^not listed: pay \(the release before has it; /);
    const line = /under probes: (.*)\)$/.exec(said)?.[1] ?? '';
    expect(parse(line)).toEqual({ functions: ['orders', 'pay-v2', 'null'] });
  });

  it('is asked for by a line that stays short, and says what it leaves out', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `reconcile-${index}`);
    const { said } = await lookFor(many);
    expect(said.length).toBeLessThan(700);
    const [, line = '', left = ''] = /under probes: (functions: .*\]) and (\d+) more\)$/.exec(said) ?? [];
    const named = (parse(line) as { functions: readonly string[] }).functions;
    expect(named).toEqual(many.slice(0, named.length));
    expect(named.length + Number(left)).toBe(200);
  });
});

describe('a network that blocks us', () => {
  const page =
    '<h2>Error 403 - Forbidden</h2><p>The web app you have attempted to reach has blocked your access.</p>';
  it.each([
    ['by its header', { status: 403, headers: { 'x-ms-forbidden-ip': '203.0.113.9' } }],
    ['by its page', { status: 403, body: page }],
  ])('is no answer of the app, known %s', async (_how, reply) => {
    const { reading } = await lookAt(playHost({ ...sound, [paths.host]: reply }));
    expect(reading).toMatchObject({ condition: 'unreachable', findings: [{ code: 'IP_FORBIDDEN' }] });
  });

  it('is not confused with an app that is stopped', async () => {
    const stopped = { status: 403, body: '<h1>Error 403 - This web app is stopped.</h1>' };
    expect((await lookAt(playHost({ ...sound, [paths.host]: stopped }))).reading.condition).toBe('unhealthy');
  });
});
