/** Inputs as flags of the command line. */
import { type Command, Option } from 'commander';
import { type CommandName, commands, type Input, plainAbout } from '../config/input.ts';
import { inputsOf } from '../config/inputs.ts';

/** Gives a command the flags of every input that it knows. */
export function addInputs(command: Command, name: CommandName): Command {
  for (const input of inputsOf('cli', name))
    if (input.argumentOf !== name) command.addOption(makeOption(input));
  return command;
}

function makeOption(input: Input): Option {
  const { name, letter, kind, value = name, fallback } = input;
  const tail = kind.type === 'boolean' ? '' : ` <${value}${kind.type === 'words' ? '...' : ''}>`;
  const option = new Option(
    `${letter === undefined ? '' : `-${letter}, `}--${name}${tail}`,
    tellAbout(input),
  );
  if (kind.type === 'choice') option.choices([...kind.options]);
  return kind.type !== 'boolean' && fallback !== undefined ? option.default(fallback) : option;
}

/** As help texts are written: other inputs as flags, no capital, no period. */
function tellAbout({ about }: Input): string {
  // A word that is a command as well is meant as that.
  const known = new Set(inputsOf('cli').map(({ name }) => name));
  for (const command of commands) known.delete(command);
  const text = plainAbout(about, (word) => (known.has(word) ? `--${word}` : word)).replace(/\.$/, '');
  return /^[A-Z][a-z]* /.test(about) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;
}
