/**
 * The two documents that a storage account sends us, a key and an error, are one element with plain elements in it.
 * A library for all of XML would be a hundred times this, and would also read what nobody sends but an attacker.
 */
export type Elements = ReadonlyMap<string, string>;

/** Keys and errors of storage have a kilobyte. */
const longestDocument = 64 * 1024;

/** The texts in `<root>` by their elements' names; null for every document that is not just that. */
export function readElements(xml: string, root: string): Elements | null {
  if (xml.length > longestDocument) return null;
  const cursor = openCursor(xml);
  cursor.take(/\uFEFF?\s*(?:<\?xml[^<>]*\?>\s*)?/y);
  if (cursor.take(/<([A-Za-z][\w.-]*)(?:\s[^<>]*)?>\s*/y)?.[1] !== root) return null;
  const found = new Map<string, string>();
  for (;;) {
    const start = cursor.take(/<([A-Za-z][\w.-]*)\s*(\/?)>/y);
    if (!start) break;
    const [, name = '', empty] = start;
    const text = empty ? '' : readText(cursor, name);
    if (text === null || found.has(name)) return null;
    found.set(name, text);
    cursor.take(/\s*/y);
  }
  const end = cursor.take(/<\/([A-Za-z][\w.-]*)\s*>\s*/y);
  return end?.[1] === root && cursor.isAtEnd() ? found : null;
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

function readText(cursor: Cursor, name: string): string | null {
  const text = cursor.take(/[^<]*/y)?.[0] ?? '';
  return cursor.take(/<\/([A-Za-z][\w.-]*)\s*>/y)?.[1] === name ? decode(text) : null;
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
