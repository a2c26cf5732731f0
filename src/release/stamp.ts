/** The stamp: a file in the package that says which release this is, so that a host can be asked who it is. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { DefectError, InputError } from '../errors.ts';
import { crc32 } from './crc.ts';
import { readFunctionNames } from './function-names.ts';
import type { Package } from './package.ts';
import { type Release, stampFile } from './release.ts';
import { HashedFile } from './zip.ts';
import { readAt, readZipEnd, type ZipEnd } from './zip-read.ts';
import { buildDirectoryRecord, buildEndRecords, buildLocalHeader, type EntryHeader } from './zip-records.ts';

/** What the stamp file says. */
export interface Stamp {
  readonly release: string;
  /** SHA-256 (hex) of the content before it was stamped. */
  readonly content: string;
}

/** `<rollout id>.<first 12 hex of the digest>`: unique to the rollout, and equal content can still be told. */
export function releaseIdOf(rolloutId: string, contentDigest: string): string {
  const id = `${rolloutId}.${contentDigest.slice(0, 12)}`;
  if (releaseIdPattern.test(id) && digestPattern.test(contentDigest)) return id;
  throw new DefectError(`no release id can be made of ${rolloutId} and ${contentDigest}`, {
    code: 'release-id-invalid',
  });
}

/**
 * Writes `outPath`: the package with the stamp put in as its last entry. The entries are copied as they are, only
 * the directory behind them is written anew. Throws InputError when the zip is no longer the one that was packed.
 */
export async function sealRelease(pkg: Package, rolloutId: string, outPath: string): Promise<Release> {
  const id = releaseIdOf(rolloutId, pkg.digest);
  if (pkg.entries.some((entry) => entry.path === stampFile)) refuseStamped(pkg);
  const source = await open(pkg.path, 'r').catch((error: unknown) => refuseGone(pkg, error));
  const file = await HashedFile.create(outPath).catch(async (error: unknown) => {
    await source.close();
    throw error;
  });
  try {
    await copyWithStamp(pkg, source, file, { release: id, content: pkg.digest });
    const { bytes, digest } = await file.commit();
    const functionNames = await readFunctionNames(pkg.path, pkg.entries);
    return {
      ...{ id, contentDigest: pkg.digest, digest, path: outPath, bytes, files: pkg.files + 1 },
      ...(functionNames === null ? {} : { functionNames }),
    };
  } catch (error) {
    await file.discard();
    throw error;
  } finally {
    await source.close();
  }
}

/** Reads what a host returned for the stamp file; null when that is not a stamp. */
export function readStampFile(text: string): Stamp | null {
  if (text.length > maxStampChars) return null;
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== 'object' || document === null) return null;
    const { release, content } = document as { readonly release?: unknown; readonly content?: unknown };
    if (typeof release !== 'string' || typeof content !== 'string') return null;
    const fits = releaseIdPattern.test(release) && digestPattern.test(content);
    return fits && release.endsWith(`.${content.slice(0, 12)}`) ? { release, content } : null;
  } catch {
    return null;
  }
}

const releaseIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.[0-9a-f]{12}$/;
const digestPattern = /^[0-9a-f]{64}$/;
const maxStampChars = 1024;
const copyBytes = 1024 * 1024;

async function copyWithStamp(
  pkg: Package,
  source: FileHandle,
  file: HashedFile,
  stamp: Stamp,
): Promise<void> {
  const { size } = await source.stat();
  const end = await readZipEnd(source, size);
  if (size !== pkg.bytes || typeof end === 'string') return refuseChanged(pkg);
  // Everything that is read is hashed, so that what is sealed is certainly what was packed and checked.
  const hash = createHash('sha256');
  const read = async (position: number, byteCount: number) => {
    const bytes = await readAt(source, position, byteCount);
    hash.update(bytes);
    return bytes;
  };
  for (let at = 0; at < end.directoryOffset; at += copyBytes) {
    await file.write(await read(at, Math.min(copyBytes, end.directoryOffset - at)));
  }
  const { entry, directoryRecord } = buildStampEntry(stamp, end.directoryOffset);
  await file.write(entry);
  await file.write(await read(end.directoryOffset, end.directoryBytes));
  await file.write(directoryRecord);
  await file.write(buildSealedEnd(end, entry.length, directoryRecord.length));
  const directoryEnd = end.directoryOffset + end.directoryBytes;
  await read(directoryEnd, size - directoryEnd);
  if (hash.digest('hex') !== pkg.digest) refuseChanged(pkg);
}

function buildStampEntry(
  stamp: Stamp,
  offset: number,
): { readonly entry: Buffer; readonly directoryRecord: Buffer } {
  const content = Buffer.from(JSON.stringify(stamp));
  const sums = { crc: crc32(content), bytes: content.length, packedBytes: content.length };
  const header = {
    name: Buffer.from(stampFile),
    kind: 'file',
    executable: false,
    method: 'stored',
    sums,
    large: false,
  } satisfies EntryHeader;
  const entry = Buffer.concat([buildLocalHeader(header), content]);
  return { entry, directoryRecord: buildDirectoryRecord({ ...header, deferred: false, offset }) };
}

function buildSealedEnd(end: ZipEnd, entryBytes: number, recordBytes: number): Buffer {
  return buildEndRecords({
    entries: end.entries + 1,
    directoryOffset: end.directoryOffset + entryBytes,
    directoryBytes: end.directoryBytes + recordBytes,
    comment: end.comment,
  });
}

function refuseStamped(pkg: Package): never {
  throw new InputError(`The package already holds ${stampFile}: it is a release that slotwave sealed.`, {
    code: 'package-stamp-present',
    where: pkg.path,
    next: 'Give the folder or the zip that the release was made from.',
  });
}

function refuseGone(pkg: Package, cause: unknown): never {
  throw new InputError(`The package cannot be read any more.`, {
    code: 'package-unreadable',
    where: pkg.path,
    next: 'Pack it again.',
    cause,
  });
}

function refuseChanged(pkg: Package): never {
  throw new InputError('The package is not the one that was packed: its bytes have changed since.', {
    code: 'package-file-changed',
    where: pkg.path,
    next: 'Pack it again, and let nothing else write to it.',
  });
}
