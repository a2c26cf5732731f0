/** Which credential the environment holds: decided by rule and told in words, never by trying one after another. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InputError } from '../errors.ts';
import { explainMissing } from './credential-missing.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type CredentialChoice =
  | {
      readonly kind: 'client-secret';
      readonly tenantId: string;
      readonly clientId: string;
      readonly secret: string;
      /** The variable that it came from, or another word for where it is. */
      readonly secretFrom: string;
    }
  | {
      readonly kind: 'client-certificate';
      readonly tenantId: string;
      readonly clientId: string;
      /** PEM with its private key: a file, or the text itself where a service connection holds it. */
      readonly certificate: { readonly path: string } | { readonly pem: string };
      readonly password: string | null;
    }
  | {
      readonly kind: 'workload-identity';
      readonly tenantId: string;
      readonly clientId: string;
      readonly tokenFile: string;
    }
  /** A GitHub job with `permissions: id-token: write` may ask for a token as often as it likes. */
  | {
      readonly kind: 'github-oidc';
      readonly tenantId: string;
      readonly clientId: string;
      readonly requestUrl: string;
      readonly requestToken: string;
      /** Null: the usual one of the cloud. */
      readonly audience: string | null;
    }
  /** A service connection with workload identity; the pipeline's own token asks for its assertions. */
  | {
      readonly kind: 'azure-pipelines';
      readonly tenantId: string;
      readonly clientId: string;
      readonly connectionId: string;
      readonly requestUri: string;
      readonly accessToken: string;
    }
  | { readonly kind: 'managed-identity'; readonly clientId: string | null }
  | { readonly kind: 'azure-cli'; readonly tenantId: string | null };

export type CredentialKind = CredentialChoice['kind'];

const kinds: readonly CredentialKind[] = [
  'client-secret',
  'client-certificate',
  'workload-identity',
  'github-oidc',
  'azure-pipelines',
  'managed-identity',
  'azure-cli',
];

/** Names one kind, where the environment holds several or shows none (a VM's managed identity). */
export const choiceVariable = 'SLOTWAVE_CREDENTIAL';

/** @throws InputError `credential-missing` or `credential-unknown`, with what was there and what is needed. */
export function chooseCredential(environment: Environment): CredentialChoice {
  const named = environment[choiceVariable] || null;
  if (named !== null && !kinds.some((kind) => kind === named)) {
    throw new InputError(`${choiceVariable} names no credential: "${named}".`, {
      code: 'credential-unknown',
      where: choiceVariable,
      next: `Set it to one of ${kinds.join(', ')}, or unset it.`,
    });
  }
  for (const kind of kinds) {
    if (named !== null && kind !== named) continue;
    const choice = readChoice(kind, environment, named !== null);
    if (choice) return choice;
  }
  throw explainMissing(environment, named);
}

/** Null: what this kind needs is not all there. */
function readChoice(kind: CredentialKind, environment: Environment, named: boolean): CredentialChoice | null {
  const read = (name: string) => environment[name] || null;
  const clientId = read('AZURE_CLIENT_ID');
  const tenantId = read('AZURE_TENANT_ID');
  const principal = tenantId && clientId ? { tenantId, clientId } : null;
  switch (kind) {
    case 'client-secret':
      return readSecret(read, principal);
    case 'client-certificate': {
      const [path, pem] = [read('AZURE_CLIENT_CERTIFICATE_PATH'), read('SLOTWAVE_CLIENT_CERTIFICATE')];
      const certificate = pem ? { pem } : path ? { path } : null;
      const password = read('AZURE_CLIENT_CERTIFICATE_PASSWORD');
      return principal && certificate ? { kind, ...principal, certificate, password } : null;
    }
    case 'workload-identity': {
      const tokenFile = read('AZURE_FEDERATED_TOKEN_FILE');
      return principal && tokenFile ? { kind, ...principal, tokenFile } : null;
    }
    case 'github-oidc': {
      const requestUrl = read('ACTIONS_ID_TOKEN_REQUEST_URL');
      const requestToken = read('ACTIONS_ID_TOKEN_REQUEST_TOKEN');
      const audience = read('SLOTWAVE_OIDC_AUDIENCE');
      return principal && requestUrl && requestToken
        ? { kind, ...principal, requestUrl, requestToken, audience }
        : null;
    }
    case 'azure-pipelines':
      return readConnection(read, principal);
    case 'managed-identity':
      return named || read('IDENTITY_ENDPOINT') || read('MSI_ENDPOINT') ? { kind, clientId } : null;
    case 'azure-cli':
      return named || hasAzureCli(environment) ? { kind, tenantId } : null;
    default:
      return kind satisfies never;
  }
}

type Read = (name: string) => string | null;
type Principal = { readonly tenantId: string; readonly clientId: string };

/** The task AzureCLI@2 with `addSpnToEnvironment` gives a service connection's secret under names of its own. */
function readSecret(read: Read, principal: Principal | null): CredentialChoice | null {
  const kind = 'client-secret';
  const secret = read('AZURE_CLIENT_SECRET');
  if (principal && secret) return { kind, ...principal, secret, secretFrom: 'AZURE_CLIENT_SECRET' };
  const [tenantId, clientId, key] = [
    read('tenantId'),
    read('servicePrincipalId'),
    read('servicePrincipalKey'),
  ];
  return tenantId && clientId && key
    ? { kind, tenantId, clientId, secret: key, secretFrom: 'servicePrincipalKey (of the service connection)' }
    : null;
}

/** `AZURESUBSCRIPTION_…` is what AzureCLI@2 and AzurePowerShell@5 set for a connection with workload identity. */
function readConnection(read: Read, principal: Principal | null): CredentialChoice | null {
  const kind = 'azure-pipelines';
  const connectionId = read('AZURESUBSCRIPTION_SERVICE_CONNECTION_ID') ?? read('AZURE_SERVICE_CONNECTION_ID');
  const tenantId = read('AZURESUBSCRIPTION_TENANT_ID') ?? principal?.tenantId;
  const clientId = read('AZURESUBSCRIPTION_CLIENT_ID') ?? principal?.clientId;
  const requestUri = read('SYSTEM_OIDCREQUESTURI');
  const accessToken = read('SYSTEM_ACCESSTOKEN');
  return connectionId && tenantId && clientId && requestUri && accessToken
    ? { kind, tenantId, clientId, connectionId, requestUri, accessToken }
    : null;
}

/** What must never be shown of a choice. */
export function secretsOf(choice: CredentialChoice): readonly string[] {
  switch (choice.kind) {
    case 'client-secret':
      return [choice.secret];
    case 'client-certificate':
      return [
        ...(choice.password === null ? [] : [choice.password]),
        ...('pem' in choice.certificate ? [choice.certificate.pem] : []),
      ];
    case 'github-oidc':
      return [choice.requestToken];
    case 'azure-pipelines':
      return [choice.accessToken];
    case 'workload-identity':
    case 'managed-identity':
    case 'azure-cli':
      return [];
    default:
      return choice satisfies never;
  }
}

/** How a log names it: where it comes from, and nothing of what it is. */
export function describeChoice(choice: CredentialChoice): string {
  switch (choice.kind) {
    case 'client-secret':
      return `service principal ${choice.clientId} with the secret in ${choice.secretFrom}`;
    case 'client-certificate':
      return `service principal ${choice.clientId} with the certificate ${'path' in choice.certificate ? choice.certificate.path : 'of the service connection'}`;
    case 'workload-identity':
      return `workload identity ${choice.clientId} with the token in ${choice.tokenFile}`;
    case 'github-oidc':
      return `workload identity ${choice.clientId} with this GitHub job's own tokens`;
    case 'azure-pipelines':
      return `workload identity ${choice.clientId} with the service connection ${choice.connectionId}`;
    case 'managed-identity':
      return choice.clientId ? `managed identity ${choice.clientId}` : 'the managed identity of this machine';
    case 'azure-cli':
      return 'whoever is signed in to the Azure CLI (az login)';
    default:
      return choice satisfies never;
  }
}

function hasAzureCli(environment: Environment): boolean {
  const folders = (environment['PATH'] ?? environment['Path'] ?? '')
    .split(delimiter)
    .filter((each) => each !== '');
  return folders.some((folder) =>
    ['az', 'az.cmd', 'az.exe'].some((name) => isExecutable(join(folder, name))),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
