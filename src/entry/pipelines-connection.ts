/** What an agent of Azure Pipelines gives a task to reach Azure with: a service connection, a proxy, authorities. */
import * as tl from 'azure-pipelines-task-lib/task.js';
import { choiceVariable } from '../azure/credential-choice.ts';
import { patternsVariable } from '../azure/proxy-environment.ts';
import { InputError } from '../errors.ts';

export interface AgentConnection {
  /** As our own variables say it: who signs in, and the subscription. */
  readonly environment: Readonly<Record<string, string>>;
  /** Empty: the public one, or whichever the config names. */
  readonly cloud: string;
  readonly secrets: readonly string[];
}

/** @throws InputError `connection-unknown`: it is none that a function app can be reached with. */
export function readConnection(id: string): AgentConnection {
  if (id === '') return { environment: {}, cloud: '', secrets: [] };
  const scheme = tl.getEndpointAuthorizationScheme(id, true) ?? '';
  const signIn = readSignIn(id, scheme.toLowerCase());
  if (signIn === null)
    throw new InputError('The service connection is none that can be signed in with.', {
      code: 'connection-unknown',
      where: 'azureSubscription',
      problems: [
        {
          path: 'azureSubscription',
          message:
            scheme === '' ? 'was not given to this job by the agent' : 'is of a kind that is not known',
          found: scheme === '' ? 'no authorization' : scheme,
          expected: 'ServicePrincipal, WorkloadIdentityFederation or ManagedServiceIdentity',
        },
      ],
      next: 'Name a service connection of the type Azure Resource Manager that this pipeline may use.',
    });
  const subscription = tl.getEndpointDataParameter(id, 'subscriptionid', true);
  return {
    environment: { ...signIn.environment, ...(subscription ? { AZURE_SUBSCRIPTION_ID: subscription } : {}) },
    cloud: readCloud(id),
    secrets: signIn.secrets,
  };
}

type SignIn = Pick<AgentConnection, 'environment' | 'secrets'>;

/** One kind is named each time: what else the job's environment holds is for somebody else. */
function readSignIn(id: string, scheme: string): SignIn | null {
  const read = (key: string) => tl.getEndpointAuthorizationParameter(id, key, true) ?? '';
  const principal = { AZURE_TENANT_ID: read('tenantid'), AZURE_CLIENT_ID: read('serviceprincipalid') };
  switch (scheme) {
    case 'serviceprincipal': {
      const certificate = read('serviceprincipalcertificate');
      if (read('authenticationtype').toLowerCase() === 'spncertificate')
        return signIn('client-certificate', { ...principal, SLOTWAVE_CLIENT_CERTIFICATE: certificate }, [
          certificate,
        ]);
      const key = read('serviceprincipalkey');
      return signIn('client-secret', { ...principal, AZURE_CLIENT_SECRET: key }, [key]);
    }
    case 'workloadidentityfederation': {
      const token = tl.getEndpointAuthorizationParameter('SystemVssConnection', 'AccessToken', true) ?? '';
      const federated = {
        AZURESUBSCRIPTION_TENANT_ID: principal.AZURE_TENANT_ID,
        AZURESUBSCRIPTION_CLIENT_ID: principal.AZURE_CLIENT_ID,
        AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: id,
        ...(token === '' ? {} : { SYSTEM_ACCESSTOKEN: token }),
      };
      return signIn('azure-pipelines', federated, [token]);
    }
    case 'managedserviceidentity':
      return signIn('managed-identity', {}, []);
    default:
      return null;
  }
}

function signIn(
  kind: string,
  environment: Readonly<Record<string, string>>,
  secrets: readonly string[],
): SignIn {
  return { environment: { ...environment, [choiceVariable]: kind }, secrets };
}

/** The public cloud is left to whoever names another one. */
function readCloud(id: string): string {
  const name = tl.getEndpointDataParameter(id, 'environment', true) ?? '';
  if (name === 'AzureStack') return tl.getEndpointUrl(id, true) ?? '';
  return name === 'AzureCloud' ? '' : name;
}

/** The agent's own proxy, unless the job names one: `Agent.ProxyUrl` and what goes with it. */
export function readProxy(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const named = ['https_proxy', 'all_proxy'].some(
    (name) => environment[name] || environment[name.toUpperCase()],
  );
  const proxy = named ? null : tl.getHttpProxyConfiguration();
  if (proxy === null) return {};
  const url = new URL(proxy.proxyUrl);
  if (proxy.proxyUsername) url.username = encodeURIComponent(proxy.proxyUsername);
  if (proxy.proxyPassword) url.password = encodeURIComponent(proxy.proxyPassword);
  return {
    HTTPS_PROXY: url.href,
    ...(environment['http_proxy'] || environment['HTTP_PROXY'] ? {} : { HTTP_PROXY: url.href }),
    [patternsVariable]: JSON.stringify(proxy.proxyBypassHosts ?? []),
  };
}
