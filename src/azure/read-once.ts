/** What many targets share is read once; what this identity may not read is noted, and nothing fails by it. */
import type { Clock } from '../clock.ts';
import { SlotwaveError } from '../errors.ts';
import type { Unread } from '../plan/surroundings.ts';
import { tame } from './server-text.ts';

/** Reads by key, case ignored: the first asker asks, the others wait for the same answer. */
export function createOnce<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (key, read) => {
    const id = key.toLowerCase();
    const known = kept.get(id);
    if (known) return known;
    const asked = read();
    kept.set(id, asked);
    return asked;
  };
}

/** What was read a moment ago, for the next step of the same phase: nobody asks twice for what cannot differ yet. */
export interface Recent<T> {
  /** Reads, and keeps what was read, as of the moment in which it was asked for. */
  read(key: string, read: () => Promise<T>): Promise<T>;
  /** What was asked for at most `ageMs` ago and not forgotten since, or what `read` says now. */
  take(key: string, ageMs: number, read: () => Promise<T>): Promise<T>;
  /** Before a request that changes it. */
  forget(key: string): void;
}

export function createRecent<T>(clock: Pick<Clock, 'now'>): Recent<T> {
  const kept = new Map<string, { readonly value: T; readonly askedMs: number }>();
  const changes = new Map<string, number>();
  const readNow = async (id: string, read: () => Promise<T>): Promise<T> => {
    const askedMs = clock.now();
    const before = changes.get(id);
    const value = await read();
    // What was changed while it was on its way may be as it was before.
    if (changes.get(id) === before) kept.set(id, { value, askedMs });
    return value;
  };
  return {
    read: (key, read) => readNow(key.toLowerCase(), read),
    take: async (key, ageMs, read) => {
      const id = key.toLowerCase();
      const known = kept.get(id);
      return known && clock.now() - known.askedMs <= ageMs ? known.value : readNow(id, read);
    },
    forget: (key) => {
      const id = key.toLowerCase();
      changes.set(id, (changes.get(id) ?? 0) + 1);
      kept.delete(id);
    },
  };
}

export interface Notes {
  /** The answer, or null and a note. Only our own mistakes pass. */
  attempt<T>(what: string, read: () => Promise<T>): Promise<T | null>;
  readonly unread: readonly Unread[];
}

export function createNotes(): Notes {
  const unread: Unread[] = [];
  return {
    unread,
    async attempt(what, read) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof SlotwaveError) || error.kind === 'defect') throw error;
        if (!unread.some((each) => each.what === what)) unread.push({ what, why: wordsOf(error) });
        return null;
      }
    },
  };
}

const shortWhy: Readonly<Record<string, string>> = {
  'permission-missing': 'this identity has no right to read it',
  forbidden: 'this identity has no right to read it',
  'not-found': 'it was not found',
  'resource-group-not-found': 'it was not found',
  'subscription-not-found': 'its subscription was not found',
  'account-unseen': "this identity sees none of that name in the app's subscription",
};

function wordsOf({ code, message }: SlotwaveError): string {
  return shortWhy[code] ?? tame(message, 160);
}
