/** Which credential the environment holds: decided by rule and told in words, never by trying one after another. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InputError, type Problem } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type CredentialChoice =
  | {
      readonly kind: 'client-secret';
      readonly tenantId: string;
      readonly clientId: string;
      readonly secret: string;
    }
  | {
      readonly kind: 'client-certificate';
      readonly tenantId: string;
      readonly clientId: string;
      readonly path: string;
      readonly password: string | null;
    }
  | {
      readonly kind: 'workload-identity';
      readonly tenantId: string;
      readonly clientId: string;
      readonly tokenFile: string;
    }
  | { readonly kind: 'managed-identity'; readonly clientId: string | null }
  | { readonly kind: 'azure-cli'; readonly tenantId: string | null };

export type CredentialKind = CredentialChoice['kind'];

const kinds: readonly CredentialKind[] = [
  'client-secret',
  'client-certificate',
  'workload-identity',
  'managed-identity',
  'azure-cli',
];

/** Names one kind, where the environment holds several or shows none (a VM's managed identity). */
export const choiceVariable = 'SLOTWAVE_CREDENTIAL';

/** @throws InputError `credential-missing` or `credential-unknown`, with what was there and what is needed. */
export function chooseCredential(environment: Environment): CredentialChoice {
  const named = environment[choiceVariable];
  if (named && !kinds.some((kind) => kind === named)) {
    throw new InputError(`${choiceVariable} names no credential: "${named}".`, {
      code: 'credential-unknown',
      where: choiceVariable,
      next: `Set it to one of ${kinds.join(', ')}, or unset it.`,
    });
  }
  for (const kind of named ? kinds.filter((each) => each === named) : kinds) {
    const choice = readChoice(kind, environment, named !== undefined && named !== '');
    if (choice) return choice;
  }
  throw nothingUsable(environment, named);
}

function readChoice(kind: CredentialKind, environment: Environment, named: boolean): CredentialChoice | null {
  const tenantId = environment['AZURE_TENANT_ID'];
  const clientId = environment['AZURE_CLIENT_ID'];
  const principal = tenantId && clientId ? { tenantId, clientId } : null;
  switch (kind) {
    case 'client-secret': {
      const secret = environment['AZURE_CLIENT_SECRET'];
      return principal && secret ? { kind, ...principal, secret } : null;
    }
    case 'client-certificate': {
      const path = environment['AZURE_CLIENT_CERTIFICATE_PATH'];
      return principal && path
        ? { kind, ...principal, path, password: environment['AZURE_CLIENT_CERTIFICATE_PASSWORD'] ?? null }
        : null;
    }
    case 'workload-identity': {
      const tokenFile = environment['AZURE_FEDERATED_TOKEN_FILE'];
      return principal && tokenFile ? { kind, ...principal, tokenFile } : null;
    }
    case 'managed-identity': {
      const present = environment['IDENTITY_ENDPOINT'] || environment['MSI_ENDPOINT'];
      return named || present ? { kind, clientId: clientId ?? null } : null;
    }
    case 'azure-cli':
      return named || hasAzureCli(environment) ? { kind, tenantId: tenantId ?? null } : null;
    default:
      return kind satisfies never;
  }
}

/** How a log names it: where it comes from, and nothing of what it is. */
export function describeChoice(choice: CredentialChoice): string {
  switch (choice.kind) {
    case 'client-secret':
      return `service principal ${choice.clientId} with the secret in AZURE_CLIENT_SECRET`;
    case 'client-certificate':
      return `service principal ${choice.clientId} with the certificate ${choice.path}`;
    case 'workload-identity':
      return `workload identity ${choice.clientId} with the token in ${choice.tokenFile}`;
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

function nothingUsable(environment: Environment, named: string | undefined): InputError {
  const has = (name: string) => Boolean(environment[name]);
  const proof =
    has('AZURE_CLIENT_SECRET') || has('AZURE_CLIENT_CERTIFICATE_PATH') || has('AZURE_FEDERATED_TOKEN_FILE');
  const problems: Problem[] = [];
  if (has('AZURE_TENANT_ID') || has('AZURE_CLIENT_ID') || proof) {
    for (const name of ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID']) {
      if (!has(name)) problems.push({ path: name, message: 'is not set', expected: 'a GUID' });
    }
    if (!proof) {
      problems.push({
        path: 'AZURE_CLIENT_SECRET',
        message: 'is not set, nor AZURE_CLIENT_CERTIFICATE_PATH, nor AZURE_FEDERATED_TOKEN_FILE',
      });
    }
  }
  return new InputError(
    named
      ? `${choiceVariable} says ${named}, and what it needs is not there.`
      : 'There is no credential to speak to Azure with.',
    {
      code: 'credential-missing',
      where: 'environment',
      problems,
      next: 'Run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and one of AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE.',
    },
  );
}
