/** Holds the answer to one of the config's checks against what was expected. */
import type { Check } from '../plan/plan.ts';
import { classifyPage } from './pages.ts';
import type { Answer } from './vantage.ts';
import type { Finding } from './verdict.ts';

/** `{releaseId}` in an expected value stands for the release that should answer. */
export function compareCheck(answer: Answer, check: Check, releaseId: string | null): Omit<Finding, 'check'> {
  if (classifyPage(answer) === 'host-not-running')
    return { condition: 'starting', said: `${answer.status}`, code: 'NOT_UP', status: answer.status };
  const request = `${check.method} ${check.path}`;
  if (answer.status !== check.expect.status) {
    return {
      condition: 'unhealthy',
      said: `${request} answered ${answer.status}, expected ${check.expect.status}`,
      code: codeOfStatus(answer),
      status: answer.status,
    };
  }
  const { text, json } = check.expect;
  if (text !== undefined && !answer.body.includes(fill(text, releaseId))) {
    return {
      condition: 'unhealthy',
      said: `${request} answered without the text "${fill(text, releaseId)}"`,
      code: 'WRONG_ANSWER',
    };
  }
  for (const [path, wanted] of Object.entries(json ?? {})) {
    const expected = typeof wanted === 'string' ? fill(wanted, releaseId) : wanted;
    const found = valueAt(answer.body, path);
    if (found !== expected) {
      return {
        condition: 'unhealthy',
        said: `${request}: ${path} is ${show(found)}, expected ${show(expected)}`,
        code: 'WRONG_ANSWER',
      };
    }
  }
  return { condition: 'healthy', said: `${answer.status}` };
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
  let value: unknown;
  try {
    value = JSON.parse(body.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
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
