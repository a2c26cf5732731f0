/** From a folder or a ready zip to a package: the same content gives the same bytes, wherever and whenever. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { checkZip } from './check.ts';
import { readPiece } from './content.ts';
import { musterCrew } from './crew.ts';
import { maxHostJsonBytes, readHostJson } from './host-json.ts';
import { type IgnoreRules, ignoreFile, readIgnoreRules } from './ignore.ts';
import { explainMissingInFolder } from './missing-host.ts';
import { warnAboutNames } from './names.ts';
import {
  type LeftOut,
  maxPackageBytes,
  maxPackageEntries,
  type Package,
  type PackedEntry,
  type PackOptions,
} from './package.ts';
import { explainIo, ioCodeOf, type PackProblem, refusePackage } from './problems.ts';
import { type FoundEntry, type Walked, walkFolder } from './walk.ts';
import { type WriteWatcher, writeEntries } from './write-entries.ts';
import { HashedFile, isPathOrPart, partPathOf, ZipWriter } from './zip.ts';

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
  const isOwnOutput = (path: string) => isPathOrPart(path, ownOutput);
  const isBeingWritten = (path: string) => path === partPathOf(ownOutput);
  const walked = walkFolder(root, { rules, isOwnOutput, isBeingWritten, maxEntries });
  const customHandler = demandHostJson(folder, walked);
  const { packed, bytes, digest } = await writeZip({ folder, out, walked, customHandler, options });
  return {
    source: folder,
    path: outPath,
    digest,
    bytes,
    contentBytes: sumBytes(packed),
    files: packed.filter((entry) => entry.kind === 'file').length,
    entries: packed,
    leftOut: sortLeftOut(walked.leftOut),
    warnings: warnAboutNames(packed.map((entry) => entry.path)),
  };
}

function sortLeftOut(leftOut: readonly LeftOut[]): readonly LeftOut[] {
  const names = new Map(leftOut.map((one) => [one, Buffer.from(one.path)]));
  return leftOut.toSorted((a, b) => Buffer.compare(names.get(a)!, names.get(b)!));
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

/** The path of the custom handler, if there is one. Without a host.json everything that is wrong is thrown at once. */
function demandHostJson(folder: string, walked: Walked): string | null {
  const host = walked.findAtRoot('host.json');
  if (!host) {
    const paths = takeAll(walked).map((entry) => entry.path);
    const missing = explainMissingInFolder(folder, { leftOut: walked.leftOut, paths });
    return refuseAll(folder, walked, [missing]);
  }
  const read = readHostJson(readPiece(host, 0, maxHostJsonBytes).toString('utf8'));
  if (read.ok) return read.customHandler;
  return refuseAll(folder, walked, [
    { code: 'package-host-json-invalid', path: 'host.json', message: read.why },
  ]);
}

/** Everything that is wrong with the folder, found to its end; `others` below what the walk has found. */
function refuseAll(folder: string, walked: Walked, others: readonly PackProblem[] = []): never {
  takeAll(walked);
  const problems = walked.problems.toSorted((a, b) =>
    Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)),
  );
  return refusePackage(folder, [...problems, ...others]);
}

function takeAll({ entries }: Walked): readonly FoundEntry[] {
  const taken: FoundEntry[] = [];
  for (let next = entries.next(); next.value; next = entries.next()) taken.push(next.value);
  return taken;
}

interface Writing {
  readonly folder: string;
  readonly out: string;
  readonly walked: Walked;
  readonly customHandler: string | null;
  readonly options: PackOptions;
}

async function writeZip(writing: Writing): Promise<{
  readonly packed: readonly PackedEntry[];
  readonly bytes: number;
  readonly digest: string;
}> {
  const file = await HashedFile.create(writing.out);
  try {
    const packed = await writeFound(writing, file);
    return { packed, ...(await file.commit()) };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function writeFound(writing: Writing, file: HashedFile): Promise<readonly PackedEntry[]> {
  const { folder, walked, options } = writing;
  const found: Found = { files: 0, bytes: 0, isAll: false, largest: [] };
  const { crew, entries } = musterCrew(takeSound(writing, found), options.workers);
  try {
    const maxBytes = options.maxBytes ?? maxPackageBytes;
    const packed: PackedEntry[] = [];
    const writer = new ZipWriter({
      write: (bytes) => {
        if (writer.position > maxBytes)
          refuseTooLarge(folder, maxBytes, [...found.largest, ...takeAll(walked)]);
        return file.write(bytes);
      },
    });
    await writeEntries(writer, entries, crew, watchWriting(packed, found, options));
    if (walked.problems.length > 0) refuseAll(folder, walked);
    await writer.finish();
    return packed;
  } finally {
    await crew.close();
  }
}

/** What was found so far. */
interface Found {
  files: number;
  bytes: number;
  isAll: boolean;
  /** The largest first. */
  readonly largest: FoundEntry[];
}

/** What is found, up to the first problem: nothing will come of this package then. The custom handler can be executed. */
function* takeSound({ walked, customHandler }: Writing, found: Found): Generator<FoundEntry, undefined> {
  for (let next = walked.entries.next(); next.value; next = walked.entries.next()) {
    if (walked.problems.length > 0) return;
    const entry = next.value;
    if (entry.kind === 'file') found.files += 1;
    found.bytes += entry.bytes;
    keepLargest(found.largest, entry);
    yield entry.path === customHandler ? { ...entry, executable: true } : entry;
  }
  found.isAll = true;
}

function keepLargest(largest: FoundEntry[], one: FoundEntry): void {
  if (largest.length === largestNamed && one.bytes <= largest[largestNamed - 1]!.bytes) return;
  largest.push(one);
  largest.sort((a, b) => b.bytes - a.bytes);
  largest.splice(largestNamed);
}

const largestNamed = 3;

/** Collects the entries in `packed`, reports progress, and stops when it is told to. */
function watchWriting(
  packed: PackedEntry[],
  found: Found,
  { onProgress, signal }: PackOptions,
): WriteWatcher {
  let files = 0;
  let bytes = 0;
  const tell = () => {
    const totals = found.isAll
      ? { totalFiles: found.files, totalBytes: found.bytes }
      : { totalFiles: null, totalBytes: null };
    onProgress?.({ files, bytes, ...totals });
  };
  return {
    onBytes(byteCount) {
      signal?.throwIfAborted();
      bytes += byteCount;
      tell();
    },
    onEntry(entry) {
      packed.push(entry);
      if (entry.kind === 'file') files++;
      tell();
    },
  };
}

function refuseTooLarge(folder: string, maxBytes: number, entries: readonly FoundEntry[]): never {
  const largest = [...entries].sort((a, b) => b.bytes - a.bytes).slice(0, largestNamed);
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
