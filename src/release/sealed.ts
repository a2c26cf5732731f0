/**
 * Releases that were sealed before their rollout: what lies at an address cannot be stamped on its way, so it has to
 * carry its stamp already. Rollouts of the same file share its id; the content's digest is in it as in every other.
 */
import { createHash } from 'node:crypto';
import { copyFile, open, stat } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { checkZip } from './check.ts';
import { readFunctionNames } from './function-names.ts';
import type { Package, PackOptions } from './package.ts';
import { type Release, stampFile } from './release.ts';
import { readStampFile, type Stamp } from './stamp.ts';
import { listZip, readEntry, readRange, readZipEnd } from './zip-read.ts';

export interface SealedPackage {
  /** Its `digest` is that of the content before it was sealed. */
  readonly pkg: Package;
  readonly stamp: Stamp;
  /** SHA-256 (hex) of the file as it is. */
  readonly fileDigest: string;
}

const longestStampBytes = 4096;

/** Checks a sealed zip as every other is checked. Throws InputError, `package-not-sealed` among them. */
export async function openSealed(zipPath: string, options: PackOptions = {}): Promise<SealedPackage> {
  const stats = await stat(zipPath).catch(() => null);
  if (stats?.isDirectory()) throw notSealed(zipPath);
  const pkg = await checkZip(zipPath, { ...options, sealed: true });
  const stamp = await readStamp(zipPath);
  if (stamp === null) throw notSealed(zipPath);
  return { pkg: { ...pkg, digest: stamp.content }, stamp, fileDigest: pkg.digest };
}

/** Keeps a copy of the very bytes, so that a rollout can be resumed when the original is gone. */
export async function keepSealed(
  { pkg, stamp, fileDigest }: SealedPackage,
  outPath: string,
): Promise<Release> {
  await copyFile(pkg.path, outPath);
  if ((await digestFile(outPath)) !== fileDigest) {
    throw new InputError('The package is not the one that was checked: its bytes have changed since.', {
      code: 'package-file-changed',
      where: pkg.path,
      next: 'Run it again, and let nothing else write to it.',
    });
  }
  const { release: id, content: contentDigest } = stamp;
  const functionNames = await readFunctionNames(outPath, pkg.entries);
  return {
    ...{ id, contentDigest, digest: fileDigest, path: outPath, bytes: pkg.bytes, files: pkg.files },
    ...(functionNames === null ? {} : { functionNames }),
  };
}

async function readStamp(zipPath: string): Promise<Stamp | null> {
  const handle = await open(zipPath, 'r');
  try {
    const { size } = await handle.stat();
    const end = await readZipEnd(handle, size);
    if (typeof end === 'string') return null;
    const entry = (await listZip(handle, size, end)).find(({ path }) => path === stampFile);
    return entry ? readStampFile((await readEntry(handle, entry, longestStampBytes)).toString('utf8')) : null;
  } finally {
    await handle.close();
  }
}

async function digestFile(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const hash = createHash('sha256');
    for await (const piece of readRange(handle, 0, size)) hash.update(piece);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

function notSealed(zipPath: string): InputError {
  return new InputError(
    `${zipPath} carries no stamp, so nobody could tell whether it is what runs in the end.`,
    {
      code: 'package-not-sealed',
      where: zipPath,
      next: 'Seal it, put that file at delivery.url, and name it as package: slotwave package <folder> --seal --out release.zip',
    },
  );
}
