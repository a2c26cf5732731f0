/** Why there is no token, by who must act and with what to do next; the library's own errors carry whole answers. */
import { RefusalError, SlotwaveError, TransientError } from '../errors.ts';
import type { Cloud } from './cloud.ts';
import { type CredentialChoice, secretsOf } from './credential-choice.ts';
import { tame } from './server-text.ts';
import { TransportError } from './transport.ts';

export interface Circumstances {
  readonly choice: CredentialChoice;
  readonly described: string;
  readonly cloud: Cloud;
  /** What the last request to the login endpoint ended with, when it had no answer. */
  readonly failure: unknown;
  /** The status of its answer, when it had one. */
  readonly status: number | null;
}

export function explainLogin(error: unknown, circumstances: Circumstances): SlotwaveError {
  const { choice, described, cloud, failure, status } = circumstances;
  if (failure instanceof SlotwaveError) return failure;
  if (error instanceof SlotwaveError) return error;
  const where = cloud.loginEndpoint;
  if (failure instanceof TransportError) {
    return new TransientError(`No token: ${failure.message}`, {
      code: 'login-not-reachable',
      where,
      next: `Check that this machine reaches ${cloud.loginEndpoint}.`,
      cause: failure,
    });
  }
  if (status === 429 || (status !== null && status >= 500)) {
    return new TransientError(`No token: ${cloud.loginEndpoint} answered ${status}.`, {
      code: 'login-unwell',
      where,
    });
  }
  const text = withoutSecrets(error instanceof Error ? error.message : String(error), choice);
  const code = /AADSTS\d+/.exec(text)?.[0];
  // The cause is left out: the library's error carries the whole answer of the server.
  return new RefusalError(`No token for ${described}: ${tame(sayOnce(text, code), 300)}`, {
    code: 'credential-refused',
    where,
    next: nextStep(code, choice),
  });
}

/** From the AADSTS code on, up to where Entra begins with trace ids: the sentence that says what is wrong. */
function sayOnce(text: string, code: string | undefined): string {
  const from = code ? text.slice(text.indexOf(code)) : text;
  return from.split(/\s*(?:Trace ID:|Correlation ID:|To troubleshoot|\r?\n)/)[0] || text;
}

/** Entra does not echo secrets, as far as anybody saw; this line makes it certain. */
function withoutSecrets(text: string, choice: CredentialChoice): string {
  return secretsOf(choice).reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function nextStep(code: string | undefined, choice: CredentialChoice): string {
  if (code === 'AADSTS700024') return nextForStale(choice.kind);
  return (code && nextSteps[code]) ?? nextByKind[choice.kind];
}

/** A sign-in at the start of a job cannot be renewed by whoever did not keep what it was made from (azure-cli#28708). */
function nextForStale(kind: CredentialChoice['kind']): string {
  switch (kind) {
    case 'azure-cli':
      return 'The CLI signed in with a token of a few minutes and cannot get another. Let slotwave ask for its own: in GitHub, set AZURE_TENANT_ID and AZURE_CLIENT_ID and give the job "permissions: id-token: write"; in Azure Pipelines, map SYSTEM_ACCESSTOKEN.';
    case 'workload-identity':
      return 'The token in AZURE_FEDERATED_TOKEN_FILE has expired: whoever writes the file must renew it. It is read again whenever a token is needed.';
    default:
      return 'Compare the clock of this machine with the time in the message.';
  }
}

/** learn.microsoft.com/entra/identity-platform/reference-error-codes */
const nextSteps: Readonly<Record<string, string>> = {
  AADSTS7000215: "The secret is wrong: is AZURE_CLIENT_SECRET the secret's value, not its id?",
  AADSTS7000222: 'The secret has expired: make a new one for this application.',
  AADSTS700016:
    'This tenant does not know the application: check AZURE_CLIENT_ID and AZURE_TENANT_ID. In another tenant than its own it needs an enterprise application.',
  AADSTS90002: 'There is no such tenant in this cloud: check AZURE_TENANT_ID, tenantId and --cloud.',
  AADSTS70021:
    'No federated credential of this application matches the token: check its issuer, subject and audience.',
  AADSTS700211:
    "No federated credential of this application matches the token's issuer: compare it with the one configured.",
  AADSTS700212:
    "No federated credential of this application matches the token's audience: compare it with the one configured; SLOTWAVE_OIDC_AUDIENCE names another.",
  AADSTS700213:
    "No federated credential of this application matches the token's subject: compare it with the one configured.",
  AADSTS700027: "The certificate is not one of this application's: upload its public part.",
};

const nextByKind: Readonly<Record<CredentialChoice['kind'], string>> = {
  'client-secret': 'Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.',
  'client-certificate':
    'Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH (PEM with its private key).',
  'workload-identity': 'Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE.',
  'github-oidc':
    'Check AZURE_TENANT_ID and AZURE_CLIENT_ID, and the federated credential of that application.',
  'azure-pipelines': 'Check the service connection, and the federated credential of its application.',
  'managed-identity':
    'Check that this machine has a managed identity, and AZURE_CLIENT_ID if it has several.',
  'azure-cli': 'Run az login (az cloud set -n … first for another cloud), then az account show.',
};
