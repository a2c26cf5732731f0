import { describe, expect, it } from '@jest/globals';
import { demandEnv, expandEnv, findEnvNames, isEnvPlace } from '../../src/config/env-text.ts';
import { InputError } from '../../src/errors.ts';

const lookup = (name: string) => ({ USER: 'me', KEY: 'a$&b', EMPTY: '' })[name];

describe('a text that takes values from the environment', () => {
  it.each([
    ['plain', [], 'plain'],
    ['Bearer ${env:KEY}', ['KEY'], 'Bearer a$&b'],
    ['http://${env:USER}:${env:KEY}@proxy/${env:USER}', ['USER', 'KEY'], 'http://me:a$&b@proxy/me'],
    ['$${env:KEY} is meant as it stands', [], '${env:KEY} is meant as it stands'],
    ['${env:}, ${KEY} and ${env:1} are none', [], '${env:}, ${KEY} and ${env:1} are none'],
  ] as const)('%s', (text, names, expanded) => {
    expect(findEnvNames(text)).toEqual(names);
    expect(expandEnv({ path: 'x', text }, lookup).text).toBe(expanded);
  });

  it('tells which values were put in, so that they can be hidden', () => {
    expect(expandEnv({ path: 'x', text: '${env:USER}:${env:KEY}' }, lookup).values).toEqual(['me', 'a$&b']);
  });

  it('names every variable that is missing or empty, and where, and no value of another', () => {
    const texts = [
      { path: 'probes.vantage.proxy', text: '${env:NOBODY}${env:KEY}' },
      { path: 'probes.checks[0].headers.x', text: '${env:EMPTY}' },
    ];
    const error = catchInput(() => demandEnv(texts, lookup));
    expect(error.code).toBe('env-missing');
    expect(error.problems).toEqual([
      { path: 'probes.vantage.proxy', message: 'the environment variable NOBODY is not set, or is empty' },
      {
        path: 'probes.checks[0].headers.x',
        message: 'the environment variable EMPTY is not set, or is empty',
      },
    ]);
    expect(JSON.stringify(error)).not.toContain('a$&b');
  });

  it.each([
    [['probes', 'vantage', 'proxy'], true],
    [['fleet', 'targets', 0, 'vantage', 'proxy'], true],
    [['probes', 'exposure', 'from', 'proxy'], true],
    [['probes', 'checks', 1, 'headers', 'x-key'], true],
    [['settings', 'proxy'], false],
    [['fleet', 'targets', 0, 'labels', 'proxy'], false],
    [['probes', 'checks', 1, 'path'], false],
  ] as const)('is taken from the environment at %j: %s', (path, expanded) => {
    expect(isEnvPlace(path)).toBe(expanded);
  });
});

function catchInput(act: () => void): InputError {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error;
  }
  throw new Error('no InputError was thrown');
}
