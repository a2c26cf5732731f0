/** What a fleet's size may cost: as much more as there are more targets, and no square of it. Counted, not timed. */
import { describe, expect, it } from '@jest/globals';
import { createTurns } from '../../src/azure/turns.ts';
import { digestSettings } from '../../src/entry/run.ts';
import type { Surroundings } from '../../src/plan/surroundings.ts';
import { checkFleet, checkFleetInTurns } from '../../src/preflight/check-fleet.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { learnFrom } from '../../src/rollout/expected.ts';
import { recall, recallAll, recallToRevert } from '../../src/rollout/recall.ts';
import { targetFacts } from '../plan/fleet-facts.ts';
import { settings, slot, surroundings } from '../preflight/surroundings.ts';

const names = Array.from({ length: 500 }, (_, index) => `t-${index}`);
const at = new Date(0).toISOString();
const standing = { live: 'new', beside: 'old' };

function journalOf(targets: readonly string[]): Recorded[] {
  return targets.flatMap((target, index): Recorded[] => [
    { seq: 2 * index + 1, at, rollout: 'r', type: 'promote.begun', target, before: standing },
    { seq: 2 * index + 2, at, rollout: 'r', type: 'promote.done', target, standing },
  ]);
}

/** Counts how often its entries are looked at. */
function counted(entries: Recorded[]) {
  const counts = { reads: 0 };
  const proxy = new Proxy(entries, {
    get: (array, key, receiver) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) counts.reads++;
      return Reflect.get(array, key, receiver) as unknown;
    },
  });
  return { entries: proxy, counts };
}

describe('a journal of five hundred targets', () => {
  it('is read once, however often it is asked, also while it grows', () => {
    const { entries, counts } = counted(journalOf(names.slice(0, 400)));
    for (const name of names) {
      recall(entries, 'promote.done', name);
      recall(entries, 'promote.failed', name);
      recallToRevert(entries);
      learnFrom(entries);
    }
    entries.push(...journalOf(names.slice(400)));
    for (const name of names) expect(recall(entries, 'promote.done', name)).toMatchObject({ target: name });
    expect(recallAll(entries, 'promote.begun')).toHaveLength(500);
    expect(Object.keys(learnFrom(entries))).toHaveLength(500);
    // By each of the two who remember what they read: 1,000 entries.
    expect(counts.reads).toBeLessThanOrEqual(2_000);
  });

  it('that was cut is read again', () => {
    const entries = journalOf(['a', 'b']);
    expect(recall(entries, 'promote.done', 'b')).not.toBeNull();
    entries.length = 2;
    expect(recall(entries, 'promote.done', 'b')).toBeNull();
    expect(Object.keys(learnFrom(entries))).toEqual(['a']);
  });

  it('answers with lists that do not grow behind the back of who asked', () => {
    const entries = journalOf(['a']);
    const before = recallAll(entries, 'promote.done');
    entries.push(...journalOf(['b']));
    expect(recallAll(entries, 'promote.done')).toHaveLength(2);
    expect(before).toHaveLength(1);
  });
});

describe('preflight of five hundred targets', () => {
  it('holds no target against those with which it shares nothing', () => {
    let looks = 0;
    const around = (name: string): Surroundings => {
      const production = slot({ settings: settings({ storage: { access: 'key', account: name } }) });
      return {
        ...surroundings({ staging: null, slotCount: 1 }),
        get production() {
          looks++;
          return production;
        },
      };
    };
    const fleet = (count: number) => ({
      targets: names.slice(0, count).map((name) => targetFacts(name)),
      surroundings: Object.fromEntries(names.slice(0, count).map((name) => [name, around(name)])),
    });
    checkFleet(fleet(50), { settingNames: [] });
    const few = looks;
    looks = 0;
    checkFleet(fleet(500), { settingNames: [] });
    expect(few).toBeGreaterThan(50);
    expect(looks).toBe(10 * few);
  });
});

describe('what begins at one moment', () => {
  it('begins in its order, some in each turn of the event loop, and nobody is forgotten', async () => {
    const turns = createTurns(3);
    const begun: number[] = [];
    const perTurn: number[] = [];
    const works = Array.from({ length: 10 }, async (_, index) => {
      await turns.take();
      begun.push(index);
    });
    await Promise.resolve();
    perTurn.push(begun.length);
    for (let seen = begun.length; begun.length < 10; ) {
      await new Promise((resolve) => setImmediate(resolve));
      perTurn.push(begun.length - seen);
      seen = begun.length;
    }
    await Promise.all(works);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(3);
  });

  it('is not held up while there is little of it', async () => {
    const turns = createTurns(3);
    const order: string[] = [];
    setImmediate(() => order.push('next turn'));
    for (const name of ['a', 'b', 'c']) await turns.take().then(() => order.push(name));
    expect(order).toEqual(['a', 'b', 'c']);
  });
});

describe('preflight in turns', () => {
  it('finds the same as at one go, with others let in between', async () => {
    const targets = names.slice(0, 100).map((name) => targetFacts(name, { staging: null }));
    let pauses = 0;
    const inTurns = await checkFleetInTurns({ targets }, { settingNames: [] }, async () => void pauses++);
    expect(inTurns).toEqual(checkFleet({ targets }, { settingNames: [] }));
    expect(inTurns.length).toBeGreaterThanOrEqual(100);
    expect(pauses).toBe(5);
  });
});

describe('the digest of settings', () => {
  it('is dear, and lets everything else go on meanwhile', async () => {
    const order: string[] = [];
    const others = new Promise<void>((resolve) => {
      setImmediate(() => {
        order.push('others');
        resolve();
      });
    });
    const digest = digestSettings({ A: '1' }, 'r').then((text) => {
      order.push('digest');
      return text;
    });
    await others;
    expect(await digest).toMatch(/^[0-9a-f]{64}$/);
    expect(order).toEqual(['others', 'digest']);
    expect(await digestSettings({ A: '1' }, 'r-other')).not.toBe(await digest);
  });
});
