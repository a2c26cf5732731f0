import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { describePackage } from '../release/listing.ts';
import { packRelease } from '../release/pack.ts';
import type { Package } from '../release/package.ts';
import { neutralise, neutraliseJson } from '../report/neutralise.ts';
import { exitCodes } from './errors.ts';
import { tellFileError } from './file-errors.ts';
import type { PackageOptions } from './options.ts';
import { openOutside } from './outside.ts';

/** `slotwave package <folder|zip>`: what would be shipped, and on request the zip itself. */
export async function commandPackage(source: string, options: PackageOptions): Promise<number> {
  const outside = openOutside(options);
  await inScratchFolder(async (scratch) => {
    const outPath = options.out ?? join(scratch, 'package.zip');
    const pkg = await packRelease(resolve(source), { outPath: resolve(outPath) });
    // A ready zip is only checked, and a folder's zip is only kept where a file was asked for.
    const kept =
      pkg.path === resolve(outPath) && options.out === undefined ? { ...pkg, path: pkg.source } : pkg;
    const lines = options.json
      ? [packageJson(kept)]
      : describePackage(kept, { list: options.list ?? false }).map((line) => neutralise(line));
    outside.write(`${lines.join('\n')}\n`);
  });
  return exitCodes.settled;
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
    await rm(folder, { recursive: true, force: true });
  }
}
