/**
 * The functions that a package names itself, before any host has read it. Models that register functions in code
 * (Node v4, Python v2) name none; then only a running host knows.
 */
import { open } from 'node:fs/promises';
import { readHostJson } from './host-json.ts';
import type { PackedEntry } from './package.ts';
import { type ListedEntry, listZip, readEntry, readZipEnd } from './zip-read.ts';

/** Null where nobody can know. The paths are those of the zip's files. */
export async function readFunctionNames(
  zipPath: string,
  entries: readonly Pick<PackedEntry, 'path'>[],
): Promise<readonly string[] | null> {
  const paths = new Set(entries.map(({ path }) => path));
  const folders = [...paths].flatMap((path) => functionFolder.exec(path)?.[1] ?? []);
  if (folders.length === 0 && !paths.has(metadataFile)) return null;
  const handle = await open(zipPath, 'r');
  try {
    const { size } = await handle.stat();
    const end = await readZipEnd(handle, size);
    if (typeof end === 'string') return null;
    const listed = new Map((await listZip(handle, size, end)).map((entry) => [entry.path, entry]));
    const read = async (path: string) => {
      const entry = listed.get(path);
      return entry && isSmall(entry) ? (await readEntry(handle, entry, maxBytes)).toString('utf8') : null;
    };
    return await collectNames({ paths, folders, read });
  } finally {
    await handle.close();
  }
}

/** What the build of an isolated .NET app writes for the host. */
const metadataFile = 'functions.metadata';
const functionFolder = /^([^/]+)\/function\.json$/;
const maxBytes = 4 * 1024 * 1024;

interface Content {
  readonly paths: ReadonlySet<string>;
  readonly folders: readonly string[];
  readonly read: (path: string) => Promise<string | null>;
}

async function collectNames({ paths, folders, read }: Content): Promise<readonly string[] | null> {
  // With a program that registers functions the host does not read function.json, whatever lies beside it.
  if (paths.has('function_app.py') || registersInCode(await read('package.json'))) return null;
  const named = paths.has(metadataFile)
    ? namesInMetadata(await read(metadataFile))
    : await leaveOutExcluded(folders, read);
  if (named === null) return null;
  const host = readHostJson((await read('host.json')) ?? '');
  const only = (host.ok && host.functions) || [];
  const loaded = only.length === 0 ? named : named.filter((name) => only.includes(name));
  return loaded.length === 0 ? null : [...new Set(loaded)].sort();
}

function registersInCode(packageJson: string | null): boolean {
  const document = parse(packageJson);
  if (!isRecord(document) || typeof document['main'] !== 'string') return false;
  const dependencies = isRecord(document['dependencies']) ? document['dependencies'] : {};
  const version = dependencies['@azure/functions'];
  // v3 of the library is types only; "latest" and the like are v4 by now.
  return typeof version === 'string' && !/^[\s^~=v]*[0-3](?:\.|$)/.test(version);
}

function namesInMetadata(text: string | null): readonly string[] | null {
  const list = parse(text);
  if (!Array.isArray(list)) return null;
  return list.flatMap((each: unknown) =>
    isRecord(each) && typeof each['name'] === 'string' ? [each['name']] : [],
  );
}

async function leaveOutExcluded(
  folders: readonly string[],
  read: Content['read'],
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const folder of folders) {
    const document = parse(await read(`${folder}/function.json`));
    if (!isRecord(document) || document['excluded'] !== true) kept.push(folder);
  }
  return kept;
}

function isSmall({ bytes, encrypted }: ListedEntry): boolean {
  return bytes <= maxBytes && !encrypted;
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text.replace(/^\ufeff/, '')) as unknown);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
