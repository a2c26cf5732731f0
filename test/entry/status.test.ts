import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { findRollout, placeRollout, rememberLatest } from '../../src/entry/state.ts';
import { type Status, tellStatus } from '../../src/entry/status-command.ts';
import { inTempFolder } from './temp-folder.ts';

const id = '20261120-135812-k3f9';
const statusOf = (stands: string): Status => ({
  rollout: id,
  release: `${id}.0123456789ab`,
  stands,
  why: 'Somebody else was here',
  holder: null,
  targets: [],
});

describe('a status', () => {
  it.each([
    ['interrupted', `Go on: slotwave resume ${id} · take back what can be: slotwave rollback ${id}`],
    ['halted', `Next: take back what can be: slotwave rollback ${id}`],
    ['stranded', `Next: take back what can be: slotwave rollback ${id}`],
    ['settled', ''],
    ['running', ''],
  ])('%s says what to type next, where there is something to do', (stands, next) => {
    expect(tellStatus(statusOf(stands))[2]).toBe(next);
  });
});

describe('the newest rollout', () => {
  const lay = (state: string, rollout: string, journal: string | null) => {
    const { folder, journalPath } = placeRollout(state, rollout);
    mkdirSync(folder, { recursive: true });
    if (journal !== null) writeFileSync(journalPath, journal);
  };

  it.each([
    ['is the one that began last', '{}\n', '20261120-140000-abcd'],
    ['is not one that was killed before its journal began', null, id],
    ['is not one whose journal is empty', '', id],
  ])('%s', async (_, journal, found) => {
    await inTempFolder(async (state) => {
      lay(state, id, '{}\n');
      lay(state, '20261120-140000-abcd', journal);
      await rememberLatest(state, '20261120-140000-abcd');
      expect((await findRollout(state, undefined)).id).toBe(found);
    });
  });

  it('is named also where no journal has begun at all', async () => {
    await inTempFolder(async (state) => {
      lay(state, id, null);
      expect((await findRollout(state, undefined)).id).toBe(id);
    });
  });
});
