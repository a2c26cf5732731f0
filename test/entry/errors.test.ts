import { describe, expect, it } from '@jest/globals';
import { errorJson, exitCodeOfError, exitCodeOfOutcome, renderError } from '../../src/entry/errors.ts';
import {
  DefectError,
  DoubtError,
  InputError,
  type Problem,
  RefusalError,
  type SlotwaveError,
  TransientError,
} from '../../src/errors.ts';

describe('an error on the terminal', () => {
  it('says what happened, where, every problem, and what to type next', () => {
    const error = new InputError('slotwave.yml has two problems.', {
      code: 'config-invalid',
      where: 'slotwave.yml',
      next: 'docs/config.md explains every key.',
      problems: [
        {
          file: 'slotwave.yml',
          line: 3,
          column: 5,
          path: 'strategy.waves[1].percent',
          message: 'too much',
          found: '150',
          expected: '1 to 100',
        },
        { message: 'no waves', next: 'Add one.' },
      ],
    });
    expect(renderError(error, { colour: false })).toEqual([
      'error [config-invalid] slotwave.yml has two problems.',
      '  where: slotwave.yml',
      '  slotwave.yml:3:5 strategy.waves[1].percent — too much (found 150, expected 1 to 100)',
      '  no waves',
      '      Add one.',
      '  next:  docs/config.md explains every key.',
    ]);
  });

  it('does not repeat a single problem that the message tells already, unless it says more', () => {
    const told = (problem: Problem) =>
      renderError(
        new InputError('host.json is not JSON: }', { code: 'x', next: 'Look.', problems: [problem] }),
        { colour: false },
      ).length;
    expect(told({ path: 'host.json', message: 'is not JSON: }' })).toBe(2);
    expect(told({ message: 'host.json is not JSON: }', next: 'Look.' })).toBe(2);
    expect(told({ path: 'host.json', message: 'is not JSON: }', line: 2 })).toBe(3);
    expect(told({ path: 'host.json', message: 'is not JSON: }', expected: '{}' })).toBe(3);
    expect(told({ path: 'host.json', message: 'is not JSON: }', next: 'Mend it.' })).toBe(4);
    expect(told({ path: 'proxies.json', message: 'is not there' })).toBe(3);
  });

  it('cannot be forged by what a server said', () => {
    const nasty = '\u001b[2Jx\n::error::y\r##vso[task.complete]';
    const error = new RefusalError(nasty, {
      code: 'refused',
      where: nasty,
      next: nasty,
      problems: [{ message: nasty, found: nasty }],
    });
    for (const line of [...renderError(error, { colour: false }), errorJson(error, 10)]) {
      expect(line).not.toMatch(/::|##|[\u0000-\u001f]/);
    }
  });

  it('of a kind that nobody expected says that it is ours, and shows its stack only when asked', () => {
    const stranger = new TypeError('x is not a function');
    expect(renderError(stranger, { colour: false }).join('\n')).toContain('defect in slotwave');
    expect(renderError(stranger, { colour: false }).join('\n')).not.toContain('errors.test.ts');
    expect(renderError(stranger, { colour: false, stack: true }).join('\n')).toContain('errors.test.ts');
  });
});

describe('exit codes', () => {
  it.each([
    [new InputError('', { code: 'x' }), 2, 13],
    [new RefusalError('', { code: 'x' }), 10, 13],
    [new TransientError('', { code: 'x' }), 10, 13],
    [new DoubtError('', { code: 'x' }), 13, 13],
    [new DefectError('', { code: 'x' }), 1, 1],
    [new RefusalError('', { code: 'fleet-locked' }), 14, 14],
    [new TransientError('', { code: 'stopped' }), 130, 130],
  ] as readonly [SlotwaveError, number, number][])(
    '%s: %d while nothing live was touched, %d afterwards',
    (error, before, after) => {
      expect(exitCodeOfError(error)).toBe(before);
      expect(exitCodeOfError(error, true)).toBe(after);
    },
  );

  it.each([
    ['settled', 0],
    ['refused', 10],
    ['rolled-back', 11],
    ['stranded', 12],
    ['halted', 13],
  ] as const)('%s is %d', (outcome, code) => expect(exitCodeOfOutcome(outcome)).toBe(code));
});
