/** Finds what a folder ships: rules applied, links followed, everything that cannot be shipped named. */
import {
  type Dirent,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { relative, sep } from 'node:path';
import { InputError } from '../errors.ts';
import { findNeverShipped, findNeverShippedAt, type IgnoreRules } from './ignore.ts';
import { findNameProblem } from './names.ts';
import type { LeftOut } from './package.ts';
import { explainIo, type PackProblem } from './problems.ts';

export interface FoundEntry {
  /** As in the zip; folders end with `/`. */
  readonly path: string;
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
  /**
   * In byte order of their paths. Folders are looked into while entries are taken, so that packing begins before all
   * is found, and nobody holds more than is under way. A folder takes microseconds for each name in it.
   * Nothing to loop over: leaving a loop would close it, and who stops packing at a problem still wants the others.
   */
  readonly entries: Iterator<FoundEntry, undefined>;
  /** A file or empty folder of the root itself: known at once. */
  readonly findAtRoot: (name: string) => FoundEntry | null;
  /** What was come upon so far, each in the order in which it was found. */
  readonly leftOut: readonly LeftOut[];
  readonly problems: readonly PackProblem[];
}

export interface WalkOptions {
  readonly rules: IgnoreRules;
  /** True for the resolved path of what this program itself writes. */
  readonly isOwnOutput: (diskPath: string) => boolean;
  /** True for what exists only while this walk goes on: nobody wants to hear of it. */
  readonly isBeingWritten: (diskPath: string) => boolean;
  readonly maxEntries: number;
}

/** Walks the folder `root`, which must be a resolved path. Only empty folders become entries of their own. */
export function walkFolder(root: string, options: WalkOptions): Walked {
  const walk: Walk = { ...options, root, count: 0, leftOut: [], problems: [] };
  const inRoot = lookInto(walk, { diskPath: root, path: '', chain: [root] });
  const findAtRoot = (name: string) => inRoot.find((found) => isEntry(found) && found.path === name);
  return {
    entries: takeInOrder(walk, inRoot),
    findAtRoot: (name) => (findAtRoot(name) as FoundEntry | undefined) ?? null,
    leftOut: walk.leftOut,
    problems: walk.problems,
  };
}

interface Walk extends WalkOptions {
  readonly root: string;
  count: number;
  readonly leftOut: LeftOut[];
  readonly problems: PackProblem[];
}

interface Folder {
  readonly diskPath: string;
  /** In the package, with a trailing `/`; empty for the root. */
  readonly path: string;
  /** The resolved folders that lead here, this one included: coming upon one again is a cycle. */
  readonly chain: readonly string[];
}

type Kind = 'file' | 'folder' | 'special';

/** What has been seen and not yet been given out lies on the stack, the next on top. */
function* takeInOrder(walk: Walk, inRoot: readonly Found[]): Generator<FoundEntry, undefined> {
  const stack = inRoot.toReversed();
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (isEntry(next)) yield next;
    else for (const inner of lookInto(walk, next).toReversed()) stack.push(inner);
  }
}

type Found = FoundEntry | Folder;

function isEntry(found: Found): found is FoundEntry {
  return 'kind' in found;
}

/** What a folder holds, in the order in which the paths below it stand. */
function lookInto(walk: Walk, folder: Folder): readonly Found[] {
  const dirents = listFolder(walk, folder);
  if (dirents?.length === 0 && folder.path !== '') {
    return [addEntry(walk, folder.path, 'folder', folder.diskPath, null)];
  }
  const found: Found[] = [];
  for (const dirent of dirents ?? []) {
    const one = visit(walk, folder, dirent);
    if (one) found.push(one);
  }
  return sortByBytes(found);
}

/** By their paths in UTF-8, a folder's with the `/` that follows: so everything below it has its place as well. */
function sortByBytes(found: Found[]): readonly Found[] {
  if (found.every(({ path }) => isAscii(path))) return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  const names = new Map(found.map((one) => [one, Buffer.from(one.path)]));
  return found.sort((a, b) => Buffer.compare(names.get(a)!, names.get(b)!));
}

/** Then the order of UTF-16 is that of UTF-8. */
function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function listFolder(walk: Walk, folder: Folder): readonly Dirent[] | null {
  try {
    return readdirSync(folder.diskPath, { withFileTypes: true });
  } catch (error) {
    addProblem(walk, 'package-unreadable', folder.path.slice(0, -1), `cannot be listed: ${explainIo(error)}`);
    return null;
  }
}

/** One name of a folder: an entry, or a folder to be looked into; null for what is left out or a problem. */
function visit(walk: Walk, folder: Folder, dirent: Dirent): Found | null {
  const path = folder.path + dirent.name;
  const diskPath = folder.diskPath.endsWith(sep)
    ? folder.diskPath + dirent.name
    : folder.diskPath + sep + dirent.name;
  const never =
    findNeverShippedAt(folder.path === '', dirent.name) ??
    (walk.isOwnOutput(diskPath) ? 'never shipped: our own output' : null);
  if (never && walk.isBeingWritten(diskPath)) return null;
  if (never) return leaveOut(walk, path, dirent.isDirectory() ? 'folder' : 'file', never);
  if (dirent.isSymbolicLink()) return followLink(walk, folder, path, diskPath);
  const known = kindOf(dirent);
  if (known !== 'special') return take(walk, folder, path, diskPath, known);
  // Some network file systems do not tell the kind when a folder is listed.
  const stats = lookAt(() => lstatSync(diskPath));
  return take(walk, folder, path, diskPath, typeof stats === 'string' ? 'special' : kindOf(stats));
}

function take(walk: Walk, folder: Folder, path: string, diskPath: string, kind: Kind): Found | null {
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
  if (kind === 'folder') return { diskPath, path: `${path}/`, chain: [...folder.chain, diskPath] };
  const stats = lookAt(() => statSync(diskPath));
  if (typeof stats === 'string')
    return addProblem(walk, 'package-unreadable', path, `cannot be read: ${stats}`);
  return addEntry(walk, path, 'file', diskPath, stats);
}

/** Links are followed as long as they stay in the folder; the package has their content, and no links. */
function followLink(walk: Walk, folder: Folder, path: string, diskPath: string): Found | null {
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
): FoundEntry {
  walk.count += 1;
  if (walk.count > walk.maxEntries) {
    throw new InputError(`The folder holds more than ${walk.maxEntries} files.`, {
      code: 'package-too-many-files',
      where: path,
      next: 'Links to folders ship their content once for each link; leave out what the app does not need in .funcignore.',
    });
  }
  return {
    path,
    kind,
    diskPath,
    bytes: stats?.size ?? 0,
    executable: stats !== null && (stats.mode & 0o100) !== 0,
    modifiedMs: stats?.mtimeMs ?? 0,
    inode: stats?.ino ?? 0,
  };
}

function leaveOut(walk: Walk, path: string, kind: Kind, why: string): null {
  walk.leftOut.push({ path: kind === 'folder' ? `${path}/` : path, why });
  return null;
}

function addProblem(walk: Walk, code: string, path: string, what: string): null {
  walk.problems.push({ code, path, message: what });
  return null;
}
