import { type ExecFileException, execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** With them an emulator that a command starts on its way is recorded as those of the tests are (test/exchanges/). */
const recordingVariables = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('SLOTWAVE_EMULATOR_RECORD')),
  );

const compileCache = join(tmpdir(), 'slotwave-compile-cache');

const identity = /^Azure: .*\n/gm;

export interface Ran {
  readonly code: number;
  readonly out: string;
  /** Standard error, without the line that says where and as whom. */
  readonly err: string;
  /** That line, when it was written. */
  readonly signedIn?: string | undefined;
}

export interface Start {
  /** The file to start; the source when not given. */
  readonly sill?: string;
  /** Words for Node itself. */
  readonly nodeWords?: readonly string[];
  readonly timeoutMs?: number;
  /** Somebody else's user id, for those who may change theirs. */
  readonly uid?: number;
}

/** Starts the real command line as a process of its own, in `cwd`, with a bare environment. */
export function startCli(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
  { sill = join(root, 'src/entry/cli.ts'), nodeWords = [], timeoutMs = 30_000, uid }: Start = {},
): Promise<Ran> {
  // Compiled once for all the processes of a test run; types are stripped once, too.
  const env = {
    ...{ PATH: process.env['PATH'], HOME: cwd, NODE_COMPILE_CACHE: compileCache },
    ...recordingVariables(),
    ...environment,
  };
  return new Promise((resolve, reject) => {
    const told = (error: ExecFileException | null, out: string, err: string) => {
      const code = error === null ? 0 : error.code;
      const signedIn = err.match(identity)?.join('').trim();
      if (typeof code === 'number') resolve({ code, out, err: err.replace(identity, ''), signedIn });
      else reject(new Error(`slotwave ${words.join(' ')} was ended by ${String(error?.signal)}: ${err}`));
    };
    execFile(
      process.execPath,
      [...nodeWords, sill, ...words],
      { cwd, env, timeout: timeoutMs, maxBuffer: 2 ** 28, ...(uid === undefined ? {} : { uid }) },
      told,
    );
  });
}
