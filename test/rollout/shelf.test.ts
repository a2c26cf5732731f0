import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RefusalError } from '../../src/errors.ts';
import type { Shelved } from '../../src/rollout/shelf.ts';
import { chooseSpare, type Shelf } from '../../src/rollout/shelf.ts';
import { incumbentId, makePlan, releaseId } from '../builders.ts';
import { allOf } from './audit.ts';
import { playWorld, type Seen, type Troubles } from './played-world.ts';

const shelve = (release: string, usedMs: number): Shelved => ({ release, usedMs, bytes: 10, key: release });
const plan = makePlan({ waves: [{ name: 'all', targets: ['a', 'b'] }], left: ['z'] });

interface ShelfStory {
  readonly place?: Shelf['place'];
  readonly shelved?: readonly Shelved[];
  readonly unfinished?: readonly string[];
  readonly list?: () => never;
  readonly isSilent?: boolean;
  readonly remove?: (release: string) => boolean;
}

/** Oldest first: a package that is live beside, one that is unfinished, and eight that nobody needs. */
const usual = [
  shelve(incumbentId, 1),
  shelve('unfinished', 2),
  ...Array.from({ length: 8 }, (_, at) => shelve(`old-${at + 1}`, at + 3)),
  shelve(releaseId, 20),
];

function openShelf({ place = 'store', shelved = usual, unfinished = [], ...story }: ShelfStory = {}) {
  const asked: string[] = [];
  const shelf: Shelf = {
    place,
    keep: 5,
    list: async () => {
      if (story.isSilent) await new Promise(() => {});
      return story.list?.() ?? { shelved, unfinished };
    },
    remove: async ({ release }) => {
      asked.push(release);
      return story.remove?.(release) ?? true;
    },
  };
  return { shelf, asked };
}

async function settle(shelves: readonly { readonly shelf: Shelf }[], troubles: Troubles = {}) {
  const world = playWorld(plan, { ...troubles, shelves: shelves.map(({ shelf }) => shelf) });
  const end = await world.rollOut();
  const [begun, done] = [allOf(world, 'tidy.begun'), allOf(world, 'tidy.done')];
  return { world, outcome: end.kind === 'ended' ? end.outcome : end.kind, begun, done };
}

const isSick = ({ release, side }: Seen, where: Seen['side']) => release === releaseId && side === where;

const refuse = (): never => {
  throw new RefusalError('403', { code: 'store-delete-forbidden', next: 'Ask for the right.' });
};

describe('the packages of earlier rollouts', () => {
  it('are deleted beyond the newest five when a rollout has settled, oldest first, and never what is needed', async () => {
    const disk = openShelf({ place: 'disk', unfinished: ['unfinished'], shelved: usual.slice(3) });
    const store = openShelf();
    const { world, outcome, begun, done } = await settle([disk, store]);
    expect(outcome).toBe('settled');
    expect(store.asked).toEqual(['old-1', 'old-2', 'old-3', 'old-4']);
    expect(disk.asked).toEqual(['old-2', 'old-3', 'old-4']);
    expect(begun).toHaveLength(1);
    expect(done[0]?.removed).toEqual(expect.arrayContaining([...begun[0]!.packages]));
    expect(done[0]).toMatchObject({ troubles: [] });
    expect(world.entries.at(-1)?.type).toBe('rollout.ended');
    expect(world.entries.at(-2)?.type).toBe('tidy.done');
  });

  it.each<readonly [string, Troubles['health'], string]>([
    [
      'was rolled back',
      (seen) => (isSick(seen, 'live') && seen.target === 'b' ? 'unhealthy' : null),
      'rolled-back',
    ],
    ['was refused', (seen) => (isSick(seen, 'beside') ? 'unhealthy' : null), 'refused'],
  ])('stay all of them when the rollout %s', async (_, health, expected) => {
    const store = openShelf();
    const story = await settle([store], { health: health! });
    expect([story.outcome, story.begun, story.done, store.asked]).toEqual([expected, [], [], []]);
  });

  it('stay when nobody knows what one of the targets runs', async () => {
    const store = openShelf();
    const { outcome, done } = await settle([store], { isUnreadable: (target) => target === 'z' });
    expect([outcome, done, store.asked]).toEqual(['settled', [], []]);
  });

  it('bring nothing into the journal when there are none to delete', async () => {
    const { begun, done } = await settle([openShelf({ shelved: usual.slice(-5) })]);
    expect([begun, done]).toEqual([[], []]);
  });

  it('that may not be deleted are told once, with the way out, and change no outcome', async () => {
    const store = openShelf({ remove: refuse });
    const disk = openShelf({ place: 'disk' });
    const { outcome, done } = await settle([disk, store]);
    expect(outcome).toBe('settled');
    expect(done).toHaveLength(1);
    expect(done[0]?.troubles).toEqual([
      { place: 'store', code: 'store-delete-forbidden', message: '403', next: 'Ask for the right.' },
    ]);
    expect(done[0]?.removed.map(({ place }) => place)).toEqual(['disk', 'disk', 'disk', 'disk', 'disk']);
  });

  it('that cannot be listed are told, too, and on the disk nothing is known of unfinished ones then', async () => {
    const store = openShelf();
    const { done } = await settle([openShelf({ place: 'disk', list: refuse }), store]);
    expect(done).toMatchObject([{ removed: [], troubles: [{ place: 'disk' }] }]);
    expect(store.asked).toEqual([]);
    const disk = openShelf({ place: 'disk' });
    const other = await settle([disk, openShelf({ list: refuse })]);
    expect(other.done).toMatchObject([{ troubles: [{ place: 'store' }] }]);
    expect(disk.asked).toHaveLength(5);
  });

  it('hold up no end where a store does not answer', async () => {
    const disk = openShelf({ place: 'disk' });
    const { world, outcome, done } = await settle([disk, openShelf({ isSilent: true })]);
    expect(outcome).toBe('settled');
    expect(done[0]).toMatchObject({
      troubles: [{ place: 'store', code: 'shelf-too-slow', next: expect.stringContaining('tries again') }],
    });
    const [baked, end] = [allOf(world, 'wave.baked').at(-1)!, allOf(world, 'rollout.ended')[0]!];
    expect(Date.parse(end.at) - Date.parse(baked.at)).toBeLessThan(90_000);
    expect(world.entries.at(-1)).toBe(end);
  });

  it('that somebody needs again are left, and not told as deleted', async () => {
    const { done } = await settle([openShelf({ remove: (release) => release !== 'old-1' })]);
    expect(done[0]?.removed.map(({ release }) => release)).not.toContain('old-1');
    expect(done[0]?.removed.map(({ release }) => release)).toContain('old-2');
  });

  it('are not waited for beyond a minute, and not cleared by the thousand', async () => {
    const many = Array.from({ length: 500 }, (_, at) => shelve(`old-${at}`, at));
    const { begun } = await settle([openShelf({ shelved: many })]);
    expect(begun[0]?.packages).toHaveLength(100);
  });

  it('are chosen by age and need alone, whatever lies there', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ id: fc.nat(50), usedMs: fc.nat(1_000) }), { selector: ({ id }) => id }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat(50)),
        (all, keep, ids) => {
          const shelved = all.map(({ id, usedMs }) => shelve(`r${id}`, usedMs));
          const needed = new Set(ids.map((id) => `r${id}`));
          const spare = chooseSpare(shelved, keep, needed);
          const left = shelved.filter((each) => !spare.includes(each));
          expect(spare.some(({ release }) => needed.has(release))).toBe(false);
          expect(left.length).toBeGreaterThanOrEqual(Math.min(keep, shelved.length));
          const oldestKept = Math.min(
            ...left.filter(({ release }) => !needed.has(release)).map((each) => each.usedMs),
          );
          expect(spare.every(({ usedMs }) => usedMs <= oldestKept)).toBe(true);
          if (needed.size === 0) expect(left.length).toBe(Math.min(keep, shelved.length));
        },
      ),
    ));
});
