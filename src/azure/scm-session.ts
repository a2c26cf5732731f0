/** One conversation with the SCM site of one slot: its origin, its cookie, the token, and nothing else in between. */
import { DoubtError } from '../errors.ts';
import { AnswerError, readErrorFacts } from './error-facts.ts';
import { governed } from './governed.ts';
import type { Pass } from './lane.ts';
import type { Tokens } from './tokens.ts';
import {
  type HttpAnswer,
  type HttpRequest,
  requestTimeoutMs,
  type StreamedBody,
  type Transport,
} from './transport.ts';

export interface ScmSession {
  readonly origin: string;
  /** A GET; any 2xx. Rejects with AnswerError or TransportError. `path` starts with a slash. */
  read(path: string, timeoutMs?: number): Promise<HttpAnswer>;
  /** The upload, sent once. Rejects as `read` does. */
  upload(request: Upload): Promise<HttpAnswer>;
  /** Runs a tool over there. Nothing of the caller's may stand in `command` that was not looked at. Rejects as `read` does. */
  run(command: string, timeoutMs: number): Promise<HttpAnswer>;
}

export interface Upload {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly open: StreamedBody['open'];
  readonly timeoutMs: number;
  readonly onSent: (sentBytes: number) => void;
}

export interface SessionParts {
  readonly hostName: string;
  readonly transport: Transport;
  readonly tokens: Tokens;
  /** `Bearer` when absent; `Basic` when the tokens are `user:password` in base64. */
  readonly scheme?: 'Bearer' | 'Basic' | undefined;
  readonly now: () => number;
  /** Resolves when a request to this host may leave. */
  readonly enter: () => Promise<Pass>;
}

export function openSession(parts: SessionParts): ScmSession {
  const origin = new URL(`https://${parts.hostName}`).origin;
  const ask = createAsk(parts, origin);
  return {
    origin,
    read: async (path, timeoutMs = requestTimeoutMs) => {
      const get = () => ask({ method: 'GET', path, timeoutMs });
      const first = await get();
      // A refused token was dropped: a read may simply ask once more with the next one.
      return demandSuccess(first.status === 401 ? await get() : first, parts.now());
    },
    upload: async ({ path, headers, bytes, open, timeoutMs, onSent }) =>
      demandSuccess(
        await ask({
          method: 'POST',
          path,
          headers,
          body: { bytes, open },
          timeoutMs,
          onSent,
          freshConnection: true,
        }),
        parts.now(),
      ),
    run: async (command, timeoutMs) => {
      const body = JSON.stringify({ command, dir: '' });
      const headers = { 'content-type': 'application/json' };
      return demandSuccess(
        await ask({ method: 'POST', path: '/api/command', headers, body, timeoutMs }),
        parts.now(),
      );
    },
  };
}

type Ask = (
  request: Omit<HttpRequest, 'url' | 'headers'> & {
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
) => Promise<HttpAnswer>;

/** Signs each request, keeps the cookie of the instance that answers, and drops a token that was refused. */
function createAsk({ transport, tokens, scheme = 'Bearer', enter }: SessionParts, origin: string): Ask {
  const cookies = new Map<string, string>();
  const send = async ({ path, ...request }: Parameters<Ask>[0]): Promise<HttpAnswer> => {
    const token = await tokens.current();
    const headers: Record<string, string> = {
      accept: 'application/json',
      'cache-control': 'no-cache',
      ...request.headers,
      authorization: `${scheme} ${token}`,
    };
    if (cookies.size > 0)
      headers['cookie'] = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await transport({ ...request, url: sameOrigin(origin, path), headers });
    keepAffinity(cookies, answer.setCookies);
    if (answer.status === 401) tokens.drop(token);
    return answer;
  };
  return (request) => governed(enter, () => send(request));
}

/** Only paths come in here, but a path such as `//other.example` is a host to a URL parser: the token stays home. */
function sameOrigin(origin: string, path: string): string {
  const url = new URL(path, origin);
  if (url.origin !== origin)
    throw new DoubtError(`${origin} points to ${url.origin}: the token is not sent there.`, {
      code: 'link-to-stranger',
      where: origin,
    });
  return url.href;
}

/** A scaled-out Linux SCM site answers from another instance, which knows nothing of our upload, without this (§2.2). */
function keepAffinity(cookies: Map<string, string>, setCookies: readonly string[]): void {
  for (const cookie of setCookies) {
    const match = /^(ARRAffinity(?:SameSite)?)=([^;\s]*)/i.exec(cookie);
    if (match?.[1] && match[2]) cookies.set(match[1], match[2]);
  }
}

function demandSuccess(answer: HttpAnswer, nowMs: number): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new AnswerError(readErrorFacts(answer, nowMs));
}

/** What a `Location` of the SCM site means on our origin: Linux says `http://host:80/…` (§2.2). Null when it means nothing. */
export function rebaseLocation(location: string | undefined, origin: string): string | null {
  if (location === undefined || !URL.canParse(location, origin)) return null;
  const { pathname, search } = new URL(location, origin);
  return pathname.startsWith('/api/') ? `${pathname}${search}` : null;
}
