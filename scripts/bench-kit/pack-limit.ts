/** What a machine can do at best (pack-limit.c), compiled where there is a compiler. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { unpackSource } from '../libdeflate/source.ts';
import { cacheFolder } from './packing-trees.ts';

/** The program, or null where it cannot be made: no compiler, or nobody who gives the source of libdeflate. */
export async function compileLimit(): Promise<string | null> {
  const program = join(cacheFolder, 'pack-limit');
  if (existsSync(program)) return program;
  const source = `${program}-source`;
  try {
    mkdirSync(source, { recursive: true });
    await unpackSource(source);
    const parts = ['deflate_compress', 'utils', 'crc32', `${cpu()}/cpu_features`];
    const files = parts.map((part) => join(source, 'lib', `${part}.c`));
    const flags = ['-O3', '-march=native', '-I', source, '-o', program];
    const limit = join(import.meta.dirname, 'pack-limit.c');
    execFileSync('cc', [...flags, limit, ...files, '-lpthread'], { stdio: 'ignore' });
    return program;
  } catch {
    return null;
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

/** The seconds that it takes with as many threads as there are processors. */
export function runLimit(program: string, folder: string, out: string): number {
  return Number(execFileSync(program, [folder, out, String(availableParallelism())], { encoding: 'utf8' }));
}

function cpu(): 'arm' | 'x86' {
  return process.arch === 'arm64' ? 'arm' : 'x86';
}
