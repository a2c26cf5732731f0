/**
 * Assertions: short-lived proofs (five to ten minutes, azure-platform.md §6) that a build system gives a job of its
 * own, to be exchanged for a token of Azure. A fresh one is asked for whenever a token is: a rollout lasts hours.
 */
import { RefusalError, type SlotwaveError, TransientError } from '../errors.ts';
import type { CredentialChoice } from './credential-choice.ts';
import { parseObject, stringOf, tame } from './server-text.ts';
import { type HttpAnswer, type HttpRequest, type Transport, TransportError } from './transport.ts';

type GitHub = Extract<CredentialChoice, { kind: 'github-oidc' }>;
type Pipelines = Extract<CredentialChoice, { kind: 'azure-pipelines' }>;

const assertionTimeoutMs = 30_000;

/**
 * Asks GitHub for a token of this job, meant for `audience`.
 *
 * @throws RefusalError `assertion-refused`, TransientError `assertion-not-had`.
 */
export function askGitHub(transport: Transport, choice: GitHub, audience: string): Promise<string> {
  const url = readUrl(choice.requestUrl, 'ACTIONS_ID_TOKEN_REQUEST_URL');
  url.searchParams.set('audience', choice.audience ?? audience);
  return ask(transport, {
    who: 'GitHub',
    next: 'Has the job "permissions: id-token: write", and is it not a run for a fork\'s pull request?',
    field: 'value',
    secret: choice.requestToken,
    request: {
      method: 'GET',
      url: url.href,
      headers: { accept: 'application/json', authorization: `Bearer ${choice.requestToken}` },
      timeoutMs: assertionTimeoutMs,
    },
  });
}

/**
 * Asks Azure Pipelines for a token of this service connection.
 *
 * @throws RefusalError `assertion-refused`, TransientError `assertion-not-had`.
 */
export function askAzurePipelines(transport: Transport, choice: Pipelines): Promise<string> {
  const url = readUrl(choice.requestUri, 'SYSTEM_OIDCREQUESTURI');
  url.searchParams.set('api-version', '7.1');
  url.searchParams.set('serviceConnectionId', choice.connectionId);
  return ask(transport, {
    who: 'Azure Pipelines',
    next: 'Is SYSTEM_ACCESSTOKEN mapped from $(System.AccessToken), and may this pipeline use the service connection?',
    field: 'oidcToken',
    secret: choice.accessToken,
    request: {
      method: 'POST',
      url: url.href,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: `Bearer ${choice.accessToken}`,
        // Else a refusal is a redirect to a page to sign in at.
        'x-tfs-fedauthredirect': 'Suppress',
      },
      timeoutMs: assertionTimeoutMs,
    },
  });
}

/** The token of the job goes to this place: it must not go in the clear. */
function readUrl(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:') return url;
  throw new RefusalError(`${name} is not the https address that the build system sets.`, {
    code: 'assertion-refused',
    where: name,
    next: 'Do not set it yourself; or take another credential with SLOTWAVE_CREDENTIAL.',
  });
}

interface Question {
  readonly who: string;
  readonly next: string;
  readonly field: string;
  readonly secret: string;
  readonly request: HttpRequest;
}

async function ask(transport: Transport, question: Question): Promise<string> {
  let answer: HttpAnswer;
  try {
    answer = await transport(question.request);
  } catch (error) {
    if (error instanceof TransportError) throw notHad(question, error.message, error);
    throw error;
  }
  const assertion = answer.status === 200 ? stringOf(parseObject(answer.body)?.[question.field]) : null;
  if (assertion) return assertion;
  throw explain(question, answer);
}

function explain(question: Question, { status, body }: HttpAnswer): SlotwaveError {
  const { who, next, secret, request } = question;
  if (status === 429 || status === 408 || status >= 500) return notHad(question, `it answered ${status}`);
  const said = stringOf(parseObject(body)?.['message']) ?? (status === 200 ? 'without a token' : '');
  const text = tame(said.replaceAll(secret, '***'), 200);
  return new RefusalError(
    `${who} gave this job no token to sign in with: it answered ${status}${text && `: ${text}`}`,
    {
      code: 'assertion-refused',
      where: new URL(request.url).host,
      next,
    },
  );
}

function notHad({ who, request }: Question, why: string, cause?: unknown): TransientError {
  return new TransientError(`${who} gave this job no token to sign in with: ${why}`, {
    code: 'assertion-not-had',
    where: new URL(request.url).host,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What an assertion must say it is for; a federated credential names it (Entra's documentation). */
export function audienceOf(cloudName: string): string {
  return audiences[cloudName] ?? 'api://AzureADTokenExchange';
}

const audiences: Readonly<Record<string, string>> = {
  AzureUSGovernment: 'api://AzureADTokenExchangeUSGov',
  AzureChinaCloud: 'api://AzureADTokenExchangeChina',
};
