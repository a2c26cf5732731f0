import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packFolder, packRelease } from '../../src/release/pack.ts';
import { hostJson, plantTree, refusalOf, type Tree, useTempFolders } from './trees.ts';

const tempFolder = useTempFolders();

async function refuse(tree: Tree) {
  const folder = plantTree(tempFolder(), tree);
  const out = tempFolder();
  const refusal = await refusalOf(packFolder(folder, join(out, 'out.zip')));
  expect(readdirSync(out)).toEqual([]);
  return { folder, refusal };
}

describe('host.json', () => {
  it('is demanded, and the folder that has one is named', async () => {
    const { folder, refusal } = await refuse({
      'app/host.json': hostJson,
      'app/deeper/host.json': '',
      'node_modules/x/host.json': '',
    });
    expect(refusal).toMatchObject({
      code: 'package-host-json-missing',
      next: `Did you mean package: ${folder}/app?`,
    });
    expect(refusal?.problems[0]?.found).toBe(`${folder}/app/host.json`);
  });

  it('is not found under another spelling', async () => {
    const { refusal } = await refuse({ 'Host.json': hostJson });
    expect(refusal?.next).toBe('Rename Host.json to host.json: on Linux hosts case counts.');
  });

  it('that is left out is missing, and the rule is named', async () => {
    const { refusal } = await refuse({ 'host.json': hostJson, '.funcignore': '\n*.json\n' });
    expect(refusal?.message).toBe('host.json is left out of the package (.funcignore line 2: *.json).');
  });

  it.each([
    ['not json', /^host\.json is not JSON: /],
    ['', /^host\.json is not JSON: /],
    ['[]', /^host\.json holds something else than a JSON object$/],
    ['null', /^host\.json holds something else/],
    ['"{}"', /^host\.json holds something else/],
  ])('must be a JSON object: %j is not', async (text, message) => {
    const { refusal } = await refuse({ 'host.json': text });
    expect(refusal?.code).toBe('package-host-json-invalid');
    expect(refusal?.message).toMatch(message);
  });
});

describe('a folder that cannot be shipped', () => {
  it('is refused with all its problems at once', async () => {
    const { refusal } = await refuse({ 'a\\b': '', gone: { link: 'nowhere' }, out: { link: '/etc' } });
    expect(refusal?.code).toBe('package-unfit');
    expect(refusal?.message).toMatch(/^4 things in .* keep it from being shipped\.$/);
    expect(refusal?.problems.map(({ path }) => path)).toEqual([undefined, 'a\\b', 'gone', 'out']);
  });

  it('is refused with all its problems also when some come up long after others were packed', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson });
    for (let n = 0; n < 1500; n++)
      plantTree(folder, { [`many/${n % 30}/${n}.js`]: `export default ${n};\n` });
    plantTree(folder, { 'one/gone': { link: 'nowhere' }, 'two/a\\b': '', 'zip/out': { link: '/etc' } });
    const out = tempFolder();
    const seen: number[] = [];
    const onProgress = ({ files }: { readonly files: number }) => void seen.push(files);
    const refusal = await refusalOf(packFolder(folder, join(out, 'out.zip'), { onProgress, workers: 2 }));
    expect(refusal?.problems.map(({ path }) => path)).toEqual(['one/gone', 'two/a\\b', 'zip/out']);
    expect(Math.max(...seen)).toBeGreaterThan(1000);
    expect(readdirSync(out)).toEqual([]);
  });

  it.each(['back\\slash', 'new\nline', 'esc\u001b[31m', 'bell\u0007'])(
    'has a name such as %j',
    async (name) => {
      const { refusal } = await refuse({ 'host.json': hostJson, [name]: '' });
      expect(refusal?.code).toBe('package-name');
      // What a terminal would act upon is written out.
      expect(`${refusal?.message}${refusal?.problems[0]?.path}`).not.toMatch(/\p{Cc}/u);
    },
  );

  it('has a name that is not UTF-8', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson });
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff, 0xfe])]), '');
    expect((await refusalOf(packFolder(folder, join(tempFolder(), 'o.zip'))))?.code).toBe('package-name');
  });

  it('has a pipe or a socket in it', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const server = createServer().listen(join(folder, 'sock'));
    await new Promise((resolve) => server.once('listening', resolve));
    const refusal = await refusalOf(packFolder(folder, join(tempFolder(), 'o.zip')));
    server.close();
    expect(refusal?.code).toBe('package-special-file');
    expect(refusal?.problems.map(({ path }) => path)).toEqual(['pipe', 'sock']);
  });

  it('is larger than Azure takes: the largest files are named', async () => {
    const folder = plantTree(tempFolder(), {
      'host.json': hostJson,
      'big.png': 'x'.repeat(9000),
      'small.txt': 'x',
    });
    const refusal = await refusalOf(packFolder(folder, join(tempFolder(), 'o.zip'), { maxBytes: 5000 }));
    expect(refusal).toMatchObject({ code: 'package-too-large' });
    expect(refusal?.next).toContain('big.png (9000 bytes)');
  });

  it('is not there, or is no folder and no file', async () => {
    const outPath = join(tempFolder(), 'o.zip');
    expect(await refusalOf(packRelease(join(tempFolder(), 'no'), { outPath }))).toMatchObject({
      code: 'package-not-found',
      message: expect.stringContaining('not there') as unknown as string,
    });
    expect((await refusalOf(packRelease('/dev/null', { outPath })))?.code).toBe('package-not-found');
  });

  it('cannot be written: the place is named', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson });
    const out = join(folder, 'host.json/out.zip');
    expect(await refusalOf(packFolder(folder, out))).toMatchObject({
      code: 'package-output-unwritable',
      where: out,
    });
  });
});

describe('a file that changes while it is packed', () => {
  const changes: readonly [how: string, change: (path: string) => void][] = [
    ['grows', (path) => writeFileSync(path, 'x'.repeat(200))],
    ['shrinks', (path) => truncateSync(path, 3)],
    ['is written again with the same length', (path) => writeFileSync(path, 'y'.repeat(100))],
    ['is touched', (path) => utimesSync(path, 1, 1)],
  ];
  // Beyond what is packed ahead of the writer, so that it is certainly not read yet.
  const large = Object.fromEntries(
    Array.from({ length: 20 }, (__, n) => [`f${n + 10}`, 'x'.repeat(600_000)]),
  );
  const last = { 'host.json': hostJson, ...large, f99: 'x'.repeat(100) };

  it.each(changes)('%s: noticed', async (_, change) => {
    const folder = plantTree(tempFolder(), last);
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1000, 1000);
    let isChanged = false;
    const onProgress = () => {
      if (!isChanged) change(join(folder, 'f99'));
      isChanged = true;
    };
    const refusal = await refusalOf(packFolder(folder, join(tempFolder(), 'o.zip'), { onProgress }));
    expect(refusal).toMatchObject({ code: 'package-file-changed', where: join(folder, 'f99') });
  });

  it.each([0, 2])('is removed: named as unreadable, with %i more threads', async (workers) => {
    const folder = plantTree(tempFolder(), last);
    const onProgress = () => rmSync(join(folder, 'f99'), { force: true });
    const out = join(tempFolder(), 'o.zip');
    const refusal = await refusalOf(packFolder(folder, out, { onProgress, workers }));
    expect(refusal).toMatchObject({ code: 'package-unreadable', where: join(folder, 'f99') });
    expect(existsSync(out)).toBe(false);
  });

  it('grows at its end while its pieces are packed: noticed', async () => {
    const folder = plantTree(tempFolder(), { 'host.json': hostJson, log: 'one line\n'.repeat(500_000) });
    const onProgress = () => appendFileSync(join(folder, 'log'), 'one more');
    const refusal = await refusalOf(packFolder(folder, join(tempFolder(), 'o.zip'), { onProgress }));
    expect(refusal).toMatchObject({ code: 'package-file-changed', where: join(folder, 'log') });
  });
});

it('a file and a folder that may not be read are refused by name', () => {
  const folder = plantTree(tempFolder(), { 'host.json': hostJson, secret: 'x', 'closed/x': 'x' });
  const work = tempFolder();
  const bundle = join(work, 'bundle.cjs');
  writeFileSync(
    join(work, 'entry.ts'),
    `import { packFolder } from '${join(import.meta.dirname, '../../src/release/pack.ts')}';
packFolder(process.argv[2]!, process.argv[3]!).catch((error) => console.log(JSON.stringify({ ...error, message: error.message })));`,
  );
  const esbuild = join(import.meta.dirname, '../../node_modules/.bin/esbuild');
  spawnSync(esbuild, [
    join(work, 'entry.ts'),
    '--bundle',
    '--platform=node',
    `--outfile=${bundle}`,
    '--log-level=error',
  ]);
  for (const path of [folder, work]) chmodSync(path, 0o777);
  chmodSync(join(folder, 'secret'), 0o000);
  chmodSync(join(folder, 'closed'), 0o000);
  // Root reads everything, so the packing is done by somebody who is not root.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const pack = () => {
    const run = spawnSync(process.execPath, [bundle, folder, join(work, 'o.zip')], {
      encoding: 'utf8',
      ...nobody,
    });
    return JSON.parse(run.stdout) as { code: string; message: string; problems: { path: string }[] };
  };
  expect(pack()).toMatchObject({
    code: 'package-unreadable',
    message: 'closed cannot be listed: permission denied',
  });
  chmodSync(join(folder, 'closed'), 0o755);
  expect(pack()).toMatchObject({
    code: 'package-unreadable',
    message: 'secret cannot be read: permission denied.',
  });
});
