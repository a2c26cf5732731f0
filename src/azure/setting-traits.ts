/** What the values of a slot's settings say that preflight may know: names, accounts, dates. The values end here. */
import type { OperatingSystem } from '../plan/fleet.ts';
import type { SettingTraits, Stack, StorageAccess } from '../plan/surroundings.ts';
import type { Settings } from './site-client.ts';

export function readTraits(settings: Settings): SettingTraits {
  const value = lookUp(settings);
  const names = Object.keys(settings);
  const shareName = value('WEBSITE_CONTENTSHARE');
  const contentAccount = accountOf(value('WEBSITE_CONTENTAZUREFILECONNECTIONSTRING'));
  return {
    extensionVersion: value('FUNCTIONS_EXTENSION_VERSION'),
    workerRuntime: value('FUNCTIONS_WORKER_RUNTIME')?.toLowerCase() ?? null,
    storage: readStorage(settings, 'AzureWebJobsStorage'),
    contentShare: shareName === null ? null : { name: shareName, account: contentAccount },
    contentOverVnet: isOn(value('WEBSITE_CONTENTOVERVNET')),
    networkSettings: names.filter((name) => networkNames.has(name.toUpperCase())).sort(),
    packageUrlEndsAtMs: readEnd(value('WEBSITE_RUN_FROM_PACKAGE')),
    warmUp: {
      path: value('WEBSITE_SWAP_WARMUP_PING_PATH'),
      statuses: value('WEBSITE_SWAP_WARMUP_PING_STATUSES'),
    },
    connections: names.filter((name) => isConnection(name, settings[name]!)).sort(),
    hostId: value('AzureFunctionsWebHost__hostid'),
    taskHubs: Object.fromEntries(names.flatMap((name) => taskHubOf(name, settings[name]!))),
    accounts: Object.fromEntries(prefixesOf(names).flatMap((prefix) => accountEntry(settings, prefix))),
    usesIdentity: names.some((name) => isByIdentity(name, settings[name]!)),
  };
}

/** The language and its version: of `linuxFxVersion`, or of what stands for it on Windows. Null: not told. */
export function readStack(
  operatingSystem: OperatingSystem,
  settings: Settings,
  config: Readonly<Record<string, unknown>>,
): Stack | null {
  const text = (name: string) => (typeof config[name] === 'string' ? config[name] : '');
  const value = lookUp(settings);
  const language = value('FUNCTIONS_WORKER_RUNTIME')?.toLowerCase() ?? '';
  if (operatingSystem === 'linux') {
    const [, named = '', version = ''] = /^([\w-]+)\|v?~?([\d.]+)$/.exec(text('linuxFxVersion')) ?? [];
    return version === '' ? null : { language: named.toLowerCase(), version };
  }
  const versions: Readonly<Record<string, string | null>> = {
    node: value('WEBSITE_NODE_DEFAULT_VERSION'),
    dotnet: text('netFrameworkVersion'),
    'dotnet-isolated': text('netFrameworkVersion'),
    java: text('javaVersion'),
    powershell: text('powerShellVersion'),
  };
  const version = /\d+(\.\d+)?/.exec(versions[language] ?? '')?.[0];
  // `v4.0` is what every Windows app has, and stands for .NET Framework.
  if (version === undefined || (language.startsWith('dotnet') && version === '4.0')) return null;
  return { language, version };
}

const networkNames = new Set(['WEBSITE_VNET_ROUTE_ALL', 'WEBSITE_CONTENTOVERVNET', 'WEBSITE_DNS_SERVER']);
const identityAddress =
  /^https:\/\/[^/]+\.((blob|queue|table)\.core\.|documents\.(azure|microsoftazure|cloudapi)\.|service\.signalr\.)/i;
const connectionName =
  /(connection_?string|__(fullyQualifiedNamespace|serviceUri|accountEndpoint|accountName|(blob|queue|table)ServiceUri))$/i;
const connectionValue =
  /\b(AccountKey|SharedAccessKey|SharedAccessSignature|AccountEndpoint|Data Source|Server|Initial Catalog)\s*=|\bEndpoint=sb:|^(mongodb(\+srv)?|postgres(ql)?|mysql|redis(s)?|amqps?):\/\//i;

/**
 * A connection that has no key. In .NET an app's own settings are written with `__` as well (`AzureAd__ClientId`), so
 * that most names alone prove nothing. The host's storage has a rule of its own.
 */
function isByIdentity(name: string, value: string): boolean {
  if (/^AzureWebJobsStorage__/i.test(name)) return false;
  if (/__credential$/i.test(name)) return /^managedidentity/i.test(value);
  const isAddress = /__(serviceUri|accountEndpoint|(blob|queue|table)ServiceUri)$/i.test(name);
  return /__fullyQualifiedNamespace$/i.test(name) || (isAddress && identityAddress.test(value));
}

/** The content share is the platform's own matter, and has a rule of its own. */
function isConnection(name: string, value: string): boolean {
  if (/^WEBSITE_CONTENT/i.test(name)) return false;
  return connectionName.test(name) || connectionValue.test(value);
}

function readStorage(settings: Settings, prefix: string): SettingTraits['storage'] {
  const value = lookUp(settings);
  const whole = value(prefix);
  const account = accountFor(settings, prefix);
  const access: StorageAccess =
    whole === null
      ? account === null
        ? 'none'
        : 'identity'
      : /AccountKey\s*=/i.test(whole)
        ? 'key'
        : 'other';
  return { access, account };
}

function accountEntry(settings: Settings, prefix: string): readonly (readonly [string, string])[] {
  const account = accountFor(settings, prefix);
  return account === null ? [] : [[prefix, account]];
}

/** `X__accountName` belongs to the connection `X`. */
function prefixesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.replace(/__[^_]+$/, '')))].sort();
}

function accountFor(settings: Settings, prefix: string): string | null {
  const value = lookUp(settings);
  const direct = accountOf(value(prefix)) ?? value(`${prefix}__accountName`);
  const address = value(`${prefix}__blobServiceUri`) ?? value(`${prefix}__queueServiceUri`);
  return (
    direct?.toLowerCase() ?? /^https:\/\/([a-z0-9]{3,24})\./i.exec(address ?? '')?.[1]?.toLowerCase() ?? null
  );
}

function accountOf(connection: string | null): string | null {
  const name = /(?:^|;)\s*AccountName\s*=\s*([a-z0-9]{3,24})\s*(?:;|$)/i.exec(connection ?? '')?.[1];
  return name?.toLowerCase() ?? null;
}

/** A hub's name is letters and digits: something else is not taken for one, and not kept. */
function taskHubOf(name: string, value: string): readonly (readonly [string, string])[] {
  return /task_?hub|durableTask__hubName$/i.test(name) && /^[a-z][a-z0-9]{2,44}$/i.test(value)
    ? [[name, value]]
    : [];
}

/** When the signature of the package's address ends (azure-platform.md §2.5). */
function readEnd(value: string | null): SettingTraits['packageUrlEndsAtMs'] {
  if (value === null || !/^https?:\/\//i.test(value) || !URL.canParse(value)) return 'none';
  const end = Date.parse(new URL(value).searchParams.get('se') ?? '');
  return Number.isNaN(end) ? null : end;
}

function isOn(value: string | null): boolean {
  return value !== null && /^(1|true)$/i.test(value.trim());
}

/** Azure does not tell capitals apart in the names of settings, and an empty value is as good as none. */
function lookUp(settings: Settings): (name: string) => string | null {
  return (name) =>
    settings[name] ||
    Object.entries(settings).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1] ||
    null;
}
