import { type ChildProcess, spawn } from 'node:child_process';
import { systemClock } from '../../../clock.ts';
import type { FromChild, KeepCall } from '../protocol.ts';

/** How long a kept process may take to end by itself before it is killed, in milliseconds. */
const politeStopMs = 3_000;

export interface Kept {
  /** Ends the process and everything that it started. */
  stop(): Promise<void>;
}

/**
 * Runs a program that knows nothing of us (a custom handler, `func`) and guards it: when our own channel to the
 * emulator closes, for whatever reason, the program and its children end too. It gets its own process group on
 * systems that have such, so that a shell script's children are reached.
 */
export function keepProcess(call: KeepCall, tell: (message: FromChild) => void): Kept {
  const grouped = process.platform !== 'win32';
  const child = spawn(call.command, [...call.args], {
    cwd: call.cwd,
    env: { ...call.environment },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: grouped,
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      tell({ type: 'kept-ended', reason: `could not be started: ${error.message}` });
      resolve();
    });
    child.once('exit', (code, signal) => {
      tell({
        type: 'kept-ended',
        reason: signal === null ? `ended with code ${code}` : `ended by ${signal}`,
      });
      resolve();
    });
  });
  if (child.pid !== undefined) tell({ type: 'kept', pid: child.pid });
  return {
    stop: async () => {
      signalTree(child, call.stopSignal, grouped);
      await Promise.race([ended, systemClock().sleep(politeStopMs)]);
      signalTree(child, 'SIGKILL', grouped);
      await ended;
    },
  };
}

/** Signals the group even when its leader is gone: the leader's children may have stayed. */
function signalTree(child: ChildProcess, signal: NodeJS.Signals, grouped: boolean): void {
  if (child.pid === undefined) return;
  try {
    if (grouped) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // Nobody of the group is left.
  }
}
