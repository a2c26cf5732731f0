/** What the world runs when it begins: a folder or a zip, read once for all the sites that name it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { sha256 } from './content.ts';

const stampFile = 'slotwave.release.json';
/** Never part of a package, and the second is where developers keep secrets. */
const leftOut = new Set(['.git', 'local.settings.json']);
/** Entries must not differ from run to run. 1980 is the first year that a zip knows. */
const epoch = '1980-01-01T00:00:00';

/**
 * Bytes of a zip. A folder is packed as it is; when `release` is given and the folder has no stamp file of its
 * own, one is put in, since a world's production should look like something that slotwave has deployed. A zip is
 * used as it is.
 */
export function readPackage(source: string | Uint8Array, release: string | undefined): Uint8Array {
  if (typeof source !== 'string') return source;
  if (!statSync(source).isDirectory()) return readFileSync(source);
  const files: Zippable = {};
  addFolder(files, source, '');
  if (release !== undefined && !(stampFile in files)) {
    const content = sha256(zipSync(files));
    files[stampFile] = [Buffer.from(`${JSON.stringify({ release, content })}\n`), { mtime: epoch }];
  }
  return zipSync(files);
}

function addFolder(files: Zippable, folder: string, prefix: string): void {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (leftOut.has(entry.name)) continue;
    const path = join(folder, entry.name);
    const name = prefix + entry.name;
    // Links are followed, as packing follows them; `.bin` folders of npm are full of them.
    const facts = statSync(path);
    if (facts.isDirectory()) addFolder(files, path, `${name}/`);
    else if (facts.isFile()) {
      const attrs = (0o100000 | (facts.mode & 0o777)) * 0x10000;
      files[name] = [readFileSync(path), { mtime: epoch, os: 3, attrs, level: 1 }];
    }
  }
}
