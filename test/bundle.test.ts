/** The bundles: how large, what things in them are called at run time, and how a stack of theirs is read. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { mapBundle } from '../scripts/build.ts';
import { mapsFor, readStack } from '../scripts/maps.ts';
import { findBuilt, root } from './entry/built.ts';

type Files = ReadonlyMap<string, Uint8Array>;
let folder: string;
let shipped: Files;
let maps: Files;

beforeAll(async () => {
  folder = (await findBuilt()).folder;
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.js'));
  shipped = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
  maps = await mapBundle(shipped);
}, 120_000);

const textOf = (file: Uint8Array | undefined) => Buffer.from(file ?? []).toString('utf8');

describe('a stack from a bundle', () => {
  it('can be read for every file that is shipped', () =>
    expect([...maps.keys()].sort()).toEqual([...shipped.keys()].map((name) => `${name}.map`).sort()));

  it.each([
    ['store-content-differs', 'src/azure/package-store.ts'],
    ['certificate-not-trusted', 'src/azure/classify.ts'],
    ['config-unreadable', 'src/config/load.ts'],
  ])('leads to the line of the sources: %s', async (words, source) => {
    const [name, text] = [...shipped]
      .map(([at, file]) => [at, textOf(file)] as const)
      .find(([at, each]) => at !== 'emulator.js' && each.includes(`"${words}"`)) ?? ['', ''];
    const lines = text.slice(0, text.indexOf(`"${words}"`)).split('\n');
    const place = `${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
    const told = [
      `DefectError: x`,
      `    at a (${join('/home/of/somebody', name)}:${place})`,
      `    at file:///opt/${name}:${place}`,
      `    at b (C:\\agent\\${name.replace('/', '\\')}:${place})`,
      '    at node:internal/process/task_queues:105:5',
      '    at c (/elsewhere/chunks/not-ours-AAAAAAAA.js:2:7)',
    ];
    const read = readStack(told.join('\n'), maps).split('\n');
    const [, line] = new RegExp(`${source}:(\\d+):\\d+`).exec(read[1] ?? '') ?? [];
    const sources = (await readFile(join(root, source), 'utf8')).split('\n');
    expect(sources[Number(line) - 1]).toContain(`'${words}'`);
    expect(read[2]).toMatch(new RegExp(`^    at ${source}:${line}:\\d+$`));
    expect(read[3]).toMatch(new RegExp(`^    at b \\(${source}:${line}:\\d+\\)$`));
    expect([read[0], ...read.slice(4)]).toEqual([told[0], ...told.slice(4)]);
  });

  it('is not read by maps of other code', () => {
    const chunk = (text: string) => Buffer.from(text);
    const one = new Map([
      ['a.js', chunk('import"./chunks/x-AAAAAAAA.js";f(1)')],
      ['chunks/x-AAAAAAAA.js', chunk('g()')],
    ]);
    const same = new Map([
      ['a.js', chunk('import"./chunks/x-BBBBBBBB.js";f(1)')],
      ['a.js.map', chunk('{}')],
      ['chunks/x-BBBBBBBB.js', chunk('g()')],
      ['chunks/x-BBBBBBBB.js.map', chunk('{"x":1}')],
    ]);
    expect([...mapsFor(one, same, ['a.js'])].map(([name, map]) => [name, textOf(map)])).toEqual([
      ['a.js.map', '{}'],
      ['chunks/x-AAAAAAAA.js.map', '{"x":1}'],
    ]);
    const other = new Map([...same, ['chunks/x-BBBBBBBB.js', chunk('g(2)')]] as const);
    expect(() => mapsFor(one, other, ['a.js'])).toThrow(
      /x-BBBBBBBB\.js is of other code than chunks\/x-AAAAAAAA/,
    );
  });
});

describe('a door', () => {
  it.each(['action', 'task'])('of less than 1.5 MB, with all that it can come to load: %s', (door) => {
    const seen = new Set([`${door}.js`]);
    for (const name of seen)
      for (const [chunk] of textOf(shipped.get(name)).matchAll(/[\w.-]+-[A-Z0-9]{8}\.js/g))
        if (shipped.has(`chunks/${chunk}`)) seen.add(`chunks/${chunk}`);
    expect(seen.size).toBeGreaterThan(10);
    const bytes = [...seen].reduce((sum, name) => sum + (shipped.get(name)?.length ?? 0), 0);
    expect(bytes).toBeLessThan(1_500_000);
  });
});

describe('names at run time', () => {
  it("are in the bundle what they are in the sources: errors'", async () => {
    const [holder = ''] = [...shipped].find(([, file]) => textOf(file).includes('"DefectError"')) ?? [];
    const script = `
      const all = Object.values(await import(${JSON.stringify(join(folder, holder))}));
      const errors = all.filter((each) => typeof each === 'function' && each.prototype instanceof Error);
      const made = errors.map((Each) => new Each('what', { code: 'a-code' })).filter(({ kind }) => kind);
      console.log(JSON.stringify(made.map((each) => [each.name, each.kind, each.code, String(each)]).sort()));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual(
      ['Defect', 'Doubt', 'Input', 'Refusal', 'Transient'].map((word) => [
        `${word}Error`,
        word.toLowerCase(),
        'a-code',
        `${word}Error: what`,
      ]),
    );
  });

  it('of classes and functions decide nothing, neither in our sources nor in what is bundled', async () => {
    const ours = (await readdir(join(root, 'src'), { recursive: true })).filter((name) =>
      name.endsWith('.ts'),
    );
    const texts = await Promise.all(ours.map((name) => readFile(join(root, 'src', name), 'utf8')));
    expect(
      ours.filter((_, at) => /\b(?:constructor|new\.target|callee)\.name\b/.test(texts[at] ?? '')),
    ).toEqual([]);
    const compared = [...shipped.values()].flatMap((file) =>
      [
        ...textOf(file).matchAll(
          /constructor\.name\s*[!=]==?\s*["'`](\w+)|["'`](\w+)["'`]\s*[!=]==?\s*[\w$.]+\.constructor\.name/g,
        ),
      ].map(([, after, before]) => after ?? before),
    );
    // JavaScript's own.
    expect(compared.filter((name) => name !== 'RawJSON')).toEqual([]);
  });
});
