/** The keys `swap` and `stagingTriggers`: what they mean when nothing is said, and what cannot be meant. */
import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../src/config/load.ts';
import { problemsOf, sound, writeYaml } from './wrong.ts';

const read = (swap: string) => parseConfig(writeYaml({ ...sound, swap }), 'c.yml');

describe('a swap that nothing is said about', () => {
  it('keeps the networks, has no preview, and is watched for a minute', () => {
    expect(parseConfig(writeYaml(sound), 'c.yml')).toMatchObject({
      swap: { preview: false, resetPrepared: false, preserveVnet: true, observeForMs: 60_000, warmUp: null },
      stagingTriggers: 'tell',
    });
  });
});

describe('what may be asked of a swap', () => {
  it('is all of it', () => {
    const text =
      'swap: { preview: true, resetPrepared: true, preserveVnet: false, observeFor: 3m, warmUp: { path: /api/warm, statuses: [200] } }\nstagingTriggers: disable';
    expect(read(text)).toMatchObject({
      swap: {
        preview: true,
        resetPrepared: true,
        preserveVnet: false,
        observeForMs: 180_000,
        warmUp: { path: '/api/warm', statuses: [200] },
      },
      stagingTriggers: 'disable',
    });
  });

  it('is nothing to watch for', () => {
    expect(read('swap: { observeFor: 0s }').swap.observeForMs).toBe(0);
  });

  it.each([
    ['swap: { warmUp: {} }', { path: '/', statuses: [200, 202, 204] }],
    ['swap: { warmUp: { path: /api/up } }', { path: '/api/up', statuses: [200, 202, 204] }],
    ['swap: { warmUp: { path: /api/up, statuses: [200, 302] } }', { path: '/api/up', statuses: [200, 302] }],
  ])('%s', (text, warmUp) => {
    expect(read(text).swap.warmUp).toEqual(warmUp);
  });
});

describe('what cannot be asked of a swap', () => {
  it.each<[string, string, RegExp]>([
    ['swap: { preview: yes please }', 'swap.preview', /is not of the right kind/],
    ['swap: { preserveVnet: "true" }', 'swap.preserveVnet', /./],
    ['swap: { observeFor: 60 }', 'swap.observeFor', /./],
    ['swap: { observeFor: -1s }', 'swap.observeFor', /./],
    ['swap: { resetprepared: true }', 'swap.resetprepared', /./],
    ['swap: { warmUp: { path: api/up } }', 'swap.warmUp.path', /./],
    ['swap: { warmUp: { path: "/a b" } }', 'swap.warmUp.path', /./],
    ['swap: { warmUp: { statuses: [] } }', 'swap.warmUp.statuses', /./],
    // A 5xx would count as warm: that is how swaps of broken apps succeed.
    ['swap: { warmUp: { path: /api/up, statuses: [503] } }', 'swap.warmUp.statuses[0]', /./],
    ['swap: { warmUp: { statuses: [200] } }', 'swap.warmUp.statuses', /no function app become warm/],
    ['stagingTriggers: off', 'stagingTriggers', /./],
  ])('%s', (swap, path, message) => {
    const problems = problemsOf(writeYaml({ ...sound, swap }));
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.line).toBeGreaterThan(1);
  });

  it.each(['WEBSITE_SWAP_WARMUP_PING_PATH', 'website_swap_warmup_ping_statuses'])(
    'the setting %s beside swap.warmUp',
    (name) => {
      const settings = `settings: { ${name}: "x" }`;
      expect(problemsOf(writeYaml({ ...sound, settings }))).toEqual([]);
      const both = problemsOf(writeYaml({ ...sound, settings, swap: 'swap: { warmUp: {} }' }));
      expect(both.map(({ path, next }) => [path, next])).toEqual([
        [`settings.${name}`, 'Keep one of the two.'],
      ]);
    },
  );
});
