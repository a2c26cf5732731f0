import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { findStale, generateFiles } from '../scripts/generate.ts';
import {
  findBadNames,
  findEdgeWords,
  findMarks,
  findOrphans,
  findWrongDirections,
  readSources,
  type Source,
} from './tidy.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = readSources(root, ['src']);
// These two speak of the words that they forbid.
const everything = readSources(root, ['src', 'scripts', 'test']).filter(
  ({ path }) => !path.startsWith('test/tidy.'),
);

const maxFileLines = 300;
const maxFunctionLines = 50;

const bad = (path: string, text: string): readonly Source[] => [{ path, text }];

describe('the house rules', () => {
  it('imports point one way', () => expect(findWrongDirections(sources)).toEqual([]));
  it('clock, chance, console and process stay at the edge', () => expect(findEdgeWords(sources)).toEqual([]));
  it('names say what things are', () =>
    expect(findBadNames(readSources(root, ['src', 'scripts']))).toEqual([]));
  it('nothing is left open', () => expect(findMarks(everything)).toEqual([]));
  it('every file is led to by a door', () =>
    expect(
      findOrphans(sources, [
        'src/entry/cli.ts',
        'src/entry/action.ts',
        'src/entry/task.ts',
        'src/entry/task-post.ts',
        'src/emulator/main.ts',
        'src/emulator/host/worker.ts',
      ]),
    ).toEqual([]));
  it('generated files are fresh', async () => expect(await findStale(await generateFiles())).toEqual([]));
  it(`no file is longer than ${maxFileLines} lines and no function than ${maxFunctionLines}`, async () =>
    expect(await findTooLong(['src', 'scripts'])).toEqual([]));
});

describe('each rule can fail', () => {
  it.each([
    ['a room that looks into another', 'src/plan/x.ts', "import { a } from '../azure/arm.ts';"],
    ['a value where only types may be taken', 'src/probe/x.ts', "import { a } from '../plan/plan.ts';"],
    [
      'the emulator that takes from the product',
      'src/emulator/x.ts',
      "import type { A } from '../errors.ts';",
    ],
    [
      'anybody who takes from the emulator',
      'src/entry/x.ts',
      "const a = await import('../emulator/main.ts');",
    ],
    ['an export from afar', 'src/config/x.ts', "export { a } from '../plan/waves.ts';"],
    ['an import over several lines', 'src/plan/x.ts', "import {\n  a,\n  b,\n} from '../config/load.ts';"],
  ])('imports: %s', (_, path, text) => expect(findWrongDirections(bad(path, text))).toHaveLength(1));

  it.each([
    ['types', 'src/report/x.ts', "import type { Plan } from '../plan/plan.ts';"],
    ['types one by one', 'src/report/x.ts', "import { type Plan, type Check } from '../plan/plan.ts';"],
    ['the clock', 'src/emulator/x.ts', "import type { Clock } from '../clock.ts';"],
    ['its own room', 'src/plan/x.ts', "import { a } from './waves.ts';"],
  ])('imports: allowed: %s', (_, path, text) => expect(findWrongDirections(bad(path, text))).toEqual([]));

  it.each([
    'console.log(1)',
    'const a = process.env.HOME',
    'const a = Date.now()',
    'const a = new Date()',
    'const a = Math.random()',
    'setTimeout(() => {}, 1)',
    'const a = `now ${Date.now()}`',
  ])('the edge: %s', (text) => expect(findEdgeWords(bad('src/plan/x.ts', text))).toHaveLength(1));

  it.each([
    '// Date.now is forbidden',
    "const a = 'console'",
    'new Date(ms)',
    'clock.setTimeout()',
    '/* Math.random */',
  ])('the edge: allowed: %s', (text) => expect(findEdgeWords(bad('src/plan/x.ts', text))).toEqual([]));

  it.each([
    ['src/plan/camelCase.ts', ''],
    ['src/plan/wave-helper.ts', ''],
    ['src/plan/x.ts', 'class WaveManager {}'],
    ['src/plan/x.ts', 'const helper = 1'],
    ['src/plan/x.ts', 'export function makeService() {}'],
  ])('names: %s %s', (path, text) => expect(findBadNames(bad(path, text))).toHaveLength(1));

  it.each([
    `// ${'TO'}DO: later`,
    `const a = b as ${'any'};`,
    `// @ts-${'ignore'}`,
    `it.${'only'}('x', () => {})`,
    `it.${'skip'}('x', () => {})`,
  ])('open ends: %s', (text) => expect(findMarks(bad('test/x.test.ts', text))).toHaveLength(1));

  it('a skip with its reason is allowed', () => {
    expect(findMarks(bad('test/x.test.ts', `// Only Linux tells start times.\nit.${'skip'}('x')`))).toEqual(
      [],
    );
  });

  it('orphans', () => {
    const files = [
      { path: 'src/entry/cli.ts', text: "await import('./a.ts');" },
      { path: 'src/entry/a.ts', text: "import type { B } from './b.ts';" },
      { path: 'src/entry/b.ts', text: '' },
      { path: 'src/entry/lonely.ts', text: '' },
    ];
    expect(findOrphans(files, ['src/entry/cli.ts'])).toEqual(['src/entry/lonely.ts']);
  });

  it('stale files', async () => {
    expect(await findStale(new Map([['schema.json', '{}']]))).toEqual(['schema.json']);
  });

  it('lengths', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slotwave-tidy-'));
    try {
      await writeFile(join(folder, 'long-file.ts'), 'g();\n'.repeat(maxFileLines + 1));
      await writeFile(
        join(folder, 'long-function.ts'),
        `export function f() {\n${'  g();\n'.repeat(maxFunctionLines)}}\n`,
      );
      await writeFile(
        join(folder, 'fine.ts'),
        `export function f() {\n${'  g();\n'.repeat(maxFunctionLines - 2)}}\n`,
      );
      const found = await findTooLong([folder]);
      expect(found).toHaveLength(2);
      expect(found.join('\n')).toMatch(/long-file[\s\S]*long-function/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** oxlint reads TypeScript; counting lines of functions without a parser would be guessing. */
async function findTooLong(paths: readonly string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwave-oxlint-'));
  try {
    const config = join(folder, 'oxlint.json');
    const rules = {
      'max-lines': ['error', { max: maxFileLines }],
      'max-lines-per-function': ['error', { max: maxFunctionLines, IIFEs: true }],
    };
    await writeFile(
      config,
      JSON.stringify({ plugins: ['eslint'], categories: { correctness: 'off' }, rules }),
    );
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [oxlint, '-c', config, '-f', 'json', ...paths],
      {
        cwd: root,
        maxBuffer: 2 ** 26,
      },
    ).catch((failed: { readonly stdout: string }) => failed);
    const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] };
    return diagnostics
      .map(({ filename, message, labels }) => `${filename}:${labels[0]?.span.line}: ${message}`)
      .sort();
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Diagnostic {
  readonly filename: string;
  readonly message: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}
