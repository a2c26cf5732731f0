/** Moves the files that were found into the zip, in order, while a crew packs those that come next. */
import { DefectError } from '../errors.ts';
import { readInChunks, refuseChanged } from './content.ts';
import { crc32, joinCrcs } from './crc.ts';
import type { Crew } from './crew.ts';
import { isCompressed, isInVain, pieceBytes } from './deflate.ts';
import {
  describeWhole,
  type PackedJob,
  type PackedPiece,
  type PackedWhole,
  type PackJob,
} from './pack-job.ts';
import type { PackedEntry } from './package.ts';
import type { FoundEntry } from './walk.ts';
import type { ZipWriter } from './zip.ts';
import type { EntrySums } from './zip-records.ts';

export interface WriteWatcher {
  /** So many more bytes were read and packed. What it throws ends the writing. */
  onBytes(byteCount: number): void;
  onEntry(packed: PackedEntry): void;
}

/** Writes one entry after the other in the given order; each is taken only when somebody is free to pack it. */
export async function writeEntries(
  writer: ZipWriter,
  entries: Iterator<FoundEntry, undefined>,
  crew: Crew,
  watcher: WriteWatcher,
): Promise<void> {
  const ahead = packAhead(entries, crew);
  for (let next = ahead.take(); next !== null; next = ahead.take()) {
    const { step, packed } = next;
    if (step.kind === 'whole') {
      const result = demandWhole(await packed());
      await writeWhole(writer, step.entries, result, watcher);
      crew.giveBack(result);
    } else await writeLarge(writer, step.entry, watcher, packed, ahead);
  }
}

/** What follows in the zip: some whole entries, or the next piece of a large one. */
type Step =
  | { readonly kind: 'whole'; readonly entries: readonly FoundEntry[] }
  | { readonly kind: 'piece'; readonly entry: FoundEntry; readonly at: number };

interface Ahead {
  /** The next step, whose result may be under way already; null at the end. */
  take(): { readonly step: Step; readonly packed: () => Promise<PackedJob> } | null;
  readonly giveBack: Crew['giveBack'];
  /** The file is stored after all: its further pieces are not wanted. */
  skip(entry: FoundEntry): void;
}

/** Gives the crew as many steps ahead of the writer as it wants to hold at once, and no more. */
function packAhead(entries: Iterator<FoundEntry, undefined>, crew: Crew): Ahead {
  const unwanted = new Set<FoundEntry>();
  const isWanted = (step: Step) => step.kind === 'whole' || step.at === 0 || !unwanted.has(step.entry);
  const steps = planSteps(entries, unwanted);
  const held: { readonly step: Step; readonly packed: () => Promise<PackedJob> }[] = [];
  const fill = () => {
    while (held.length < crew.holds) {
      const { value: step, done } = steps.next();
      if (done) return;
      held.push({ step, packed: isStored(step) ? neverPacked : crew.pack(jobOf(step)) });
    }
  };
  return {
    take() {
      fill();
      while (held[0] && !isWanted(held[0].step)) {
        held.shift();
        fill();
      }
      return held.shift() ?? null;
    },
    giveBack: crew.giveBack,
    skip: (entry) => unwanted.add(entry),
  };
}

function* planSteps(
  entries: Iterator<FoundEntry, undefined>,
  unwanted: ReadonlySet<FoundEntry>,
): Generator<Step, undefined> {
  let group: FoundEntry[] = [];
  let bytes = 0;
  for (let { value: entry } = entries.next(); entry; { value: entry } = entries.next()) {
    const isLarge = entry.bytes > pieceBytes;
    if (group.length > 0 && (isLarge || group.length >= groupFiles || bytes + entry.bytes > groupBytes)) {
      yield { kind: 'whole', entries: group };
      group = [];
      bytes = 0;
    }
    if (!isLarge) {
      group.push(entry);
      bytes += entry.bytes;
      continue;
    }
    for (let at = 0; at < entry.bytes && !unwanted.has(entry); at += pieceBytes)
      if (at === 0 || !isCompressed(entry.path)) yield { kind: 'piece', entry, at };
  }
  if (group.length > 0) yield { kind: 'whole', entries: group };
}

/** Large enough that handing over costs little, small enough that all threads end at about the same time. */
const groupBytes = 512 * 1024;
const groupFiles = 128;

function isStored(step: Step): boolean {
  return step.kind === 'piece' && isCompressed(step.entry.path);
}

function neverPacked(): Promise<PackedJob> {
  return Promise.reject(new RangeError('a stored file is not packed'));
}

function jobOf(step: Step): PackJob {
  if (step.kind === 'whole') return describeWhole(step.entries);
  return { kind: 'piece', file: step.entry, at: step.at };
}

function demandWhole(packed: PackedJob): PackedWhole {
  if (packed.kind === 'whole') return packed;
  throw new DefectError('a piece came for whole files', { code: 'zip-entry-sums' });
}

function demandPiece(packed: PackedJob): PackedPiece {
  if (packed.kind === 'piece') return packed;
  throw new DefectError('whole files came for a piece', { code: 'zip-entry-sums' });
}

async function writeWhole(
  writer: ZipWriter,
  entries: readonly FoundEntry[],
  packed: PackedWhole,
  watcher: WriteWatcher,
): Promise<void> {
  const packedBytes = await writer.add(packed);
  for (const [index, { path, kind, bytes, executable }] of entries.entries()) {
    watcher.onBytes(bytes);
    watcher.onEntry({ path, kind, bytes, packedBytes: packedBytes[index]!, executable });
  }
}

async function writeLarge(
  writer: ZipWriter,
  entry: FoundEntry,
  watcher: WriteWatcher,
  first: () => Promise<PackedJob>,
  ahead: Ahead,
): Promise<void> {
  const { path, kind, bytes, executable } = entry;
  const begun = isCompressed(path) ? null : demandPiece(await first());
  const inVain = begun === null || isInVain(begun.sums.bytes, begun.bytes.length);
  if (inVain) ahead.skip(entry);
  const { packedBytes } = await (inVain
    ? writeStored(writer, entry, watcher)
    : writeDeflated(writer, entry, watcher, begun, ahead));
  watcher.onEntry({ path, kind, bytes, packedBytes, executable });
}

/** Read twice, for the sum and for the content: a stored entry with its sum behind it cannot be read in one pass. */
async function writeStored(writer: ZipWriter, entry: FoundEntry, watcher: WriteWatcher): Promise<EntrySums> {
  let crc = 0;
  await readInChunks(entry, pieceBytes, (chunk) => {
    crc = crc32(chunk, crc);
  });
  const sums = { crc, bytes: entry.bytes, packedBytes: entry.bytes };
  await writer.open({ ...headerOf(entry), method: 'stored', sums, large: entry.bytes >= largeBytes });
  let crcAgain = 0;
  await readInChunks(entry, pieceBytes, (chunk) => {
    crcAgain = crc32(chunk, crcAgain);
    watcher.onBytes(chunk.length);
    return writer.write(chunk);
  });
  return crcAgain === crc ? writer.close(sums) : refuseChanged(entry);
}

async function writeDeflated(
  writer: ZipWriter,
  entry: FoundEntry,
  watcher: WriteWatcher,
  begun: PackedPiece,
  ahead: Ahead,
): Promise<EntrySums> {
  await writer.open({ ...headerOf(entry), method: 'deflated', sums: null, large: entry.bytes >= largeBytes });
  let crc = 0;
  let piece = begun;
  for (let done = 0; ; ) {
    await writer.write(piece.bytes);
    ahead.giveBack(piece);
    crc = joinCrcs(crc, piece.sums.crc, piece.sums.bytes);
    watcher.onBytes(piece.sums.bytes);
    done += piece.sums.bytes;
    if (done >= entry.bytes) break;
    const next = await ahead.take()?.packed();
    piece = next ? demandPiece(next) : refuseChanged(entry);
  }
  return writer.close({ crc, bytes: entry.bytes });
}

function headerOf({ path, kind, executable }: FoundEntry) {
  return { name: Buffer.from(path), kind, executable };
}

/** Deflate can lengthen what it cannot shorten, by far less than this margin below 4 GiB. */
const largeBytes = 0xffffffff - 64 * 1024 * 1024;
