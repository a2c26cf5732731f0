/** What many targets share is read once; what this identity may not read is noted, and nothing fails by it. */
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
