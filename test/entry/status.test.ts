import { describe, expect, it } from '@jest/globals';
import { type Status, tellStatus } from '../../src/entry/status-command.ts';

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
