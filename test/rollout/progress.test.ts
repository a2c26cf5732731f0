import { describe, expect, it } from '@jest/globals';
import type { Happening, Phase, Recorded } from '../../src/rollout/events.ts';
import { progressOf } from '../../src/rollout/progress.ts';
import { recallDecision, recallToRevert, recallTouched } from '../../src/rollout/recall.ts';
import { makePlan, makeRelease } from '../builders.ts';
import { playWorld } from './played-world.ts';
import { planFor, sickLive } from './three-waves.ts';

const plan = makePlan({ waves: [{ name: 'one', targets: ['a', 'b'] }], left: ['z'] });
const standing = { live: null, beside: null };
const verdict = { conclusion: 'healthy', why: '', readings: [] } as const;
const failure = { kind: 'transient', code: 'x', message: 'x' };

const happenings = {
  begun: { type: 'rollout.begun', plan, release: makeRelease(), settingsDigest: '' },
  staging: { type: 'stage.begun', target: 'a' },
  staged: { type: 'stage.done', target: 'a', incumbentId: null, address: null, bytes: 1 },
  stageFailed: { type: 'stage.failed', target: 'a', failure },
  refused: { type: 'target.refused', target: 'a', verdict },
  cleared: { type: 'target.cleared', target: 'a', during: 'clear', verdict },
  opened: { type: 'wave.opened', wave: 'one', targets: ['a', 'b'] },
  proven: { type: 'target.cleared', target: 'a', during: 'proof', verdict },
  promoting: { type: 'promote.begun', target: 'a', before: standing },
  doubt: { type: 'doubt.raised', target: 'a', verb: 'promote', failure },
  promoted: { type: 'promote.done', target: 'a', standing },
  promoteFailed: { type: 'promote.failed', target: 'a', failure },
  observed: { type: 'target.observed', target: 'a', verdict },
  failed: { type: 'target.failed', target: 'a', why: '', verdict },
  baking: { type: 'wave.promoted', wave: 'one', bakeUntilMs: 7_000 },
  baked: { type: 'wave.baked', wave: 'one' },
  rollback: { type: 'rollback.decided', why: 'sick', targets: ['a'], failing: ['a'] },
  halt: { type: 'halt.decided', why: 'no data' },
  reverting: { type: 'revert.begun', target: 'a', before: standing },
  revertDone: { type: 'revert.done', target: 'a', standing },
  reverted: { type: 'target.reverted', target: 'a', verdict },
  stranded: { type: 'target.stranded', target: 'a', why: '', verdict: null },
  resumed: { type: 'rollout.resumed' },
  settled: { type: 'rollout.ended', outcome: 'settled', why: '', standings: [] },
  rolledBack: { type: 'rollout.ended', outcome: 'rolled-back', why: '', standings: [] },
} satisfies Readonly<Record<string, Happening>>;

type Name = keyof typeof happenings;

const journal = (...names: readonly Name[]): readonly Recorded[] =>
  names.map((name, at) => ({
    seq: at + 1,
    at: '2026-01-01T00:00:00.000Z',
    rollout: 'r',
    ...happenings[name],
  }));

const ready: readonly Name[] = ['begun', 'staging', 'staged', 'cleared', 'opened', 'proven'];
const live: readonly Name[] = [...ready, 'promoting', 'promoted'];

describe('where a target stands', () => {
  it.each<[Phase, readonly Name[]]>([
    ['pending', ['begun']],
    ['staging', ['begun', 'staging']],
    ['staged', ['begun', 'staging', 'staged']],
    ['refused', ['begun', 'staging', 'stageFailed']],
    ['refused', ['begun', 'staging', 'staged', 'refused']],
    ['cleared', ready],
    ['promoting', [...ready, 'promoting']],
    ['promoting', [...ready, 'promoting', 'doubt']],
    // Asked for once more: it is looked at again, and still on its way.
    ['promoting', [...ready, 'promoting', 'doubt', 'proven']],
    ['cleared', [...ready, 'promoting', 'promoteFailed']],
    ['promoted', live],
    ['observed', [...live, 'observed']],
    ['observed', [...live, 'observed', 'baking']],
    ['baked', [...live, 'observed', 'baking', 'baked']],
    ['settled', [...live, 'observed', 'baking', 'baked', 'settled']],
    // Tolerated, and left as it is: what failed has neither baked nor settled.
    ['observed', [...live, 'observed', 'baking', 'failed', 'baked', 'settled']],
    ['reverting', [...live, 'failed', 'rollback', 'reverting']],
    ['reverting', [...live, 'failed', 'rollback', 'reverting', 'revertDone']],
    ['reverted', [...live, 'failed', 'rollback', 'reverting', 'revertDone', 'reverted', 'rolledBack']],
    ['stranded', [...live, 'failed', 'rollback', 'stranded']],
  ])('%s: after %j', (phase, names) => {
    expect(progressOf(journal(...names)).phases.get('a')).toBe(phase);
  });

  it('is told for every target of the plan', () => {
    expect([...progressOf(journal('begun')).phases]).toEqual([
      ['a', 'pending'],
      ['b', 'pending'],
      ['z', 'left'],
    ]);
  });

  it('is nothing before the beginning', () => {
    expect(progressOf([])).toMatchObject({ wave: null, bakeUntilMs: null, waiting: 'nothing' });
  });
});

describe('what is waited for', () => {
  it.each<[number | null, readonly Name[]]>([
    [null, ready],
    [7_000, [...live, 'observed', 'baking']],
    [null, [...live, 'observed', 'baking', 'baked']],
    [null, [...live, 'observed', 'baking', 'rollback']],
    [null, [...live, 'observed', 'baking', 'halt']],
  ])('the bake until %s: after %j', (bakeUntilMs, names) => {
    const progress = progressOf(journal(...names));
    expect(progress.bakeUntilMs).toBe(bakeUntilMs);
    expect(progress.waiting).toBe(bakeUntilMs === null ? 'nothing' : 'bake');
    expect(progress.wave).toBe('one');
  });
});

describe('what was decided', () => {
  it.each<[string, readonly Name[]]>([
    ['none', live],
    ['none', [...live, 'resumed']],
    ['rollback', [...live, 'failed', 'rollback']],
    ['rollback', [...live, 'failed', 'rollback', 'resumed', 'reverting']],
    ['halt', [...live, 'halt']],
    ['ended', [...live, 'halt', 'settled']],
    ['ended', [...live, 'observed', 'baked', 'settled', 'resumed']],
    ['rollback', [...live, 'observed', 'baked', 'settled', 'resumed', 'rollback']],
    ['halt', [...live, 'failed', 'rollback', 'halt']],
  ])('is %s: after %j', (kind, names) => {
    expect(recallDecision(journal(...names)).kind).toBe(kind);
  });

  it.each<[string, readonly Name[], readonly string[], readonly string[]]>([
    ['not begun', ready, [], []],
    ['begun, and nobody knows', [...ready, 'promoting'], ['a'], ['a']],
    ['promoted', live, ['a'], ['a']],
    ['certainly not moved', [...ready, 'promoting', 'promoteFailed'], ['a'], []],
    ['taken back', [...live, 'rollback', 'reverting', 'revertDone', 'reverted'], ['a'], []],
    ['stranded', [...live, 'rollback', 'stranded'], ['a'], ['a']],
  ])('who may have to go back: %s', (_what, names, touched, toRevert) => {
    expect(recallTouched(journal(...names))).toEqual(touched);
    expect(recallToRevert(journal(...names))).toEqual(toRevert);
  });
});

it('every journal that a rollout writes can be folded at every length', async () => {
  const world = playWorld(planFor(), { health: sickLive('d') });
  await world.rollOut();
  const road: readonly Phase[] = [
    'pending',
    'staging',
    'staged',
    'cleared',
    'promoting',
    'promoted',
    'observed',
  ];
  const seen = new Map<string, Phase>();
  for (let length = 1; length <= world.entries.length; length++) {
    for (const [name, phase] of progressOf(world.entries.slice(0, length)).phases) {
      const [from, to] = [road.indexOf(seen.get(name) ?? 'pending'), road.indexOf(phase)];
      // On the way forward nobody goes back a step.
      if (to >= 0) expect(to).toBeGreaterThanOrEqual(from);
      seen.set(name, phase);
    }
  }
  expect(Object.fromEntries(seen)).toMatchObject({
    a: 'reverted',
    b: 'reverted',
    d: 'reverted',
    f: 'cleared',
  });
});
