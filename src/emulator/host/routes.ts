/** Which function a request is for: ASP.NET's route templates, as far as functions use them. */
import { type AppFunction, isHttp, triggerOf } from './app.ts';

export interface Route {
  readonly fn: AppFunction;
  /** Upper case; empty: every method. */
  readonly methods: readonly string[];
  readonly authLevel: 'anonymous' | 'function' | 'admin';
  /** The template with the prefix, as the app wrote it. */
  readonly template: string;
  readonly match: (path: string) => Readonly<Record<string, string>> | null;
  /** Compared character by character: literal text goes before parameters, parameters before the rest. */
  readonly precedence: string;
}

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** `routePrefix` is host.json's `extensions.http.routePrefix`, `api` where nothing is said. */
export function buildRoutes(functions: readonly AppFunction[], routePrefix: string): readonly Route[] {
  return functions
    .filter(isHttp)
    .map((fn) => buildRoute(fn, routePrefix))
    .sort((a, b) => (a.precedence < b.precedence ? -1 : a.precedence > b.precedence ? 1 : 0));
}

/** Null: the host answers 404, for a wrong method as well as for a wrong path. */
export function findRoute(routes: readonly Route[], method: string, path: string): RouteMatch | null {
  for (const route of routes) {
    if (route.methods.length > 0 && !route.methods.includes(method)) continue;
    const params = route.match(path);
    if (params) return { route, params };
  }
  return null;
}

function buildRoute(fn: AppFunction, routePrefix: string): Route {
  const trigger = triggerOf(fn);
  const route = trigger?.['route'];
  const own = typeof route === 'string' && route !== '' ? route : fn.name;
  const template = [routePrefix, own]
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter(Boolean)
    .join('/');
  const methods = Array.isArray(trigger?.['methods'])
    ? trigger['methods'].map((one) => String(one).toUpperCase())
    : [];
  const level = String(trigger?.['authLevel'] ?? 'function').toLowerCase();
  const authLevel = level === 'anonymous' || level === 'admin' ? level : 'function';
  const segments = template === '' ? [] : template.split('/').map(parseSegment);
  const precedence = `${segments.map((segment) => segment.rank).join('')}9`;
  return { fn, methods, authLevel, template, match: (path) => matchSegments(segments, path), precedence };
}

interface Segment {
  /** 1 literal, 2 parameter with a constraint or with text around it, 3 parameter, 4 the rest. */
  readonly rank: 1 | 2 | 3 | 4;
  readonly expression: RegExp;
  readonly names: readonly string[];
  readonly checks: readonly ((value: string) => boolean)[];
  readonly optional: boolean;
  readonly catchAll: boolean;
  readonly fallback: string | undefined;
}

/** `{name}`, `{name?}`, `{name=x}`, `{name:int:min(1)}`, `{*rest}`, or text around such. */
function parseSegment(text: string): Segment {
  const names: string[] = [];
  const checks: ((value: string) => boolean)[] = [];
  let optional = false;
  let catchAll = false;
  let fallback: string | undefined;
  let constrained = false;
  let source = '';
  let at = 0;
  for (const { 0: whole, 1: stars, 2: name, 3: rest = '', index } of text.matchAll(parameter)) {
    source += escapeText(text.slice(at, index));
    at = index + whole.length;
    catchAll ||= stars !== '';
    optional ||= rest.endsWith('?');
    fallback ??= /=([^:?]*)/.exec(rest)?.[1];
    const constraints = [...rest.matchAll(/:([a-z]+)(?:\(((?:[^()]|\([^()]*\))*)\))?/gi)];
    constrained ||= constraints.length > 0;
    names.push(name ?? '');
    checks.push((value) =>
      constraints.every(([, kind = '', argument = '']) => satisfies(value, kind, argument)),
    );
    source += '(.+)';
  }
  source += escapeText(text.slice(at));
  const plain = names.length === 1 && at === text.length && text.startsWith('{');
  const rank = names.length === 0 ? 1 : catchAll ? 4 : constrained || !plain ? 2 : 3;
  return { rank, expression: new RegExp(`^${source}$`, 'is'), names, checks, optional, catchAll, fallback };
}

/** Braces within a constraint are written double. */
const parameter = /\{(\*{0,2})([a-z_][\w-]*)((?:\{\{|\}\}|[^{}]|\{[^{}]*\})*)\}/gi;

function matchSegments(segments: readonly Segment[], path: string): Readonly<Record<string, string>> | null {
  const parts = path.split('/').filter((part) => part !== '');
  const params: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    if (segment.catchAll) {
      const rest = parts.slice(at).map(decode).join('/') || segment.fallback;
      if (rest !== undefined && rest !== '') params[segment.names[0] ?? ''] = rest;
      return params;
    }
    const part = parts[at] === undefined ? segment.fallback : decode(parts[at]);
    if (part === undefined) {
      if (!segment.optional) return null;
      continue;
    }
    const found = segment.expression.exec(part);
    if (!found) return null;
    for (const [group, name] of segment.names.entries()) {
      const value = found[group + 1] ?? '';
      if (!segment.checks[group]?.(value)) return null;
      params[name] = value;
    }
  }
  return parts.length > segments.length ? null : params;
}

/** The constraints of ASP.NET that have a meaning without .NET; an unknown one never matches, as it fails there. */
function satisfies(value: string, kind: string, argument: string): boolean {
  const number = Number(value);
  const [low = 0, high = Number.POSITIVE_INFINITY] = argument.split(',').map(Number);
  switch (kind.toLowerCase()) {
    case 'int':
    case 'long':
      return /^[+-]?\d+$/.test(value) && (kind.toLowerCase() === 'long' || Math.abs(number) <= 2 ** 31);
    case 'decimal':
    case 'double':
    case 'float':
      return value.trim() !== '' && Number.isFinite(number);
    case 'bool':
      return /^(true|false)$/i.test(value);
    case 'guid':
      return /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value);
    case 'datetime':
      return !Number.isNaN(Date.parse(value));
    case 'alpha':
      return /^[a-z]*$/i.test(value);
    case 'required':
      return value !== '';
    case 'length':
      return value.length >= low && value.length <= (argument.includes(',') ? high : low);
    case 'minlength':
      return value.length >= low;
    case 'maxlength':
      return value.length <= low;
    case 'min':
      return number >= low;
    case 'max':
      return number <= low;
    case 'range':
      return number >= low && number <= high;
    case 'regex':
      return matchesPattern(value, argument.replace(/\{\{/g, '{').replace(/\}\}/g, '}'));
    default:
      return false;
  }
}

/** A pattern that is none, here or in .NET's own dialect, matches nothing. */
function matchesPattern(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'i').test(value);
  } catch {
    return false;
  }
}

function escapeText(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** An encoded slash stays encoded, as the server of the real host leaves it. */
function decode(part: string): string {
  try {
    return part
      .split(/(%2f)/i)
      .map((piece, at) => (at % 2 === 1 ? piece : decodeURIComponent(piece)))
      .join('');
  } catch {
    return part;
  }
}
