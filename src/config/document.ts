/** The text of a config file as data, with the way back from a path in the data to a line in the text. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { Problem } from '../errors.ts';
import { findSyntaxProblem } from './syntax.ts';

export type Path = readonly (string | number)[];

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface ConfigDocument {
  /** Undefined when the text cannot be read as YAML at all. */
  readonly data: unknown;
  /** What is wrong with the YAML itself. */
  readonly problems: readonly Problem[];
  /** Where the value at a path stands; the nearest thing around it when there is none. */
  locate(path: Path): Position;
  /** Where the key at a path stands. */
  locateKey(path: Path): Position;
}

/** Enough for every honest use of anchors, and too few for a bomb of aliases. */
const maxAliasCount = 200;

export function readDocument(text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    uniqueKeys: true,
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  // One slip often breaks several of YAML's rules at once; the same words are told once for each line.
  const told = new Map(
    document.errors.map((error) => {
      const problem = describeError(error, text, at);
      return [JSON.stringify({ ...problem, column: 0 }), problem] as const;
    }),
  );
  const problems = [...told.values()];
  // A repeated key leaves the rest readable, so that everything else can be told in the same run.
  const readable = document.errors.every((error) => error.code === 'DUPLICATE_KEY');
  return {
    ...(readable ? readData(document, at) : { data: undefined, problems: [] }),
    ...(problems.length > 0 ? { problems } : {}),
    locate: (path) => at(findOffset(document, path, 'value')),
    locateKey: (path) => at(findOffset(document, path, 'key')),
  };
}

function readData(
  document: Document.Parsed,
  at: (offset: number) => Position,
): { data: unknown; problems: readonly Problem[] } {
  const bad = findBadAlias(document);
  if (bad !== null)
    return { data: undefined, problems: [{ ...at(bad.offset), ...findSyntaxProblem(bad.code, null) }] };
  try {
    return { data: document.toJS({ maxAliasCount }) as unknown, problems: [] };
  } catch {
    const problem = {
      ...at(0),
      message: 'the aliases of this file unfold into too much',
      expected: `none that is used more than ${maxAliasCount} times, those within it counted`,
    };
    return { data: undefined, problems: [problem] };
  }
}

/** An alias whose anchor is not before it, or around it: what contains itself has no end. */
function findBadAlias(document: Document.Parsed): { readonly offset: number; readonly code: string } | null {
  let bad: { readonly offset: number; readonly code: string } | null = null;
  visit(document, {
    Alias: (_, alias, path) => {
      const anchored = alias.resolve(document);
      if (anchored && !path.includes(anchored)) return undefined;
      bad = { offset: startOf(alias) ?? 0, code: anchored ? 'ALIAS_IN_ITSELF' : 'BAD_ALIAS' };
      return visit.BREAK;
    },
  });
  return bad;
}

function describeError(error: YAMLError, text: string, at: (offset: number) => Position): Problem {
  const [from] = error.pos;
  const key = error.code === 'DUPLICATE_KEY' ? readKey(text.slice(from, from + longestKey)) : null;
  return { ...at(from), ...findSyntaxProblem(error.code, key) };
}

const longestKey = 100;

function readKey(text: string): string | null {
  return /^(["']?)([\w.$-]+)\1\s*:/.exec(text)?.[2] ?? null;
}

function findOffset(document: Document.Parsed, path: Path, side: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const found = findChild(node, step);
    if (!found) return offset;
    const wantsKey = side === 'key' && depth === path.length - 1;
    const keyOffset = isPair(found) ? startOf(found.key) : null;
    node = isPair(found) ? found.value : found;
    offset = (wantsKey || !hasText(node) ? keyOffset : startOf(node)) ?? startOf(node) ?? keyOffset ?? offset;
  }
  return offset;
}

function findChild(node: unknown, step: string | number): Pair | Node | null {
  if (isMap(node)) {
    return (
      node.items.find((pair) => (isScalar(pair.key) ? String(pair.key.value) : null) === String(step)) ?? null
    );
  }
  if (isSeq(node) && typeof step === 'number') return (node.items[step] as Node | undefined) ?? null;
  return null;
}

/** A mapping or list that starts on the next line is told at its key, where people look for it. */
function hasText(node: unknown): boolean {
  return isScalar(node) ? node.value !== null : isAlias(node);
}

function startOf(node: unknown): number | null {
  if (node === null || typeof node !== 'object' || !('range' in node)) return null;
  const range: unknown = node.range;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : null;
}
