/** From a folder or a ready zip to a package: the same content gives the same bytes, wherever and whenever. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { checkZip } from './check.ts';
import { readPiece } from './content.ts';
import { type Crew, openMuster } from './crew.ts';
import { maxHostJsonBytes, readHostJson } from './host-json.ts';
import { type IgnoreRules, ignoreFile, readIgnoreRules } from './ignore.ts';
import { explainMissingInFolder } from './missing-host.ts';
import { warnAboutNames } from './names.ts';
import {
  maxPackageBytes,
  maxPackageEntries,
  type Package,
  type PackedEntry,
  type PackOptions,
} from './package.ts';
import { explainIo, ioCodeOf, refusePackage } from './problems.ts';
import { type FoundEntry, type Walked, walkFolder } from './walk.ts';
import { type WriteWatcher, writeEntries } from './write-entries.ts';
import { HashedFile, isPathOrPart, ZipWriter } from './zip.ts';

/**
 * Packs a folder into `outPath`, or checks a ready zip, which is then used where it lies: `outPath` is not written.
 * Throws InputError with every problem that was found (codes `package-…`).
 */
export async function packRelease(
  source: string,
  { outPath, ...options }: PackOptions & { readonly outPath: string },
): Promise<Package> {
  const stats = await stat(source).catch((error: unknown) => explainIo(error));
  if (typeof stats !== 'string' && stats.isDirectory()) return packFolder(source, outPath, options);
  if (typeof stats !== 'string' && stats.isFile()) return checkZip(source, options);
  const why = typeof stats === 'string' ? stats : 'neither a folder nor a file';
  return refuseSource(source, why);
}

/** Packs `folder` into the zip `outPath`, which may lie in it; nothing in the folder is changed. */
export async function packFolder(
  folder: string,
  outPath: string,
  options: PackOptions = {},
): Promise<Package> {
  const out = resolve(outPath);
  const root = await realpath(folder).catch((error: unknown) => refuseSource(folder, explainIo(error)));
  const rules = await readRules(root);
  const ownOutput = await resolveParent(out);
  const maxEntries = options.maxEntries ?? maxPackageEntries;
  const muster = openMuster(options.workers);
  try {
    const isOwnOutput = (path: string) => isPathOrPart(path, ownOutput);
    const walked = await walkFolder(root, { rules, isOwnOutput, maxEntries, onFile: muster.onFile });
    const entries = demandHostJson(folder, walked);
    const { packed, bytes, digest } = await writeZip({ folder, out, entries, crew: muster.crew(), options });
    return {
      source: folder,
      path: outPath,
      digest,
      bytes,
      contentBytes: sumBytes(packed),
      files: packed.filter((entry) => entry.kind === 'file').length,
      entries: packed,
      leftOut: walked.leftOut,
      warnings: warnAboutNames(packed.map((entry) => entry.path)),
    };
  } finally {
    await muster.close();
  }
}

function refuseSource(source: string, why: string): never {
  throw new InputError(`The package ${source} cannot be used: ${why}.`, {
    code: 'package-not-found',
    where: source,
    next: 'package: names the folder that holds host.json, or a .zip of its content.',
  });
}

async function readRules(root: string): Promise<IgnoreRules> {
  try {
    return readIgnoreRules(await readFile(join(root, ignoreFile), 'utf8'));
  } catch (error) {
    if (ioCodeOf(error) === 'ENOENT') return readIgnoreRules('');
    throw new InputError(`${ignoreFile} cannot be read: ${explainIo(error)}.`, {
      code: 'package-unreadable',
      where: join(root, ignoreFile),
      cause: error,
    });
  }
}

/** The path with its folder resolved, as the walk will come upon it; the file itself need not be there. */
async function resolveParent(path: string): Promise<string> {
  const parent = await realpath(dirname(path)).catch(() => dirname(path));
  return join(parent, basename(path));
}

/** Throws all problems of the walk together with those of host.json; marks the custom handler as executable. */
function demandHostJson(folder: string, walked: Walked): readonly FoundEntry[] {
  const host = walked.entries.find((entry) => entry.path === 'host.json');
  if (!host) return refusePackage(folder, [...walked.problems, explainMissingInFolder(folder, walked)]);
  const read = readHostJson(readPiece(host, 0, maxHostJsonBytes).toString('utf8'));
  if (!read.ok) {
    const problem = { code: 'package-host-json-invalid', path: 'host.json', message: read.why };
    return refusePackage(folder, [...walked.problems, problem]);
  }
  if (walked.problems.length > 0) refusePackage(folder, walked.problems);
  return walked.entries.map((entry) =>
    entry.path === read.customHandler ? { ...entry, executable: true } : entry,
  );
}

interface Writing {
  readonly folder: string;
  readonly out: string;
  readonly entries: readonly FoundEntry[];
  readonly crew: Crew;
  readonly options: PackOptions;
}

async function writeZip({ folder, out, entries, crew, options }: Writing): Promise<{
  readonly packed: readonly PackedEntry[];
  readonly bytes: number;
  readonly digest: string;
}> {
  const file = await HashedFile.create(out);
  try {
    const maxBytes = options.maxBytes ?? maxPackageBytes;
    const packed: PackedEntry[] = [];
    const writer = new ZipWriter({
      write: (bytes) => {
        if (writer.position > maxBytes) refuseTooLarge(folder, maxBytes, entries);
        return file.write(bytes);
      },
    });
    await writeEntries(writer, entries, crew, watchWriting(entries, packed, options));
    await writer.finish();
    return { packed, ...(await file.commit()) };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Collects the entries in `packed`, reports progress, and stops when it is told to. */
function watchWriting(
  entries: readonly FoundEntry[],
  packed: PackedEntry[],
  { onProgress, signal }: PackOptions,
): WriteWatcher {
  const totalFiles = entries.filter((entry) => entry.kind === 'file').length;
  const totalBytes = sumBytes(entries);
  let files = 0;
  let bytes = 0;
  return {
    onBytes(byteCount) {
      signal?.throwIfAborted();
      bytes += byteCount;
      onProgress?.({ files, totalFiles, bytes, totalBytes });
    },
    onEntry(entry) {
      packed.push(entry);
      if (entry.kind === 'file') files++;
      onProgress?.({ files, totalFiles, bytes, totalBytes });
    },
  };
}

function refuseTooLarge(folder: string, maxBytes: number, entries: readonly FoundEntry[]): never {
  const largest = [...entries].sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  const named = largest.map((entry) => `${entry.path} (${entry.bytes} bytes)`).join(', ');
  throw new InputError(`The package is larger than the ${maxBytes} bytes that Azure takes.`, {
    code: 'package-too-large',
    where: folder,
    next: `Leave out in ${ignoreFile} what the app does not need. The largest files: ${named}.`,
  });
}

function sumBytes(entries: readonly { readonly bytes: number }[]): number {
  return entries.reduce((sum, entry) => sum + entry.bytes, 0);
}
