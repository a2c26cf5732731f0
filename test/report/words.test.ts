import { describe, expect, it } from '@jest/globals';
import { list, writeBytes, writeElapsed, writeShortRelease, writeSpan } from '../../src/report/words.ts';

describe('amounts and spans', () => {
  it.each([
    [0, '00:00'],
    [133_999, '02:13'],
    [3_733_000, '1:02:13'],
    [-5, '00:00'],
  ])('%d ms elapsed is written %s', (ms, text) => expect(writeElapsed(ms)).toBe(text));

  it.each([
    [250, '250 ms'],
    [7_000, '7 s'],
    [133_000, '2 min 13 s'],
    [600_000, '10 min'],
    [3_720_000, '1 h 02 min'],
  ])('a span of %d ms is written %s', (ms, text) => expect(writeSpan(ms)).toBe(text));

  it.each([
    [812, '812 B'],
    [1_400_000, '1.4 MB'],
    [23_400_000, '23 MB'],
    [999_999, '1.0 MB'],
    [2_000_000_000, '2.0 GB'],
  ])('%d bytes are written %s', (bytes, text) => expect(writeBytes(bytes)).toBe(text));

  it.each([
    ['20261120-135812-k3f9.0123456789ab', 'k3f9.0123456'],
    [null, 'no stamp'],
    [undefined, '?'],
    ['by-hand', 'by-hand'],
  ])('the release %s is %s in a cell', (id, text) => expect(writeShortRelease(id)).toBe(text));

  it('a long list is counted, not printed', () => {
    expect(list(['a'])).toBe('a');
    expect(list(['a', 'b', 'c'])).toBe('a, b and c');
    expect(list(['a', 'b', 'c', 'd'], 3)).toBe('a, b and 2 more');
  });
});
