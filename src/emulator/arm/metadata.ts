/** `GET /metadata/endpoints`: how a cloud describes itself, in the three shapes that real tools read. */
import { frontDoorError, json } from './answer.ts';
import { type ArmCall, is } from './call.ts';

export function answerMetadata({ platform, segments, method, apiVersion }: ArmCall): Response {
  if (!is(segments[1], 'endpoints') || segments.length !== 2 || method !== 'GET') {
    return frontDoorError(404, 'NotFound', 'There is no such metadata.');
  }
  const { origin } = platform.addresses;
  const { tenantId } = platform.identity;
  const authentication = {
    loginEndpoint: origin,
    audiences: audiencesOf(origin),
    tenant: tenantId,
    identityProvider: 'AAD',
  };
  if (apiVersion < '2018') {
    return json(200, {
      galleryEndpoint: origin,
      graphEndpoint: origin,
      portalEndpoint: origin,
      authentication: { loginEndpoint: origin, audiences: audiencesOf(origin) },
    });
  }
  const described = {
    portal: origin,
    authentication,
    media: origin,
    graphAudience: origin,
    graph: origin,
    name: 'SlotwaveEmulator',
    suffixes: suffixesOf(origin),
    batch: origin,
    resourceManager: origin,
    vmImageAliasDoc: origin,
    activeDirectoryDataLake: origin,
    sqlManagement: origin,
    microsoftGraphResourceId: origin,
    appInsightsResourceId: origin,
    appInsightsTelemetryChannelResourceId: origin,
    attestationResourceId: origin,
    synapseAnalyticsResourceId: origin,
    logAnalyticsResourceId: origin,
    ossrDbmsResourceId: origin,
    gallery: origin,
  };
  return json(200, apiVersion < '2022' ? [described] : described);
}

/** What a token may be for. The last one of the list has no path, so `<audience>/.default` is a scope. */
export function audiencesOf(origin: string): readonly string[] {
  return [`${origin}/`, origin];
}

function suffixesOf(origin: string): Record<string, string> {
  const { port } = new URL(origin);
  const local = port === '' ? 'localhost' : `localhost:${port}`;
  return {
    acrLoginServer: `azurecr.${local}`,
    sqlServerHostname: `database.${local}`,
    keyVaultDns: `vault.${local}`,
    storage: `core.${local}`,
    storageSyncEndpointSuffix: `afs.${local}`,
    mhsmDns: `managedhsm.${local}`,
    mysqlServerEndpoint: `mysql.${local}`,
    postgresqlServerEndpoint: `postgres.${local}`,
    mariadbServerEndpoint: `mariadb.${local}`,
    synapseAnalytics: `azuresynapse.${local}`,
    attestationEndpoint: `attest.${local}`,
  };
}
