/** `host.json` is what makes a folder a function app: without it the host lists no function at all. */
import { messageOf } from './problems.ts';

/** The few things about a host.json that a package needs to know. */
export type HostJson =
  | {
      readonly ok: true;
      readonly customHandler: string | null;
      /** The functions that the host loads, and no others; absent: all. */
      readonly functions?: readonly string[];
      /** `extensions.durableTask.hubName`, as written: a name, or `%Setting%`. */
      readonly hubName?: string;
      /** `extensionBundle.version`: `[4.*, 5.0.0)`. */
      readonly bundle?: string;
    }
  | { readonly ok: false; readonly why: string };

/** Far more than any real one; a larger file is not read. */
export const maxHostJsonBytes = 1024 * 1024;

/** Reads a host.json as leniently as the function host does: a byte order mark, comments, a comma too many. */
export function readHostJson(text: string): HostJson {
  let document: unknown;
  try {
    document = JSON.parse(removeComments(text.replace(/^\ufeff/, '')));
  } catch (error) {
    return { ok: false, why: `is not JSON: ${messageOf(error)}` };
  }
  if (!isRecord(document)) return { ok: false, why: 'holds something else than a JSON object' };
  const { functions } = document;
  const named = Array.isArray(functions) ? functions.filter((each) => typeof each === 'string') : [];
  const customHandler = readCustomHandler(document);
  const hubName = textAt(document, 'extensions', 'durableTask', 'hubName');
  const bundle = textAt(document, 'extensionBundle', 'version');
  return {
    ok: true,
    customHandler,
    ...(named.length === 0 ? {} : { functions: named }),
    ...(hubName === null ? {} : { hubName }),
    ...(bundle === null ? {} : { bundle }),
  };
}

function textAt(document: unknown, ...path: readonly string[]): string | null {
  const found = path.reduce((value, key) => (isRecord(value) ? value[key] : null), document);
  return typeof found === 'string' && found !== '' ? found : null;
}

/** The executable that the host starts, as a path in the package; null when the app has no custom handler. */
function readCustomHandler(document: Readonly<Record<string, unknown>>): string | null {
  const { customHandler } = document;
  const description = isRecord(customHandler) ? customHandler['description'] : null;
  const path = isRecord(description) ? description['defaultExecutablePath'] : null;
  if (typeof path !== 'string' || path === '') return null;
  return path.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
}

/** Strings are matched first, so that what looks like a comment within one stays. */
function removeComments(text: string): string {
  const strings = '"(?:\\\\.|[^"\\\\])*"';
  const withoutComments = text.replace(
    new RegExp(`(${strings})|//[^\\n\\r]*|/\\*[^]*?\\*/`, 'g'),
    (_, string?: string) => string ?? ' ',
  );
  return withoutComments.replace(
    new RegExp(`(${strings})|,(?=\\s*[}\\]])`, 'g'),
    (_, string?: string) => string ?? '',
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
