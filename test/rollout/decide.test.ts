import { describe, expect, it } from '@jest/globals';
import type { FailureAction, FailureScope } from '../../src/plan/plan.ts';
import { chooseReverts, decideTurn, explainFailures, type Turn } from '../../src/rollout/decide.ts';
import { makePlan, makeStrategy } from '../builders.ts';

const failed = (...names: readonly string[]) =>
  names.map((target) => ({ target, why: `${target} is sick`, verdict: null }));

describe('the turn that a rollout takes', () => {
  it.each<[number, number, FailureAction, Turn]>([
    [0, 0, 'rollback', 'go-on'],
    [1, 0, 'rollback', 'rollback'],
    [1, 0, 'halt', 'halt'],
    [1, 1, 'rollback', 'go-on'],
    [2, 1, 'rollback', 'rollback'],
    [2, 1, 'halt', 'halt'],
    [5, 5, 'halt', 'go-on'],
    [6, 5, 'rollback', 'rollback'],
  ])('with %d failed and %d tolerated, action %s: %s', (count, failureTolerance, action, turn) => {
    const strategy = makeStrategy({ failureTolerance, onFailure: { action, scope: 'all' } });
    const names = Array.from({ length: count }, (_each, at) => `t${at}`);
    expect(decideTurn(failed(...names), strategy)).toBe(turn);
  });
});

describe('who is taken back', () => {
  const plan = makePlan({
    waves: [
      { name: 'one', targets: ['a', 'b'] },
      { name: 'two', targets: ['c', 'd'] },
    ],
  });

  it.each<[FailureScope, string, string, string]>([
    ['all', 'abcd', 'c', 'cdba'],
    ['all', 'abcd', 'ca', 'cadb'],
    ['all', 'badc', 'c', 'cdab'],
    ['wave', 'abcd', 'c', 'cd'],
    ['wave', 'abcd', 'ca', 'cadb'],
    ['target', 'abcd', 'c', 'c'],
    ['target', 'abcd', 'cd', 'dc'],
    // Whoever failed without being touched has nothing to be taken back.
    ['all', 'ab', 'c', 'ba'],
    ['target', 'ab', 'c', ''],
    // Nobody failed: a person asks.
    ['all', 'abcd', '', 'dcba'],
    ['all', '', 'c', ''],
  ])('scope %s, touched %s, failing %s: %s', (scope, touched, failing, order) => {
    expect(chooseReverts(plan, scope, [...touched], [...failing]).join('')).toBe(order);
  });
});

it('all failures are told', () => {
  expect(explainFailures(failed('a', 'b'))).toBe('a: a is sick; b: b is sick');
});
