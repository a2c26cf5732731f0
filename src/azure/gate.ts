/** So many at once and no more; the others wait outside in their order, as long as their patience lasts. */
export interface Gate {
  /** Resolves with the way to leave again, to be called once. Rejects when `signal` aborts before. */
  enter(signal: AbortSignal): Promise<() => void>;
}

export function createGate(limit: number): Gate {
  let inside = 0;
  const outside = new Set<() => void>();
  const leave = () => {
    inside--;
    const [next] = outside;
    if (next === undefined) return;
    outside.delete(next);
    next();
  };
  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const go = () => {
          signal.removeEventListener('abort', giveUp);
          inside++;
          resolve(leave);
        };
        const giveUp = () => {
          outside.delete(go);
          reject(signal.reason);
        };
        if (inside < limit) return go();
        outside.add(go);
        signal.addEventListener('abort', giveUp, { once: true });
      }),
  };
}
