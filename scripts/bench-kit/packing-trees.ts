/**
 * Apps of the shapes that are packed in practice (performance.md §1), made of what npm installed here: real scripts,
 * type declarations and machine code. Their files are links to the installed ones where they can be, and stay in a
 * cache folder.
 */
import {
  type Dirent,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';

export const shapes = {
  'node-S': { files: 12_320, bytes: 109e6 },
  'node-L': { files: 59_535, bytes: 398e6 },
  py: { files: 5_051, bytes: 206e6 },
  dotnet: { files: 213, bytes: 81e6 },
} as const;

export type ShapeName = keyof typeof shapes;

const root = join(import.meta.dirname, '../..');
const installed = join(root, 'node_modules');
export const cacheFolder = join(installed, '.cache/slotwave-bench');

/** The folder with the app; made when it is not there yet. */
export function plantShape(name: ShapeName): string {
  const folder = join(cacheFolder, name);
  if (existsSync(folder)) return folder;
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  put(half, 'host.json', '{"version":"2.0"}');
  if (name === 'node-S' || name === 'node-L') plantNode(half, shapes[name]);
  else if (name === 'py') plantMixed(half, { ...shapes.py, code: '.py', binary: '.so', binaries: 150 });
  else plantMixed(half, { ...shapes.dotnet, code: '.json', binary: '.dll', binaries: 205 });
  renameSync(half, folder);
  return folder;
}

interface Found {
  readonly path: string;
  readonly bytes: number;
}

/** Installed files in an order that mixes packages, and bundles in the end for what is missing to the size. */
function plantNode(
  folder: string,
  { files, bytes }: { readonly files: number; readonly bytes: number },
): void {
  const all = listInstalled();
  const found = all.filter((file) => file.bytes < 200e3);
  const scripts = all.filter((file) => file.bytes >= 1e6 && extname(file.path) === '.js');
  let left = bytes;
  for (let n = 0; n < files - 1; n++) {
    const share = left / (files - 1 - n);
    if (n >= files - 1 - bundles) {
      const script = readFileSync(scripts[n % scripts.length]!.path);
      put(folder, `node_modules/bundle-${n}/index.js`, script.subarray(0, share));
      left -= Math.min(script.length, share);
      continue;
    }
    // A step that shares no factor with the count comes upon every file once.
    const file = found[(n * 7919) % found.length]!;
    const round = Math.floor(n / found.length);
    const to = join('node_modules', round === 0 ? '' : `again-${round}`, relative(installed, file.path));
    link(file.path, join(folder, to));
    left -= file.bytes;
  }
}

const bundles = 60;

interface Mixed {
  readonly files: number;
  readonly bytes: number;
  readonly code: string;
  readonly binary: string;
  readonly binaries: number;
}

/** Machine code in large files, text in small ones. */
function plantMixed(folder: string, { files, bytes, code, binary, binaries }: Mixed): void {
  const machine = readFileSync(process.execPath);
  const texts = listInstalled().filter(
    (file) => /^\.(js|ts|cjs|mjs|json)$/.test(extname(file.path)) && file.bytes < 60_000,
  );
  let left = bytes;
  for (let n = 0; n < files - 1 - binaries; n++) {
    const file = texts[(n * 7919) % texts.length]!;
    link(file.path, join(folder, `lib/package-${n % 60}/part-${n}${code}`));
    left -= file.bytes;
  }
  for (let n = 0; n < binaries; n++) {
    // From 0.25 to 1.75 times the mean, at other places of the program each time.
    const length = Math.floor((left / binaries) * (0.25 + (1.5 * n) / (binaries - 1)));
    const at = (n * 7_654_321) % Math.max(1, machine.length - length);
    put(folder, `lib/native-${n}${binary}`, machine.subarray(at, at + length));
  }
}

/** What npm installed, in one order. */
function listInstalled(): readonly Found[] {
  const found: Found[] = [];
  const byName = (a: Dirent, b: Dirent) => (a.name < b.name ? -1 : 1);
  const walk = (folder: string) => {
    for (const dirent of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
      const path = join(folder, dirent.name);
      if (dirent.isDirectory() && !dirent.name.startsWith('.')) walk(path);
      if (dirent.isFile() && !dirent.name.startsWith('.')) found.push({ path, bytes: statSync(path).size });
    }
  };
  walk(installed);
  return found;
}

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  linkSync(from, to);
}

function put(folder: string, path: string, content: string | Uint8Array): void {
  const to = join(folder, path);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, content);
}
