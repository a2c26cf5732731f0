import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../src/clock.ts';
import type { Question } from '../../src/probe/look.ts';
import type { RoadFacts } from '../../src/probe/road.ts';
import { NoAnswer, type Vantage } from '../../src/probe/vantage.ts';
import type { Finding, Remark } from '../../src/probe/verdict.ts';
import { releaseId } from '../builders.ts';
import { lookAt, makeRoad, type PlayedHost, paths, playHost, playSound, type Reply } from './played-host.ts';

const sound = playSound(releaseId);

/** A sound host whose every answer came along this road. */
function playRoad(road: RoadFacts | undefined, more: Partial<Vantage> = {}): PlayedHost {
  const script = Object.fromEntries(
    Object.entries(sound).map(([path, reply]) => [path, { ...(reply as object), ...(road ? { road } : {}) }]),
  );
  const host = playHost(script);
  return { ...host, vantage: { ...host.vantage, ...more } };
}

const findingOf = (findings: readonly Finding[], check: string) =>
  findings.find((each) => each.check === check);
const nowMs = new VirtualClock().now();
const inDays = (days: number) => nowMs + days * 24 * 60 * 60 * 1000;

describe('an answer that must be private', () => {
  const probes = { timeoutMs: 5_000, requirePrivate: true };
  const publicly = { address: '20.50.2.1', isPrivate: false, cnames: ['app.privatelink.azurewebsites.net'] };
  it.each<[string, RoadFacts | undefined, Partial<Remark>]>([
    ['over a private address', makeRoad(), { condition: 'healthy' }],
    [
      'over a public one, whose names are told',
      makeRoad(publicly),
      {
        condition: 'unhealthy',
        code: 'PUBLIC_ANSWER',
        said: expect.stringMatching(/20\.50\.2\.1.*public.*privatelink/) as unknown as string,
      },
    ],
    [
      'through a proxy that looked the name up',
      makeRoad({ via: 'proxy', address: null, isPrivate: null, proxy: 'proxy:3128' }),
      { condition: 'unreachable', code: 'PRIVATE_UNKNOWN' },
    ],
    ['along a road that nobody tells of', undefined, { condition: 'unreachable', code: 'PRIVATE_UNKNOWN' }],
  ])('%s', async (_how, road, expected) => {
    const { reading } = await lookAt(playRoad(road), { parts: { probes } });
    expect(findingOf(reading.findings, 'private')).toMatchObject(expected);
    expect(reading.condition).toBe(expected.condition);
    if (road) expect(reading).toMatchObject({ address: road.address, isPrivate: road.isPrivate });
  });

  it('is not one when a single answer of many was public', async () => {
    const script = {
      ...sound,
      [paths.functions]: { ...(sound[paths.functions] as object), road: makeRoad(publicly) },
    };
    const host = playHost(script);
    const { reading } = await lookAt(host, { parts: { probes } });
    expect(reading.condition).toBe('unhealthy');
  });

  it('is not asked of a silence: that nobody answers is said already', async () => {
    const cut = new NoAnswer('ECONNREFUSED', 'refused', makeRoad({ stage: 'connect' }));
    const { reading } = await lookAt(playHost({ [paths.host]: cut }), { parts: { probes } });
    expect(reading.findings.map(({ check }) => check)).toEqual(['host']);
    expect(reading).toMatchObject({ condition: 'unreachable', isPrivate: true });
  });

  it('is not asked where it is spared, or not asked for', async () => {
    const open = makeRoad(publicly);
    const spared = await lookAt(playRoad(open), { question: { spared: ['private'] }, parts: { probes } });
    expect(spared.reading.condition).toBe('healthy');
    expect((await lookAt(playRoad(open))).reading.condition).toBe('healthy');
  });
});

describe('a certificate that must hold', () => {
  const probes = { timeoutMs: 5_000, certificate: { daysLeft: 14 } };
  const ending = (days: number) =>
    makeRoad({ certificate: { names: ['a'], issuer: 'b', validToMs: inDays(days) } });
  it.each<[string, RoadFacts, Partial<Remark>]>([
    ['long enough', ending(14), { condition: 'healthy' }],
    ['a day too short', ending(13.9), { condition: 'unhealthy', code: 'CERTIFICATE_ENDS' }],
    ['no longer', ending(-1), { condition: 'unhealthy', code: 'CERTIFICATE_ENDS' }],
    [
      'and was not seen',
      makeRoad({ certificate: null }),
      { condition: 'unreachable', code: 'CERTIFICATE_UNKNOWN' },
    ],
  ])('%s', async (_how, road, expected) => {
    const { reading } = await lookAt(playRoad(road), { parts: { probes } });
    expect(findingOf(reading.findings, 'certificate')).toMatchObject(expected);
  });
});

describe('the public door', () => {
  const from = { via: 'direct' } as const;
  const probes = { timeoutMs: 5_000, exposure: { expect: 'closed', from } as const };
  const blocked = { status: 403, headers: { 'x-ms-forbidden-ip': '203.0.113.9' } };
  const outside = makeRoad({ address: '20.50.2.1', isPrivate: false });
  const byProxy = makeRoad({ address: null, isPrivate: null, proxy: 'proxy:3128' });
  const knock = async (reply: Reply, question: Partial<Question> = { once: ['exposure'] }) => {
    const door = playHost({ '/': reply });
    const sight = await lookAt(playRoad(makeRoad()), {
      question: { side: 'live', ...question },
      parts: { probes, publicVantageFor: () => door.vantage },
    });
    return { sight, door, found: findingOf(sight.reading.findings, 'exposure') };
  };

  it.each<[string, Reply, Partial<Remark>]>([
    ['is shut: 403 Ip Forbidden', { ...blocked, road: outside }, { condition: 'healthy' }],
    ['is shut, as a proxy hears', { ...blocked, road: byProxy }, { condition: 'healthy' }],
    ['is open: the app answers', { status: 200, road: outside }, { condition: 'unhealthy', code: 'EXPOSED' }],
    [
      'is open: the app itself forbids',
      { status: 403, body: 'no', road: outside },
      { condition: 'unhealthy', code: 'EXPOSED' },
    ],
    [
      'is open through a proxy that the config names',
      { status: 200, road: { ...byProxy, via: 'proxy' } },
      { condition: 'unhealthy', code: 'EXPOSED' },
    ],
    [
      'cannot be tried: the name leads inside',
      { status: 200, road: makeRoad() },
      { condition: 'unasked', code: 'EXPOSURE_UNKNOWN' },
    ],
    [
      'cannot be tried: a proxy of the environment may lead inside',
      { status: 200, road: byProxy },
      { condition: 'unasked' },
    ],
    [
      'cannot be tried: there is no way out',
      new NoAnswer('ENETUNREACH', 'no route'),
      { condition: 'unasked' },
    ],
  ])('%s', async (_how, reply, expected) => {
    const { sight, found } = await knock(reply);
    expect(found).toMatchObject(expected);
    expect(sight.reading.condition).toBe(expected.condition === 'unasked' ? 'healthy' : expected.condition);
  });

  it('is knocked at once, without a key, and only where that is asked for', async () => {
    const { door, sight } = await knock({ ...blocked, road: outside });
    expect(door.asked.map(({ method, url, headers }) => [method, url.pathname, headers])).toEqual([
      ['GET', '/', { accept: '*/*' }],
    ]);
    const again = await knock({ status: 200, road: outside }, { once: ['exposure'], kept: sight.kept });
    expect(again.found).toEqual(findingOf(sight.reading.findings, 'exposure'));
    expect(again.door.asked).toEqual([]);
    const never = await knock({ status: 200, road: outside }, {});
    expect([never.found, never.door.asked]).toEqual([undefined, []]);
  });

  it('that is open is tried again: one odd answer is no open door yet', async () => {
    const { sight } = await knock({ status: 200, road: outside });
    expect(sight.kept).toEqual([]);
  });
});

describe('what the app needs', () => {
  const probes = {
    timeoutMs: 5_000,
    dependencies: [
      { host: 'sql', port: 1433 },
      { host: 'bus', port: 443 },
    ],
  };
  const remarks: Record<string, Remark> = {
    sql: { condition: 'unhealthy', said: 'closed', code: 'DEPENDENCY_CLOSED' },
    bus: { condition: 'unasked', said: 'could not be asked' },
  };
  const ask = async (question: Partial<Question>, release = releaseId) => {
    const asked: string[] = [];
    const host = playHost(playSound(release));
    const sight = await lookAt(host, {
      question,
      parts: {
        probes,
        reach: async (_target, side, { host: name }) => {
          asked.push(`${side} ${name}`);
          return remarks[name]!;
        },
      },
    });
    return { sight, asked };
  };

  it('is asked once in a watch; what was bad is asked again', async () => {
    const { sight, asked } = await ask({ once: ['dependencies'] });
    expect(asked).toEqual(['beside sql', 'beside bus']);
    expect(sight.reading.findings.slice(-2)).toMatchObject([
      { check: 'dependency sql:1433', condition: 'unhealthy', code: 'DEPENDENCY_CLOSED' },
      // What could not be asked is told last, and counts neither way.
      { check: 'dependency bus:443', condition: 'unasked' },
    ]);
    const again = await ask({ once: ['dependencies'], kept: sight.kept });
    expect(again.asked).toEqual(['beside sql']);
    expect(again.sight.reading.findings).toEqual(sight.reading.findings);
  });

  it('is not asked of another release, nor in a look that does not ask for it', async () => {
    expect((await ask({ once: ['dependencies'] }, 'another')).asked).toEqual([]);
    expect((await ask({})).asked).toEqual([]);
  });

  it('keeps what was found while the host is away for a look', async () => {
    const kept = [{ check: 'dependency sql:1433', condition: 'healthy', said: 'reached' }] as const;
    const { sight } = await ask({ once: ['dependencies'], kept }, 'another');
    expect(sight.kept).toEqual(kept);
  });
});
