/** How a value is named in a problem: short, on one line, and never at all where it may be a secret. */
import type { Path } from './document.ts';

const longestQuote = 60;

export function describeFound(value: unknown, path: Path): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  if (isSecret(path)) return nameType(value);
  if (typeof value !== 'string') return String(value);
  return quote(value);
}

/** Values of settings and headers may be secrets, whatever they are called; an address may carry a signature. */
export function isSecret(path: Path): boolean {
  return (
    path[0] === 'settings' || path.includes('headers') || path.at(-1) === 'url' || path.at(-1) === 'proxy'
  );
}

export function quote(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
  const short = clean.length > longestQuote ? `${clean.slice(0, longestQuote - 1)}…` : clean;
  return `"${short}"`;
}

/** `strategy.waves[1].percent`, the way people point at it. */
export function writePath(path: Path): string {
  return path
    .map((step, at) =>
      typeof step === 'number'
        ? `[${step}]`
        : `${at === 0 ? '' : '.'}${/^[\w@$-]+$/.test(step) ? step : quote(step)}`,
    )
    .join('');
}

function nameType(value: unknown): string {
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? 'true or false without quotes' : 'a text';
}
