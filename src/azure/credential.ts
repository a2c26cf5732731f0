/** Tokens from @azure/identity, over our transport, with failures that people can act on. */
import type { AccessToken, TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import { RefusalError, SlotwaveError, TransientError } from '../errors.ts';
import type { Cloud } from './cloud.ts';
import {
  type CredentialChoice,
  chooseCredential,
  describeChoice,
  type Environment,
} from './credential-choice.ts';
import { asHttpClient } from './http-client.ts';
import { tame } from './server-text.ts';
import type { Credential } from './tokens.ts';
import { type Transport, TransportError } from './transport.ts';

export interface CredentialParts {
  readonly cloud: Cloud;
  readonly transport: Transport;
  readonly environment: Environment;
}

/** @throws InputError when the environment holds nothing usable; issuing rejects with RefusalError or TransientError. */
export function createCredential({ cloud, transport, environment }: CredentialParts): Credential {
  const choice = chooseCredential(environment);
  const described = describeChoice(choice);
  return {
    described,
    issue: async () => {
      const wire = watchWire(transport);
      try {
        // A credential of its own each time: the library keeps tokens by the wall clock, and gives a refused one again.
        const credential = await openCredential(choice, cloud, wire.httpClient);
        const token: AccessToken | null = await credential.getToken(cloud.scope);
        if (!token) throw new Error('no token was issued');
        return { value: token.token, expiresAtMs: token.expiresOnTimestamp };
      } catch (error) {
        throw explain(error, { choice, described, cloud, wire });
      }
    },
  };
}

async function openCredential(
  choice: CredentialChoice,
  cloud: Cloud,
  httpClient: HttpClient,
): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
  const options = {
    authorityHost: cloud.loginEndpoint,
    // A cloud that Microsoft does not know cannot be vouched for by Microsoft's directory of clouds.
    disableInstanceDiscovery: !cloud.wellKnown,
    httpClient,
    // Whoever asked repeats on our clock; the library would wait on the wall's.
    retryOptions: { maxRetries: 0 },
  };
  switch (choice.kind) {
    case 'client-secret':
      return new identity.ClientSecretCredential(choice.tenantId, choice.clientId, choice.secret, options);
    case 'client-certificate': {
      const { path: certificatePath, password } = choice;
      const certificate = {
        certificatePath,
        ...(password === null ? {} : { certificatePassword: password }),
      };
      return new identity.ClientCertificateCredential(choice.tenantId, choice.clientId, certificate, options);
    }
    case 'workload-identity': {
      const { tenantId, clientId, tokenFile: tokenFilePath } = choice;
      return new identity.WorkloadIdentityCredential({ ...options, tenantId, clientId, tokenFilePath });
    }
    case 'managed-identity':
      return new identity.ManagedIdentityCredential({
        httpClient,
        ...(choice.clientId === null ? {} : { clientId: choice.clientId }),
      });
    case 'azure-cli':
      return new identity.AzureCliCredential(choice.tenantId === null ? {} : { tenantId: choice.tenantId });
    default:
      return choice satisfies never;
  }
}

/** What went over the wire last: the library turns silence and 503 into sentences that name neither. */
interface Wire {
  readonly httpClient: HttpClient;
  failure(): unknown;
  status(): number | null;
}

function watchWire(transport: Transport): Wire {
  let failure: unknown = null;
  let status: number | null = null;
  const watched: Transport = async (request) => {
    failure = null;
    status = null;
    try {
      const answer = await transport(request);
      status = answer.status;
      return answer;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  return { httpClient: asHttpClient(watched), failure: () => failure, status: () => status };
}

interface Circumstances {
  readonly choice: CredentialChoice;
  readonly described: string;
  readonly cloud: Cloud;
  readonly wire: Wire;
}

function explain(error: unknown, { choice, described, cloud, wire }: Circumstances): SlotwaveError {
  const failure = wire.failure();
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
  const status = wire.status();
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
    next: (code && nextSteps[code]) ?? nextByKind[choice.kind],
  });
}

/** From the AADSTS code on, up to where Entra begins with trace ids: the sentence that says what is wrong. */
function sayOnce(text: string, code: string | undefined): string {
  const from = code ? text.slice(text.indexOf(code)) : text;
  return from.split(/\s*(?:Trace ID:|Correlation ID:|To troubleshoot|\r?\n)/)[0] || text;
}

/** Entra does not echo secrets, as far as anybody saw; this line makes it certain. */
function withoutSecrets(text: string, choice: CredentialChoice): string {
  const secrets =
    choice.kind === 'client-secret'
      ? [choice.secret]
      : choice.kind === 'client-certificate' && choice.password
        ? [choice.password]
        : [];
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** learn.microsoft.com/entra/identity-platform/reference-error-codes */
const nextSteps: Readonly<Record<string, string>> = {
  AADSTS7000215: "The secret is wrong: is AZURE_CLIENT_SECRET the secret's value, not its id?",
  AADSTS7000222: 'The secret has expired: make a new one for this application.',
  AADSTS700016: 'This tenant does not know the application: check AZURE_CLIENT_ID and AZURE_TENANT_ID.',
  AADSTS90002: 'There is no such tenant in this cloud: check AZURE_TENANT_ID and --cloud.',
  AADSTS700024:
    'The federated token has expired: sign in again at the start of the job, or give it a token that is renewed.',
  AADSTS70021:
    'No federated credential of this application matches the token: check its issuer, subject and audience.',
  AADSTS700213:
    "No federated credential of this application matches the token's subject: compare it with the one configured.",
  AADSTS700027: "The certificate is not one of this application's: upload its public part.",
};

const nextByKind: Readonly<Record<CredentialChoice['kind'], string>> = {
  'client-secret': 'Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.',
  'client-certificate':
    'Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH (PEM with its private key).',
  'workload-identity': 'Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE.',
  'managed-identity':
    'Check that this machine has a managed identity, and AZURE_CLIENT_ID if it has several.',
  'azure-cli': 'Run az login (az cloud set -n … first for another cloud), then az account show.',
};
