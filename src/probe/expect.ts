/** Holds the answer to one of the config's checks against what was expected. */
import type { Check } from '../plan/plan.ts';
import { parseJson } from './answer-json.ts';
import { classifyPage } from './pages.ts';
import type { Answer } from './vantage.ts';
import type { Remark } from './verdict.ts';

export interface Asked {
  /** Stands in for `{releaseId}` in an expected value: the release that should answer. */
  readonly releaseId: string | null;
  /** From before the connection was made until the whole answer was there. */
  readonly tookMs: number;
}

export function compareCheck(answer: Answer, check: Check, { releaseId, tookMs }: Asked): Remark {
  if (classifyPage(answer) === 'host-not-running')
    return { condition: 'starting', said: `${answer.status}`, code: 'NOT_UP', status: answer.status };
  const request = `${check.method} ${check.path}`;
  const wrong = (said: string, code: string): Remark => ({ condition: 'unhealthy', said, code });
  const { status, maxLatencyMs } = check.expect;
  const statuses = typeof status === 'number' ? [status] : status;
  if (!statuses.includes(answer.status)) {
    const said = `${request} answered ${answer.status}, expected ${statuses.join(' or ')}`;
    return { ...wrong(said, codeOfStatus(answer)), status: answer.status };
  }
  const amiss = compareBody(answer, check.expect, releaseId);
  if (amiss !== null) return wrong(`${request}${amiss}`, 'WRONG_ANSWER');
  if (maxLatencyMs !== undefined && tookMs > maxLatencyMs)
    return wrong(`${request} took ${tookMs} ms, ${maxLatencyMs} ms are allowed`, 'TOO_SLOW');
  return { condition: 'healthy', said: `${answer.status}` };
}

function compareBody(
  answer: Answer,
  { text, json }: Check['expect'],
  releaseId: string | null,
): string | null {
  if (text !== undefined && !answer.body.includes(fill(text, releaseId)))
    return ` answered without the text "${fill(text, releaseId)}"`;
  for (const [path, wanted] of Object.entries(json ?? {})) {
    const expected = typeof wanted === 'string' ? fill(wanted, releaseId) : wanted;
    const found = valueAt(answer.body, path);
    if (found !== expected) return `: ${path} is ${show(found)}, expected ${show(expected)}`;
  }
  return null;
}

/** What a status means when it is not the expected one: the front end's own pages are told from the app's answers. */
export function codeOfStatus(answer: Answer): string {
  const page = classifyPage(answer);
  if (page === 'stopped') return 'SITE_STOPPED';
  if (page === 'unknown-site') return 'UNKNOWN_SITE';
  return page === 'sign-in' ? 'SIGN_IN' : 'STATUS';
}

function fill(template: string, releaseId: string | null): string {
  return template.replaceAll('{releaseId}', releaseId ?? '');
}

function valueAt(body: string, path: string): unknown {
  let value = parseJson(body);
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : shorten(JSON.stringify(value) ?? 'absent', 120);
}

/** A cut is shown: what looks whole may be the beginning of a secret, and nobody would know it again. */
export function shorten(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}
