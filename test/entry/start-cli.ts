import { type ExecFileException, execFile } from 'node:child_process';
import { findBuilt, root } from './built.ts';

export { root };

/** With them an emulator that a command starts on its way is recorded as those of the tests are (test/exchanges/). */
const recordingVariables = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('SLOTWAVE_EMULATOR_RECORD')),
  );

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
  /** The file to start; the command line built from these sources when not given. */
  readonly sill?: string;
  /** Words for Node itself. */
  readonly nodeWords?: readonly string[];
  readonly timeoutMs?: number;
  /** Somebody else's user id, for those who may change theirs. */
  readonly uid?: number;
}

/** Starts the real command line as a process of its own, in `cwd`, with a bare environment. */
export async function startCli(
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
  { sill, nodeWords = [], timeoutMs = 60_000, uid }: Start = {},
): Promise<Ran> {
  const built = await findBuilt();
  const env = {
    ...{ PATH: process.env['PATH'], HOME: cwd, NODE_COMPILE_CACHE: built.compileCache },
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
      [...nodeWords, sill ?? built.cli, ...words],
      { cwd, env, timeout: timeoutMs, maxBuffer: 2 ** 28, ...(uid === undefined ? {} : { uid }) },
      told,
    );
  });
}
