/** Words that several rules need: places, lists, commands. */
import type { Target } from '../plan/fleet.ts';
import type { SlotSurroundings } from '../plan/surroundings.ts';
import type { Scene } from './finding.ts';

export const docs = 'https://learn.microsoft.com/azure';

export interface Side {
  /** `production`, `the slot "staging"`: to stand in the middle of a sentence. */
  readonly name: string;
  readonly slot: SlotSurroundings;
}

/** Production and, where it is there, the staging slot. */
export function sidesOf({ facts, around }: Scene): readonly Side[] {
  return [
    { name: 'production', slot: around.production },
    ...(around.staging ? [{ name: nameSlot(facts.target), slot: around.staging }] : []),
  ];
}

export function nameSlot({ slot }: Target): string {
  return `the slot "${slot}"`;
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** How az is told which app, and which slot of it. */
export function nameApp({ resourceGroup, site, subscriptionId }: Target): string {
  return `--subscription ${subscriptionId} -g ${resourceGroup} -n ${site}`;
}

export function nameInAz(target: Target, { name }: Side): string {
  return name === 'production' ? nameApp(target) : `${nameApp(target)} --slot ${target.slot}`;
}

/** The last part of a resource id. */
export function lastPart(id: string): string {
  return id.split('/').at(-1) ?? id;
}

export function sameText(one: string | null, other: string | null): boolean {
  return one?.toLowerCase() === other?.toLowerCase();
}

export function sameSet(one: readonly string[], other: readonly string[]): boolean {
  const key = (texts: readonly string[]) => JSON.stringify([...new Set(texts)].sort());
  return key(one) === key(other);
}
