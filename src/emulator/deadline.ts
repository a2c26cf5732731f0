/** Waiting for somebody else's code, but not forever. */
import type { Clock } from '../clock.ts';

/**
 * `work`, or `late()` when it takes longer than `ms`. The timer is only set when the work does not end at once:
 * on a virtual clock every forgotten timer is one more instant to visit.
 */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>, late: () => T): Promise<T> {
  const pending = Symbol('pending');
  const soon = new Promise<typeof pending>((resolve) => setImmediate(() => resolve(pending)));
  const first = await Promise.race([work, soon]);
  if (first !== pending) return first as T;
  const signal = clock.timeout(ms);
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => resolve(late());
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
