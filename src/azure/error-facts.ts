/** What an answer that is not a success says, in whichever of Azure's dialects it says it. */
import { isObject, parseObject, stringOf, tame, textOfHtml } from './server-text.ts';
import type { HttpAnswer } from './transport.ts';

export interface AzureErrorFacts {
  readonly status: number;
  readonly reason: string;
  /** `AuthorizationFailed`, `Conflict`, …; null when the body has none. */
  readonly code: string | null;
  /** One line, at most 800 characters. */
  readonly message: string;
  readonly retryAfterMs: number | null;
  readonly requestId: string | null;
}

/** An answer that is not a success, thrown out of the SDK's pipeline before the SDK can lose its body (§0.2). */
export class AnswerError extends Error {
  readonly facts: AzureErrorFacts;

  constructor(facts: AzureErrorFacts) {
    super(`${facts.status} ${facts.code ?? ''} ${facts.message}`);
    this.name = 'AnswerError';
    this.facts = facts;
  }
}

type Answered = Pick<HttpAnswer, 'status' | 'reason' | 'headers' | 'body'>;

/** Reads any of: `{error:{code,message}}`, `{Code,Message}`, `{Message}`, a JSON string, plain text, HTML. */
export function readErrorFacts(answer: Answered, nowMs: number): AzureErrorFacts {
  const { code, message } = readBody(answer);
  return {
    status: answer.status,
    reason: tame(answer.reason, 80),
    code: code === null ? null : tame(code, 80),
    message: tame(message || answer.reason || `HTTP ${answer.status}`, 800),
    retryAfterMs: readRetryAfterMs(answer.headers, nowMs),
    requestId: answer.headers['x-ms-request-id'] ?? answer.headers['x-ms-correlation-request-id'] ?? null,
  };
}

function readBody({ headers, body }: Answered): { code: string | null; message: string } {
  if (/^\s*</.test(body) || headers['content-type']?.includes('html'))
    return { code: null, message: textOfHtml(body) };
  const parsed = parseObject(body);
  if (!parsed) return { code: null, message: unquote(body) };
  const inner = isObject(parsed['error']) ? parsed['error'] : parsed;
  const code = stringOf(inner['code']) ?? stringOf(inner['Code']) ?? stringOf(parsed['error']);
  const message =
    stringOf(inner['message']) ??
    stringOf(inner['Message']) ??
    stringOf(inner['error_description']) ??
    stringOf(inner['ExceptionMessage']);
  return { code, message: message ?? '' };
}

/** KuduLite answers its plain texts as JSON strings when asked for JSON (§2.2). */
function unquote(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'string' ? value : body;
  } catch {
    return body;
  }
}

/** Seconds or a date (RFC 9110 §10.2.3), or milliseconds in Azure's own headers. Null when there is none. */
export function readRetryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const milliseconds = headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms'];
  if (milliseconds !== undefined && /^\d+$/.test(milliseconds)) return Number(milliseconds);
  const value = headers['retry-after']?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
