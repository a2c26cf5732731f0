/** The house rules (architecture.md §5, §10), each a pure function from sources to what is wrong with them. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

export interface Source {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export function readSources(root: string, folders: readonly string[]): readonly Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({
        path: relative(root, path).replaceAll('\\', '/'),
        text: readFileSync(path, 'utf8'),
      })),
  );
}

/** Who may import whom. `+` marks rooms of which only types may be taken. */
const directions: Readonly<Record<string, readonly string[]>> = {
  entry: ['config', 'plan', 'preflight', 'release', 'target', 'probe', 'azure', 'rollout', 'report'],
  report: ['+rollout', 'plan', '+probe', '+target', '+release'],
  rollout: ['target', 'probe', '+release', 'plan'],
  azure: ['+target', '+rollout', 'probe', 'release', '+plan', '+config'],
  target: ['plan', 'release'],
  probe: ['+plan'],
  preflight: ['plan'],
  release: [],
  plan: [],
  config: [],
  emulator: [],
};

export function findWrongDirections(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => {
    const room = roomOf(source.path);
    if (room === null) return [];
    return importsOf(source).flatMap(({ path, typeOnly }) => {
      const other = roomOf(path);
      if (other === room) return [];
      const told = `${source.path} imports ${path}`;
      if (other === null) return isAllowedAtRoot(room, path) ? [] : [told];
      const allowed = directions[room] ?? [];
      if (allowed.includes(other) || (typeOnly && allowed.includes(`+${other}`))) return [];
      return [
        typeOnly || !allowed.includes(`+${other}`) ? told : `${told}: only types may be taken from there`,
      ];
    });
  });
}

function isAllowedAtRoot(room: string, path: string): boolean {
  return path === 'src/clock.ts' || (path === 'src/errors.ts' && room !== 'emulator');
}

function roomOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

interface Import {
  readonly path: string;
  readonly typeOnly: boolean;
}

/** Imports of our own files; those of packages are not the house's matter. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\s+(type\s)?([^'"`;]*?)\bfrom\s*'(\.[^']+)'/gm),
    ...text.matchAll(/()()\bimport\(\s*'(\.[^']+)'\s*\)/g),
    ...text.matchAll(/()()^\s*import\s*'(\.[^']+)'/gm),
  ];
  return found.map(([, type, names = '', target = '']) => ({
    path: normalize(join(dirname(path), target)).replaceAll('\\', '/'),
    typeOnly: type !== undefined && type !== '' ? true : takesTypesOnly(names),
  }));
}

function takesTypesOnly(names: string): boolean {
  const inner = /^\{([\s\S]*)\}\s*$/.exec(names.trim())?.[1];
  const parts = (inner ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.length > 0 && parts.every((part) => part.startsWith('type '));
}

/** The clock, chance, the console and the process belong to the edge. */
const edge = /^src\/(entry\/|clock\.ts$|emulator\/main\.ts$|emulator\/host\/worker(\.ts$|\/))/;
const edgeWords = [
  /\bconsole\b/,
  /\bprocess\s*\.\s*(env|argv|exit|exitCode|stdout|stderr|stdin)\b/,
  /\bDate\s*\.\s*now\b/,
  /\bnew\s+Date\s*\(\s*\)/,
  /\bMath\s*\.\s*random\b/,
  /(?<![.\w])set(Timeout|Interval)\s*\(/,
];

export function findEdgeWords(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(({ path }) => path.startsWith('src/') && !edge.test(path))
    .flatMap(({ path, text }) =>
      withoutComments(text)
        .split('\n')
        .flatMap((line, index) => {
          const word = edgeWords.map((pattern) => pattern.exec(line)?.[0]).find((each) => each !== undefined);
          return word === undefined ? [] : [`${path}:${index + 1} says ${word}`];
        }),
    );
}

/** Comments and plain strings are blanked, line ends kept. Templates stay: there may be code in them. */
export function withoutComments(text: string): string {
  const tokens = /`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(tokens, (token) => (token.startsWith('`') ? token : token.replace(/[^\n]/g, ' ')));
}

export function findBadNames(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const file = path.split('/').at(-1) ?? '';
    const wrongCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(file) ? [] : [`${path} is not kebab-case`];
    const vagueFile = /(^|-)(manager|handler|helper|helpers|util|utils|service)(-|\.)/.test(file)
      ? [`${path} is vague`]
      : [];
    const declared = /\b(?:function\*?|const|let|class|interface|type)\s+([A-Za-z_$][\w$]*)/g;
    const vague = [...withoutComments(text).matchAll(declared)]
      .map(([, name = '']) => name)
      .filter((name) =>
        /(Manager|Handler|Helper|Utils?|Service)(?![a-z])/.test(name[0]?.toUpperCase() + name.slice(1)),
      )
      .filter((name) => !platformWords.test(name))
      .map((name) => `${path} declares ${name}`);
    return [...wrongCase, ...vagueFile, ...vague];
  });
}

/** Azure's own names for things: a custom handler is what `host.json` calls it, App Service is the platform. */
const platformWords = /resourceManager|customHandler|appService/i;

interface Mark {
  readonly what: string;
  readonly pattern: RegExp;
  /** Prose may say these words; only code must not. */
  readonly inCodeOnly: boolean;
}

// Written in pieces, so that this file may be held against its own rules.
const marks: readonly Mark[] = [
  { what: 'an open end', pattern: wordOf(['TO', 'DO'], ['FIX', 'ME'], ['X', 'XX']), inCodeOnly: false },
  { what: 'a silenced compiler', pattern: new RegExp(`@ts-${'(ignore|nocheck)'}`), inCodeOnly: false },
  { what: 'a hole in the types', pattern: new RegExp(`(\\bas|<|:)\\s*${'any'}\\b`), inCodeOnly: true },
  {
    what: 'a test that shuts out others',
    pattern: new RegExp(`\\b(it|test|describe)\\.${'only'}\\b|\\bf(it|describe)\\(`),
    inCodeOnly: true,
  },
];

function wordOf(...words: readonly (readonly string[])[]): RegExp {
  return new RegExp(`\\b(${words.map((parts) => parts.join('')).join('|')})\\b`);
}

export function findMarks(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    const code = withoutComments(text).split('\n');
    return lines.flatMap((line, index) => {
      const found = marks
        .filter(({ pattern, inCodeOnly }) => pattern.test(inCodeOnly ? (code[index] ?? '') : line))
        .map(({ what }) => what);
      if (isSilentSkip(code[index] ?? '', line, lines[index - 1]))
        found.push('a skipped test without a reason');
      return found.map((what) => `${path}:${index + 1} is ${what}`);
    });
  });
}

/** `condition ? it : it.skip` says by itself when it is skipped; any other skip needs a comment. */
function isSilentSkip(code: string, line: string, before = ''): boolean {
  if (!/\b(it|test|describe)\.skip\b|\bx(it|describe)\(/.test(code)) return false;
  if (/\?\s*(it|test|describe)\s*:\s*(it|test|describe)\.skip/.test(code)) return false;
  return !/\/\/|\*/.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(before);
}

/** Files that none of the doors leads to. */
export function findOrphans(sources: readonly Source[], doors: readonly string[]): readonly string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const waiting = [...doors];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const source = byPath.get(path);
    if (reached.has(path) || !source) continue;
    reached.add(path);
    waiting.push(...importsOf(source).map((each) => each.path));
  }
  return sources.filter(({ path }) => path.startsWith('src/') && !reached.has(path)).map(({ path }) => path);
}
