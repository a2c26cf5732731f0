/** The storm deck, a few hundred seeds of it: small fleets, every law. `npm run storm` deals the rest. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Recorded } from '../src/rollout/events.ts';
import { deal } from './storm/deck/deal.ts';
import { drawHand } from './storm/deck/hand.ts';
import { auditHand } from './storm/deck/laws.ts';
import type { Played } from './storm/deck/play-hand.ts';
import { tellStory } from './storm/deck/story.ts';
import type { Engine } from './storm/engine.ts';
import { loadEngine } from './storm/engine.ts';
import { type Baggage, packBaggage } from './storm/stage.ts';

let engine: Engine;
let baggage: Baggage;

beforeAll(async () => {
  engine = await loadEngine(`${process.cwd()}/src`);
  baggage = await packBaggage();
});
afterAll(() => baggage.close());

const play = (seed: number) => deal({ engine, baggage, size: 'small' }, seed);

const seeds = 500;

describe('whole rollouts, each drawn from a seed', () => {
  it(`${seeds} of them keep the laws, and come to every end`, async () => {
    const violations: string[] = [];
    const outcomes = new Set<string>();
    let processes = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const dealt = await play(seed);
      outcomes.add(dealt.outcome);
      processes += dealt.processes;
      violations.push(...dealt.violations.map((each) => `npm run storm -- --small --seed ${seed}: ${each}`));
    }
    expect(violations).toEqual([]);
    expect([...outcomes].sort()).toEqual(['halted', 'refused', 'rolled-back', 'settled', 'stranded']);
    expect(processes).toBeGreaterThan(seeds * 1.3);
  }, 900_000);

  it('a seed replays alike, to the last entry', async () => {
    for (const seed of [3, 7, 11]) {
      const [first, second] = [await play(seed), await play(seed)];
      expect([...tellStory(second.played)]).toEqual([...tellStory(first.played)]);
    }
  });

  it('hands differ from seed to seed', () => {
    const cards = Array.from({ length: 200 }, (_, seed) => JSON.stringify(drawHand(seed, 'full').cards));
    expect(new Set(cards).size).toBe(200);
  });
});

describe('each law can be broken', () => {
  type Doctor = (played: Played) => Played;
  const rewrite =
    (change: (entry: Recorded) => readonly Recorded[]): Doctor =>
    (played) => ({
      ...played,
      entries: played.entries.flatMap(change).map((entry, at) => ({ ...entry, seq: at + 1 })),
    });
  const drop = (type: Recorded['type']) => rewrite((entry) => (entry.type === type ? [] : [entry]));
  const settled = (_: Played) => _;
  const cases: readonly (readonly [string, string, Doctor, RegExp])[] = [
    [
      'another outcome',
      'settled',
      (played) => ({ ...played, firstOutcome: 'halted' }),
      /cards allow settled/,
    ],
    ['refused after a swap', 'settled', (played) => ({ ...played, outcome: 'refused' }), /a swap was sent/],
    ['a gap in the numbers', 'settled', (played) => cut(played, 3), /is numbered/],
    ['no end', 'settled', drop('rollout.ended'), /has 0 ends/],
    ['no clearance', 'settled', drop('target.cleared'), /without a clearance/],
    ['no intent', 'settled', drop('promote.begun'), /that the journal does not know/],
    ['a bake cut short', 'settled', rewrite(bakeLonger), /baked too short/],
    ['a token', 'settled', (played) => leak(played), /stand in the journal/],
    ['a standing made up', 'settled', rewrite(makeUp), /the end says that/],
    ['an unseen incumbent', 'rolled-back', drop('reading.taken'), /without a healthy look/],
    ['a failure after the end', 'rolled-back', (played) => leaveLive(played), /still runs the new release/],
    ['a swap too many', 'settled', (played) => swapAgain(played), /moves were intended/],
    ['too many at once', 'settled', (played) => crowd(played), /swaps at once/],
    ['no rest after a doubt', 'settled', (played) => hurry(played), /again 1 s after/],
    ['stuck', 'settled', (played) => ({ ...played, outcome: 'stuck' }), /did not come to an end/],
    ['thrown', 'settled', (played) => ({ ...played, outcome: 'broken', thrown: 'x' }), /the engine threw/],
    ['nothing', 'settled', settled, /^$/],
  ];

  it.each(cases)('%s', async (_what, outcome, doctor, told) => {
    const sound = await find(outcome);
    expect(auditHand(sound, baggage)).toEqual([]);
    expect(auditHand(doctor(sound), baggage).join('\n')).toMatch(told);
  });

  const found = new Map<string, Played>();

  /** The first hand that comes to this end, without strangers, and with a bake that somebody watches. */
  async function find(outcome: string): Promise<Played> {
    for (let seed = 1; !found.has(outcome); seed++) {
      const hand = drawHand(seed, 'small');
      if (hand.strangers.length > 0 || hand.turns.length > 0 || hand.regret || !hand.allowed) continue;
      const { played } = await play(seed);
      const isBaked = played.plan.waves.some(({ bakeTimeMs }) => bakeTimeMs > 0);
      if (played.outcome === outcome && isBaked && played.hand.allowed?.size === 1)
        found.set(outcome, played);
    }
    return found.get(outcome)!;
  }
});

function cut(played: Played, at: number): Played {
  return { ...played, entries: played.entries.filter((_, index) => index !== at) };
}

function bakeLonger(entry: Recorded): readonly Recorded[] {
  return [entry.type === 'wave.promoted' ? { ...entry, bakeUntilMs: entry.bakeUntilMs + 3_600_000 } : entry];
}

function makeUp(entry: Recorded): readonly Recorded[] {
  if (entry.type !== 'rollout.ended') return [entry];
  return [{ ...entry, standings: entry.standings.map((each) => ({ ...each, live: 'r-made-up' })) }];
}

function leak(played: Played): Played {
  const [secret] = played.secrets;
  const entries = played.entries.map((entry) =>
    entry.type === 'rollout.ended' ? { ...entry, why: `Bearer ${secret}` } : entry,
  );
  return { ...played, entries };
}

function leaveLive(played: Played): Played {
  const { facts } = played;
  const live = baggage.release.id;
  return {
    ...played,
    facts: { ...facts, standAt: (site, atMs) => ({ ...facts.standAt(site, atMs), live }) },
  };
}

function swapAgain(played: Played): Played {
  const [first] = played.facts.swaps;
  return { ...played, facts: { ...played.facts, swaps: [...played.facts.swaps, first!, first!] } };
}

function crowd(played: Played): Played {
  const [first] = played.facts.swaps;
  const many = Array.from({ length: 9 }, () => ({ ...first!, routedMs: null }));
  return { ...played, facts: { ...played.facts, swaps: [...played.facts.swaps, ...many] } };
}

function hurry(played: Played): Played {
  const first = played.sent.find(({ path }) => path.endsWith('/slotsswap'))!;
  const lost = { ...first, atMs: first.atMs - 1_000, result: 'silence' as const };
  const facts = { ...played.facts, swaps: [] };
  return { ...played, facts, sent: [lost, ...played.sent] };
}
