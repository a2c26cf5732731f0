/**
 * The few documents that a storage account sends us (a key, an error, a page of a list) are plain elements in each
 * other. A library for all of XML would be a hundred times this, and would also read what nobody sends but an
 * attacker.
 */
export interface Element {
  readonly name: string;
  /** Of an element without elements in it; attributes are not kept. */
  readonly text: string;
  readonly elements: readonly Element[];
}

export type Elements = ReadonlyMap<string, string>;

/** Keys and errors of storage have a kilobyte. */
const longestDocument = 64 * 1024;
/** A list is four deep. */
const deepest = 8;

/** The texts in `<root>` by their elements' names; null for every document that is not just that. */
export function readElements(xml: string, root: string): Elements | null {
  const found = xml.length > longestDocument ? null : readElement(xml);
  if (found?.name !== root || (found.elements.length === 0 && found.text !== '')) return null;
  const names = new Set(found.elements.map(({ name }) => name));
  if (names.size < found.elements.length || found.elements.some(({ elements }) => elements.length > 0))
    return null;
  return new Map(found.elements.map(({ name, text }) => [name, text]));
}

/** The document's element with all that is in it; null for what is no such document. */
export function readElement(xml: string): Element | null {
  const cursor = openCursor(xml);
  cursor.take(/\uFEFF?\s*(?:<\?xml[^<>]*\?>\s*)?/y);
  const document: Open = { name: '', text: '', elements: [] };
  const open = [document];
  for (;;) {
    const inner = open.at(-1) ?? document;
    const text = decode(cursor.take(/[^<]*/y)?.[0] ?? '');
    // Between elements there are lines and indents, and nothing else.
    if (text === null || (inner === document && text.trim() !== '')) return null;
    inner.text += text;
    if (cursor.isAtEnd()) break;
    if (!takeTag(cursor, open) || open.length > deepest) return null;
  }
  const [found, ...others] = document.elements;
  return open.length === 1 && others.length === 0 ? (found ?? null) : null;
}

interface Open {
  readonly name: string;
  text: string;
  readonly elements: Element[];
}

/** The beginning or the end of an element, or both. False: it is neither. */
function takeTag(cursor: Cursor, open: Open[]): boolean {
  const start = cursor.take(/<([A-Za-z][\w.-]*)(\s[^<>]*|\/)?>/y);
  const name = start?.[1] ?? cursor.take(/<\/([A-Za-z][\w.-]*)\s*>/y)?.[1];
  if (name === undefined) return false;
  if (start) open.push({ name, text: '', elements: [] });
  if (start && !start[2]?.endsWith('/')) return true;
  const ended = open.pop();
  const outer = open.at(-1);
  if (ended?.name !== name || !outer) return false;
  if (ended.elements.length > 0 && ended.text.trim() !== '') return false;
  outer.elements.push(ended.elements.length > 0 ? { ...ended, text: '' } : ended);
  return true;
}

interface Cursor {
  /** What stands here, and behind it; null, and nowhere, when it does not. */
  take(pattern: RegExp): RegExpExecArray | null;
  isAtEnd(): boolean;
}

function openCursor(text: string): Cursor {
  let at = 0;
  return {
    take: (pattern) => {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match) at = pattern.lastIndex;
      return match;
    },
    isAtEnd: () => at === text.length,
  };
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Null for an entity that XML does not know by itself: nobody declares any here. */
function decode(text: string): string | null {
  let known = true;
  const decoded = text.replace(/&([^;&]{0,10};?)/g, (_, entity: string) => {
    const character = readEntity(entity);
    if (character === null) known = false;
    return character ?? '';
  });
  return known ? decoded : null;
}

function readEntity(entity: string): string | null {
  const [, hex, decimal, name] = /^(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));$/i.exec(entity) ?? [];
  if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] ?? null) : null;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return Number.isInteger(code) && code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : null;
}
