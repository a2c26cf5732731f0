/** Before the journal begins there is nothing to write down: a wish to stop ends the waiting at once. */
import { TransientError } from '../errors.ts';

export interface Stop {
  /** Aborted when somebody asks to stop; the reason is the signal's name. */
  readonly signal: AbortSignal;
  /** What to type to start again. */
  readonly again: string;
}

/**
 * What `work` comes to, unless somebody asks to stop first. Work under way is left to itself: whoever calls takes
 * away what it works with.
 * @throws TransientError `stopped`, which ends the process with 130.
 */
export async function untilStopped<T>(stop: Stop, work: () => Promise<T>): Promise<T> {
  refuseWhenStopped(stop);
  const { signal } = stop;
  let giveUp = () => {};
  const stopped = new Promise<never>((_, reject) => {
    giveUp = () => reject(tellStopped(stop));
    signal.addEventListener('abort', giveUp, { once: true });
  });
  const working = work();
  // Once stopped, nobody listens to how it ends.
  working.catch(() => {});
  try {
    return await Promise.race([working, stopped]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

export function refuseWhenStopped(stop: Stop): void {
  if (stop.signal.aborted) throw tellStopped(stop);
}

function tellStopped({ signal, again }: Stop): TransientError {
  return new TransientError(
    `Stopped by ${String(signal.reason)} before anything was begun: nothing was done.`,
    { code: 'stopped', next: `Start again: ${again}` },
  );
}
