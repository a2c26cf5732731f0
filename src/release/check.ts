/** Takes a zip that somebody else made, after reading all of it: what is wrong with it is said before any upload. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { createPause } from './content.ts';
import { maxHostJsonBytes, readHostJson } from './host-json.ts';
import { explainMissingInZip } from './missing-host.ts';
import { printable, warnAboutNames } from './names.ts';
import {
  maxPackageBytes,
  maxPackageEntries,
  type Package,
  type PackedEntry,
  type PackOptions,
} from './package.ts';
import { explainIo, messageOf, type PackProblem, refusePackage } from './problems.ts';
import { stampFile } from './release.ts';
import { findDamage, type ListedEntry, listZip, readEntry, readRange, readZipEnd } from './zip-read.ts';
import { findClashes, findEntryProblems, warnAboutZip } from './zip-rules.ts';

/**
 * Checks a ready zip and describes it; the file stays as it is. Throws InputError with every problem: not a zip,
 * an entry that cannot be unpacked, a name that leads elsewhere, no host.json, secrets inside (codes `package-…`).
 */
export async function checkZip(zipPath: string, options: PackOptions = {}): Promise<Package> {
  const handle = await open(zipPath, 'r').catch((error: unknown) => {
    return refusePackage(zipPath, [
      { code: 'package-unreadable', path: '', message: `The zip cannot be opened: ${explainIo(error)}.` },
    ]);
  });
  try {
    const { size } = await handle.stat();
    refuseTooLarge(zipPath, size, options.maxBytes ?? maxPackageBytes);
    const listed = await listEntries(zipPath, handle, size, options.maxEntries ?? maxPackageEntries);
    const host = await readHost(handle, listed);
    const ofEntries = findEntryProblems(listed).filter(
      ({ code, path }) => !(options.sealed && code === 'package-stamp-present' && path === stampFile),
    );
    const problems = [...ofEntries, ...findClashes(listed), ...host.problems];
    problems.push(...(await findDamagedEntries(handle, listed, options)));
    if (problems.length > 0) refusePackage(zipPath, problems);
    return describe(zipPath, size, await digestOf(handle, size), listed, host.customHandler);
  } finally {
    await handle.close();
  }
}

function refuseTooLarge(zipPath: string, size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  const message = `The zip has ${size} bytes; Azure takes ${maxBytes} at most.`;
  refusePackage(zipPath, [{ code: 'package-too-large', path: '', message }]);
}

async function listEntries(
  zipPath: string,
  handle: FileHandle,
  size: number,
  maxEntries: number,
): Promise<readonly ListedEntry[]> {
  const end = await readZipEnd(handle, size);
  if (typeof end === 'string') {
    const next = 'package: names a folder, or a zip that an unpacker accepts (try: unzip -t).';
    return refusePackage(zipPath, [
      { code: 'package-not-a-zip', path: '', message: `${zipPath} is not a usable zip: ${end}.`, next },
    ]);
  }
  if (end.entries > maxEntries) {
    const message = `The zip lists ${end.entries} entries; ${maxEntries} are taken at most.`;
    return refusePackage(zipPath, [{ code: 'package-too-many-files', path: '', message }]);
  }
  try {
    return await listZip(handle, size, end);
  } catch (error) {
    const why = messageOf(error);
    const code = why.includes('encryption') ? 'package-zip-encrypted' : 'package-zip-damaged';
    return refusePackage(zipPath, [
      { code, path: '', message: `The zip's directory cannot be read: ${printable(why)}.` },
    ]);
  }
}

async function readHost(
  handle: FileHandle,
  listed: readonly ListedEntry[],
): Promise<{ readonly problems: readonly PackProblem[]; readonly customHandler: string | null }> {
  const host = listed.find((entry) => entry.path === 'host.json');
  if (!host)
    return { problems: [explainMissingInZip(listed.map((entry) => entry.path))], customHandler: null };
  try {
    const read = readHostJson((await readEntry(handle, host, maxHostJsonBytes)).toString('utf8'));
    if (read.ok) return { problems: [], customHandler: read.customHandler };
    return {
      problems: [{ code: 'package-host-json-invalid', path: 'host.json', message: read.why }],
      customHandler: null,
    };
  } catch {
    // Damaged content is found and named when every entry is read.
    return { problems: [], customHandler: null };
  }
}

async function findDamagedEntries(
  handle: FileHandle,
  listed: readonly ListedEntry[],
  { onProgress, signal }: PackOptions,
): Promise<readonly PackProblem[]> {
  const readable = listed.filter((entry) => !entry.encrypted && (entry.method === 0 || entry.method === 8));
  const totalBytes = readable.reduce((sum, entry) => sum + entry.bytes, 0);
  const problems: PackProblem[] = [];
  const pause = createPause();
  let bytes = 0;
  for (const [index, entry] of readable.entries()) {
    signal?.throwIfAborted();
    const damage = await findDamage(handle, entry);
    if (damage)
      problems.push({ code: 'package-zip-damaged', path: entry.path, message: `is damaged: ${damage}` });
    bytes += entry.bytes;
    onProgress?.({ files: index + 1, totalFiles: readable.length, bytes, totalBytes });
    await pause(entry.bytes);
  }
  return problems;
}

async function digestOf(handle: FileHandle, size: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of readRange(handle, 0, size)) hash.update(piece);
  return hash.digest('hex');
}

function describe(
  zipPath: string,
  bytes: number,
  digest: string,
  listed: readonly ListedEntry[],
  customHandler: string | null,
): Package {
  const sorted = [...listed].sort((a, b) => Buffer.compare(a.rawName, b.rawName));
  const entries = sorted.map(({ path, kind, bytes, packedBytes, executable }): PackedEntry => {
    return { path, kind: kind === 'folder' ? 'folder' : 'file', bytes, packedBytes, executable };
  });
  const files = entries.filter((entry) => entry.kind === 'file');
  return {
    source: zipPath,
    path: zipPath,
    digest,
    bytes,
    contentBytes: files.reduce((sum, entry) => sum + entry.bytes, 0),
    files: files.length,
    entries,
    leftOut: [],
    warnings: [...warnAboutNames(entries.map((entry) => entry.path)), ...warnAboutZip(listed, customHandler)],
  };
}
