/** What a door may touch of its process. Everything else gets it from here. */
import { hideSecret, redact } from './secrets.ts';
import type { Witness } from './witness.ts';

export interface Outside {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output: results. */
  write(text: string): void;
  /** Standard error: errors, warnings, progress beside `--json`. */
  writeError(text: string): void;
  /** From now on the secret is written as `***`, whatever it stands in. */
  hide(secret: string): void;
  /** The size of the terminal that shows standard output; null when nobody watches it live. */
  readonly size: (() => { readonly columns: number; readonly rows: number }) | null;
  readonly colour: boolean;
  /** How this door calls an input of src/config/inputs.ts. */
  nameInput(name: string): string;
  /** Who else is told what is done; the command line needs nobody. */
  readonly witness?: Witness | undefined;
}

export interface OutsideFlags {
  readonly color: boolean;
  readonly json?: boolean;
}

/**
 * `NO_COLOR` (any value but an empty one, no-color.org), `--no-color`, `TERM=dumb`, `CI` and pipes are honoured:
 * a build log keeps escape sequences for ever.
 */
export function openOutside(flags: OutsideFlags): Outside {
  const environment = process.env;
  const plain = isOn(environment['CI']) || environment['TERM'] === 'dumb';
  const watched = process.stdout.isTTY === true && !plain && !flags.json;
  return {
    environment,
    write: (text) => void process.stdout.write(redact(text)),
    writeError: (text) => void process.stderr.write(redact(text)),
    hide: hideSecret,
    size: watched ? () => ({ columns: process.stdout.columns ?? 80, rows: process.stdout.rows ?? 24 }) : null,
    colour: watched && flags.color && !environment['NO_COLOR'],
    nameInput: (name) => `--${name}`,
  };
}

/** A reader that goes away (`slotwave deploy | head`) must not end a rollout in the middle. */
export function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Ends the process once everything written has left it; connections kept alive would hold it open. */
export async function leave(exitCode: number): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map(drain));
  process.exit(exitCode);
}

function drain(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.errored || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.write('', () => resolve());
  });
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
