import { CommanderError } from 'commander';
import { asSlotwaveError, InputError } from '../errors.ts';
import { rememberSill } from './doors.ts';
import { BrokenOff, errorJson, exitCodeOfError, renderError } from './errors.ts';
import { keepYoungSpaceSmall } from './memory.ts';
import { leave, openOutside, surviveClosedPipes } from './outside.ts';
import { createProgram } from './program.ts';

/**
 * Reads the command line, does what it says, ends the process with the exit code of architecture.md §4. `sill` is
 * the URL of the file that was started.
 */
export async function enter(words: readonly string[], sill: string): Promise<void> {
  rememberSill(sill);
  surviveClosedPipes();
  keepYoungSpaceSmall();
  // Node would print the whole error object, and requests with their headers hang on such objects.
  process.on('uncaughtException', (thrown) => void leaveWith(thrown, words));
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (thrown) {
    await leaveWith(thrown, words);
  }
  await leave(exitCode);
}

/** Before the words are understood, too, an error is told in the form that they ask for. */
async function leaveWith(thrown: unknown, words: readonly string[]): Promise<never> {
  const { code, error } = asExit(thrown);
  if (error === null) return leave(code);
  const json = words.includes('--json');
  const outside = openOutside({ color: !words.includes('--no-color'), json });
  const colour = outside.colour && process.stderr.isTTY === true;
  const lines = json
    ? [errorJson(error, code)]
    : renderError(error, { colour, stack: words.includes('--verbose') });
  outside.writeError(`${lines.join('\n')}\n`);
  return leave(code);
}

interface Exit {
  readonly code: number;
  readonly error: unknown;
}

function asExit(thrown: unknown): Exit {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return { code: 0, error: null };
    const error = usageError(thrown);
    return { code: exitCodeOfError(error), error };
  }
  if (thrown instanceof BrokenOff) {
    return { code: exitCodeOfError(asSlotwaveError(thrown.cause), true), error: thrown.cause };
  }
  return { code: exitCodeOfError(asSlotwaveError(thrown)), error: thrown };
}

function usageError({ message, code }: CommanderError): InputError {
  if (code === 'commander.help') {
    return new InputError('A command is missing.', { code: 'usage', next: 'slotwave --help lists them.' });
  }
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const hint = rest.join(' ').replace(/^\s*\((.*)\)\s*$/, '$1');
  const text = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`;
  return new InputError(text, {
    code: 'usage',
    next: hint === '' ? 'slotwave --help shows what there is.' : hint,
  });
}
