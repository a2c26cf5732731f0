import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createDiskShelf } from '../../src/entry/disk-shelf.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { makePlan } from '../builders.ts';
import { inTempFolder } from './temp-folder.ts';

const plan = makePlan({ waves: [{ name: 'all', targets: ['a', 'b'] }] });
const other = makePlan({ waves: [{ name: 'all', targets: ['a', 'c'] }] });

/** The same sites, by way of another slot. */
const elsewhere: Plan = {
  ...plan,
  targets: plan.targets.map((each) => ({
    ...each,
    facts: { ...each.facts, target: { ...each.facts.target, slot: 'canary' } },
  })),
};

interface Left {
  readonly of?: Plan;
  readonly ended?: boolean;
  readonly journal?: string;
}

/** What a rollout left in the state folder. */
async function leave(folder: string, id: string, { of = plan, ended = true, journal }: Left = {}) {
  const place = join(folder, 'rollouts', id);
  await mkdir(place, { recursive: true });
  const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
  const begun = {
    seq: 1,
    at: at(1),
    rollout: id,
    type: 'rollout.begun',
    plan: of,
    release: { id: `${id}.release` },
  };
  const end = {
    seq: 2,
    at: at(2),
    rollout: id,
    type: 'rollout.ended',
    outcome: 'settled',
    why: '',
    standings: [],
  };
  const lines = [begun, ...(ended ? [end] : [])].map((entry) => `${JSON.stringify(entry)}\n`).join('');
  await writeFile(join(place, 'journal.ndjson'), journal ?? lines);
  await writeFile(join(place, 'release.zip'), 'a package');
  await writeFile(join(place, 'plan.json'), '{}');
}

const ids = {
  sound: '20260101-000000-aaaa',
  unfinished: '20260101-000001-bbbb',
  foreign: '20260101-000002-cccc',
  wider: '20260101-000003-dddd',
  damaged: '20260101-000004-eeee',
  empty: '20260101-000005-ffff',
  cloud: '20260101-000006-gggg',
  slot: '20260101-000007-hhhh',
};

describe('the packages in the state folder', () => {
  it('are those of rollouts of this fleet that have ended; what may be gone on with is told as that', () =>
    inTempFolder(async (folder) => {
      await leave(folder, ids.sound);
      await leave(folder, ids.unfinished, { ended: false });
      await leave(folder, ids.foreign, { of: { ...plan, app: 'billing' } });
      await leave(folder, ids.wider, { of: other });
      await leave(folder, ids.damaged, { journal: 'no journal\n' });
      await leave(folder, ids.empty, { journal: '' });
      await leave(folder, ids.slot, { of: elsewhere });
      await leave(folder, ids.cloud, { of: { ...plan, cloud: 'https://elsewhere' } });
      const { shelved, unfinished } = await createDiskShelf({ stateFolder: folder, plan, keep: 5 }).list();
      expect(shelved.map(({ key }) => key)).toEqual([ids.sound, ids.unfinished]);
      expect(shelved.slice(0, 1)).toEqual([
        { key: ids.sound, release: `${ids.sound}.release`, bytes: 9, usedMs: Date.UTC(2026, 0, 1, 0, 0, 2) },
      ]);
      expect(unfinished).toEqual([`${ids.unfinished}.release`]);
    }));

  it('are told by the first and the last entry of a journal, however long these and the middle are', () =>
    inTempFolder(async (folder) => {
      const entry = (seq: number, rollout: string, more: object) =>
        JSON.stringify({ seq, at: '2026-01-01T00:00:02.000Z', rollout, ...more });
      const long = 'x'.repeat(600_000);
      const write = (rollout: string, tail: string) =>
        [
          entry(1, rollout, { type: 'rollout.begun', plan, release: { id: rollout }, long }),
          ...Array.from({ length: 5 }, (_, at) => entry(at + 2, rollout, { type: 'wave.baked', long })),
          entry(7, rollout, { type: 'rollout.ended', long }),
          tail,
        ].join('\n');
      const stories = [
        [ids.sound, '', 'ended'],
        [ids.damaged, '{"seq":8,"ty', 'ended'],
        [ids.unfinished, `${entry(8, ids.unfinished, { type: 'rollout.resumed' })}\n`, 'unfinished'],
      ] as const;
      for (const [id, tail] of stories) await leave(folder, id, { journal: write(id, tail) });
      const { shelved, unfinished } = await createDiskShelf({ stateFolder: folder, plan, keep: 5 }).list();
      expect(shelved.map(({ release }) => release).sort()).toEqual(stories.map(([id]) => id).sort());
      expect(unfinished).toEqual([ids.unfinished]);
    }));

  it('go alone: journal and plan stay, and nothing is said of one that is gone already', () =>
    inTempFolder(async (folder) => {
      await leave(folder, ids.sound);
      const shelf = createDiskShelf({ stateFolder: folder, plan, keep: 5 });
      const [only] = (await shelf.list()).shelved;
      expect(await shelf.remove(only!)).toBe(true);
      expect((await readdir(join(folder, 'rollouts', ids.sound))).sort()).toEqual([
        'journal.ndjson',
        'plan.json',
      ]);
      expect(await shelf.remove(only!)).toBe(false);
      expect(await shelf.list()).toEqual({ shelved: [], unfinished: [] });
    }));
});
