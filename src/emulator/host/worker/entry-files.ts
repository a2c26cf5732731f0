import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * The entry files that package.json's `main` names, relative to `root`, with `/` and in a fixed order. `main`
 * may be a glob (`src/functions/*.js`, `src/{index.js,functions/*.js}`). Alternatives in braces keep their
 * order, as `func init` relies on it: `src/index.js` comes before the functions.
 */
export function findEntryFiles(root: string, main: string): readonly string[] {
  const found: string[] = [];
  for (const pattern of expandBraces(main.replace(/^\.\//, ''))) {
    const files = /[*?[]/.test(pattern) ? matchFiles(root, pattern) : isFile(root, pattern) ? [pattern] : [];
    for (const file of files) if (!found.includes(file)) found.push(file);
  }
  return found;
}

/** `a{b,c}d` as `abd`, `acd`; braces may be nested. */
export function expandBraces(pattern: string): readonly string[] {
  const open = pattern.indexOf('{');
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '{') depth++;
    if (char === '}') depth--;
    if ((char === ',' && depth === 1) || (char === '}' && depth === 0)) {
      parts.push(pattern.slice(from, at));
      from = at + 1;
    }
    if (char === '}' && depth === 0) break;
  }
  if (depth !== 0 || parts.length < 2) return [pattern];
  return parts.flatMap((part) => expandBraces(pattern.slice(0, open) + part + pattern.slice(from)));
}

function matchFiles(root: string, pattern: string): readonly string[] {
  const firstWild = pattern.search(/[*?[]/);
  const base = pattern.slice(0, pattern.lastIndexOf('/', firstWild) + 1);
  const expression = globExpression(pattern);
  return listFiles(root, base).filter((file) => expression.test(file));
}

/** Names that begin with a dot are matched only by a pattern that writes the dot. */
function globExpression(pattern: string): RegExp {
  const source = pattern
    .split('/')
    .map((segment) => {
      if (segment === '**') return '**';
      const hidden = segment.startsWith('.') ? '' : '(?!\\.)';
      return (
        hidden +
        segment
          .replace(/[.+^${}()|\\]/g, '\\$&')
          .replace(/\*/g, '[^/]*')
          .replace(/\?/g, '[^/]')
      );
    })
    .join('/')
    .replace(/\*\*\//g, '(?:(?!\\.)[^/]+/)*')
    .replace(/\*\*$/, '(?:(?!\\.)[^/]+/)*(?!\\.)[^/]+');
  return new RegExp(`^${source}$`);
}

function listFiles(root: string, folder: string): string[] {
  let entries: readonly { name: string; isDirectory(): boolean }[];
  try {
    entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  } catch {
    return [];
  }
  const files: string[] = [];
  for (const entry of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = folder + entry.name;
    if (entry.isDirectory()) files.push(...listFiles(root, `${name}/`));
    else if (isFile(root, name)) files.push(name);
  }
  return files;
}

function isFile(root: string, name: string): boolean {
  return statSync(path.join(root, name), { throwIfNoEntry: false })?.isFile() ?? false;
}
