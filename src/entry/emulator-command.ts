import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findEmulator } from './doors.ts';
import { explainEnd, writeArguments } from './emulator-process.ts';
import type { EmulatorOptions } from './options.ts';
import { demandFile } from './world.ts';

/** `slotwave emulator`: the emulator's own door, in the foreground. Its exit code is ours. */
export async function commandEmulator(options: EmulatorOptions): Promise<number> {
  await demandFile('--world', options.world);
  if (options.faults !== undefined) await demandFile('--faults', options.faults);
  const child = spawn(process.execPath, [findEmulator(), ...writeArguments(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // It ends when its standard input closes, so it cannot outlive us; signals reach it through us.
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  // Until it serves, what it says on standard error is why it does not: that is told as every error is.
  let held: string | null = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (held === null) process.stderr.write(text);
    else held += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (held) process.stderr.write(held);
    held = null;
    process.stdout.write(text);
  });
  const [code] = (await once(child, 'close')) as [number | null, string | null];
  if (held !== null && code !== null && code !== 0) throw explainEnd(held, code);
  return code ?? 0;
}
