/** What leaves this repository: the licences beside the bundles, and the package that `npm i slotwave` brings. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { listPackages, readLicenses, writeLicenses } from '../scripts/licenses.ts';
import { findBuilt, root } from './entry/built.ts';

const run = promisify(execFile);
let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'slotwave-shipped-'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

/** What esbuild says of one output: which files went in, with how many bytes. */
function outputOf(bytes: Readonly<Record<string, number>>): Metafile['outputs'] {
  const inputs = Object.fromEntries(
    Object.entries(bytes).map(([path, bytesInOutput]) => [path, { bytesInOutput }]),
  );
  return { 'dist/a.js': { bytes: 1, inputs, imports: [], exports: [] } };
}

async function install(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(work, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(work, folder, name), text);
}

describe('the licences of what is bundled', () => {
  it('are those of packages of which something is in a bundle, wherever they are installed', () =>
    expect(
      listPackages(
        outputOf({
          'src/entry/cli.ts': 10,
          'absent:undici': 10,
          'node_modules/zod/v4/index.js': 10,
          'node_modules/zod/v4/other.js': 10,
          'node_modules/@azure/identity/node_modules/ms/index.js': 1,
          'node_modules/shaken-out/index.js': 0,
        }),
      ),
    ).toEqual(['node_modules/@azure/identity/node_modules/ms', 'node_modules/zod']));

  it('are written once for all who share the text, with notices behind them', async () => {
    const mit = 'MIT  \r\nof one';
    await install('node_modules/a', { 'package.json': '{"name":"a","version":"1.0.0","license":"MIT"}' });
    await install('node_modules/a', { 'LICENSE.md': mit, 'index.js': '' });
    await install('node_modules/c', { 'package.json': '{"name":"c","version":"3.0.0","license":"MIT"}' });
    await install('node_modules/c', { license: '\uFEFFMIT\nof one\n' });
    await install('node_modules/b', {
      'package.json': '{"name":"b","version":"2.0.0","license":"Apache-2.0"}',
    });
    await install('node_modules/b', { NOTICE: 'and of others', LICENCE: 'Apache' });
    const outputs = outputOf({
      'node_modules/c/i.js': 1,
      'node_modules/b/i.js': 1,
      'node_modules/a/i.js': 1,
    });
    const [, ...parts] = writeLicenses(await readLicenses(outputs, work)).split(/\n=+\n\n/);
    expect(parts).toEqual([
      'a 1.0.0 (MIT)\nc 3.0.0 (MIT)\n\nMIT\nof one\n',
      'b 2.0.0 (Apache-2.0)\n\nApache\n\nand of others\n',
    ]);
  });

  it("are those of other people's code among our sources as well, which says so in a legal comment", async () => {
    await install('src/release', {
      'foreign.ts':
        '/** Made. */\n/*!\n * Copyright 2016 Somebody\n *\n * As is.\n */\nexport const a = 1;\n',
      'own.ts': '/** Ours. */\n/* a * b! */\nexport const b = 1;\n',
    });
    const outputs = outputOf({ 'src/release/foreign.ts': 1, 'src/release/own.ts': 1 });
    const [, ...parts] = writeLicenses(await readLicenses(outputs, work)).split(/\n=+\n\n/);
    expect(parts).toEqual(['src/release/foreign.ts\n\nCopyright 2016 Somebody\n\nAs is.\n']);
  });

  it('are missed, all at once, where a package brings none', async () => {
    await install('node_modules/bare', {
      'package.json': '{"name":"bare","version":"1.0.0","license":"MIT"}',
    });
    await install('node_modules/mute', { 'package.json': '{"name":"mute","version":"1.0.0"}', LICENSE: 'x' });
    const outputs = outputOf({ 'node_modules/bare/i.js': 1, 'node_modules/mute/i.js': 1 });
    await expect(readLicenses(outputs, work)).rejects.toThrow(
      /bare 1\.0\.0 \(MIT\) has no file with its licence in node_modules\/bare\n.*mute\/package\.json does not name/,
    );
  });

  it('lie beside the bundles, with what is in them and without what was left out', async () => {
    const { folder } = await findBuilt();
    const text = await readFile(join(folder, 'licenses.txt'), 'utf8');
    for (const name of ['@actions/core', '@azure/identity', 'azure-pipelines-task-lib', 'fflate', 'zod'])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'));
    expect(text).not.toMatch(/^undici /m);
    expect(text).not.toMatch(/^esbuild /m);
  }, 60_000);
});

describe('what is left out of the bundles', () => {
  it('is right to say yes to all that jsonwebtoken asks of this Node: the oldest that we run on has it', async () => {
    const its = createRequire(createRequire(join(root, 'package.json')).resolve('jsonwebtoken'));
    const semver = its('semver') as { satisfies(version: string, range: string): boolean };
    const folder = dirname(its.resolve('./index.js'));
    const names = [
      ...(await readdir(join(folder, 'lib'))).map((name) => join('lib', name)),
      'sign.js',
      'verify.js',
    ];
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    const asking = texts.filter((text) => text.includes('semver'));
    const ranges = asking.map(
      (text) => /semver\.satisfies\(process\.version, '([^']+)'\)/.exec(text)?.[1] ?? '',
    );
    const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      readonly engines: { readonly node: string };
    };
    const oldest = `${engines.node.replace('>=', '')}.0`;
    expect(ranges.map((range) => ({ range, fits: range !== '' && semver.satisfies(oldest, range) }))).toEqual(
      Array.from({ length: 3 }, () => ({ range: expect.any(String), fits: true })),
    );
  });
});

describe('npm i slotwave', () => {
  interface Packed {
    readonly filename: string;
    readonly size: number;
    readonly unpackedSize: number;
    readonly files: readonly { readonly path: string }[];
  }
  let packed: Packed;

  beforeAll(async () => {
    // The committed dist/ may be behind the sources while somebody works; what is packed is made from them.
    const draft = join(work, 'draft');
    await mkdir(draft);
    for (const name of [
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'schema.json',
      'docs',
      'examples',
    ])
      await cp(join(root, name), join(draft, name), { recursive: true });
    await cp((await findBuilt()).folder, join(draft, 'dist'), { recursive: true });
    for (const path of ['src/a.ts', 'test/a.test.ts', '.github/ci.yml', 'action.yml', 'dist/cli.js.map'])
      await install(join('draft', dirname(path)), { [basename(path)]: '' });
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: draft });
    packed = (JSON.parse(stdout) as readonly [Packed])[0];
  }, 60_000);

  it('brings the doors, the licences, the pages and the examples, and nothing of how they are made', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        ...['LICENSE', 'README.md', 'package.json', 'schema.json'],
        ...[
          'dist/cli.js',
          'dist/emulator.js',
          'dist/licenses.txt',
          'docs/config.md',
          'examples/orders/host.json',
        ],
      ]),
    );
    const strange = paths.filter(
      (path) =>
        !/^(dist|docs|examples)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json|schema\.json)$/.test(
          path,
        ) || /\.map$|\.ts$|\.test\.|node_modules|local\.settings\.json/.test(path),
    );
    expect(strange).toEqual([]);
  });

  it('weighs less than 1.5 MB packed and 5.5 MB unpacked', () => {
    expect(packed.size).toBeLessThan(1_500_000);
    expect(packed.unpackedSize).toBeLessThan(5_500_000);
  });

  it('runs in an empty folder, with nothing else installed and no way to anywhere', async () => {
    const empty = join(work, 'empty');
    await install('empty', { 'package.json': '{"private":true}' });
    const tarball = join(work, 'draft', packed.filename);
    await run('npm', ['install', tarball, '--offline', '--no-audit', '--no-fund'], { cwd: empty });
    const { packages } = JSON.parse(await readFile(join(empty, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, object>>;
    };
    expect(Object.keys(packages)).toEqual(['', 'node_modules/slotwave']);
    const slotwave = join(empty, 'node_modules/.bin/slotwave');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect((await run(slotwave, ['--version'], { cwd: empty })).stdout.trim()).toBe(version);
    // A command that loads the engine, the config's schema and the packer.
    const orders = join(empty, 'node_modules/slotwave/examples/orders');
    const told = await run(slotwave, ['package', orders, '--out', 'release.zip'], {
      cwd: empty,
    });
    expect(told.stdout).toContain('release.zip');
  }, 60_000);
});
