/**
 * `${env:NAME}`: a value that comes from the environment of whoever runs slotwave. What is kept (plan, journal, log)
 * has the text as it was written; only the edge that uses it puts the value in its place.
 */
import { InputError, type Problem } from '../errors.ts';
import type { Path } from './document.ts';

/** A text that may refer to the environment, and where in the config it stands. */
export interface EnvText {
  readonly path: string;
  readonly text: string;
}

export type EnvLookup = (name: string) => string | undefined;

/** The names that a text refers to, each once, in their order. */
export function findEnvNames(text: string): readonly string[] {
  return [
    ...new Set([...text.matchAll(reference)].map(([, name = '']) => name).filter((name) => name !== '')),
  ];
}

/** Whether the text at this place of the config is one that is expanded. Everywhere else a reference is a mistake. */
export function isEnvPlace(path: Path): boolean {
  if (path[0] === 'probes' && (path.includes('headers') || path.includes('body'))) return true;
  return path.at(-1) === 'proxy' && ['vantage', 'from'].includes(String(path.at(-2)));
}

/**
 * Asked before anything starts, with every text that will be expanded.
 * @throws InputError `env-missing`, with one problem for each variable that is not set, or empty.
 */
export function demandEnv(texts: readonly EnvText[], lookup: EnvLookup): void {
  const problems: readonly Problem[] = texts.flatMap(({ path, text }) =>
    findEnvNames(text)
      .filter((name) => !lookup(name))
      .map((name) => ({ path, message: `the environment variable ${name} is not set, or is empty` })),
  );
  if (problems.length === 0) return;
  throw new InputError('The config takes values from the environment, and some are not there.', {
    code: 'env-missing',
    next: 'Set them where slotwave runs; in a pipeline, map its secrets to them.',
    problems,
  });
}

/** The text with its values in place, and the values that were put there: the caller hides them. */
export function expandEnv(
  { path, text }: EnvText,
  lookup: EnvLookup,
): { readonly text: string; readonly values: readonly string[] } {
  demandEnv([{ path, text }], lookup);
  const values = findEnvNames(text).map((name) => lookup(name) ?? '');
  return {
    text: text.replaceAll(reference, (whole, name: string | undefined) =>
      name === undefined ? whole.slice(1) : (lookup(name) ?? ''),
    ),
    values,
  };
}

/** One that was meant as it stands is written `$${env:NAME}`: it matches without a name. */
const reference = /\$\$\{env:[^}]*\}|\$\{env:([A-Za-z_]\w*)\}/g;
