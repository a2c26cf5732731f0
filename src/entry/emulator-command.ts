import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findEmulator } from './doors.ts';
import type { EmulatorOptions } from './options.ts';

/** `slotwave emulator`: the emulator's own door, in the foreground. Its exit code is ours. */
export async function commandEmulator(options: EmulatorOptions): Promise<number> {
  const child = spawn(process.execPath, [findEmulator(), ...writeArguments(options)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  // It ends when its standard input closes, so it cannot outlive us; signals reach it through us.
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const [code] = (await once(child, 'exit')) as [number | null, string | null];
  return code ?? 0;
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
  return options.verbose ? [...given, '--verbose'] : given;
}
