import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { expandBraces, findEntryFiles } from '../../src/emulator/host/worker/entry-files.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'slotwave-entry-'));
  for (const file of [
    'index.js',
    'src/index.js',
    'src/functions/b.js',
    'src/functions/a.js',
    'src/functions/a.ts',
    'src/functions/deep/c.js',
    'src/functions/.hidden.js',
    'src/a+b.js',
  ]) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), '');
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each([
  ['index.js', ['index.js']],
  ['./index.js', ['index.js']],
  ['absent.js', []],
  ['src', []],
  ['src/functions/*.js', ['src/functions/a.js', 'src/functions/b.js']],
  ['src/{index.js,functions/*.js}', ['src/index.js', 'src/functions/a.js', 'src/functions/b.js']],
  ['src/functions/**/*.js', ['src/functions/a.js', 'src/functions/b.js', 'src/functions/deep/c.js']],
  [
    'src/**',
    [
      'src/a+b.js',
      'src/functions/a.js',
      'src/functions/a.ts',
      'src/functions/b.js',
      'src/functions/deep/c.js',
      'src/index.js',
    ],
  ],
  ['src/functions/[ab].js', ['src/functions/a.js', 'src/functions/b.js']],
  ['src/functions/?.{j,t}s', ['src/functions/a.js', 'src/functions/b.js', 'src/functions/a.ts']],
  ['src/a+b.*', ['src/a+b.js']],
  ['nowhere/*.js', []],
])('main %s names %j', (main, files) => {
  expect(findEntryFiles(root, main)).toEqual(files);
});

it.each([
  ['a', ['a']],
  ['{a,b}c', ['ac', 'bc']],
  ['{a,{b,c}d}', ['a', 'bd', 'cd']],
  ['{a}', ['{a}']],
  ['{a,b', ['{a,b']],
])('braces of %s: %j', (pattern, expanded) => {
  expect(expandBraces(pattern)).toEqual(expanded);
});
