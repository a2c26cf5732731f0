/** What stays out of a package: what is never shipped, and what `.funcignore` says. Pure: no disk is touched. */
import ignore from 'ignore';

export interface IgnoreRules {
  /** Why the path (`/` between names, no trailing one) stays out, or null when it is shipped. */
  leaveOut(path: string, kind: 'file' | 'folder'): string | null;
}

/** The file with the user's rules, at the package's root. */
export const ignoreFile = '.funcignore';

/**
 * Rules in gitignore syntax, as git reads them on Linux whatever the machine: case counts, the last match wins,
 * `!` brings back, nothing comes back out of a folder that is left out. An empty text is no rule.
 */
export function readIgnoreRules(text: string): IgnoreRules {
  const rules = ignore({ ignorecase: false, allowRelativePaths: true });
  rules.add(secretGuesses.map((pattern) => ({ pattern, mark: ownMark })));
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n|\r/);
  rules.add(lines.map((pattern, index) => ({ pattern, mark: String(index + 1) })));
  const isRuled = lines.some((line) => line.trim() !== '' && !line.startsWith('#'));
  return {
    leaveOut(path, kind) {
      // What we guess ourselves is about the root alone, and most packages have no rules.
      if (!isRuled && path.includes('/')) return null;
      const { ignored, rule } = rules.test(kind === 'folder' ? `${path}/` : path);
      if (!ignored || !rule) return null;
      if (rule.mark === ownMark) return `may hold secrets: "!${rule.pattern}" in ${ignoreFile} ships it`;
      return `${ignoreFile} line ${rule.mark}: ${rule.pattern.trimEnd()}`;
    },
  };
}

/** Why this path is never shipped, whatever the rules say; null when it may be. */
export function findNeverShipped(path: string): string | null {
  for (const [index, segment] of path.split('/').entries()) {
    const why = findNeverShippedAt(index === 0, segment);
    if (why) return why;
  }
  return null;
}

/** The same for one name of a path, the first of it or not. */
export function findNeverShippedAt(isFirst: boolean, name: string): string | null {
  const lower = name.toLowerCase();
  const why = (isFirst ? neverAtRoot.get(lower) : undefined) ?? neverAnywhere.get(lower);
  return why ? `never shipped: ${why}` : null;
}

/** The local settings hold connection strings and keys; no package may carry them. */
export const localSettingsFile = 'local.settings.json';

const ownMark = 'own';

/** Left out unless `.funcignore` brings them back by name. */
const secretGuesses = ['/.env', '/.env.*'];

/** Case does not count here: Windows and macOS would find the file under any spelling. */
const neverAnywhere: ReadonlyMap<string, string> = new Map([
  [localSettingsFile, 'local settings hold secrets'],
  ['.git', 'version control'],
  ['.gitignore', 'version control'],
  ['.vscode', "an editor's folder"],
  ['.idea', "an editor's folder"],
  ['.vs', "an editor's folder"],
  ['.ds_store', "a desktop's leftovers"],
  ['thumbs.db', "a desktop's leftovers"],
]);

const neverAtRoot: ReadonlyMap<string, string> = new Map([
  [ignoreFile, 'rules for packing'],
  ['.slotwave', "slotwave's own state"],
  ['slotwave.yml', "slotwave's own configuration"],
  ['slotwave.release.json', 'the stamp is written when a release is sealed'],
]);
