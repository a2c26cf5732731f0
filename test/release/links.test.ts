import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packFolder } from '../../src/release/pack.ts';
import {
  hostJson,
  isThere,
  plantTree,
  readWithPython,
  refusalOf,
  sha256,
  type Tree,
  useTempFolders,
} from './trees.ts';

const tempFolder = useTempFolders();
const withPython = isThere('python3') ? it : it.skip;

function pack(tree: Tree, folder = tempFolder()) {
  return packFolder(plantTree(folder, { 'host.json': hostJson, ...tree }), join(tempFolder(), 'out.zip'));
}

async function problemsOf(tree: Tree, folder?: string) {
  const refusal = await refusalOf(pack(tree, folder));
  return {
    code: refusal?.code,
    problems: refusal?.problems.map(({ path, message, found }) => ({ path, message, found })),
  };
}

describe('links within the folder', () => {
  withPython('are shipped as what they lead to, files and folders, exec bits included', async () => {
    const pkg = await pack({
      'lib/tool': { exec: 'tool' },
      'bin-tool': { link: 'lib/tool' },
      alias: { link: 'lib' },
      'deep/er/up': { link: '../../lib/tool' },
    });
    const modes = readWithPython(pkg.path).map(({ path, mode, sha256: sum }) => [path, mode, sum]);
    const tool = sha256('tool');
    expect(modes).toEqual([
      ['alias/tool', '100755', tool],
      ['bin-tool', '100755', tool],
      ['deep/er/up', '100755', tool],
      ['host.json', '100644', sha256(hostJson)],
      ['lib/tool', '100755', tool],
    ]);
  });

  it('may cross each other as pnpm makes them, mutual dependencies included', async () => {
    const store = 'node_modules/.pnpm';
    const pkg = await pack({
      [`${store}/a@1/node_modules/a/index.js`]: 'a',
      [`${store}/a@1/node_modules/b`]: { link: '../../b@2/node_modules/b' },
      [`${store}/b@2/node_modules/b/index.js`]: 'b',
      [`${store}/b@2/node_modules/a`]: { link: '../../a@1/node_modules/a' },
      'node_modules/a': { link: '.pnpm/a@1/node_modules/a' },
    });
    expect(pkg.entries.map(({ path }) => path)).toEqual([
      'host.json',
      'node_modules/.pnpm/a@1/node_modules/a/index.js',
      'node_modules/.pnpm/a@1/node_modules/b/index.js',
      'node_modules/.pnpm/b@2/node_modules/a/index.js',
      'node_modules/.pnpm/b@2/node_modules/b/index.js',
      'node_modules/a/index.js',
    ]);
  });

  it('give the same package as a copy of what they lead to', async () => {
    const linked = await pack({ 'lib/x.js': 'x', again: { link: 'lib' } });
    const copied = await pack({ 'lib/x.js': 'x', 'again/x.js': 'x' });
    expect(linked.digest).toBe(copied.digest);
  });

  it('are folders to the rules when they lead to folders', async () => {
    const pkg = await pack({
      '.funcignore': 'alias/\nlib.txt/\n',
      'lib/x': '',
      alias: { link: 'lib' },
      'lib.txt': { link: 'lib/x' },
    });
    expect(pkg.leftOut.map(({ path }) => path)).toEqual(['.funcignore', 'alias/']);
  });

  it('are fine when the folder itself is reached through a link', async () => {
    const base = plantTree(tempFolder(), {
      'real/host.json': hostJson,
      'real/a': 'a',
      'real/b': { link: 'a' },
      app: { link: 'real' },
    });
    const pkg = await packFolder(join(base, 'app'), join(tempFolder(), 'out.zip'));
    expect(pkg.files).toBe(3);
  });
});

describe('links that cannot be shipped', () => {
  it('out of the folder are refused, all by name, with where they lead', async () => {
    const base = plantTree(tempFolder(), { 'outside/x': 'x', 'app-evil/x': 'x' });
    const tree: Tree = {
      'sub/up': { link: '../../outside/x' },
      folder: { link: '../outside' },
      twin: { link: '../app-evil/x' },
    };
    expect(await problemsOf(tree, join(base, 'app'))).toEqual({
      code: 'package-link-outside',
      problems: [
        {
          path: 'folder',
          message: 'is a link out of the folder, to ../outside',
          found: join(base, 'outside'),
        },
        {
          path: 'sub/up',
          message: 'is a link out of the folder, to ../../outside/x',
          found: join(base, 'outside/x'),
        },
        {
          path: 'twin',
          message: 'is a link out of the folder, to ../app-evil/x',
          found: join(base, 'app-evil/x'),
        },
      ],
    });
  });

  it('in circles of folders are refused by name', async () => {
    const { code, problems } = await problemsOf({ 'a/b/c': { link: '../..' }, 'x/y': { link: '../x' } });
    expect(code).toBe('package-link-cycle');
    expect(problems?.map(({ path }) => path)).toEqual(['a/b/c', 'x/y']);
  });

  it('to nothing, or to each other, are refused by name', async () => {
    const { code, problems } = await problemsOf({
      gone: { link: 'nowhere' },
      one: { link: 'two' },
      two: { link: 'one' },
    });
    expect(code).toBe('package-link-broken');
    expect(problems?.map(({ path, message }) => `${path} ${message}`)).toEqual([
      'gone is a link to nowhere, which cannot be followed: not there',
      'one is a link to two, which cannot be followed: links that lead to each other',
      'two is a link to one, which cannot be followed: links that lead to each other',
    ]);
  });

  it('may lead to a name that could not be shipped itself', async () => {
    const folder = plantTree(tempFolder(), {
      'host.json': hostJson,
      '.funcignore': 'line*end.js\n',
      'line\nend.js': 'export default 1;\n',
      'good.js': { link: 'line\nend.js' },
      'other.js': 'export default 2;\n',
    });
    for (const workers of [0, 2]) {
      const { entries } = await packFolder(folder, join(tempFolder(), 'out.zip'), { workers });
      expect(entries.map(({ path, bytes }) => [path, bytes])).toEqual([
        ['good.js', 18],
        ['host.json', hostJson.length],
        ['other.js', 18],
      ]);
    }
  });

  it('do not matter where .funcignore leaves them out', async () => {
    const pkg = await pack({
      '.funcignore': 'gone\nround/\nout\n',
      gone: { link: 'nowhere' },
      out: { link: '/etc' },
      round: { link: '.' },
    });
    expect(pkg.entries.map(({ path }) => path)).toEqual(['host.json']);
  });

  it('and multiply a tree beyond measure are stopped by the limit on entries', async () => {
    // Ten folders that each link twice to the next: a thousand paths for one file.
    const tree: Record<string, Tree[string]> = { 'd10/file': 'x' };
    for (let depth = 0; depth < 10; depth++) {
      for (const name of ['l', 'r']) tree[`d${depth}/${name}`] = { link: `../d${depth + 1}` };
    }
    const folder = plantTree(tempFolder(), { 'host.json': hostJson, ...tree });
    const refusal = await refusalOf(packFolder(folder, join(tempFolder(), 'o.zip'), { maxEntries: 500 }));
    expect(refusal?.code).toBe('package-too-many-files');
  });
});
