import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findNeverShipped, readIgnoreRules } from '../../src/release/ignore.ts';
import { packFolder } from '../../src/release/pack.ts';
import { hostJson, plantTree, type Tree, useTempFolders } from './trees.ts';

const tempFolder = useTempFolders();

/** What ships of a tree, `host.json` and `.funcignore` aside, and what was left out. */
async function shipped(tree: Tree) {
  const folder = plantTree(tempFolder(), { 'host.json': hostJson, ...tree });
  const pkg = await packFolder(folder, join(tempFolder(), 'out.zip'));
  const leftOut = pkg.leftOut.filter(({ path }) => path !== '.funcignore');
  const paths = pkg.entries.map(({ path }) => path).filter((path) => path !== 'host.json');
  return { paths, leftOut };
}

describe('.funcignore', () => {
  const files = [
    'a.md',
    'a.ts',
    'src/b.ts',
    'src/deep/c.ts',
    'test/t.ts',
    'README.md',
    'x y.txt',
    '#hash',
    '!bang',
  ];
  it.each<[about: string, rules: string, gone: readonly string[]]>([
    ['an empty file leaves nothing out', '', []],
    ['a name matches at any depth', '*.ts', ['a.ts', 'src/b.ts', 'src/deep/c.ts', 'test/t.ts']],
    ['a leading slash binds to the root', '/*.ts', ['a.ts']],
    ['a slash within binds to the root', 'src/*.ts', ['src/b.ts']],
    ['a trailing slash means folders only', 'a.ts/\ntest/', ['test/t.ts']],
    ['two stars cross folders', 'src/**/c.ts', ['src/deep/c.ts']],
    ['an exclamation mark brings back', '*.md\n!README.md', ['a.md']],
    ['the last rule wins', '!README.md\n*.md', ['README.md', 'a.md']],
    ['nothing comes back out of a folder that is gone', 'src/\n!src/b.ts', ['src/b.ts', 'src/deep/c.ts']],
    ['but out of one whose content is gone it does', 'src/*\n!src/b.ts', ['src/deep/c.ts']],
    ['a byte order mark is no part of the first rule', '\ufeff*.md', ['README.md', 'a.md']],
    ['lines may end as on Windows', '*.md\r\n!README.md\r\n', ['a.md']],
    ['trailing spaces do not count', '*.md   \n', ['README.md', 'a.md']],
    ['unless they are escaped', 'a.md\\ \n', []],
    ['comments and empty lines are no rules', '# *.ts\n\n   \n*.md', ['README.md', 'a.md']],
    ['a hash or an exclamation mark can be escaped', '\\#hash\n\\!bang', ['!bang', '#hash']],
    ['case counts', '*.MD\nreadme.md', []],
    ['sets and question marks', '[ab].?s', ['a.ts', 'src/b.ts']],
    ['a name with a space', 'x y.txt', ['x y.txt']],
  ])('%s', async (_, rules, gone) => {
    const tree = Object.fromEntries(files.map((path) => [path, 'x']));
    const { paths } = await shipped({ ...tree, '.funcignore': rules });
    expect(paths).toEqual(files.filter((path) => !gone.includes(path)).sort());
  });

  it('gives the line and the rule for what it left out, a folder as one row', async () => {
    const rules = '# tests\ntest/\n\n*.md  \n';
    const { leftOut } = await shipped({
      '.funcignore': rules,
      'test/a': '',
      'test/b': '',
      'docs/x.md': '',
      'y.md': '',
    });
    expect(leftOut).toEqual([
      { path: 'docs/x.md', why: '.funcignore line 4: *.md' },
      { path: 'test/', why: '.funcignore line 2: test/' },
      { path: 'y.md', why: '.funcignore line 4: *.md' },
    ]);
  });
});

describe('what is never shipped', () => {
  it('stays out at any depth, even when .funcignore asks for it', async () => {
    const { paths, leftOut } = await shipped({
      '.funcignore': '!local.settings.json\n!.git\n!.git/**\n!.env\n',
      'local.settings.json': '{"Values":{"Key":"secret"}}',
      'sub/Local.Settings.json': '{}',
      '.git/config': 'url = https://token@host',
      'node_modules/m/.git': 'gitdir: elsewhere',
      '.gitignore': '',
      '.vscode/settings.json': '{}',
      '.idea/w.xml': '',
      '.vs/x': '',
      '.DS_Store': '',
      'sub/Thumbs.db': '',
      '.slotwave/journal.ndjson': '',
      'slotwave.yml': 'app: x',
      'slotwave.release.json': '{}',
      'kept/slotwave.yml': 'somebody else',
      'kept/.github': 'kept',
    });
    expect(paths).toEqual(['kept/.github', 'kept/slotwave.yml']);
    expect(leftOut.map(({ path }) => path)).toEqual([
      '.DS_Store',
      '.git/',
      '.gitignore',
      '.idea/',
      '.slotwave/',
      '.vs/',
      '.vscode/',
      'local.settings.json',
      'node_modules/m/.git',
      'slotwave.release.json',
      'slotwave.yml',
      'sub/Local.Settings.json',
      'sub/Thumbs.db',
    ]);
    for (const { why } of leftOut) expect(why).toMatch(/^never shipped: ./);
  });

  it('includes a link that leads to it', async () => {
    const { paths, leftOut } = await shipped({
      'local.settings.json': '{}',
      'settings.json': { link: 'local.settings.json' },
    });
    expect(paths).toEqual([]);
    expect(leftOut.map(({ path }) => path)).toContain('settings.json');
  });

  it.each([
    ['local.settings.json', true],
    ['a/b/LOCAL.SETTINGS.JSON', true],
    ['.git', true],
    ['.github', false],
    ['a/.funcignore', false],
    ['settings.json', false],
    ['my.local.settings.json', false],
  ])('%s: %s', (path, never) => expect(findNeverShipped(path) !== null).toBe(never));
});

describe('.env at the root', () => {
  it('is left out with a reason that says how to ship it', async () => {
    const { paths, leftOut } = await shipped({
      '.env': 'KEY=1',
      '.env.local': 'KEY=2',
      'pkg/.env': 'kept',
      '.environment': 'kept',
    });
    expect(paths).toEqual(['.environment', 'pkg/.env']);
    expect(leftOut.map(({ path }) => path)).toEqual(['.env', '.env.local']);
    expect(leftOut[0]?.why).toBe('may hold secrets: "!/.env" in .funcignore ships it');
  });

  it('is shipped when .funcignore brings it back', async () => {
    const { paths } = await shipped({ '.funcignore': '!/.env', '.env': 'KEY=1', '.env.local': 'KEY=2' });
    expect(paths).toEqual(['.env']);
  });
});

it('reads rules without looking at any disk', () => {
  const rules = readIgnoreRules('gone/');
  expect(rules.leaveOut('gone', 'folder')).toBe('.funcignore line 1: gone/');
  expect(rules.leaveOut('gone', 'file')).toBeNull();
});
