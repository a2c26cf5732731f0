/** Packs a folder once, in a process of its own: `node pack-once.ts ours|archiver|reading FOLDER OUT`. Tells what it took. */
import { createWriteStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import type { packFolder } from '../../src/release/pack.ts';

const [packer = '', folder = '', out = '', bundle = ''] = process.argv.slice(2);
const pack = await load(packer);
const before = process.cpuUsage();
const begun = performance.now();
await pack();
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(before);
const cpuSeconds = (user + system) / 1e6;
const bytes = packer === 'reading' ? 0 : statSync(out).size;
console.log(JSON.stringify({ seconds, cpuSeconds, bytes, mebibytes: process.resourceUsage().maxRSS / 1024 }));

/** Loading is not measured: whoever packs has loaded. */
async function load(name: string): Promise<() => Promise<unknown>> {
  if (name === 'ours') {
    const ours = (await import(pathToFileURL(bundle).href)) as { readonly packFolder: typeof packFolder };
    return () => ours.packFolder(folder, out);
  }
  if (name === 'reading') return async () => readAll(folder);
  const { ZipArchive } = await import('archiver');
  return async () => {
    const archive = new ZipArchive({ zlib: { level: 9 } });
    const written = pipeline(archive, createWriteStream(out));
    archive.directory(folder, false);
    await archive.finalize();
    await written;
  };
}

function readAll(path: string): void {
  for (const dirent of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, dirent.name);
    if (dirent.isDirectory()) readAll(inner);
    else readFileSync(inner);
  }
}
