/** What is missing to sign in, said for the place we are in: a workstation, a GitHub job, a pipeline. */
import { InputError, type Problem } from '../errors.ts';
import type { Environment } from './credential-choice.ts';

/** @param named the kind that was asked for by name; null when any would have done. */
export function explainMissing(environment: Environment, named: string | null): InputError {
  const has = (name: string) => Boolean(environment[name]);
  return new InputError(
    named === null
      ? 'There is no credential to speak to Azure with.'
      : `SLOTWAVE_CREDENTIAL says ${named}, and what it needs is not there.`,
    {
      code: 'credential-missing',
      where: 'environment',
      problems:
        named === null ? findMissing(has) : (needs[named] ?? []).filter((name) => !has(name)).map(notSet),
      next: nextStep(has),
    },
  );
}

type Has = (name: string) => boolean;

const needs: Readonly<Record<string, readonly string[]>> = {
  'client-secret': ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'],
  'client-certificate': ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_CERTIFICATE_PATH'],
  'workload-identity': ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_FEDERATED_TOKEN_FILE'],
  'github-oidc': [
    'AZURE_TENANT_ID',
    'AZURE_CLIENT_ID',
    'ACTIONS_ID_TOKEN_REQUEST_URL',
    'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  ],
  'azure-pipelines': [
    'AZURESUBSCRIPTION_TENANT_ID',
    'AZURESUBSCRIPTION_CLIENT_ID',
    'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
    'SYSTEM_OIDCREQUESTURI',
    'SYSTEM_ACCESSTOKEN',
  ],
};

function notSet(path: string): Problem {
  return {
    path,
    message: 'is not set',
    ...(/_(TENANT|CLIENT)_ID$/.test(path) ? { expected: 'a GUID' } : {}),
  };
}

/** Half a credential is more likely a slip than none at all. */
function findMissing(has: Has): readonly Problem[] {
  const proofs = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_FEDERATED_TOKEN_FILE'];
  const proof = proofs.some(has);
  const ids = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'];
  if (!proof && !ids.some(has)) return [];
  const [first, ...others] = proofs;
  const noProof: Problem = { path: first!, message: `is not set, nor ${others.join(', nor ')}` };
  return [...ids.filter((name) => !has(name)).map(notSet), ...(proof ? [] : [noProof])];
}

function nextStep(has: Has): string {
  if (has('GITHUB_ACTIONS')) {
    return 'Give the job "permissions: id-token: write" and set AZURE_TENANT_ID and AZURE_CLIENT_ID of an application with a federated credential for this repository.';
  }
  if (has('TF_BUILD')) {
    return 'Use the task slotwave@0 with a service connection; or run it in the task AzureCLI@2 with one, and give the task env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }.';
  }
  return 'Run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and one of AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE.';
}
