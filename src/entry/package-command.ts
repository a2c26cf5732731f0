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
import { demandFolderOf, tellFileError } from './file-errors.ts';
import type { PackageOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { newRolloutId } from './state.ts';
import { whilePacking } from './tell-packing.ts';

/** `slotwave package <folder|zip>`: what would be shipped, and on request the zip itself. */
export async function commandPackage(
  source: string,
  options: PackageOptions,
  outside: Outside = openOutside(options),
): Promise<number> {
  const out = options.out === undefined ? null : resolve(options.out);
  if (out !== null)
    await demandFolderOf(out, { what: 'The package', code: 'out-unwritable', next: otherPlace });
  await inScratchFolder(async (scratch) => {
    const outPath = out ?? join(scratch, 'package.zip');
    const packed = await whilePacking(outside, (onProgress) =>
      packRelease(resolve(source), { outPath, onProgress }),
    );
    const release = options.seal ? await sealAt(packed, out, scratch) : null;
    if (release) outside.writeError(`Sealed as ${release.id}.\n`);
    const kept = await keepAt(packed, out, release !== null);
    outside.witness?.packed?.(kept);
    const lines = options.json
      ? [packageJson(kept)]
      : describePackage(kept, { list: options.list ?? false }).map((line) => neutralise(line));
    outside.write(`${lines.join('\n')}\n`);
  });
  return exitCodes.settled;
}

const otherPlace = 'Make the folder, or name another place: --out app.zip';

/** A ready zip is used where it lies, so it is copied; a folder's zip is gone with us where nobody asked for it. */
async function keepAt(pkg: Package, out: string | null, isSealed: boolean): Promise<Package> {
  if (out === null) return { ...pkg, path: pkg.source };
  if (pkg.path !== out && !isSealed) await copyTo(pkg.path, out);
  return { ...pkg, path: out };
}

/** The sealed file stands where the plain one was asked for. */
async function sealAt(pkg: Package, out: string | null, scratch: string): Promise<Release> {
  if (out === null) {
    throw new InputError('A sealed package needs a place.', {
      code: 'out-missing',
      where: '--seal',
      next: 'Name it: --seal --out release.zip',
    });
  }
  const sealedPath = join(scratch, 'sealed.zip');
  const release = await sealRelease(pkg, newRolloutId(systemClock()), sealedPath);
  await copyTo(sealedPath, out);
  return { ...release, path: out };
}

async function copyTo(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    throw new InputError(`The package cannot be written: ${tellFileError(error)}`, {
      code: 'out-unwritable',
      where: to,
      next: otherPlace,
      cause: error,
    });
  }
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
