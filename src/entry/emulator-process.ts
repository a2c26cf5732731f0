/** The emulator as a child: started, found, ended. It never outlives us. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DefectError, InputError, type Problem } from '../errors.ts';
import { shorten } from '../report/neutralise.ts';
import { findEmulator } from './doors.ts';
import type { EmulatorOptions } from './options.ts';

/** The line that src/emulator/main.ts prints when it serves. */
export interface EmulatorFacts {
  readonly url: string;
  /** File with its certificate authority, PEM. */
  readonly ca: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeScale: number;
  readonly anchorMs: number;
}

export interface RunningEmulator {
  readonly facts: EmulatorFacts;
  stop(): Promise<void>;
}

const startDeadlineMs = 30_000;
const stopDeadlineMs = 10_000;
const maxErrorChars = 4000;

export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const child = spawn(process.execPath, [findEmulator(), ...writeArguments(options)], {
    // It watches its standard input and ends when that closes, which happens even when we are killed. A group of
    // its own: the terminal's Ctrl-C is for us, and the rollout still needs its Azure to be interrupted in order.
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-maxErrorChars);
    if (options.verbose) process.stderr.write(text);
  });
  try {
    return { facts: await readFacts(child), stop: () => stop(child) };
  } catch (error) {
    const { exitCode } = child;
    await stop(child);
    throw explainEnd(said, exitCode, error);
  }
}

async function readFacts(child: ChildProcess): Promise<EmulatorFacts> {
  const lines = createInterface({ input: child.stdout! });
  const giveUp = AbortSignal.timeout(startDeadlineMs);
  const ended = once(child, 'close', { signal: giveUp }).then(() => null);
  const first = once(lines, 'line', { signal: giveUp }).then(([line]) => String(line));
  first.catch(() => {});
  const line = await Promise.race([first, ended]);
  if (line === null) throw new Error('it ended at once');
  const facts: unknown = JSON.parse(line);
  if (isFacts(facts)) return facts;
  throw new Error(`it said something unexpected: ${shorten(line, 200)}`);
}

function isFacts(value: unknown): value is EmulatorFacts {
  if (typeof value !== 'object' || value === null) return false;
  const { url, ca, tenantId, clientId, clientSecret, timeScale, anchorMs } = value as Partial<EmulatorFacts>;
  const texts = [url, ca, tenantId, clientId, clientSecret].every((text) => typeof text === 'string');
  return texts && typeof timeScale === 'number' && typeof anchorMs === 'number';
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  child.kill('SIGTERM');
  const last = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
  await ended.catch(() => {});
  clearTimeout(last);
}

/** Why an emulator ended before it served. `said` is what stood on its standard error. */
export function explainEnd(said: string, exitCode: number | null, cause?: unknown): Error {
  const [first = '', ...rest] = said
    .trim()
    .split('\n')
    .map((line) => line.trim());
  // 2: it refuses its world, its faults or its flags, and says so itself; that is the user's to put right.
  if (exitCode === 2) {
    const [, file] = /^(.*) cannot be used:$/.exec(first) ?? [];
    return new InputError(`The emulator does not start: ${first.replace(/:$/, '')}.`, {
      code: 'emulator-refused',
      problems: rest.filter((line) => line !== '').map((line) => readProblem(line, file)),
      next: 'docs/emulator.md says what stands in a world file and in a faults file.',
    });
  }
  const problems = [first, ...rest].filter((message) => message !== '').map((message) => ({ message }));
  return new DefectError('The emulator does not start.', { code: 'emulator-silent', problems, cause });
}

/** `line 3, sites[0].plan: what is wrong`, as src/emulator/problem.ts writes it. */
function readProblem(told: string, file: string | undefined): Problem {
  const [, line, path, message] = /^line (\d+)(?:, (\S+))?: (.*)$/.exec(told) ?? [];
  if (file === undefined || line === undefined || message === undefined) return { message: told };
  return { file, line: Number(line), ...(path === undefined ? {} : { path }), message };
}

/** The flags of src/emulator/main.ts. */
export function writeArguments(options: EmulatorOptions): readonly string[] {
  const flags: readonly (readonly [string, string | number | undefined])[] = [
    ['--world', options.world],
    ['--faults', options.faults],
    ['--port', options.port],
    ['--seed', options.seed],
    ['--time-scale', options.timeScale],
    ['--anchor', options.anchor],
    ['--data', options.data],
  ];
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
  given.push(...(options.listen ?? []).flatMap((address) => ['--listen', address]));
  return options.verbose ? [...given, '--verbose'] : given;
}
