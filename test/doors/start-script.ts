import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { root } from '../entry/start-cli.ts';

export { root };

/** A script of this repository, to its end; throws with what it said when it fails. */
export async function startScript(file: string, words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...words], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  return stdout;
}
