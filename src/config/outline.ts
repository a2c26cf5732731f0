/**
 * What can be read from a file that may still be wrong elsewhere: so that a wave that names nobody is told in
 * the same run as a misspelt key. Everything that has not the expected shape is left out.
 */
import { resourceIdPattern } from './kinds.ts';

export interface OutlinedTarget {
  readonly at: number;
  /** Null when neither a name nor a readable resource ID is there. */
  readonly name: string | null;
  /** The function app, in one spelling; null when its resource ID cannot be read. */
  readonly siteKey: string | null;
  readonly slot: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface OutlinedWave {
  readonly at: number;
  readonly name: string | null;
  readonly match: Readonly<Record<string, string>> | null;
  readonly targets: readonly string[] | null;
  readonly count: number | null;
  readonly percent: number | null;
  /** True when it has no selector at all, readable or not. */
  readonly takesRest: boolean;
}

export interface Outline {
  readonly targets: readonly OutlinedTarget[];
  readonly waves: readonly OutlinedWave[];
  /** True when the targets in the file are all there will be, and each can be named. */
  readonly complete: boolean;
  readonly discovers: boolean;
}

export type Mapping = Readonly<Record<string, unknown>>;

export function outlineConfig(data: unknown): Outline {
  const fleet = asMapping(asMapping(data)['fleet']);
  const targets = asList(fleet['targets']).map(outlineTarget);
  const discovers = fleet['discover'] !== undefined;
  return {
    targets,
    waves: asList(asMapping(asMapping(data)['strategy'])['waves']).map(outlineWave),
    complete: !discovers && targets.length > 0 && targets.every((target) => target.name !== null),
    discovers,
  };
}

export function asMapping(value: unknown): Mapping {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Mapping) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function outlineTarget(written: unknown, at: number): OutlinedTarget {
  const target = asMapping(written);
  const id = resourceIdPattern.exec(asText(target['resourceId']) ?? '');
  return {
    at,
    name: asText(target['name']) ?? id?.[3] ?? null,
    siteKey: id ? id.slice(1, 4).join('/').toLowerCase() : null,
    slot: asText(target['slot']) ?? 'staging',
    labels: asTexts(target['labels']),
  };
}

function outlineWave(written: unknown, at: number): OutlinedWave {
  const wave = asMapping(written);
  const number = (value: unknown) => (typeof value === 'number' && value > 0 ? value : null);
  return {
    at,
    name: asText(wave['name']),
    match: wave['match'] === undefined ? null : asTexts(wave['match']),
    targets:
      wave['targets'] === undefined
        ? null
        : asList(wave['targets']).filter((name) => typeof name === 'string'),
    count: number(wave['count']),
    percent: number(wave['percent']),
    takesRest: ['match', 'targets', 'count', 'percent'].every((key) => wave[key] === undefined),
  };
}

function asTexts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(asMapping(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
