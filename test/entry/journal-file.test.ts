import { execFile } from 'node:child_process';
import { appendFile, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../src/clock.ts';
import { readExperience } from '../../src/entry/experience.ts';
import { openJournal, readJournal } from '../../src/entry/journal-file.ts';
import type { Happening } from '../../src/rollout/events.ts';
import { makePlan, makeRelease } from '../builders.ts';
import { inTempFolder } from './temp-folder.ts';

const id = '20261120-135812-k3f9';
const opened = (wave: string): Happening => ({ type: 'wave.opened', wave, targets: ['weu'] });

function inRollout<T>(work: (folder: string) => Promise<T>): Promise<T> {
  return inTempFolder(async (temp) => {
    const folder = join(temp, 'rollouts', id);
    await mkdir(folder, { recursive: true });
    return work(folder);
  });
}

const lines = async (folder: string) =>
  (await readFile(join(folder, 'journal.ndjson'), 'utf8')).split('\n').slice(0, -1);

describe('the journal on disk', () => {
  it('numbers from 1 without gaps, stamps with the clock, and has each entry on disk when append resolves', () =>
    inRollout(async (folder) => {
      const clock = new VirtualClock();
      const journal = await openJournal(folder, clock);
      await journal.append(opened('a'));
      expect(await lines(folder)).toHaveLength(1);
      clock.advance(1500);
      await Promise.all([
        journal.append(opened('b')),
        journal.append(opened('c')),
        journal.append(opened('d')),
      ]);
      const onDisk = (await lines(folder)).map((line) => JSON.parse(line) as unknown);
      expect(onDisk).toEqual(journal.entries);
      expect(journal.entries.map(({ seq, at, rollout }) => [seq, at, rollout])).toEqual([
        [1, '2026-01-01T00:00:00.000Z', id],
        [2, '2026-01-01T00:00:01.500Z', id],
        [3, '2026-01-01T00:00:01.500Z', id],
        [4, '2026-01-01T00:00:01.500Z', id],
      ]);
      await journal.close();
    }));

  it('tells of an entry only when it is on disk, in order', () =>
    inRollout(async (folder) => {
      const told: number[] = [];
      const journal = await openJournal(folder, new VirtualClock(), {
        onRecorded: ({ seq }) => told.push(seq),
      });
      const appends = [journal.append(opened('a')), journal.append(opened('b'))];
      expect(told).toEqual([]);
      expect(journal.entries).toEqual([]);
      await Promise.all(appends);
      expect(told).toEqual([1, 2]);
      await journal.close();
    }));

  it('goes on where it ended', () =>
    inRollout(async (folder) => {
      const first = await openJournal(folder, new VirtualClock());
      await first.append(opened('a'));
      await first.close();
      const second = await openJournal(folder, new VirtualClock());
      await second.append(opened('b'));
      await second.close();
      expect((await readJournal(folder)).map(({ seq }) => seq)).toEqual([1, 2]);
    }));

  it.each([
    ['half a line', Buffer.from('{"seq":2,"at":"2026')],
    [
      'a whole document without its line end',
      Buffer.from(`{"seq":2,"at":"x","rollout":"${id}","type":"wave.baked","wave":"a"}`),
    ],
    ['half a character', Buffer.from([0x7b, 0x22, 0xe2, 0x82])],
    ['zeros where a page was never written', Buffer.alloc(300)],
    ['zeros and a line end', Buffer.concat([Buffer.alloc(20), Buffer.from('\n')])],
  ])('cuts what a crash left behind: %s', (_, torn) =>
    inRollout(async (folder) => {
      const first = await openJournal(folder, new VirtualClock());
      await first.append(opened('ä'));
      await first.close();
      await appendFile(first.path, torn);
      expect(await readJournal(folder)).toHaveLength(1);
      const second = await openJournal(folder, new VirtualClock());
      expect(second.cutBytes).toBe(torn.length);
      await second.append(opened('b'));
      await second.close();
      expect((await lines(folder)).map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([1, 2]);
    }),
  );

  const good = (seq: number, rollout = id) =>
    JSON.stringify({ seq, at: '2026-01-01T00:00:00.000Z', rollout, ...opened('a') });
  it.each([
    ['a line in the middle that is not JSON', [good(1), 'nonsense', good(3)], 2, 'is not JSON'],
    ['a last line that is whole and not JSON', [good(1), '{"seq":2'], 2, 'is not JSON'],
    ['a gap', [good(1), good(3)], 2, 'has number 3 where 2 is due'],
    ['a repeated number', [good(1), good(1)], 2, 'has number 1 where 2 is due'],
    ['another rollout', [good(1, 'other')], 1, 'belongs to rollout other'],
    ['an empty line', [good(1), '', good(2)], 2, 'is not JSON'],
    ['something without a type', ['{"seq":1}'], 1, 'has no type'],
  ])('refuses %s, and says which line', (_, text, line, says) =>
    inRollout(async (folder) => {
      const path = join(folder, 'journal.ndjson');
      await writeFile(path, `${text.join('\n')}\n`);
      await expect(openJournal(folder, new VirtualClock())).rejects.toMatchObject({
        code: 'journal-corrupt',
        where: `${path}:${line}`,
        message: expect.stringContaining(says),
      });
      expect(await readFile(path, 'utf8')).toBe(`${text.join('\n')}\n`);
    }),
  );

  it('after one lost write it takes nothing more, and says how to go on', () =>
    inRollout(async (folder) => {
      const journal = await openJournal(folder, new VirtualClock());
      await journal.append(opened('a'));
      await journal.close();
      const failed = {
        code: 'journal-unwritable',
        next: expect.stringContaining(`slotwave resume ${id}`),
      };
      await expect(journal.append(opened('b'))).rejects.toMatchObject(failed);
      await expect(journal.append(opened('c'))).rejects.toMatchObject(failed);
      expect(journal.entries).toHaveLength(1);
    }));

  it('has on disk everything it acknowledged, when the process is killed at any moment', () =>
    inRollout(async (folder) => {
      const script = `
        import { openJournal } from ${JSON.stringify(new URL('../../src/entry/journal-file.ts', import.meta.url).href)};
        import { systemClock } from ${JSON.stringify(new URL('../../src/clock.ts', import.meta.url).href)};
        const journal = await openJournal(process.argv[1], systemClock());
        for (let n = 1; ; n++) {
          await journal.append({ type: 'wave.opened', wave: 'w'.repeat(n * 37 % 5000), targets: [] });
          process.stdout.write(n + '\\n');
          if (n === 40) process.kill(process.pid, 'SIGKILL');
        }`;
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '-e',
        script,
        folder,
      ]).catch((killed: { stdout: string }) => killed);
      const acknowledged = stdout.trim().split('\n').length;
      expect(acknowledged).toBeGreaterThanOrEqual(39);
      expect((await readJournal(folder)).length).toBeGreaterThanOrEqual(acknowledged);
    }));

  it('can be read while it is being written', () =>
    inRollout(async (folder) => {
      const journal = await openJournal(folder, new VirtualClock());
      await journal.append(opened('a'));
      expect(await readJournal(folder)).toHaveLength(1);
      const file = await open(join(folder, 'journal.ndjson'), 'r');
      expect((await file.stat()).size).toBeGreaterThan(0);
      await file.close();
      await journal.close();
    }));
});

describe('what earlier journals tell of how long targets take', () => {
  type Told = readonly [at: string, happening: Happening];
  const plan = makePlan({ waves: [{ name: 'all', targets: ['weu'] }] });
  const { app, cloud } = plan;
  const { id: release, ...facts } = makeRelease();
  const begun = (of = plan): Told => [
    '00:00:00',
    { type: 'rollout.begun', plan: of, release: { id: release, ...facts }, settingsDigest: 's' },
  ];
  const swapped = (target: string, minutes: number): readonly Told[] => [
    ['00:10:00', { type: 'promote.begun', target, before: { live: 'a', beside: 'b' } }],
    [`00:${10 + minutes}:00`, { type: 'promote.done', target, standing: { live: 'b', beside: 'a' } }],
  ];
  const ended: Told = ['01:00:00', { type: 'rollout.ended', outcome: 'settled', why: '', standings: [] }];

  async function shelve(state: string, day: number, told: readonly Told[], tail = ''): Promise<void> {
    const rollout = `202611${day}-120000-aaaa`;
    const folder = join(state, 'rollouts', rollout);
    await mkdir(folder, { recursive: true });
    const written = told.map(([at, happening], index) =>
      JSON.stringify({ seq: index + 1, at: `2026-11-${day}T${at}.000Z`, rollout, ...happening }),
    );
    await writeFile(join(folder, 'journal.ndjson'), `${written.join('\n')}\n${tail}`);
  }
  const minutesOf = async (state: string) =>
    Object.fromEntries(
      Object.entries(await readExperience(state, app, cloud)).map(([name, { promoteMs = 0 }]) => [
        name,
        promoteMs / 60_000,
      ]),
    );

  it('is the newest that ended, and older ones for targets that it does not know', () =>
    inTempFolder(async (state) => {
      await shelve(state, 10, [begun(), ...swapped('weu', 9), ...swapped('eus', 3), ended]);
      await shelve(state, 11, [begun(), ...swapped('weu', 2), ended]);
      await shelve(state, 12, [begun(), ...swapped('weu', 7)]);
      expect(await minutesOf(state)).toEqual({ weu: 2, eus: 3 });
    }));

  it("is nothing from another app's, another cloud's, or a journal that is damaged", () =>
    inTempFolder(async (state) => {
      const swap = swapped('weu', 5);
      await shelve(state, 10, [begun({ ...plan, app: 'invoices' }), ...swap, ended]);
      await shelve(state, 11, [begun({ ...plan, cloud: 'elsewhere' }), ...swap, ended]);
      await shelve(state, 12, [begun(), ...swap, ended], '{"seq":9,"type":"stage.begun", half a line');
      await shelve(state, 13, [...swap, ended]);
      await mkdir(join(state, 'rollouts', '20261114-120000-aaaa', 'journal.ndjson'), { recursive: true });
      await mkdir(join(state, 'rollouts', '20261115-120000-aaaa'), { recursive: true });
      expect(await readExperience(state, app, cloud)).toEqual({});
    }));

  it('is nothing from what only looks like a journal: no rollout is kept from beginning by an old one', () =>
    inTempFolder(async (state) => {
      const bare = (type: string) => ['00:11:00', { type, target: 'weu' } as unknown as Happening] as const;
      await shelve(state, 10, [bare('rollout.begun'), ...swapped('weu', 5), ended]);
      await shelve(state, 11, [begun(), swapped('weu', 5)[0]!, bare('promote.done'), ended]);
      expect(await readExperience(state, app, cloud)).toEqual({});
    }));

  it('is nothing where there is no state yet, and nothing old where there is much of it', () =>
    inTempFolder(async (state) => {
      expect(await readExperience(join(state, 'none'), app, cloud)).toEqual({});
      await shelve(state, 10, [begun(), ...swapped('old', 4), ended]);
      for (const day of [11, 12, 13]) await shelve(state, day, [begun(), ...swapped('weu', day - 10), ended]);
      expect(await minutesOf(state)).toEqual({ weu: 3 });
    }));
});
