import { describe, expect, it } from '@jest/globals';
import type { Check } from '../../src/plan/plan.ts';
import type { Condition } from '../../src/probe/verdict.ts';
import { besideHostOf, releaseId } from '../builders.ts';
import {
  html,
  json,
  lookAt,
  makeCheck,
  notRunning,
  playHost,
  playSound,
  type Script,
  silence,
} from './played-host.ts';

const sound = playSound(releaseId);

describe('the checks of the config', () => {
  const ok = json({ release: releaseId, db: { ok: true, pool: 4 }, items: [{ id: 'a' }] });
  it.each<[string, Check['expect'], Script[string], Condition]>([
    ['a status', { status: 204 }, { status: 204 }, 'healthy'],
    ['another status', { status: 204 }, { status: 200 }, 'unhealthy'],
    ['one of several statuses', { status: [200, 204] }, { status: 204 }, 'healthy'],
    ['none of several statuses', { status: [200, 204] }, { status: 202 }, 'unhealthy'],
    ['a text', { status: 200, text: 'all good' }, { body: 'so far all good.' }, 'healthy'],
    ['a text that is not there', { status: 200, text: 'all good' }, { body: 'all bad' }, 'unhealthy'],
    [
      'the release in a text',
      { status: 200, text: 'v={releaseId};' },
      { body: `v=${releaseId};` },
      'healthy',
    ],
    ['the release in JSON', { status: 200, json: { release: '{releaseId}' } }, ok, 'healthy'],
    [
      'another release in JSON',
      { status: 200, json: { release: '{releaseId}' } },
      json({ release: 'x' }),
      'unhealthy',
    ],
    [
      'a nested value',
      { status: 200, json: { 'db.ok': true, 'db.pool': 4, 'items.0.id': 'a' } },
      ok,
      'healthy',
    ],
    ['a value of another type', { status: 200, json: { 'db.pool': '4' } }, ok, 'unhealthy'],
    ['a value that is not there', { status: 200, json: { 'db.none.at': 1 } }, ok, 'unhealthy'],
    [
      'a name that every object has',
      { status: 200, json: { 'constructor.name': 'Object' } },
      ok,
      'unhealthy',
    ],
    ['HTML instead of JSON', { status: 200, json: { release: 'x' } }, html, 'unhealthy'],
    ['the host’s own 503', { status: 200 }, notRunning, 'starting'],
    ['a 503 of the app', { status: 200 }, { status: 503, body: 'out of stock' }, 'unhealthy'],
    ['a 503 that is wanted', { status: 503 }, { status: 503, body: 'maintenance' }, 'healthy'],
    ['a cut connection', { status: 200 }, silence('ECONNRESET'), 'unreachable'],
    ['an app that hangs in a host that answers', { status: 200 }, silence('ETIMEDOUT'), 'starting'],
  ])('%s', async (_sentence, expect_, reply, condition) => {
    const host = playHost({ ...sound, '/api/health': reply });
    const checks = [{ ...makeCheck('health'), expect: expect_ }];
    const { reading } = await lookAt(host, { question: { checks } });
    expect(reading.findings.at(-1)).toMatchObject({ check: 'health', condition });
    expect(reading.condition).toBe(condition);
  });

  it('are asked as they are written', async () => {
    const host = playHost({ ...sound, '/api/health': { status: 200 } });
    const check = {
      ...makeCheck('health'),
      method: 'HEAD',
      path: '/api/health?deep=1',
      headers: { 'x-team': 'a' },
    };
    await lookAt(host, { question: { checks: [check] } });
    const asked = host.asked.find((each) => each.url.pathname === '/api/health');
    expect(asked).toMatchObject({ method: 'HEAD', headers: { 'x-team': 'a' }, timeoutMs: 5_000 });
    expect(asked?.url.search).toBe('?deep=1');
  });

  it.each(['//elsewhere.example/api/health?key=1', '//', '//user@elsewhere.example:1/x'])(
    'ask the app and nobody else, whatever their path looks like: %s',
    async (path) => {
      const host = playHost(sound);
      await lookAt(host, { question: { checks: [{ ...makeCheck('health'), path }] } });
      expect(host.asked.map(({ url }) => url.host)).toEqual(Array(4).fill(besideHostOf('weu')));
      expect(host.asked.map(({ url }) => `${url.pathname}${url.search}`)).toContain(path);
    },
  );

  it.each<[string, string | undefined, Record<string, string>, string | undefined]>([
    ['JSON', '{"deep":true}', {}, 'application/json'],
    ['a list', ' [1]', {}, 'application/json'],
    ['a text', 'a=1', {}, 'text/plain; charset=utf-8'],
    ['a type of their own', 'a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }, undefined],
    ['nothing', undefined, {}, undefined],
  ])('may send %s', async (_what, body, headers, type) => {
    const host = playHost({ ...sound, '/api/health': { status: 200 } });
    const check = {
      ...makeCheck('health'),
      method: 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
    };
    await lookAt(host, { question: { checks: [check] } });
    const asked = host.asked.find((each) => each.url.pathname === '/api/health');
    expect(asked?.body).toBe(body);
    expect(asked?.headers['content-type']).toBe(type);
  });

  it.each([
    [800, 'healthy', undefined],
    [801, 'unhealthy', 'TOO_SLOW'],
  ])('may be slow to a point: %d ms', async (tookMs, condition, code) => {
    const host = playHost({ ...sound, '/api/health': { status: 200 } });
    const checks = [{ ...makeCheck('health'), expect: { status: 200, maxLatencyMs: 800 } }];
    let readMs = 0;
    const stopwatch = () => {
      const now = readMs;
      readMs += tookMs;
      return now;
    };
    const { reading } = await lookAt(host, { question: { checks }, parts: { stopwatch } });
    expect(reading.findings.at(-1)).toMatchObject(code === undefined ? { condition } : { condition, code });
  });
});
