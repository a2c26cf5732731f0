import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { describePackage } from '../release/listing.ts';
import { packRelease } from '../release/pack.ts';
import type { Package } from '../release/package.ts';
import type { Release } from '../release/release.ts';
import { sealRelease } from '../release/stamp.ts';
import { neutralise, neutraliseJson } from '../report/neutralise.ts';
import { exitCodes } from './errors.ts';
import { tellFileError } from './file-errors.ts';
import type { PackageOptions } from './options.ts';
import { openOutside } from './outside.ts';
import { newRolloutId } from './state.ts';

/** `slotwave package <folder|zip>`: what would be shipped, and on request the zip itself. */
export async function commandPackage(source: string, options: PackageOptions): Promise<number> {
  const outside = openOutside(options);
  await inScratchFolder(async (scratch) => {
    const outPath = options.out ?? join(scratch, 'package.zip');
    const pkg = await packRelease(resolve(source), { outPath: resolve(outPath) });
    // A ready zip is only checked, and a folder's zip is only kept where a file was asked for.
    const kept =
      pkg.path === resolve(outPath) && options.out === undefined ? { ...pkg, path: pkg.source } : pkg;
    const release = options.seal ? await sealAt(kept, options.out, scratch) : null;
    if (release) outside.writeError(`Sealed as ${release.id}.\n`);
    const lines = options.json
      ? [packageJson(kept)]
      : describePackage(kept, { list: options.list ?? false }).map((line) => neutralise(line));
    outside.write(`${lines.join('\n')}\n`);
  });
  return exitCodes.settled;
}

/** The sealed file stands where the plain one was asked for. */
async function sealAt(pkg: Package, out: string | undefined, scratch: string): Promise<Release> {
  if (out === undefined) {
    throw new InputError('A sealed package needs a place.', {
      code: 'out-missing',
      where: '--seal',
      next: 'Name it: --seal --out release.zip',
    });
  }
  const sealedPath = join(scratch, 'sealed.zip');
  const release = await sealRelease(pkg, newRolloutId(systemClock()), sealedPath);
  await copyFile(sealedPath, resolve(out));
  return { ...release, path: resolve(out) };
}

function packageJson(pkg: Package): string {
  return neutraliseJson(JSON.stringify(pkg));
}

/** A folder that is gone when the work has ended, however it ends. */
export async function inScratchFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  let folder: string;
  try {
    folder = await mkdtemp(join(tmpdir(), 'slotwave-'));
  } catch (error) {
    throw new InputError(`No temporary folder can be made: ${tellFileError(error)}`, {
      code: 'scratch-unwritable',
      where: tmpdir(),
      next: 'Make room there, or name another place: TMPDIR=<folder>',
      cause: error,
    });
  }
  try {
    return await work(folder);
  } finally {
    // Whatever was stopped in the middle may write there for a moment longer.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
