import { createServer } from 'node:net';
import type { Clock } from '../../clock.ts';
import { AppGoneError } from './app.ts';
import { type ChildStart, startChild } from './child.ts';
import { exchangeLocally, type LocalAnswer } from './local-http.ts';
import type { FromChild, KeepCall } from './protocol.ts';

/** A program that answers HTTP on a port of its own and knows nothing of us; our worker guards it. */
export interface KeptProcess {
  readonly pid: number;
  readonly gone: Promise<string>;
  stop(): Promise<void>;
}

/** More than the guard itself grants to the program before it kills it. */
const politeStopMs = 6_000;

export type KeptStart = Omit<ChildStart, 'onMessage' | 'politeStopMs'>;

/** Rejects with AppGoneError when the program cannot be started. */
export async function startKept(start: KeptStart, call: Omit<KeepCall, 'environment'>): Promise<KeptProcess> {
  let onKept: (pid: number) => void = () => undefined;
  let onEnded: (reason: string) => void = () => undefined;
  const kept = new Promise<number>((resolve) => {
    onKept = resolve;
  });
  const ended = new Promise<string>((resolve) => {
    onEnded = resolve;
  });
  const onMessage = (message: FromChild): void => {
    if (message.type === 'kept') onKept(message.pid);
    if (message.type === 'kept-ended') onEnded(message.reason);
  };
  // The guard runs beside the emulator, not in the app's environment: that is for the program alone.
  const child = startChild({
    ...start,
    environment: { PATH: start.environment['PATH'] ?? '' },
    onMessage,
    politeStopMs,
  });
  const gone = Promise.race([ended, child.gone]).then(async (reason) => {
    await child.stop();
    return reason;
  });
  child.send({ type: 'keep', call: { ...call, environment: start.environment } });
  const pid = await Promise.race([kept, gone]);
  if (typeof pid === 'string') throw new AppGoneError(`${call.command} ${pid}.`);
  return { pid, gone, stop: () => child.stop() };
}

/** A port of this machine that nobody listens on. Somebody may take it before the program does; it then ends. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('The system gave no port.'));
      });
    });
  });
}

/**
 * Why an exchange with a kept process failed. The socket tells of a death before the guard does, so this waits a
 * moment for the guard's word: whoever asks next must not meet the dead process again.
 */
export async function explainSilence(
  gone: Promise<string>,
  clock: Clock,
  thrown: unknown,
): Promise<AppGoneError> {
  const cancel = new AbortController();
  const alive = clock.sleep(deathNoticeMs, cancel.signal).then(
    () => 'does not answer',
    () => '',
  );
  const reason = await Promise.race([gone, alive]);
  cancel.abort();
  return new AppGoneError(`The app's program ${reason}: ${String(thrown)}`);
}

const deathNoticeMs = 1_000;

/** Asks again and again until `isReady`; a refused connection means not yet. Ends only with the signal. */
export async function pollUntil(
  ask: { readonly port: number; readonly path: string; readonly signal: AbortSignal; readonly clock: Clock },
  isReady: (answer: LocalAnswer) => boolean,
): Promise<void> {
  const { port, path, signal, clock } = ask;
  for (;;) {
    signal.throwIfAborted();
    const answer = await exchangeLocally({ port, path, method: 'GET', headers: {}, signal }).catch(
      () => null,
    );
    if (answer && isReady(answer)) return;
    await clock.sleep(pollPauseMs, signal);
  }
}

const pollPauseMs = 50;
