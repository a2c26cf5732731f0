/** What the operating system says about files, in words that people know. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../errors.ts';

const meanings: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  EEXIST: 'it exists already',
  ELOOP: 'links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
};

/** By shape and not by class: errors from another realm (a worker, a test's sandbox) are none of our `Error`. */
export function codeOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : null;
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

export function tellFileError(error: unknown): string {
  const code = codeOf(error);
  if (code === null) return error instanceof Error ? error.message : String(error);
  return `${meanings[code] ?? 'the operating system refuses'} (${code}).`;
}

/**
 * The folder that a file goes into must be there: one that is made on the way hides a misspelt name.
 * @throws InputError with `code`, before any work is done for the file.
 */
export async function demandFolderOf(
  file: string,
  { what, code, next }: { readonly what: string; readonly code: string; readonly next: string },
): Promise<void> {
  const folder = dirname(file);
  let why: string | null = null;
  try {
    if (!(await stat(folder)).isDirectory()) why = 'is not a folder';
  } catch (error) {
    why = isMissing(error) ? 'does not exist' : `cannot be used: ${tellFileError(error).replace(/\.$/, '')}`;
  }
  if (why === null) return;
  throw new InputError(`${what} cannot be written: the folder ${folder} ${why}.`, {
    code,
    where: file,
    next,
  });
}
