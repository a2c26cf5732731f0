/**
 * Bundles the doors into dist/, so that they run where nothing is installed. The same sources give the same
 * bytes on every machine; `--check` builds again beside and says what differs from the committed files;
 * `--out FOLDER` builds into another, empty folder, for tests of what is shipped; `--maps FOLDER` with source maps
 * beside the same bytes; `--stack` reads a stack from standard input and tells it with the places of the sources.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type OutputFile } from 'esbuild';
import { classesByThemselves } from './class-names.ts';
import { leftOut } from './left-out.ts';
import { readLicenses, writeLicenses } from './licenses.ts';
import { mapsFor, readStack } from './maps.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const distFolder = join(root, 'dist');

/** Each door's file. The parts that they share, and those that are loaded late, become chunks. */
const entryPoints = {
  cli: 'src/entry/cli.ts',
  action: 'src/entry/action.ts',
  task: 'src/entry/task.ts',
  'task-post': 'src/entry/task-post.ts',
  emulator: 'src/emulator/main.ts',
  'host-worker': 'src/emulator/host/worker.ts',
  'pack-worker': 'src/release/pack-worker.ts',
};

/**
 * CommonJS packages in an ES module still ask for these. `__dirname` as a `var` and under names of its own,
 * because a package declares the same ones.
 */
const banner = [
  "import{createRequire as __cr}from'node:module';",
  "import{fileURLToPath as __fu}from'node:url';",
  "import{dirname as __dn}from'node:path';",
  'var require=__cr(import.meta.url),__filename=__fu(import.meta.url),__dirname=__dn(__filename);',
].join('');

type Files = ReadonlyMap<string, Uint8Array>;

/** The built files by their names in dist/. */
export async function bundle(): Promise<Files> {
  const { files, metafile } = await runEsbuild(false);
  const licenses = writeLicenses(await readLicenses(metafile.outputs, root));
  return new Map([...files, ['licenses.txt', Buffer.from(licenses)] as const]);
}

/** Source maps of these files, which were built without. */
export async function mapBundle(files: Files): Promise<Files> {
  const mapped = await runEsbuild(true);
  return mapsFor(
    files,
    mapped.files,
    Object.keys(entryPoints).map((name) => `${name}.js`),
  );
}

async function runEsbuild(maps: boolean): Promise<{ readonly files: Files; readonly metafile: Metafile }> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: distFolder,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: banner },
    plugins: [leftOut, classesByThemselves],
    define: { SLOTWAVE_VERSION: JSON.stringify(manifest.version) },
    minifySyntax: true,
    // Names are short: bundles are for machines. Whoever has the sources reads a stack of theirs with `--stack`.
    minifyIdentifiers: true,
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'warning',
    sourcemap: maps ? 'external' : false,
  });
  return { files: new Map(outputFiles.map((file) => [nameOf(file), file.contents])), metafile };
}

function nameOf({ path }: OutputFile): string {
  return relative(distFolder, path).replaceAll('\\', '/');
}

async function writeAll(files: Files, folder: string): Promise<void> {
  for (const [name, bytes] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes, name === 'cli.js' ? { mode: 0o755 } : {});
  }
}

/** What is wrong with a folder of built files, one line each; nothing when it is as the sources make it. */
export async function compareBuilt(files: Files, folder: string): Promise<readonly string[]> {
  const present = await listFiles(folder);
  const wrong: string[] = [];
  for (const [name, bytes] of files) {
    const found = present.has(name) ? await readFile(join(folder, name)) : null;
    if (found === null) wrong.push(`missing: ${name}`);
    else if (Buffer.compare(found, bytes) !== 0)
      wrong.push(`differs: ${name} at byte ${firstDifference(found, bytes)}`);
  }
  for (const name of present) if (!files.has(name)) wrong.push(`not built any more: ${name}`);
  for (const [name, bytes] of files) {
    if (Buffer.from(bytes).includes(root)) wrong.push(`carries a path of this machine: ${name}`);
  }
  return wrong;
}

async function listFiles(folder: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return new Set(
    files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
  );
}

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < Math.min(one.length, other.length); at++) if (one[at] !== other[at]) return at;
  return Math.min(one.length, other.length);
}

async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    // Twice, the second time through a folder, because writing is a part of what must be right.
    const [files, again] = [await bundle(), await bundle()];
    const temp = await mkdtemp(join(tmpdir(), 'slotwave-dist-'));
    try {
      await writeAll(again, temp);
      const wrong = [...(await compareBuilt(files, temp)), ...(await compareBuilt(files, distFolder))];
      for (const line of wrong) console.error(`dist/ is not what the sources make: ${line}`);
      if (wrong.length > 0) console.error('Run: npm run build');
      process.exitCode = wrong.length > 0 ? 1 : 0;
    } finally {
      await rm(temp, { recursive: true, force: true });
    }
    return;
  }
  const files = await bundle();
  if (process.argv.includes('--stack'))
    return void process.stdout.write(readStack(await text(process.stdin), await mapBundle(files)));
  const out = process.argv.findIndex((word) => word === '--out' || word === '--maps');
  if (out > 0) {
    const maps = process.argv[out] === '--maps' ? await mapBundle(files) : [];
    return writeAll(new Map([...files, ...maps]), resolve(process.argv[out + 1] ?? ''));
  }
  await rm(distFolder, { recursive: true, force: true });
  await writeAll(files, distFolder);
  const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  console.log(`dist/: ${files.size} files, ${(total / 1000).toFixed(0)} kB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
