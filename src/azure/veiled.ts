/** Listens to what Azure tells in confidence, and takes that out of what it says where anybody may read it. */
import { stampSetting } from '../release/release.ts';
import { isObject, parseObject } from './server-text.ts';
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts';

export interface VeilParts {
  /** Called with tokens and keys. */
  readonly hide: (secret: string) => void;
  /** Called with values of settings. */
  readonly hideValue: (value: string) => void;
  readonly redact: (text: string) => string;
}

/**
 * The same transport for ARM, login and SCM. Errors and stories of deployments are told on, and Azure repeats in
 * them what it was given: they arrive without it, before anything is cut to length.
 */
export function veiled(transport: Transport, { hide, hideValue, redact }: VeilParts): Transport {
  return async (request) => {
    const answer = await transport(request);
    const confides = answer.status < 300 ? confidencesOf(request) : null;
    if (confides !== null) {
      // The stamp is a setting too, and no secret: it stands in every sentence.
      for (const [name, value] of confidencesIn(answer.body))
        if (confides === 'keys') hide(value);
        else if (name !== stampSetting) hideValue(value);
      return answer;
    }
    if (!isTold(request, answer)) return answer;
    return { ...answer, body: redactBody(answer.body, redact), reason: redact(answer.reason) };
  };
}

function confidencesOf({ method, url }: HttpRequest): 'settings' | 'keys' | null {
  const { pathname } = new URL(url);
  if (method === 'POST' && /\/listkeys$/i.test(pathname)) return 'keys';
  return /^\/api\/settings$|\/config\/(appsettings|connectionstrings)(\/list)?$/i.test(pathname)
    ? 'settings'
    : null;
}

function isTold({ url }: HttpRequest, { status }: HttpAnswer): boolean {
  return status >= 400 || /\/(deployments|operationresults|extensions)\b/i.test(new URL(url).pathname);
}

/** Names and values. ARM wraps lists of settings in `properties`; Kudu does not, and neither are keys wrapped (§4.2). */
function confidencesIn(body: string): readonly (readonly [string, string])[] {
  const parsed = parseObject(body);
  return [...stringsIn(isObject(parsed?.['properties']) ? parsed['properties'] : parsed)];
}

function* stringsIn(value: unknown, name = ''): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [name, value];
  else if (isObject(value)) for (const [key, each] of Object.entries(value)) yield* stringsIn(each, key);
}

/** Text by text where it is JSON: what is taken out must not take half of an escape with it. */
function redactBody(body: string, redact: (text: string) => string): string {
  try {
    return JSON.stringify(JSON.parse(body), (_name, value: unknown) =>
      typeof value === 'string' ? redact(value) : value,
    );
  } catch {
    return redact(body);
  }
}
