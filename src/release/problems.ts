/** Problems of a package are collected while it is walked or read, and thrown together. */
import { InputError, type Problem } from '../errors.ts';
import { printable } from './names.ts';

export interface PackProblem {
  /** Stable, kebab-case: `package-link-outside`. */
  readonly code: string;
  /** Path in the package; empty for the package as a whole. */
  readonly path: string;
  /** Goes on where the path ends: `is a link out of the folder`. A whole sentence when the path is empty. */
  readonly message: string;
  readonly found?: string;
  readonly expected?: string;
  readonly next?: string;
}

/** Throws one InputError that carries them all. Its code is the problems' own when they are all of one kind. */
export function refusePackage(source: string, problems: readonly PackProblem[]): never {
  const sorted = [...problems].sort((a, b) => compareBytes(a.path, b.path));
  const [first] = sorted;
  const codes = new Set(sorted.map((problem) => problem.code));
  const [code] = codes.size === 1 ? codes : ['package-unfit'];
  const one = sorted.length === 1 && first;
  const summary = `${sorted.length} things in ${source} keep it from being shipped.`;
  throw new InputError(one ? `${printable(first.path)} ${first.message}`.trimStart() : summary, {
    code: code ?? 'package-unfit',
    where: source,
    problems: sorted.map((problem) => asProblem(source, problem)),
    ...(one && first.next ? { next: first.next } : {}),
  });
}

/** The error codes of the file system in words; other errors keep their own. */
export function explainIo(error: unknown): string {
  const code = ioCodeOf(error);
  return (code && (ioWords[code] ?? code)) || messageOf(error);
}

/** `ENOENT` and the like; null when it is no error of the system. */
export function ioCodeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('syscall' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

export function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  return String(error.message);
}

const ioWords: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'not there',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'is a folder',
  ELOOP: 'links that lead to each other',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  EIO: 'the disk reported an input/output error',
  ENAMETOOLONG: 'the path is too long',
};

function asProblem(source: string, problem: PackProblem): Problem {
  return {
    file: source,
    message: problem.message,
    ...(problem.path ? { path: printable(problem.path) } : {}),
    ...(problem.found ? { found: problem.found } : {}),
    ...(problem.expected ? { expected: problem.expected } : {}),
    ...(problem.next ? { next: problem.next } : {}),
  };
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
