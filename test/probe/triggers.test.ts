import { describe, expect, it } from '@jest/globals';
import { readTriggers } from '../../src/probe/triggers.ts';

const answer = (body: unknown, status = 200) => ({
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
  address: null,
});
const listed = (name: unknown, types: readonly unknown[], more: object = {}) => ({
  name,
  config: { bindings: types.map((type) => ({ type, name: 'x', direction: 'in' })) },
  ...more,
});

describe('what starts the functions that a host lists', () => {
  it('is told for all that do not wait for HTTP', () => {
    const list = [
      listed('nightly', ['timerTrigger']),
      listed('orders', ['httpTrigger', 'http']),
      listed('incoming', ['queueTrigger', 'blob']),
      listed('events', ['eventHubTrigger']),
    ];
    expect(readTriggers(answer(list))).toEqual([
      { name: 'nightly', type: 'timerTrigger' },
      { name: 'incoming', type: 'queueTrigger' },
      { name: 'events', type: 'eventHubTrigger' },
    ]);
  });

  it.each<[string, unknown]>([
    ['a function that is switched off', [listed('nightly', ['timerTrigger'], { isDisabled: true })]],
    ['a function without bindings', [{ name: 'a' }]],
    ['bindings that are none', [{ name: 'a', config: { bindings: [null, 7, {}, { type: 7 }] } }]],
    ['a function without a name', [listed(7, ['timerTrigger'])]],
    ['outputs alone', [listed('a', ['queue', 'blob'])]],
    ['no list', { value: [] }],
    ['no JSON', '<html>'],
  ])('is not told for %s', (_what, body) => {
    expect(readTriggers(answer(body))).toEqual([]);
  });

  it('is not read from an error', () => {
    expect(readTriggers(answer([listed('nightly', ['timerTrigger'])], 500))).toEqual([]);
  });
});
