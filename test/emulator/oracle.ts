/**
 * The OpenAPI of Microsoft.Web as a judge of exchanges with ARM, and where it is known to be wrong. Every test run is
 * held against it (test/exchanges/); a test may call `judge` itself. The specification is data beside the project
 * (`../shared/azure-specs`, or AZURE_SPECS_DIR) and may be absent.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import oav from 'oav';

const folder = process.env['AZURE_SPECS_DIR'] ?? join(import.meta.dirname, '../../../shared/azure-specs');

export const hasSpecification = existsSync(join(folder, 'specification'));

interface Unknown {
  readonly path: RegExp;
  readonly method?: RegExp;
  readonly why: string;
}

/** Real, though not in the OpenAPI (its README, azure-platform.md §2.6, §4.2, §5.3), each with its reason. */
export const unknowns: readonly Unknown[] = [
  {
    path: /\/providers\/Microsoft\.Authorization\/permissions$/i,
    why: 'what a caller may do is told by Microsoft.Authorization',
  },
  { path: /./, method: /^(HEAD|OPTIONS)$/, why: 'HEAD and OPTIONS belong to HTTP; it has neither' },
  { path: /\/operationresults\/[^/]+$/, why: 'the address of a long-running operation' },
  { path: /\/host\/default\/properties\/status$/, why: 'portal and Terraform read it; in no specification' },
  { path: /\/hostruntime\//, why: "the proxy to the host's own API" },
  {
    path: /\/(dnsCheck|tcpPingCheck|connectivityCheck)$/i,
    why: 'connectivity checks, documented outside of the specification',
  },
  { path: /\/extensions\/zipdeploy$/i, why: 'the older twin of onedeploy' },
  {
    path: /\/slots\/[^/]+\/extensions\/onedeploy$/i,
    why: 'onedeploy for slots: only the site has it in the specification',
  },
  { path: /\/providers\/Microsoft\.Insights\/metrics$/i, why: 'metrics belong to another provider' },
];

/** Where Azure and its OpenAPI are known to differ (README of azure-specs, azure-platform.md §0.2–§0.4, §2.4). */
interface Exception {
  readonly path: RegExp;
  /** `error`: any from 400 on. `asked`: what was asked does not fit, and was answered well. */
  readonly status: number | 'error' | 'asked';
  readonly why: string;
  /** Nothing but such problems is excepted. */
  readonly only: RegExp;
}

export const exceptions: readonly Exception[] = [
  {
    path: /\/(syncfunctiontriggers|host\/default\/sync|host\/default\/listsyncstatus|listsyncfunctiontriggerstatus)$/i,
    status: 200,
    why: 'sync of triggers: 204 in the OpenAPI, 200 {"status":"success"} on the wire',
    only: /^INVALID_RESPONSE_CODE /,
  },
  {
    path: /\/deployments\/[^/]+$/i,
    status: 202,
    why: 'Kudu answers ARM 202 while a deployment runs',
    only: /^INVALID_RESPONSE_CODE /,
  },
  {
    path: /\/deployments(\/[^/]+)?$/i,
    status: 200,
    why: "what ARM passes on is Kudu's whole record (§2.6); the OpenAPI has nine of its fields",
    only: /^OBJECT_ADDITIONAL_PROPERTIES .* \/(value\/\d+\/)?properties\/\w+$/,
  },
  {
    path: /\/functions(\/[^/]+)?$/i,
    status: 200,
    why: "functions come with location and what the host's own list has (§4.1, §4.2)",
    only: /^OBJECT_ADDITIONAL_PROPERTIES .* \/(value\/\d+\/)?(location|properties\/(name|isDirect|isProxy))$/,
  },
  {
    path: /\/functions\/[^/]+\/listkeys$/i,
    status: 200,
    why: 'keys are flat on the wire, as those of the host (§4.2)',
    only: /^OBJECT_ADDITIONAL_PROPERTIES .* \/default$/,
  },
  {
    path: /\/extensions\/onedeploy$/i,
    status: 202,
    why: 'onedeploy: the OpenAPI has neither a body nor 202',
    only: /^INVALID_RESPONSE_CODE /,
  },
  {
    path: /\/extensions\/onedeploy$/i,
    status: 'error',
    why: 'onedeploy: ARM passes on the plain text of the SCM site (§2.2)',
    only: /^INVALID_(CONTENT_TYPE|RESPONSE_BODY) /,
  },
  {
    path: /\/slotsswap$/i,
    status: 202,
    why: 'faults may send a Retry-After that is no number',
    only: / \/headers\/retry-after$/,
  },
  {
    path: /\/config\/appsettings$/i,
    status: 'asked',
    why: 'settings given as numbers and booleans are taken as text (templates write them so)',
    only: /^INVALID_TYPE Expected type string but found type (integer|number|boolean) \/properties\//,
  },
  {
    path: /\/publishxml$/i,
    status: 'asked',
    why: 'Core Tools asks for the publishing profile without a body',
    only: /^MISSING_REQUIRED_PARAMETER .*\/body$/,
  },
  {
    path: /\/hybridConnectionRelays$/i,
    status: 200,
    why: 'hybrid connections: one in the OpenAPI, a list on the wire (as az reads it)',
    only: /^(OBJECT_ADDITIONAL_PROPERTIES .* \/value|MISSING_RESOURCE_ID .*)/,
  },
  {
    path: /./,
    status: 'error',
    why: 'App Service errors are PascalCase, the OpenAPI has {error}',
    only: /^OBJECT_ADDITIONAL_PROPERTIES .* \/(Code|Message|Target|Details|Innererror)$/,
  },
];

export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** Null: nobody read it, so nothing is said about it. */
  readonly requestBody: string | null;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Verdict {
  /**
   * `unknown`: the specification does not know the path; `excepted`: it is known to be wrong there;
   * `asked-wrongly`: the answer is right, and what was asked is not.
   */
  readonly kind: 'valid' | 'invalid' | 'excepted' | 'unknown' | 'asked-wrongly';
  readonly exchange: string;
  readonly problems: readonly string[];
  /** Why it is excepted, or why the path is unknown. */
  readonly excuse: string | null;
}

let loading: Promise<InstanceType<typeof oav.LiveValidator>> | null = null;

async function load(): Promise<InstanceType<typeof oav.LiveValidator>> {
  const validator = new oav.LiveValidator(
    {
      directory: folder,
      git: { shouldClone: false },
      swaggerPathsPattern: ['**/2025-05-01/openapi.json'],
      excludedSwaggerPathsPattern: [],
      isPathCaseSensitive: false,
      loadValidatorInInitialize: false,
      loadValidatorInBackground: false,
      isArmCall: true,
    },
    () => undefined,
  );
  await validator.initialize();
  return validator;
}

/** Only exchanges about Microsoft.Web are in the specification; for all others this is null. */
export async function judge(exchange: Exchange): Promise<Verdict | null> {
  const url = new URL(exchange.url);
  // To ARM two slashes are one.
  url.pathname = url.pathname.replace(/\/{2,}/g, '/');
  if (!/\/providers\/Microsoft\.Web\//i.test(url.pathname)) return null;
  // The shapes are those of one version; which one a client names is its own affair.
  url.searchParams.set('api-version', '2025-05-01');
  loading ??= load();
  const validator = await loading;
  const { method, status } = exchange;
  const result = await validator.validateLiveRequestResponse({
    liveRequest: {
      method,
      url: url.pathname + url.search,
      headers: { 'content-type': 'application/json', ...exchange.requestHeaders },
      body: parse(exchange.requestBody ?? '') as never,
    },
    liveResponse: {
      statusCode: String(status),
      headers: { 'content-type': 'application/json', ...exchange.headers },
      body: parse(exchange.body) as never,
    },
  });
  const line = `${method} ${url.pathname} ${status}`;
  const { requestValidationResult: asked, responseValidationResult: answered } = result;
  const missing = result.runtimeException ?? asked.runtimeException ?? answered.runtimeException;
  if (missing) {
    const reason = unknowns.find(
      (one) => one.path.test(url.pathname) && (one.method?.test(method) ?? true),
    )?.why;
    const kind = reason === undefined && status < 400 ? 'invalid' : 'unknown';
    return { kind, exchange: line, problems: [reason ?? missing.message], excuse: reason ?? null };
  }
  const problems = answered.errors.map(describe);
  if (problems.length > 0) return { ...weigh(url.pathname, status, problems), exchange: line, problems };
  const wrong = exchange.requestBody === null ? [] : asked.errors.map(describe);
  if (wrong.length > 0) return { ...weigh(url.pathname, 'asked', wrong), exchange: line, problems: wrong };
  return { kind: 'valid', exchange: line, problems: [], excuse: null };
}

function weigh(
  path: string,
  status: number | 'asked',
  problems: readonly string[],
): Pick<Verdict, 'kind' | 'excuse'> {
  const isMeant = (wanted: Exception['status']) =>
    wanted === 'error' ? typeof status === 'number' && status >= 400 : wanted === status;
  const exception = exceptions.find(
    (one) =>
      one.path.test(path) && isMeant(one.status) && problems.every((problem) => one.only.test(problem)),
  );
  if (exception) return { kind: 'excepted', excuse: exception.why };
  return { kind: status === 'asked' ? 'asked-wrongly' : 'invalid', excuse: null };
}

function describe({
  code,
  message,
  pathsInPayload,
}: {
  readonly code: string;
  readonly message: string;
  readonly pathsInPayload: readonly string[];
}): string {
  return `${code} ${message} ${pathsInPayload[0] ?? ''}`;
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** `fetch` with the judge behind it: what ARM answers is held against the specification, and a bad answer throws. */
export function judged(
  fetch: (request: Request) => Promise<Response>,
  collect: (verdict: Verdict) => void,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const isArm = new URL(request.url).hostname === 'localhost';
    if (!isArm) return fetch(request);
    const copy = request.clone();
    const answer = await fetch(request);
    const verdict = await judge({
      method: copy.method,
      url: copy.url,
      requestBody: await copy.text(),
      requestHeaders: withoutSecrets(copy.headers),
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: await answer.clone().text(),
    });
    if (verdict) collect(verdict);
    return answer;
  };
}

function withoutSecrets(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name !== 'authorization'));
}
