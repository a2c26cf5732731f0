/** How what was found is named: whose hand it was, as far as the slots can tell. */
import { describe, expect, it } from '@jest/globals';
import { nameDrift } from '../../src/rollout/drift.ts';

const stand = (live: string | null, beside: string | null) => ({ live, beside });

describe('slots that are not as they should be', () => {
  it.each([
    [
      'exchanged once more after a swap of ours',
      stand('new', 'old'),
      stand('old', 'new'),
      true,
      'taken-back',
    ],
    ['exchanged, and nothing was asked', stand('old', 'new'), stand('new', 'old'), false, 'changed'],
    [
      'as they were, after a swap there and back',
      stand('old', 'new'),
      stand('old', 'new'),
      true,
      'taken-back',
    ],
    ['with a third release live', stand('new', 'old'), stand('third', 'new'), true, 'changed'],
    ['with a third release beside', stand('new', 'old'), stand('old', 'third'), true, 'changed'],
    ['with the release in both', stand('new', 'old'), stand('new', 'new'), true, 'changed'],
    ['exchanged back to what has no stamp', stand('new', null), stand(null, 'new'), true, 'taken-back'],
  ] as const)('%s', (_what, expected, found, wasAsked, how) => {
    expect(nameDrift({ expected, found, wasAsked })).toBe(how);
  });
});
