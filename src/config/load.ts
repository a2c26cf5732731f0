/** slotwave.yml on disk → Config, or everything that is wrong with it at once. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError, type Problem } from '../errors.ts';
import type { Config } from './config.ts';
import { readDocument } from './document.ts';
import { describeFound } from './found.ts';
import { checkMeaning } from './meaning.ts';
import { normalise } from './normalise.ts';
import { checkShape } from './shape.ts';

export type { Config, ConfigTarget } from './config.ts';

/**
 * Reads and checks a config file. Nothing in it is expanded, and nothing outside it is looked at.
 * @throws InputError `config-unreadable` (no file, a folder, not text, too large) or `config-invalid`, with
 *   `problems` in the order of the file, each with line and column counted from 1.
 */
export async function loadConfig(file: string): Promise<Config> {
  const bytes = await readBytes(file);
  return parseConfig(decode(bytes, file), file, createHash('sha256').update(bytes).digest('hex'));
}

/** The same for a text that is already in memory; `file` is what problems and relative paths refer to. */
export function parseConfig(
  text: string,
  file: string,
  digest = createHash('sha256').update(text).digest('hex'),
): Config {
  const document = readDocument(text);
  if (document.data === undefined) return refuse(file, document.problems);
  if (document.data === null) return refuse(file, [emptyFile]);
  if (typeof document.data !== 'object' || Array.isArray(document.data))
    return refuse(file, [notMapping(document.data)]);
  const shape = checkShape(document);
  const problems = [...document.problems, ...shape.problems, ...checkMeaning(document)];
  if (problems.length > 0 || !shape.filled) return refuse(file, problems);
  return normalise(shape.filled, resolve(file), digest);
}

const maxBytes = 1024 * 1024;

async function readBytes(file: string): Promise<Buffer> {
  try {
    const facts = await stat(file);
    if (facts.isDirectory())
      throw unreadable(
        file,
        'is a folder',
        `Name the file in it: -c ${file.replace(/\/+$/, '')}/slotwave.yml`,
      );
    if (facts.size > maxBytes)
      throw unreadable(file, `is larger than ${maxBytes} bytes`, 'Is this the right file?');
    return await readFile(file);
  } catch (thrown) {
    if (thrown instanceof InputError) throw thrown;
    const code =
      typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : 'unknown';
    throw unreadable(
      file,
      reasons[code] ?? `cannot be read (${code})`,
      nexts[code] ?? 'Name another file with -c FILE.',
      thrown,
    );
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is not a folder',
  EACCES: 'may not be read by this user',
  ELOOP: 'is a link that leads in a circle',
};

const nexts: Readonly<Record<string, string>> = {
  ENOENT: 'Name your config file with -c FILE, or write one: docs/config.md starts with an example.',
  EACCES: 'Give this user the right to read it.',
};

function unreadable(file: string, reason: string, next: string, cause?: unknown): InputError {
  return new InputError(`The config file ${file} ${reason}.`, {
    code: 'config-unreadable',
    where: file,
    next,
    cause,
  });
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(file, 'is not UTF-8 text', 'Save it as UTF-8.', cause);
  }
}

const emptyFile: Problem = {
  line: 1,
  column: 1,
  message: 'the file is empty',
  expected: 'at least app, package and fleet',
  next: 'docs/config.md starts with an example.',
};

function notMapping(data: unknown): Problem {
  // A stray token pasted into the file must not be shown: the text itself is left out.
  const found = typeof data === 'string' ? 'a text' : describeFound(data, []);
  return {
    line: 1,
    column: 1,
    message: 'the file is not a mapping',
    found,
    expected: 'keys and values, such as "app: orders"',
  };
}

function refuse(file: string, problems: readonly Problem[]): never {
  const inOrder = [...problems]
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    .map((problem) => ({ file, ...problem }));
  const count = inOrder.length === 1 ? 'one problem' : `${inOrder.length} problems`;
  throw new InputError(`${file} has ${count}.`, {
    code: 'config-invalid',
    where: file,
    next: 'docs/config.md explains every key.',
    problems: inOrder,
  });
}
