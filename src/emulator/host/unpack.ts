/** Unpacks what was deployed, once per digest, into a folder that nobody writes to: it is run from its package. */
import { createWriteStream } from 'node:fs';
import { chmod, cp, mkdir, readdir, readlink, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { updateCrc32 } from './crc.ts';
import type { Content } from './runtime.ts';

/** What a package may hold. Far above any real one; they keep a hostile zip from filling the disk. */
const maxEntries = 200_000;
const maxUnpackedBytes = 4 * 1024 ** 3;
const maxLinkBytes = 4_096;

/** The content is no zip, or one that must not be unpacked. */
export class UnpackError extends Error {}

export class Unpacker {
  readonly #folder: string;
  readonly #done = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The folder with the content's files, read-only. */
  unpack(content: Content): Promise<string> {
    const known = this.#done.get(content.digest);
    if (known) return known;
    const made = unpackOnce(content, this.#folder);
    this.#done.set(content.digest, made);
    return made;
  }

  async remove(): Promise<void> {
    await Promise.allSettled(this.#done.values());
    this.#done.clear();
    await makeWritable(this.#folder);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A copy of unpacked content that its user may write to. Links stay as they are; they lead to within. */
export async function copyWritable(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
  await changeModes(to, 0o755, 0o200);
}

async function unpackOnce(content: Content, folder: string): Promise<string> {
  // The digest becomes a file name, so it must look like one.
  if (!/^[0-9a-f]{16,128}$/i.test(content.digest)) throw new UnpackError('The content has no proper digest.');
  const target = path.join(folder, content.digest.slice(0, 32));
  if (await exists(target)) return target;
  const part = `${target}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  try {
    await writeEntries(content.bytes, part);
  } catch (thrown) {
    await rm(part, { recursive: true, force: true });
    throw thrown instanceof UnpackError
      ? thrown
      : new UnpackError(`The package is no sound zip: ${String(thrown)}`);
  }
  await rename(part, target);
  await changeModes(target, 0o555, 0);
  return target;
}

interface Link {
  readonly at: string;
  readonly to: string;
}

async function writeEntries(bytes: Uint8Array, root: string): Promise<void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // yauzl refuses absolute names, `..` and sizes that are not as declared.
  const zip = await openZip(buffer);
  if (zip.entryCount > maxEntries) throw new UnpackError(`The package has more than ${maxEntries} entries.`);
  const links: Link[] = [];
  const folders = new Set<string>();
  let unpackedBytes = 0;
  for await (const entry of readEntries(zip)) {
    unpackedBytes += entry.uncompressedSize;
    if (unpackedBytes > maxUnpackedBytes) throw new UnpackError('The package unpacks to more than 4 GiB.');
    const at = path.join(root, entry.fileName);
    const folder = entry.fileName.endsWith('/') ? at : path.dirname(at);
    if (!folders.has(folder)) await mkdir(folder, { recursive: true });
    folders.add(folder);
    if (entry.fileName.endsWith('/')) continue;
    const mode = entry.externalFileAttributes >>> 16;
    if ((mode & 0o170000) === 0o120000) links.push({ at, to: await readLinkText(zip, entry) });
    else await writeFile(await openEntry(zip, entry), at, mode, entry);
  }
  await makeLinks(links, root);
}

function openZip(buffer: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.fromBuffer(buffer, { lazyEntries: true, strictFileNames: false }, (error, zip) => {
      if (error) reject(error);
      else resolve(zip);
    });
  });
}

async function* readEntries(zip: ZipFile): AsyncIterable<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | null>((resolve, reject) => {
      zip.once('entry', resolve);
      zip.once('end', () => resolve(null));
      zip.once('error', reject);
      zip.readEntry();
    }).finally(() => zip.removeAllListeners());
    if (!entry) return;
    yield entry;
  }
}

function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(error);
      else resolve(stream);
    });
  });
}

async function readLinkText(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > maxLinkBytes) throw new UnpackError(`${entry.fileName} is an endless link.`);
  return await text(await openEntry(zip, entry));
}

/** `wx`: two entries of one name, or a name that differs by case alone, are refused rather than mixed. */
async function writeFile(stream: Readable, at: string, mode: number, entry: Entry): Promise<void> {
  const executable = (mode & 0o111) !== 0;
  let crc = 0;
  const check = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      crc = updateCrc32(crc, chunk);
      yield chunk;
    }
  };
  await pipeline(stream, check, createWriteStream(at, { flags: 'wx', mode: executable ? 0o555 : 0o444 }));
  // yauzl leaves this check to its users.
  if (crc !== entry.crc32) throw new UnpackError(`${entry.fileName} is damaged: its checksum is wrong.`);
}

/** Links come last, so that no file is ever written through one; where each leads is asked of the system. */
async function makeLinks(links: readonly Link[], root: string): Promise<void> {
  const inside = (await realpath(root)) + path.sep;
  for (const { at, to } of links) await symlink(to, at);
  for (const { at } of links) {
    const leadsTo = await realpath(at).catch(() => null);
    const dangling = leadsTo === null;
    if (dangling ? path.isAbsolute(await readlink(at)) : !`${leadsTo}${path.sep}`.startsWith(inside)) {
      throw new UnpackError(`${path.relative(root, at)} is a link that leads out of the package.`);
    }
  }
}

async function makeWritable(folder: string): Promise<void> {
  if (await exists(folder)) await changeModes(folder, 0o755, 0);
}

/** Gives every folder the mode `folderMode`, and adds `fileBits` to the mode of every file. */
async function changeModes(folder: string, folderMode: number, fileBits: number): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory()) await changeModes(inside, folderMode, fileBits);
    else if (fileBits !== 0 && entry.isFile()) await chmod(inside, (await stat(inside)).mode | fileBits);
  }
  await chmod(folder, folderMode);
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
