/**
 * `npm run vsix [-- --out FOLDER]`: the extension for Azure DevOps, without asking anybody. `--stage FOLDER` only lays
 * its files out, as an agent unpacks them. What tfx-cli lets pass (an unknown handler, a target that is not there), our
 * own checks do not: check-vsix.ts.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { bundle } from './build.ts';
import { checkExtension, readVsix } from './check-vsix.ts';
import type { Product } from './door-files.ts';
import { drawIcon } from './vsix-icon.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The files of the extension, by their paths in it. */
export async function makeExtension(): Promise<ReadonlyMap<string, Uint8Array>> {
  const built = await bundle();
  const read = (path: string) => readFile(join(root, path));
  const { version } = JSON.parse((await read('package.json')).toString('utf8')) as Product;
  const files = new Map<string, Uint8Array>([
    ['vss-extension.json', await read('vss-extension.json')],
    ['overview.md', Buffer.from(withoutLinks((await read('docs/azure-pipelines.md')).toString('utf8')))],
    ['license.txt', await read('LICENSE')],
    ['icon.png', drawIcon(128)],
    ['task/task.json', await read('task.json')],
    ['task/icon.png', drawIcon(32)],
    // Without it Node would have to guess that these are modules.
    ['task/package.json', Buffer.from(`${JSON.stringify({ name: 'slotwave', version, type: 'module' })}\n`)],
  ]);
  for (const name of reachable(built, ['task.js', 'task-post.js', 'pack-worker.js', 'licenses.txt']))
    files.set(`task/dist/${name}`, built.get(name)!);
  return files;
}

/** What a file imports, now or later: an agent unpacks the task for each job, and the other doors' code is not for it. */
function reachable(built: ReadonlyMap<string, Uint8Array>, entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [...entries];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const bytes = built.get(name);
    if (bytes === undefined || found.has(name)) continue;
    found.add(name);
    const text = Buffer.from(bytes).toString('utf8');
    for (const [, target = ''] of text.matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g))
      queue.push(posix.join(posix.dirname(name), target));
  }
  return found;
}

/** The marketplace shows the page where none of our files are. */
function withoutLinks(markdown: string): string {
  return markdown.replace(/(?<!!)\[([^\]]+)\]\((?!https?:)[^)]*\)/g, '$1').replace(/^!\[.*$/gm, '');
}

async function writeFiles(files: ReadonlyMap<string, Uint8Array>, folder: string): Promise<void> {
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

/** Returns the path of the .vsix, in `out`. */
export async function packExtension(folder: string, out: string): Promise<string> {
  const words = ['extension', 'create', '--root', folder, '--manifest-globs', 'vss-extension.json'];
  await mkdir(out, { recursive: true });
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/tfx-cli/_build/tfx-cli.js'),
      ...words,
      '--output-path',
      out,
      '--no-prompt',
      '--json',
    ],
    { cwd: folder, env: { ...process.env, TFX_TRACE: '' } },
  );
  // What it only warns of today it refuses some day, by its own words.
  const at = stdout.search(/^\{/m);
  const warnings = stripVTControlCharacters(stdout.slice(0, Math.max(0, at))).trim();
  if (warnings !== '') throw new Error(`tfx-cli warns of the extension:\n${warnings}`);
  return (JSON.parse(stdout.slice(at)) as { readonly path: string }).path;
}

async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Product;
  const files = await makeExtension();
  const stage = optionOf('--stage');
  if (stage !== null) return writeFiles(files, resolve(stage));
  const folder = await mkdtemp(join(tmpdir(), 'slotwave-vsix-'));
  try {
    await writeFiles(files, folder);
    const path = await packExtension(folder, resolve(optionOf('--out') ?? join(root, 'tmp')));
    const wrong = checkExtension(await readVsix(path), version);
    for (const line of wrong) console.error(`The extension is not right: ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
    else console.log(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function optionOf(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
