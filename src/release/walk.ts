/** Finds what a folder ships: rules applied, links followed, everything that cannot be shipped named. */
import { type Dirent, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { InputError } from '../errors.ts';
import { findNeverShipped, type IgnoreRules } from './ignore.ts';
import { findNameProblem } from './names.ts';
import type { LeftOut } from './package.ts';
import { explainIo, type PackProblem } from './problems.ts';

export interface FoundEntry {
  /** As in the zip; folders end with `/`. */
  readonly path: string;
  /** The path in UTF-8: entries are sorted by it. */
  readonly name: Buffer;
  readonly kind: 'file' | 'folder';
  /** Where it is on disk, links resolved. */
  readonly diskPath: string;
  readonly bytes: number;
  readonly executable: boolean;
  /** What tells, when the file is read later, that it is still the one that was found. */
  readonly modifiedMs: number;
  readonly inode: number;
}

export interface Walked {
  /** In byte order of their paths. */
  readonly entries: readonly FoundEntry[];
  readonly leftOut: readonly LeftOut[];
  readonly problems: readonly PackProblem[];
}

export interface WalkOptions {
  readonly rules: IgnoreRules;
  /** True for the resolved path of what this program itself writes. */
  readonly isOwnOutput: (diskPath: string) => boolean;
  readonly maxEntries: number;
  /** Told of every file as it is found, before all are known. */
  readonly onFile?: (bytes: number) => void;
}

/** Walks the folder `root`, which must be a resolved path. Only empty folders become entries of their own. */
export async function walkFolder(root: string, options: WalkOptions): Promise<Walked> {
  const walk: Walk = { ...options, root, entries: [], leftOut: [], problems: [] };
  await walkOne(walk, { diskPath: root, path: '', chain: [root] });
  walk.entries.sort((a, b) => Buffer.compare(a.name, b.name));
  walk.leftOut.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return walk;
}

interface Walk extends WalkOptions {
  readonly root: string;
  readonly entries: FoundEntry[];
  readonly leftOut: LeftOut[];
  readonly problems: PackProblem[];
}

interface Folder {
  readonly diskPath: string;
  /** In the package, without a trailing `/`; empty for the root. */
  readonly path: string;
  /** The resolved folders that lead here, this one included: coming upon one again is a cycle. */
  readonly chain: readonly string[];
}

type Kind = 'file' | 'folder' | 'special';

/** Folders are listed without blocking; what is in them is looked at at once, which takes microseconds each. */
async function walkOne(walk: Walk, folder: Folder): Promise<void> {
  const dirents = await listFolder(walk, folder);
  if (!dirents) return;
  if (dirents.length === 0 && folder.path !== '')
    addEntry(walk, folder.path, 'folder', folder.diskPath, null);
  const inner = dirents.map((dirent) => visit(walk, folder, dirent));
  for (const one of inner) if (one) await walkOne(walk, one);
}

async function listFolder(walk: Walk, folder: Folder): Promise<readonly Dirent[] | null> {
  try {
    return await readdir(folder.diskPath, { withFileTypes: true });
  } catch (error) {
    addProblem(walk, 'package-unreadable', folder.path, `cannot be listed: ${explainIo(error)}`);
    return null;
  }
}

/** Sorts one name of a folder into entries, left out, or problems; returns the folder that is to be walked next. */
function visit(walk: Walk, folder: Folder, dirent: Dirent): Folder | null {
  const path = folder.path === '' ? dirent.name : `${folder.path}/${dirent.name}`;
  const diskPath = join(folder.diskPath, dirent.name);
  const never =
    findNeverShipped(path) ?? (walk.isOwnOutput(diskPath) ? 'never shipped: our own output' : null);
  if (never) return leaveOut(walk, path, dirent.isDirectory() ? 'folder' : 'file', never);
  if (dirent.isSymbolicLink()) return followLink(walk, folder, path, diskPath);
  const known = kindOf(dirent);
  if (known !== 'special') return take(walk, folder, path, diskPath, known);
  // Some network file systems do not tell the kind when a folder is listed.
  const stats = lookAt(() => lstatSync(diskPath));
  return take(walk, folder, path, diskPath, typeof stats === 'string' ? 'special' : kindOf(stats));
}

function take(walk: Walk, folder: Folder, path: string, diskPath: string, kind: Kind): Folder | null {
  const why = walk.rules.leaveOut(path, kind === 'folder' ? 'folder' : 'file');
  if (why) return leaveOut(walk, path, kind, why);
  const nameProblem = findNameProblem(path);
  if (nameProblem) return addProblem(walk, 'package-name', path, nameProblem);
  if (kind === 'special') {
    return addProblem(
      walk,
      'package-special-file',
      path,
      'is a socket, a pipe or a device: only files can be shipped',
    );
  }
  if (kind === 'folder') return { diskPath, path, chain: [...folder.chain, diskPath] };
  const stats = lookAt(() => statSync(diskPath));
  if (typeof stats === 'string')
    return addProblem(walk, 'package-unreadable', path, `cannot be read: ${stats}`);
  addEntry(walk, path, 'file', diskPath, stats);
  return null;
}

/** Links are followed as long as they stay in the folder; the package has their content, and no links. */
function followLink(walk: Walk, folder: Folder, path: string, diskPath: string): Folder | null {
  const leads = resolveLink(walk, path, diskPath);
  if ('code' in leads) {
    const why = walk.rules.leaveOut(path, 'file') ?? walk.rules.leaveOut(path, 'folder');
    if (why) return leaveOut(walk, path, 'file', why);
    walk.problems.push(leads);
    return null;
  }
  const inside = relative(walk.root, leads.diskPath).split(sep).join('/');
  const never = inside === '' ? null : findNeverShipped(inside);
  if (never) return leaveOut(walk, path, leads.kind, `leads to ${inside}, ${never}`);
  if (leads.kind === 'folder' && folder.chain.includes(leads.diskPath)) {
    const why = walk.rules.leaveOut(path, 'folder');
    if (why) return leaveOut(walk, path, 'folder', why);
    const message = `is a link to a folder that it lies in (${inside === '' ? 'the root' : inside}): it has no end`;
    return addProblem(walk, 'package-link-cycle', path, message);
  }
  return take(walk, folder, path, leads.diskPath, leads.kind);
}

function resolveLink(
  walk: Walk,
  path: string,
  diskPath: string,
): { readonly diskPath: string; readonly kind: Kind } | PackProblem {
  const to = lookAt(() => readlinkSync(diskPath));
  try {
    const real = realpathSync.native(diskPath);
    if (real !== walk.root && !real.startsWith(walk.root.endsWith(sep) ? walk.root : walk.root + sep)) {
      const next = 'Copy what it points to into the folder, or leave the link out in .funcignore.';
      const message = `is a link out of the folder, to ${to}`;
      return { code: 'package-link-outside', path, message, found: real, next };
    }
    return { diskPath: real, kind: kindOf(statSync(real)) };
  } catch (error) {
    const message = `is a link to ${to}, which cannot be followed: ${explainIo(error)}`;
    return { code: 'package-link-broken', path, message, found: to };
  }
}

/** What is found, or why it cannot be found. */
function lookAt<T>(look: () => T): T | string {
  try {
    return look();
  } catch (error) {
    return explainIo(error);
  }
}

function kindOf(of: Dirent | Stats): Kind {
  if (of.isFile()) return 'file';
  return of.isDirectory() ? 'folder' : 'special';
}

function addEntry(
  walk: Walk,
  path: string,
  kind: 'file' | 'folder',
  diskPath: string,
  stats: Stats | null,
): void {
  if (walk.entries.length >= walk.maxEntries) {
    throw new InputError(`The folder holds more than ${walk.maxEntries} files.`, {
      code: 'package-too-many-files',
      where: path,
      next: 'Links to folders ship their content once for each link; leave out what the app does not need in .funcignore.',
    });
  }
  if (kind === 'file') walk.onFile?.(stats?.size ?? 0);
  const shown = kind === 'folder' ? `${path}/` : path;
  walk.entries.push({
    path: shown,
    name: Buffer.from(shown),
    kind,
    diskPath,
    bytes: stats?.size ?? 0,
    executable: stats !== null && (stats.mode & 0o100) !== 0,
    modifiedMs: stats?.mtimeMs ?? 0,
    inode: stats?.ino ?? 0,
  });
}

function leaveOut(walk: Walk, path: string, kind: Kind, why: string): null {
  walk.leftOut.push({ path: kind === 'folder' ? `${path}/` : path, why });
  return null;
}

function addProblem(walk: Walk, code: string, path: string, what: string): null {
  walk.problems.push({ code, path, message: what });
  return null;
}
