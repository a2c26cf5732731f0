import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from '../../clock.ts';
import type { FromChild, ToChild } from './protocol.ts';

export interface ChildStart {
  readonly nodePath: string;
  readonly workerPath: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** How long the child may take to end by itself before it is killed, in milliseconds of the wall. */
  readonly politeStopMs: number;
  /** One line of the app's output. */
  readonly onLine: (line: string) => void;
  readonly onMessage: (message: FromChild) => void;
}

/** Our own worker, started. */
export interface Child {
  readonly pid: number;
  /** Resolves with the reason when the process has ended. */
  readonly gone: Promise<string>;
  /** Messages to a child that is gone are dropped: `gone` tells. */
  send(message: ToChild): void;
  stop(): Promise<void>;
}

export function startChild(start: ChildStart): Child {
  const child = spawn(start.nodePath, [start.workerPath], {
    cwd: start.cwd,
    env: { ...start.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `ended by ${signal}`),
    );
  });
  child.on('message', (message) => {
    if (isFromChild(message)) start.onMessage(message);
  });
  forwardLines(child.stdout, start.onLine);
  forwardLines(child.stderr, start.onLine);
  return {
    pid: child.pid ?? -1,
    gone,
    send: (message) => {
      // The callback keeps a closed channel from becoming an 'error' event.
      if (child.connected) child.send(message, () => undefined);
    },
    stop: async () => {
      if (child.connected) child.send({ type: 'terminate' } satisfies ToChild, () => undefined);
      const cancel = new AbortController();
      const tooLong = start.clock.timeout(start.politeStopMs);
      tooLong.addEventListener('abort', () => child.kill('SIGKILL'), { signal: cancel.signal });
      await gone;
      cancel.abort();
    },
  };
}

function forwardLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (!stream) return;
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}

/** The app shares the child's process and could write to its channel, so nothing is believed unseen. */
function isFromChild(message: unknown): message is FromChild {
  if (typeof message !== 'object' || message === null) return false;
  const { type, invocationId, functions, pid, reason } = message as Record<string, unknown>;
  switch (type) {
    case 'loaded':
      return Array.isArray(functions);
    case 'kept':
      return typeof pid === 'number';
    case 'kept-ended':
      return typeof reason === 'string';
    case 'invoked':
    case 'invocation-failed':
      return typeof invocationId === 'string';
    default:
      return false;
  }
}
