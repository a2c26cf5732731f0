/** The troubles that rows are written in: short words for what Azure answers, and when. */
import { type HttpAnswer, TransportError } from '../../src/azure/transport.ts';
import type { Passing, Twist } from './wire.ts';

type Then = Twist['becomes'];
type Said = Partial<Pick<HttpAnswer, 'status' | 'reason' | 'headers' | 'setCookies' | 'body'>>;

export function answer({
  status = 200,
  reason = '',
  headers = {},
  setCookies = [],
  body = '',
}: Said): HttpAnswer {
  return { status, reason, headers, setCookies, body, address: '127.0.0.1' };
}

/** Azure answers so and does nothing. */
export const says =
  (said: Said): Then =>
  async () =>
    answer(said);

/** Azure does what it was asked for, and answers so. */
export const doesAndSays =
  (said: Said): Then =>
  async ({ pass }) => {
    await pass();
    return answer(said);
  };

/** No answer. `sent: false`: Azure certainly never saw it. */
export const breaks =
  (code: string, sent = true): Then =>
  async ({ request }) => {
    throw lost(request.url, code, sent);
  };

/** Azure does it; the answer never arrives. */
export const doesAndBreaks =
  (code: string): Then =>
  async ({ request, pass }) => {
    await pass();
    throw lost(request.url, code, true);
  };

/** The first so many times; afterwards Azure is itself. */
export const times =
  (count: number, then: Then): Then =>
  (passing) =>
    passing.nth <= count ? then(passing) : passing.pass();

/** Azure answers, and its answer is changed on the way. */
export const changes =
  (change: (answer: HttpAnswer, passing: Passing) => HttpAnswer): Then =>
  async (passing) =>
    change(await passing.pass(), passing);

/** Azure's JSON, changed on the way; a list member by member. What is no JSON stays. */
export function changesJson(change: (value: Record<string, unknown>) => unknown): Then {
  return changes((said) => {
    if (said.body === '' || said.status >= 400) return said;
    const value = JSON.parse(said.body) as unknown;
    const changed = Array.isArray(value) ? value.map(change) : change(value as Record<string, unknown>);
    return { ...said, body: JSON.stringify(changed) };
  });
}

/** As Microsoft.Web words its errors: PascalCase, three times over (azure-platform.md §3.4). */
export function appServiceError(status: number, code: string, message: string): Said {
  const entity = {
    ExtendedCode: '59205',
    MessageTemplate: message,
    Parameters: [],
    Code: code,
    Message: message,
  };
  const body = {
    Code: code,
    Message: message,
    Target: null,
    Details: [{ Message: message }, { Code: code }, { ErrorEntity: entity }],
    Innererror: null,
  };
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** As ARM's front door words its own. */
export function armError(status: number, code: string, message: string): Said {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { code, message } }),
  };
}

export function plain(status: number, body: string): Said {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

export function html(status: number, reason: string, body: string): Said {
  return {
    status,
    reason,
    headers: { 'content-type': 'text/html' },
    body: `<!DOCTYPE html><html><body>${body}</body></html>`,
  };
}

function lost(url: string, code: string, sent: boolean): TransportError {
  const { host } = new URL(url);
  return new TransportError(`${host}: ${code}`, { code, sent, host });
}
