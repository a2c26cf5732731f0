/** Trees on disk, and zips read back by readers that know nothing of ours. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach } from '@jest/globals';
import { asSlotwaveError, type InputError } from '../../src/errors.ts';

/** A file by its content; `null` is an empty folder. */
export type Leaf = string | Uint8Array | null | { readonly link: string } | { readonly exec: string };
export type Tree = Readonly<Record<string, Leaf>>;

export const hostJson = '{"version":"2.0"}';

/** Gives folders that are gone after each test. */
export function useTempFolders(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'slotwave-release-'));
    made.push(folder);
    return folder;
  };
}

export function plantTree(folder: string, tree: Tree): string {
  mkdirSync(folder, { recursive: true });
  for (const [path, leaf] of Object.entries(tree)) {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    if (leaf === null) mkdirSync(full, { recursive: true });
    else if (typeof leaf === 'string' || leaf instanceof Uint8Array)
      writeFileSync(full, leaf, { mode: 0o644 });
    else if ('exec' in leaf) writeFileSync(full, leaf.exec, { mode: 0o755 });
    else symlinkSync(leaf.link, full);
  }
  return folder;
}

/** One entry as an independent reader sees it. */
export interface ReadEntry {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** `100644`, `100755`, `40755`. */
  readonly mode: string;
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** True when the program is on the PATH. */
export function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

const pythonReader = `
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    names = sys.argv[2:]
    print(json.dumps([{
        'path': i.filename, 'bytes': i.file_size, 'mode': oct(i.external_attr >> 16)[2:],
        'sha256': hashlib.sha256(z.read(i)).hexdigest() if not names or i.filename in names else '',
    } for i in z.infolist()]))
`;

/** Python's zipfile: lists every entry, and reads (and checks the CRC of) those of \`only\`, or all. */
export function readWithPython(zip: string, only: readonly string[] = []): readonly ReadEntry[] {
  const out = execFileSync('python3', ['-c', pythonReader, zip, ...only], {
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  });
  return JSON.parse(out);
}

/** Info-ZIP's own verdict: 0 is a sound zip. */
export function testWithUnzip(zip: string): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('unzip', ['-tq', zip], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

/** What was thrown, which must be an input error; null when nothing was. */
export async function refusalOf(work: Promise<unknown>): Promise<InputError | null> {
  try {
    await work;
    return null;
  } catch (thrown) {
    const error = asSlotwaveError(thrown);
    if (error.kind !== 'input') throw thrown;
    return error as InputError;
  }
}

/** A Node of this major version on the PATH, or null. */
export function findNode(major: number): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    if (stdout?.startsWith(`v${major}.`)) return node;
  }
  return null;
}
