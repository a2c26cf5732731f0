import { describe, expect, it } from '@jest/globals';
import type { WorldEvent } from '../../src/emulator/world/history.ts';
import { swapping, watchCrowd } from './crowd.ts';
import { fleet, pairOf } from './hundred.ts';
import { findDisorder } from './order.ts';

const first = fleet[0]!;
const pick = (fits: (member: (typeof fleet)[number]) => boolean) =>
  fleet.find((member) => member !== first && fits(member))!.site;
const site = {
  first: first.site,
  samePlan: pick(({ plan }) => plan === first.plan),
  sameRegion: pick(({ region, plan }) => region === first.region && plan !== first.plan),
  pair: pick(({ region }) => region === pairOf(first.region)),
  elsewhere: pick(({ region }) => region !== first.region && region !== pairOf(first.region)),
};

type Step = readonly ['swap.begun' | 'swap.done', keyof typeof site, number?];

const tell = (steps: readonly Step[]): readonly WorldEvent[] =>
  steps.map(([type, which, atMs = 0]) => ({
    type,
    site: site[which],
    atMs,
    slot: 'staging',
    operation: 'one',
    target: 'production',
  }));

const both = (one: keyof typeof site, other: keyof typeof site): readonly Step[] => [
  ['swap.begun', one],
  ['swap.begun', other],
  ['swap.done', one],
  ['swap.done', other],
];
const serially = (one: keyof typeof site, other: keyof typeof site): readonly Step[] => [
  ['swap.begun', one],
  ['swap.done', one],
  ['swap.begun', other],
  ['swap.done', other],
];
const wide = { all: 9, region: 9, subscription: 9, plan: 9 };

describe('the audit of what is under way at the same time', () => {
  it.each([
    {
      says: 'too many in all',
      steps: both('first', 'elsewhere'),
      limits: { ...wide, all: 1 },
      wrong: /2 in all/,
    },
    {
      says: 'a full region',
      steps: both('first', 'sameRegion'),
      limits: { ...wide, region: 1 },
      wrong: /2 in region/,
    },
    {
      says: 'a full plan',
      steps: both('first', 'samePlan'),
      limits: { ...wide, plan: 1 },
      wrong: /2 in plan/,
    },
    {
      says: 'a full subscription',
      steps: both('first', 'elsewhere'),
      limits: { ...wide, subscription: 1 },
      wrong: /2 in subscription/,
    },
    { says: 'both regions of a pair', steps: both('first', 'pair'), limits: wide, wrong: /is in its pair/ },
    { says: 'one twice', steps: both('first', 'first'), limits: wide, wrong: /under way already/ },
    { says: 'no end', steps: [['swap.begun', 'first']] as const, limits: wide, wrong: /never ended/ },
  ])('finds $says', ({ steps, limits, wrong }) => {
    const { violations } = watchCrowd(tell(steps), swapping, fleet, limits, true);
    expect(violations).toEqual([expect.stringMatching(wrong)]);
  });

  it('finds nothing where one follows the other, at the same instant too', () => {
    const narrow = { all: 1, region: 1, subscription: 1, plan: 1 };
    const crowd = watchCrowd(tell(serially('first', 'pair')), swapping, fleet, narrow, true);
    expect(crowd).toEqual({ peaks: narrow, violations: [] });
  });
});

describe('the audit of waves', () => {
  const waves = [
    { name: 'one', sites: [site.first], bakeTimeMs: 1000, maxConcurrency: 1 },
    { name: 'two', sites: [site.elsewhere], bakeTimeMs: 1000, maxConcurrency: 1 },
  ];
  const swap = (which: keyof typeof site, fromMs: number): readonly Step[] => [
    ['swap.begun', which, fromMs],
    ['swap.done', which, fromMs + 10],
  ];

  it.each([
    {
      says: 'a wave before its turn',
      steps: [...swap('elsewhere', 0), ...swap('first', 20)],
      wrong: /before the bake/,
    },
    {
      says: 'a bake cut short',
      steps: [...swap('first', 0), ...swap('elsewhere', 1009)],
      wrong: /began 1 ms before/,
    },
    { says: 'a site left out', steps: swap('first', 0), wrong: /never swapped/ },
    {
      says: 'a site swapped twice',
      steps: [...swap('first', 0), ...swap('first', 50), ...swap('elsewhere', 5000)],
      wrong: /swap.begun, swap.done, swap.begun/,
    },
    {
      says: 'a stranger',
      steps: [...swap('first', 0), ...swap('elsewhere', 1010), ['swap.begun', 'pair', 9999] as const],
      wrong: /in no wave/,
    },
  ])('finds $says', ({ steps, wrong }) => {
    expect(findDisorder(tell(steps), waves)).toEqual([expect.stringMatching(wrong)]);
  });

  it('finds nothing where all is in order', () =>
    expect(findDisorder(tell([...swap('first', 0), ...swap('elsewhere', 1010)]), waves)).toEqual([]));
});
