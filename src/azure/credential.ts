/** Tokens from @azure/identity, over our transport, with failures that people can act on. */
import type { AccessToken, TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import type { ClientCertificateCredentialOptions } from '@azure/identity';
import { askAzurePipelines, askGitHub, audienceOf } from './assertion.ts';
import type { Cloud } from './cloud.ts';
import {
  type CredentialChoice,
  chooseCredential,
  describeChoice,
  type Environment,
  secretsOf,
} from './credential-choice.ts';
import { explainLogin } from './credential-errors.ts';
import { asHttpClient } from './http-client.ts';
import type { Credential } from './tokens.ts';
import type { Transport } from './transport.ts';

export interface CredentialParts {
  readonly cloud: Cloud;
  readonly transport: Transport;
  readonly environment: Environment;
  /** For a door that knows what it signs in with; else the environment decides. */
  readonly choice?: CredentialChoice | undefined;
  /** Called with each secret before it is used. */
  readonly hide?: ((secret: string) => void) | undefined;
}

/** @throws InputError when the environment holds nothing usable; issuing rejects with RefusalError or TransientError. */
export function createCredential(parts: CredentialParts): Credential {
  const { cloud, transport, environment, choice = chooseCredential(environment), hide = () => {} } = parts;
  const described = describeChoice(choice);
  for (const secret of secretsOf(choice)) hide(secret);
  return {
    described,
    issue: async () => {
      const wire = watchWire(transport);
      try {
        const assertion = await askForAssertion(choice, cloud, transport);
        if (assertion !== null) hide(assertion);
        // A credential of its own each time: the library keeps tokens by the wall clock, and gives a refused one again.
        const credential = await openCredential(choice, cloud, wire.httpClient, assertion);
        const token: AccessToken | null = await credential.getToken(cloud.scope);
        if (!token) throw new Error('no token was issued');
        return { value: token.token, expiresAtMs: token.expiresOnTimestamp };
      } catch (error) {
        throw explainLogin(error, {
          choice,
          described,
          cloud,
          failure: wire.failure(),
          status: wire.status(),
        });
      }
    },
  };
}

/** Null where the credential needs none, or the library reads it itself. */
async function askForAssertion(
  choice: CredentialChoice,
  cloud: Cloud,
  transport: Transport,
): Promise<string | null> {
  if (choice.kind === 'github-oidc') return askGitHub(transport, choice, audienceOf(cloud.name));
  if (choice.kind === 'azure-pipelines') return askAzurePipelines(transport, choice);
  return null;
}

/** The Azure CLI is a process of its own, and starts slowly on a busy machine. */
const cliTimeoutMs = 60_000;

async function openCredential(
  choice: CredentialChoice,
  cloud: Cloud,
  httpClient: HttpClient,
  assertion: string | null,
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
    case 'client-certificate':
      return openCertificate(identity, choice, options);
    case 'workload-identity': {
      const { tenantId, clientId, tokenFile: tokenFilePath } = choice;
      return new identity.WorkloadIdentityCredential({ ...options, tenantId, clientId, tokenFilePath });
    }
    case 'github-oidc':
    case 'azure-pipelines': {
      const give = () => Promise.resolve(assertion ?? '');
      return new identity.ClientAssertionCredential(choice.tenantId, choice.clientId, give, options);
    }
    case 'managed-identity':
      return new identity.ManagedIdentityCredential({
        httpClient,
        ...(choice.clientId === null ? {} : { clientId: choice.clientId }),
      });
    case 'azure-cli':
      return new identity.AzureCliCredential({
        processTimeoutInMs: cliTimeoutMs,
        ...(choice.tenantId === null ? {} : { tenantId: choice.tenantId }),
      });
    default:
      return choice satisfies never;
  }
}

/** A file is read again each time; a text is what it is. */
function openCertificate(
  { ClientCertificateCredential }: Pick<typeof import('@azure/identity'), 'ClientCertificateCredential'>,
  {
    tenantId,
    clientId,
    certificate,
    password,
  }: Extract<CredentialChoice, { readonly kind: 'client-certificate' }>,
  options: ClientCertificateCredentialOptions,
): TokenCredential {
  const secret = password === null ? {} : { certificatePassword: password };
  if ('path' in certificate) {
    const file = { certificatePath: certificate.path, ...secret };
    return new ClientCertificateCredential(tenantId, clientId, file, options);
  }
  const text = { certificate: certificate.pem, ...secret };
  return new ClientCertificateCredential(tenantId, clientId, text, options);
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
