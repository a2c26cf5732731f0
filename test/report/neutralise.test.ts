import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { neutralise, neutraliseJson, shorten } from '../../src/report/neutralise.ts';

const nasty = fc.string({
  unit: fc.constantFrom(
    ':',
    '#',
    '\u001b',
    '[',
    ']',
    '\n',
    '\r',
    '\u0007',
    'a',
    '"',
    '\\',
    '\u2028',
    '\ud800',
    '😀',
    '\u009b',
    '\0',
  ),
});

describe('neutralise', () => {
  it.each([
    ['::error::x', ': :error: :x'],
    [':::', ': : :'],
    ['##vso[task.complete]', '# #vso[task.complete]'],
    ['a\r\n::stop', 'a : :stop'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]8;;http://evil\u0007link\u001b]8;;\u0007', 'link'],
    ['tab\tstop', 'tab stop'],
    ['\u202eabc', '\ufffdabc'],
    ['200, but 0 functions are listed', '200, but 0 functions are listed'],
    ['https://x.azurewebsites.net:443/api', 'https://x.azurewebsites.net:443/api'],
  ])('%j becomes %j', (text, expected) => {
    expect(neutralise(text)).toBe(expected);
  });

  it('never leaves a command, a line end or a control character, and changes nothing the second time', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const once = neutralise(text);
        expect(once).not.toMatch(/::|##|[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        expect(neutralise(once)).toBe(once);
        expect(once.isWellFormed()).toBe(true);
      }),
    );
  });

  it('keeps the value of any JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nasty,
          fc.json().map((text) => JSON.parse(text) as unknown),
        ),
        (value) => {
          const safe = neutraliseJson(JSON.stringify({ value, '::': '##' }));
          expect(JSON.parse(safe)).toEqual(JSON.parse(JSON.stringify({ value, '::': '##' })));
          expect(safe).not.toMatch(/::|##/);
        },
      ),
    );
  });

  it('shortens without cutting a character in half', () => {
    expect(shorten('abc😀', 4)).toBe('abc…');
    expect(shorten('ab😀c', 4)).toBe('ab…');
    expect(shorten('abc', 3)).toBe('abc');
  });
});
