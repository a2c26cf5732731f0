/** What the schema has to say against a file, as problems that a stranger can act on. */
import type * as z from 'zod';
import type { Problem } from '../errors.ts';
import type { ConfigDocument, Path } from './document.ts';
import { describeFound, isSecret, quote, writePath } from './found.ts';
import { buildJsonSchema, type JsonSchema } from './json-schema.ts';
import { expectedDuration, expectedQuoted } from './kinds.ts';
import { findNearest, findNearestKey } from './nearest.ts';
import { configSchema, type Filled } from './schema.ts';

export interface ShapeResult {
  /** Null when something is wrong with the shape. */
  readonly filled: Filled | null;
  readonly problems: readonly Problem[];
}

export function checkShape(document: ConfigDocument): ShapeResult {
  const result = configSchema.safeParse(document.data, { error: describeExpected });
  if (result.success) return { filled: result.data, problems: [] };
  return {
    filled: null,
    problems: result.error.issues
      .flatMap((issue) => unfold(issue, document.data))
      .flatMap((issue) => describeIssue(issue, document)),
  };
}

/**
 * Where a value may be a word or a mapping, what is wrong is told of the form that was meant: a mapping's own
 * mistakes, or the words that there are.
 */
function unfold(issue: z.core.$ZodIssue, data: unknown): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const value = readPath(
    data,
    issue.path.filter((step) => typeof step !== 'symbol'),
  );
  const isMeant =
    value !== null && typeof value === 'object'
      ? (each: z.core.$ZodIssue) => each.path.length > 0 || each.code === 'unrecognized_keys'
      : (each: z.core.$ZodIssue) => typeof value === 'string' && each.code === 'invalid_value';
  const meant = issue.errors.find((each) => each.length > 0 && each.every(isMeant));
  return meant?.map((each) => ({ ...each, path: [...issue.path, ...each.path] })) ?? [issue];
}

type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** Completes "expected …" where the schema has no phrase of its own. */
function describeExpected(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map(String).join(' | ');
    default:
      return 'something else';
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

function describeIssue(issue: z.core.$ZodIssue, document: ConfigDocument): readonly Problem[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => describeUnknownKey([...path, key], document));
  if (issue.code === 'invalid_key') return [describeBadKey(path, issue, document)];
  const value = readPath(document.data, path);
  return [
    {
      ...document.locate(path),
      path: writePath(path),
      message: describeMessage(issue, value),
      found: describeFound(value, path),
      expected: issue.message,
      ...describeNext(issue, value, path),
    },
  ];
}

function describeMessage(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'has no value';
  if (issue.message === expectedDuration) return 'is not a duration';
  if (issue.code === 'too_big' || issue.code === 'too_small') return 'is out of range';
  if (issue.code === 'invalid_value') return 'is not one of the known words';
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union') return 'is not of the right kind';
  return 'cannot be used like this';
}

function describeNext(issue: z.core.$ZodIssue, value: unknown, path: Path): { next?: string } {
  const key = String(path.at(-1) ?? '');
  if (issue.message === expectedDuration && typeof value === 'number') {
    return { next: `Say the unit: ${key}: ${value}s for seconds, ${value}m for minutes.` };
  }
  if (issue.message === expectedQuoted && value !== undefined && typeof value !== 'object') {
    return { next: `Quote it: ${key}: ${isSecret(path) ? '"…"' : `"${String(value)}"`}` };
  }
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const near = findNearest(value, issue.values.map(String));
    return near ? { next: `Did you mean ${near}?` } : {};
  }
  if (key === 'percent' && typeof value === 'string' && /^\d+(\.\d+)?\s*%?$/.test(value)) {
    return { next: `Write it as a number: percent: ${Number.parseFloat(value)}` };
  }
  if (key === 'resourceId' && typeof value === 'string') return { next: describeResourceIdNext(value) };
  return {};
}

function describeResourceIdNext(id: string): string {
  if (/\/slots\//i.test(id)) return 'Leave "/slots/…" away and name the slot with `slot:` beside it.';
  if (id.includes('…') || id.includes('<'))
    return 'Put the real ID here: az functionapp show -g <group> -n <site> --query id';
  return 'Copy it: az functionapp show -g <group> -n <site> --query id';
}

function describeBadKey(path: Path, issue: z.core.$ZodIssueInvalidKey, document: ConfigDocument): Problem {
  return {
    ...document.locateKey(path),
    path: writePath(path),
    message: 'cannot be used as a name here',
    found: quote(String(path.at(-1) ?? '')),
    expected: issue.issues[0]?.message ?? 'another name',
  };
}

function describeUnknownKey(path: Path, document: ConfigDocument): Problem {
  const key = String(path.at(-1));
  const root = readSchema();
  const known = Object.keys(findSchema(root, path.slice(0, -1))?.properties ?? {});
  const near = findNearestKey(key, known);
  const home = near ? null : findHome(root, key);
  return {
    ...document.locateKey(path),
    path: writePath(path),
    message: 'is not a known key',
    found: quote(key),
    expected: known.length > 0 ? `one of ${known.join(', ')}` : 'another key',
    ...(near ? { next: `Did you mean ${near}?` } : {}),
    ...(home ? { next: `It belongs under ${home}.` } : {}),
  };
}

/** Made when the first key is unknown, and once: a file full of mistakes would have it made for each. */
function readSchema(): JsonSchema {
  schemaOnce ??= buildJsonSchema();
  return schemaOnce;
}

let schemaOnce: JsonSchema | null = null;

function findSchema(schema: JsonSchema, path: Path): JsonSchema | null {
  let current: JsonSchema | undefined = schema;
  for (const step of path) {
    current = asMapped(current);
    const other: JsonSchema | boolean | undefined = current.additionalProperties;
    current =
      typeof step === 'number'
        ? current.items
        : (current.properties?.[step] ?? (typeof other === 'object' ? other : undefined));
    if (!current) return null;
  }
  return asMapped(current);
}

/** The form with keys, of a value that may be a word as well. */
export function asMapped(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find((each) => each.properties !== undefined) ?? schema;
}

/** Where a key that is unknown here is at home: `interval` → `probes`. */
function findHome(schema: JsonSchema, key: string, at = ''): string | null {
  for (const [name, child] of Object.entries(asMapped(schema).properties ?? {})) {
    if (name === key) return at || 'the top level';
    const home = findHome(child, key, at ? `${at}.${name}` : name);
    if (home) return home;
  }
  return schema.items ? findHome(schema.items, key, `${at}[]`) : null;
}

function readPath(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}
