/** `connectivityCheck`: whether the app reaches what one of its settings points to (azure-platform.md §5.3). */
import { fieldOf, takeJson } from '../incoming.ts';
import { addressesOf, isOpen } from '../network/outbound.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError } from './answer.ts';
import type { AppCall } from './call.ts';
import { answerCheck } from './network.ts';

/** The port that each kind of resource is asked on. */
const ports = new Map([
  ['keyvault', 443],
  ['sql', 1433],
  ['servicebus', 5671],
  ['eventhubs', 5671],
  ['blobstorage', 443],
  ['queuestorage', 443],
  ['tablestorage', 443],
  ['fileshare', 445],
]);

/** How the body names the resource is documented in part only: a setting's name or the connection string itself. */
export async function checkConnectivity(call: AppCall): Promise<Response> {
  const { platform, slot } = call;
  const body = await takeJson(call.incoming);
  const provider = fieldOf(body, 'properties', 'providerType');
  const port = ports.get(String(provider).toLowerCase());
  if (port === undefined)
    return appServiceError(400, 'BadRequest', 'The parameter providerType has an invalid value.', '51008');
  const host = hostIn(credentialOf(slot, fieldOf(body, 'properties', 'credentials')), String(provider));
  const say = (connectionStatus: string, connectionStatusDetails: string) =>
    answerCheck(call, 'connectivityCheck', {
      providerType: provider,
      connectionStatus,
      connectionStatusDetails,
    });
  if (host === null) return say('UnknownError', 'The credentials name no host.');
  if (addressesOf(platform, host).length === 0)
    return say('HostNotFound', `The name '${host}' could not be resolved.`);
  return isOpen(platform, host, port)
    ? say('Success', '')
    : say('ConnectionTimedOut', `'${host}:${port}' did not answer in time.`);
}

function credentialOf(slot: Slot, credentials: unknown): string {
  const direct = fieldOf(credentials, 'connectionString');
  if (typeof direct === 'string') return direct;
  const name =
    fieldOf(credentials, 'appSetting') ?? fieldOf(credentials, 'credentialReference', 'appSetting');
  const found = Object.entries(slot.settings).find(
    ([key]) => key.toLowerCase() === String(name).toLowerCase(),
  );
  return found?.[1] ?? '';
}

const storageKinds: Readonly<Record<string, string>> = {
  blobstorage: 'blob',
  queuestorage: 'queue',
  tablestorage: 'table',
  fileshare: 'file',
};

/** An endpoint, a server, an account, an address, or a bare host name. */
function hostIn(credential: string, provider: string): string | null {
  const kind = storageKinds[provider.toLowerCase()];
  const account = /(?:^|;)\s*AccountName=([^;]+)/i.exec(credential)?.[1];
  if (kind !== undefined && account) {
    const suffix = /(?:^|;)\s*EndpointSuffix=([^;]+)/i.exec(credential)?.[1] ?? 'core.windows.net';
    return `${account}.${kind}.${suffix}`;
  }
  const vault = /VaultName=([^;)]+)/i.exec(credential)?.[1];
  if (vault) return `${vault}.vault.azure.net`;
  const found = /(?:^|;|=|\()\s*(?:(?:[a-z]+:\/\/)|tcp:)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)/i.exec(credential);
  return found?.[1] ?? null;
}
