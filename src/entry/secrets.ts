/**
 * What nobody may read, known to the whole process: an error may be told by somebody who did not know the secret.
 * Two kinds: tokens and keys, which are taken out of everything that is written, and values of settings, which are
 * taken out of what others said. Those may be any word, and a journal in which every such word is gone says nothing.
 */
import { veilAddresses } from '../azure/server-text.ts';

const secrets = createIndex(6);
const values = createIndex(8);

/** From now on written as `***`, whatever it stands in. Shorter ones than 6 characters would hide words. */
export function hideSecret(secret: string): void {
  for (const form of formsOf(secret)) secrets.add(form);
}

/** The value of a setting: from now on taken out of what others said, unless it can be no secret. */
export function hideValue(value: string): void {
  if (!isHarmless(value)) for (const form of formsOf(value)) values.add(form);
}

/** Text of ours: only tokens and keys are taken out. */
export function redact(text: string): string {
  return secrets.replace(text);
}

/** Text that others had a part in: values of settings go as well, and whatever looks like a key. */
export function redactSaid(text: string): string {
  return veilAddresses(values.replace(secrets.replace(text)));
}

/** The same for every such text in a record; what programs read of it (names, ids, types) stays as it is. */
export function redactRecord<T>(record: T): T {
  return walk(record, false) as T;
}

/** Where texts of others end up: in what was said, why, and what to do next. */
const saidIn = new Set(['message', 'next', 'why', 'said', 'what', 'pending', 'found', 'unreadable']);

function walk(value: unknown, isSaid: boolean): unknown {
  if (typeof value === 'string') return isSaid ? redactSaid(value) : value;
  if (Array.isArray(value)) return value.map((each) => walk(each, isSaid));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, saidIn.has(key))]));
}

/** Words, numbers of versions, host names and references to a vault tell nothing, and errors are full of them. */
function isHarmless(value: string): boolean {
  return (
    /^[a-z]+$/i.test(value) ||
    /^v?\d+(\.\d+)*$/.test(value) ||
    /^(https?:\/\/)?([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?\/?$/i.test(value) ||
    value.startsWith('@Microsoft.KeyVault(')
  );
}

function formsOf(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
}

interface Index {
  add(secret: string): void;
  replace(text: string): string;
}

/** By their first characters, so that a fleet with thousands of values costs no more than one with a few. */
function createIndex(shortest: number): Index {
  const byStart = new Map<string, readonly string[]>();
  // Most places of a text begin no secret: two characters say so, without a piece of the text for each place.
  const pairs = new Uint8Array(2 ** 16);
  return {
    add(secret) {
      if (secret.length < shortest) return;
      const start = secret.slice(0, shortest);
      pairs[pairAt(secret, 0)] = 1;
      const known = byStart.get(start) ?? [];
      if (known.includes(secret)) return;
      byStart.set(
        start,
        [...known, secret].sort((one, other) => other.length - one.length),
      );
    },
    replace(text) {
      if (byStart.size === 0) return text;
      let told = '';
      let keptTo = 0;
      for (let at = 0; at + shortest <= text.length; ) {
        const may = pairs[pairAt(text, at)] === 1;
        const length = may ? matchAt(text, at, byStart.get(text.slice(at, at + shortest)) ?? []) : 0;
        if (length === 0) {
          at++;
          continue;
        }
        told += `${text.slice(keptTo, at)}***`;
        at += length;
        keptTo = at;
      }
      return keptTo === 0 ? text : told + text.slice(keptTo);
    },
  };
}

/** Different pairs of characters may share a number; what counts is that the same pair always has the same. */
function pairAt(text: string, at: number): number {
  return ((text.charCodeAt(at) & 0xff) << 8) | (text.charCodeAt(at + 1) & 0xff);
}

/** How much of the text from here is a secret, or the beginning of one that was cut off there. */
function matchAt(text: string, at: number, candidates: readonly string[]): number {
  const whole = candidates.find((secret) => text.startsWith(secret, at));
  if (whole !== undefined) return whole.length;
  for (const secret of candidates) {
    let length = 0;
    while (at + length < text.length && text[at + length] === secret[length]) length++;
    if (isCut(text, at + length)) return length;
  }
  return 0;
}

function isCut(text: string, end: number): boolean {
  return end === text.length || text[end] === '…' || text[end] === '"';
}
