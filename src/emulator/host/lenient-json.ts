/** JSON as the function host reads its own files: with comments, a comma too many, a byte order mark. */

/** Undefined: no JSON, or no text at all. */
export function parseJson(text: string | null): unknown {
  if (text === null) return undefined;
  const bare = strip(strip(text.replace(/^\uFEFF/, ''), comment), spareComma);
  try {
    return JSON.parse(bare) as unknown;
  } catch {
    return undefined;
  }
}

const comment = /\/\/[^\r\n]*|\/\*[\s\S]*?\*\//;
const spareComma = /,(?=\s*[\]}])/;

/** Removes what matches `unwanted`, but not within strings. */
function strip(text: string, unwanted: RegExp): string {
  const either = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|${unwanted.source}`, 'g');
  return text.replace(either, (found) => (found.startsWith('"') ? found : ''));
}
