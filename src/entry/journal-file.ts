/**
 * The journal on disk: one JSON document a line. An append resolves when its bytes are on the disk, so that no
 * effect can be older than its record.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import { InputError, TransientError } from '../errors.ts';
import type { Happening, Recorded } from '../rollout/events.ts';
import type { Journal } from '../rollout/journal.ts';
import { isMissing, tellFileError } from './file-errors.ts';
import { redactRecord } from './secrets.ts';

export interface JournalFile extends Journal {
  readonly path: string;
  /** Bytes of a line that a crash left half written, cut when the file was opened. */
  readonly cutBytes: number;
  /** Resolves when everything appended so far is on the disk and the file is closed. */
  close(): Promise<void>;
}

export interface JournalOptions {
  /** Told after an entry is on the disk, in order. */
  readonly onRecorded?: (event: Recorded) => void;
}

/** Opens `folder/journal.ndjson`, or makes it. The rollout's id is the folder's name. */
export async function openJournal(
  folder: string,
  clock: Clock,
  options: JournalOptions = {},
): Promise<JournalFile> {
  const path = join(folder, 'journal.ndjson');
  const rollout = basename(folder);
  const { entries, goodBytes, cutBytes } = await readExisting(path, rollout);
  const file = await openForAppend(path, goodBytes);
  if (goodBytes === 0) await syncFolder(folder);
  return new OpenJournal({
    path,
    rollout,
    clock,
    file,
    entries,
    goodBytes,
    cutBytes,
    onRecorded: options.onRecorded,
  });
}

/** Reads a journal without touching it, as `status` does while a rollout may be running. */
export async function readJournal(folder: string): Promise<readonly Recorded[]> {
  return (await readExisting(join(folder, 'journal.ndjson'), basename(folder))).entries;
}

interface Opened {
  readonly path: string;
  readonly rollout: string;
  readonly clock: Clock;
  readonly file: FileHandle;
  readonly entries: readonly Recorded[];
  readonly goodBytes: number;
  readonly cutBytes: number;
  readonly onRecorded: ((event: Recorded) => void) | undefined;
}

interface Waiting {
  readonly event: Recorded;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

class OpenJournal implements JournalFile {
  readonly path: string;
  readonly cutBytes: number;
  readonly #opened: Opened;
  readonly #entries: Recorded[];
  #bytes: number;
  #seq: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #broken: unknown = null;

  constructor(opened: Opened) {
    this.path = opened.path;
    this.cutBytes = opened.cutBytes;
    this.#opened = opened;
    this.#entries = [...opened.entries];
    this.#bytes = opened.goodBytes;
    this.#seq = this.#entries.length;
  }

  get entries(): readonly Recorded[] {
    return this.#entries;
  }

  append(happening: Happening): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const { clock, rollout } = this.#opened;
    this.#seq += 1;
    const at = new Date(clock.now()).toISOString();
    // What is written stays, and is copied into tickets: what others said goes through the veil first.
    const event: Recorded = { seq: this.#seq, at, rollout, ...redactRecord(happening) };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#opened.file.close();
  }

  /** What arrives while the disk is busy goes out together: one sync for a whole wave's worth of entries. */
  async #flush(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#write(batch.map(({ event }) => `${JSON.stringify(event)}\n`).join(''));
      } catch (error) {
        this.#break(error, [...batch, ...this.#waiting.splice(0)]);
        break;
      }
      for (const { event, resolve } of batch) {
        this.#entries.push(event);
        this.#opened.onRecorded?.(event);
        resolve();
      }
    }
    this.#flushing = null;
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#opened.file.write(
        bytes,
        written,
        bytes.length - written,
        this.#bytes + written,
      );
      written += bytesWritten;
    }
    await this.#opened.file.datasync();
    this.#bytes += bytes.length;
  }

  /** After one lost write nothing more may be recorded: a gap would be read as "it did not happen". */
  #break(error: unknown, unwritten: readonly Waiting[]): void {
    this.#broken = new TransientError(`The journal cannot be written: ${tellFileError(error)}`, {
      code: 'journal-unwritable',
      where: this.path,
      next: `Make room or give back the right to write, then: slotwave resume ${this.#opened.rollout}`,
      cause: error,
    });
    for (const { reject } of unwritten) reject(this.#broken);
  }
}

async function openForAppend(path: string, goodBytes: number): Promise<FileHandle> {
  try {
    const file = await open(path, goodBytes === 0 ? 'w' : 'r+');
    await file.truncate(goodBytes);
    return file;
  } catch (error) {
    throw new InputError(`The journal cannot be opened for writing: ${tellFileError(error)}`, {
      code: 'journal-unwritable',
      where: path,
      cause: error,
    });
  }
}

/** A new file is only there for good when its folder says so, too. */
async function syncFolder(folder: string): Promise<void> {
  for (const path of [folder, dirname(folder)]) {
    try {
      const handle = await open(path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch {
      // Windows opens no folders; NTFS journals its names by itself.
    }
  }
}

interface Existing {
  readonly entries: readonly Recorded[];
  readonly goodBytes: number;
  readonly cutBytes: number;
}

async function readExisting(path: string, rollout: string): Promise<Existing> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (isMissing(error)) return { entries: [], goodBytes: 0, cutBytes: 0 };
    throw new InputError(`The journal cannot be read: ${tellFileError(error)}`, {
      code: 'journal-unreadable',
      where: path,
      cause: error,
    });
  }
  const goodBytes = endOfWholeLines(bytes);
  const lines = bytes.subarray(0, goodBytes).toString('utf8').split('\n').slice(0, -1);
  const entries = lines.map((line, index) => readEntry(line, index, path, rollout));
  return { entries, goodBytes, cutBytes: bytes.length - goodBytes };
}

/**
 * A line without its end was being written when the process or the machine died. Its append never resolved, so
 * nothing was done because of it. The same holds for the zeros that some file systems leave in place of a tail.
 */
function endOfWholeLines(bytes: Buffer): number {
  const firstZero = bytes.indexOf(0);
  return bytes.subarray(0, firstZero < 0 ? bytes.length : firstZero).lastIndexOf(10) + 1;
}

function readEntry(line: string, index: number, path: string, rollout: string): Recorded {
  const where = `${path}:${index + 1}`;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch (error) {
    throw corrupt('is not JSON', where, error);
  }
  if (typeof entry !== 'object' || entry === null) throw corrupt('is not an entry', where);
  const { seq, type, rollout: of } = entry as Partial<Recorded>;
  if (typeof type !== 'string') throw corrupt('has no type', where);
  if (seq !== index + 1) throw corrupt(`has number ${String(seq)} where ${index + 1} is due`, where);
  if (of !== rollout) throw corrupt(`belongs to rollout ${String(of)}, not ${rollout}`, where);
  return entry as Recorded;
}

function corrupt(what: string, where: string, cause?: unknown): InputError {
  return new InputError(`The journal is damaged: this line ${what}.`, {
    code: 'journal-corrupt',
    where,
    next:
      'slotwave does not guess what happened. Restore the file from a copy, or look at each target with ' +
      '"slotwave status" and in the portal and start a new rollout.',
    cause,
  });
}
