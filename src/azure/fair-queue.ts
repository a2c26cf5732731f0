/** Whose turn it is: every party in turn, each in its own order, so that a party with much to ask starves nobody. */
export interface FairQueue<T> {
  readonly size: number;
  add(party: string, item: T): void;
  /** The next one; null when nobody waits. */
  take(): T | null;
  /** Takes out everything that fits, wherever it waits. */
  remove(fits: (item: T) => boolean): readonly T[];
  /** Each party's oldest: the ones that have waited longest are among them. */
  heads(): readonly T[];
}

export function createFairQueue<T>(): FairQueue<T> {
  const parties = new Map<string, T[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add: (party, item) => {
      size += 1;
      const items = parties.get(party);
      if (items) items.push(item);
      else parties.set(party, [item]);
    },
    take: () => {
      const next = parties.entries().next();
      if (next.done) return null;
      const [party, items] = next.value;
      const item = items.shift();
      // Whoever was served goes to the end of the round.
      parties.delete(party);
      if (items.length > 0) parties.set(party, items);
      if (item === undefined) return null;
      size -= 1;
      return item;
    },
    remove: (fits) => {
      const removed: T[] = [];
      for (const [party, items] of parties) {
        const kept = items.filter((item) => !fits(item));
        if (kept.length === items.length) continue;
        removed.push(...items.filter(fits));
        if (kept.length > 0) parties.set(party, kept);
        else parties.delete(party);
      }
      size -= removed.length;
      return removed;
    },
    heads: () => [...parties.values()].flatMap((items) => items.slice(0, 1)),
  };
}
