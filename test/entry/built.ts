/**
 * The command line as it is shipped, built from the sources as they are now. Tests start it some hundred times, and
 * to strip the types from three hundred files each time would take longer than what is tested.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Built {
  readonly folder: string;
  readonly cli: string;
  readonly emulator: string;
  /** Where Node keeps what it has compiled, for all the processes of all test files. */
  readonly compileCache: string;
}

const shelf = join(root, 'tmp/built');
/** Longer than any run takes that may still be using it. */
const forgottenAfterMs = 20 * 60_000;

let found: Promise<Built> | undefined;

/** Builds once for each state of the sources: who comes later, in another worker or another run, finds it done. */
export function findBuilt(): Promise<Built> {
  found ??= findOrBuild();
  return found;
}

async function findOrBuild(): Promise<Built> {
  const at = join(shelf, await digestSources());
  const folder = join(at, 'dist');
  if (!existsSync(folder)) await build(at);
  const now = new Date();
  await utimes(at, now, now);
  return {
    folder,
    cli: join(folder, 'cli.js'),
    emulator: join(folder, 'emulator.js'),
    compileCache: join(at, 'compiled'),
  };
}

async function build(at: string): Promise<void> {
  await mkdir(shelf, { recursive: true });
  await forgetOld();
  const making = await mkdtemp(join(shelf, 'making-'));
  const words = [join(root, 'scripts/build.ts'), '--out', join(making, 'dist')];
  const { stderr } = await promisify(execFile)(process.execPath, words);
  if (stderr !== '') throw new Error(`scripts/build.ts warns:\n${stderr}`);
  await rename(making, at).catch(async (error: unknown) => {
    // Another worker had the same idea, and was first.
    if (!existsSync(join(at, 'dist'))) throw error;
    await rm(making, { recursive: true });
  });
}

/** All that the built files are made from. */
async function digestSources(): Promise<string> {
  const entries = await readdir(join(root, 'src'), { recursive: true, withFileTypes: true });
  const sources = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const others = [
    'package.json',
    'package-lock.json',
    'scripts/build.ts',
    'scripts/class-names.ts',
    'scripts/left-out.ts',
    'scripts/licenses.ts',
  ].map((name) => join(root, name));
  const digest = createHash('sha256');
  for (const path of [...sources.sort(), ...others]) digest.update(`${path}\n`).update(await readFile(path));
  return digest.digest('hex').slice(0, 16);
}

/** What was made from sources that nobody has any more. */
async function forgetOld(): Promise<void> {
  for (const name of await readdir(shelf)) {
    const path = join(shelf, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > forgottenAfterMs) await rm(path, { recursive: true, force: true });
  }
}
