import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WaveRequest } from '../../src/plan/plan.ts';
import { splitWaves } from '../../src/plan/waves.ts';

const targets = [
  { name: 'a', labels: { ring: 'canary', geo: 'eu' } },
  { name: 'b', labels: { ring: 'broad', geo: 'eu' } },
  { name: 'c', labels: { ring: 'broad', geo: 'us' } },
  { name: 'd', labels: { ring: 'broad', geo: 'us' } },
  { name: 'e', labels: {} },
];

function split(...waves: readonly Omit<WaveRequest, 'bakeTimeMs'>[]) {
  const planned = splitWaves(targets, { waves: waves.map((wave) => ({ bakeTimeMs: 0, ...wave })) });
  return planned.map((wave) => [wave.targets.join(''), wave.why]);
}

describe('waves', () => {
  it('take by label, by name, by number, by share, and then the rest', () => {
    expect(
      split(
        { name: '1', match: { ring: 'canary' } },
        { name: '2', targets: ['e', 'd'] },
        { name: '3', count: 1 },
        { name: '4', percent: 1 },
        { name: '5' },
      ),
    ).toEqual([
      ['a', 'label ring=canary'],
      ['de', 'by name'],
      ['b', 'the next one'],
      ['c', '1 % of 5 targets'],
      ['', 'the rest'],
    ]);
  });

  it.each([
    [1, 1],
    [39, 1],
    [40, 2],
    [59, 2],
    [99.9, 4],
    [100, 5],
  ])('of %d %% of five targets take %d', (percent, count) => {
    expect(split({ name: 'share', percent }, { name: 'rest' })[0]?.[0]).toHaveLength(count);
  });

  it('take a share of the whole fleet, not of what is left', () => {
    expect(split({ name: '1', count: 3 }, { name: '2', percent: 40 }).map(([names]) => names)).toEqual([
      'abc',
      'de',
    ]);
  });

  it('may take some of those that match, and want all labels', () => {
    expect(split({ name: '1', match: { ring: 'broad', geo: 'us' }, count: 1 })).toEqual([
      ['c', 'label ring=broad, label geo=us, the next one'],
    ]);
  });

  it('keep their bake time and their own limit', () => {
    const [wave] = splitWaves(targets, { waves: [{ name: 'x', bakeTimeMs: 5, maxConcurrency: 2 }] });
    expect(wave).toMatchObject({ name: 'x', bakeTimeMs: 5, maxConcurrency: 2 });
  });
});

const label = fc.constantFrom('x', 'y', 'z');
const anyTargets = fc.uniqueArray(
  fc.record({ name: fc.string({ minLength: 1 }), labels: fc.dictionary(label, label) }),
  {
    selector: (target) => target.name,
    maxLength: 40,
  },
);
const anyWave: fc.Arbitrary<WaveRequest> = fc.record(
  {
    name: fc.string(),
    bakeTimeMs: fc.nat(),
    match: fc.dictionary(label, label),
    count: fc.integer({ min: 1, max: 50 }),
    percent: fc.integer({ min: 1, max: 100 }),
  },
  { requiredKeys: ['name', 'bakeTimeMs'] },
);

describe('whatever the waves are', () => {
  it('with a last wave for the rest every target is in exactly one, in the order of the fleet', () => {
    fc.assert(
      fc.property(anyTargets, fc.array(anyWave, { maxLength: 5 }), (fleet, waves) => {
        const planned = splitWaves(fleet, { waves: [...waves, { name: 'rest', bakeTimeMs: 0 }] });
        const order = fleet.map(({ name }) => name);
        expect(planned.flatMap((wave) => wave.targets).sort()).toEqual([...order].sort());
        for (const wave of planned) {
          expect(wave.targets).toEqual(order.filter((name) => wave.targets.includes(name)));
        }
      }),
    );
  });

  it('no wave takes more than it asks for, or whom it does not mean', () => {
    fc.assert(
      fc.property(anyTargets, fc.array(anyWave, { maxLength: 5 }), (fleet, waves) => {
        for (const [at, planned] of splitWaves(fleet, { waves }).entries()) {
          const asked = waves[at]!;
          if (asked.count !== undefined) expect(planned.targets.length).toBeLessThanOrEqual(asked.count);
          const share = Math.max(1, Math.floor((fleet.length * (asked.percent ?? 100)) / 100));
          if (asked.count === undefined) expect(planned.targets.length).toBeLessThanOrEqual(share);
          for (const name of planned.targets) {
            expect(fleet.find((target) => target.name === name)?.labels).toMatchObject(asked.match ?? {});
          }
        }
      }),
    );
  });
});
