import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseDuration } from '../../src/config/duration.ts';
import { writePath } from '../../src/config/found.ts';
import { findNearest, findNearestKey } from '../../src/config/nearest.ts';
import { formatDuration } from '../../src/plan/layout.ts';

describe('a duration', () => {
  it.each([
    ['0s', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1h0m5s10ms', 3_605_010],
    ['100h', 360_000_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', '10 m', '1.5h', '-5s', '30m1h', '5M', '10sec', 'm', '1d', 'PT5M', '5s\n'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  it('is read as it is written', () => {
    fc.assert(fc.property(fc.nat({ max: 1_000_000_000 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe('the nearest known word', () => {
  const known = ['bakeTime', 'maxConcurrency', 'maxConcurrencyPer', 'targets', 'match', 'percent', 'name'];
  it.each([
    ['bakeTme', 'bakeTime'],
    ['bake_time', 'bakeTime'],
    ['bake', 'bakeTime'],
    ['maxconcurrency', 'maxConcurrency'],
    ['maxConcurrncyPer', 'maxConcurrencyPer'],
    ['target', 'targets'],
    ['perecnt', 'percent'],
    ['nmae', 'name'],
  ])('of %s is %s', (written, meant) => {
    expect(findNearest(written, known)).toBe(meant);
  });

  it.each(['', 'x', 'delay', 'timeout', 'neu'])('of %j is none', (written) => {
    expect(findNearest(written, [...known, 'weu'])).toBeNull();
  });

  it.each([
    ['ap', 'app'],
    ['lable', 'labels'],
    ['nmae', 'name'],
    ['stat', 'state'],
    ['fleets', 'fleet'],
  ])('of the key %s is %s: there are few keys, so more is forgiven', (written, meant) => {
    expect(findNearestKey(written, ['app', 'package', 'fleet', 'name', 'labels', 'slot', 'state'])).toBe(
      meant,
    );
  });

  it.each(['', 'x', 'nope', 'env', 'retries'])('of the key %j is none', (written) => {
    expect(
      findNearestKey(written, ['app', 'package', 'fleet', 'name', 'labels', 'slot', 'state']),
    ).toBeNull();
  });

  it('of a known word is itself', () => {
    fc.assert(fc.property(fc.constantFrom(...known), (word) => findNearest(word, known) === word));
  });
});

it('writes a path the way people point at it', () => {
  expect(writePath(['strategy', 'waves', 1, 'match', 'a b'])).toBe('strategy.waves[1].match."a b"');
});
