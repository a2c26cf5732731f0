import { describe, expect, it } from '@jest/globals';
import { readStack, readTraits } from '../../src/azure/setting-traits.ts';
import { readAccount } from '../../src/azure/storage-accounts.ts';
import { readAccessRules, type WebConfig } from '../../src/azure/web-config.ts';

const secret = 'c2VjcmV0LXRoYXQtbXVzdC1ub3Qtc2hvdw==';

describe('what the values of settings say', () => {
  it.each<[string, Record<string, string>, ReturnType<typeof readTraits>['storage']]>([
    [
      'a key',
      { AzureWebJobsStorage: `AccountName=Orders1;AccountKey=${secret}` },
      { access: 'key', account: 'orders1' },
    ],
    [
      'an identity',
      { AzureWebJobsStorage__accountName: 'orders1' },
      { access: 'identity', account: 'orders1' },
    ],
    [
      'an identity by address',
      { azurewebjobsstorage__blobServiceUri: 'https://orders1.blob.core.windows.net' },
      { access: 'identity', account: 'orders1' },
    ],
    [
      'Key Vault',
      { AzureWebJobsStorage: '@Microsoft.KeyVault(SecretUri=x)' },
      { access: 'other', account: null },
    ],
    [
      'the development storage',
      { AzureWebJobsStorage: 'UseDevelopmentStorage=true' },
      { access: 'other', account: null },
    ],
    ['nothing', {}, { access: 'none', account: null }],
  ])('storage by %s', (_, settings, storage) => {
    expect(readTraits(settings).storage).toEqual(storage);
  });

  it('which settings lead to other services, by name and by value', () => {
    const { connections } = readTraits({
      DB: 'Server=tcp:x.database.windows.net;Password=p',
      BUS: `Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey=${secret}`,
      CACHE: 'rediss://x:6380',
      Bus2__fullyQualifiedNamespace: 'x.servicebus.windows.net',
      COLOUR: 'blue',
      WEBSITE_CONTENTAZUREFILECONNECTIONSTRING: `AccountName=a;AccountKey=${secret}`,
    });
    expect(connections).toEqual(['BUS', 'Bus2__fullyQualifiedNamespace', 'CACHE', 'DB']);
  });

  it.each([
    ['1', 'none'],
    ['https://x.example/a.zip?sv=1&se=2026-05-01T10%3A00%3A00Z&sig=x', Date.UTC(2026, 4, 1, 10)],
    ['https://x.example/a.zip', null],
    ['https://x.example/a.zip?se=soon', null],
  ])('when the address of a package ends: %s', (value, ends) => {
    expect(readTraits({ website_run_from_package: value }).packageUrlEndsAtMs).toBe(ends);
  });

  it('task hubs, when they look like hubs', () => {
    const { taskHubs } = readTraits({
      TaskHubName: 'Orders',
      TASK_HUB: `not/a hub ${secret}`,
      Other: 'Orders',
    });
    expect(taskHubs).toEqual({ TaskHubName: 'Orders' });
  });

  it('accounts of connections, in either form', () => {
    const { accounts } = readTraits({
      QUEUES: `AccountName=queues1;AccountKey=${secret}`,
      Blobs__accountName: 'blobs1',
    });
    expect(accounts).toEqual({ QUEUES: 'queues1', Blobs: 'blobs1' });
  });

  it.each([
    ['Bus__fullyQualifiedNamespace', 'orders.servicebus.windows.net', true],
    ['Blobs__serviceUri', 'https://orders1.blob.core.windows.net', true],
    ['Blobs__queueServiceUri', 'https://orders1.queue.core.chinacloudapi.cn/', true],
    ['Db__accountEndpoint', 'https://orders.documents.azure.com:443/', true],
    ['Hub__serviceUri', 'https://orders.service.signalr.net', true],
    ['Blobs__credential', 'managedidentity', true],
    // The host's storage has a rule of its own.
    ['AzureWebJobsStorage__accountName', 'orders1', false],
    // Settings of an app's own are written like this in .NET, and say nothing of an identity.
    ['AzureAd__ClientId', '47f66630-9ce3-41f0-b882-9f5c6d010770', false],
    ['Smtp__Credential', 'orders', false],
    ['Payments__ServiceUri', 'https://payments.example', false],
    ['Crm__AccountName', 'orders', false],
  ])('whether it is a connection by an identity: %s=%s', (name, value, expected) => {
    expect(readTraits({ [name]: value }).usesIdentity).toBe(expected);
  });

  it.each([
    [{}, true],
    [{ networkAcls: { defaultAction: 'Deny' } }, false],
    [{ publicNetworkAccess: 'Disabled' }, false],
    // Some addresses get in, and nobody can tell here whether the app has one of them.
    [{ networkAcls: { defaultAction: 'Deny', ipRules: [{ value: '20.50.2.1', action: 'Allow' }] } }, true],
    [{ publicNetworkAccess: 'Disabled', networkAcls: { ipRules: [{ value: '20.50.2.1' }] } }, false],
  ])('whether an account may be open to the app: %j', (properties, open) => {
    expect(readAccount({ name: 'Orders1', properties })).toEqual({ name: 'orders1', open, sharedKey: true });
  });

  it('and keeps no secret', () => {
    const traits = readTraits({
      AzureWebJobsStorage: `AccountName=orders1;AccountKey=${secret}`,
      WEBSITE_CONTENTAZUREFILECONNECTIONSTRING: `AccountName=a12;AccountKey=${secret}`,
      WEBSITE_CONTENTSHARE: 'share',
      WEBSITE_RUN_FROM_PACKAGE: `https://x.example/a.zip?se=2026-05-01T10%3A00%3A00Z&sig=${secret}`,
      BUS: `Endpoint=sb://x/;SharedAccessKey=${secret}`,
    });
    expect(JSON.stringify(traits)).not.toContain(secret.slice(0, 8));
  });
});

describe('the stack of a slot', () => {
  it.each<['linux' | 'windows', Record<string, string>, Record<string, string>, string | null]>([
    ['linux', {}, { linuxFxVersion: 'Node|22' }, 'node 22'],
    ['linux', {}, { linuxFxVersion: 'DOTNET-ISOLATED|8.0' }, 'dotnet-isolated 8.0'],
    ['linux', {}, { linuxFxVersion: 'Python|3.11' }, 'python 3.11'],
    ['linux', {}, { linuxFxVersion: 'DOCKER|registry.example/orders:1' }, null],
    ['linux', {}, { linuxFxVersion: '' }, null],
    ['windows', { FUNCTIONS_WORKER_RUNTIME: 'node', WEBSITE_NODE_DEFAULT_VERSION: '~20' }, {}, 'node 20'],
    [
      'windows',
      { FUNCTIONS_WORKER_RUNTIME: 'dotnet-isolated' },
      { netFrameworkVersion: 'v8.0' },
      'dotnet-isolated 8.0',
    ],
    ['windows', { FUNCTIONS_WORKER_RUNTIME: 'dotnet-isolated' }, { netFrameworkVersion: 'v4.0' }, null],
    ['windows', { FUNCTIONS_WORKER_RUNTIME: 'powershell' }, { powerShellVersion: '7.4' }, 'powershell 7.4'],
    ['windows', { FUNCTIONS_WORKER_RUNTIME: 'java' }, { javaVersion: '17' }, 'java 17'],
  ])('%s %j %j: %s', (system, settings, config, expected) => {
    const stack = readStack(system, settings, config);
    expect(stack && `${stack.language} ${stack.version}`).toBe(expected);
  });
});

describe('access restrictions', () => {
  const office = { ipAddress: '10.0.0.0/8', action: 'Allow', priority: 100 };
  const last = (action: string) => ({ ipAddress: 'Any', action, priority: 2_147_483_647, name: 'last' });

  it.each<[string, Partial<WebConfig>, boolean]>([
    ['none', {}, false],
    ['the last rule lets everybody in', { ipSecurityRestrictions: [last('Allow')] }, false],
    ['one is let in, so that the others are not', { ipSecurityRestrictions: [office] }, true],
    ['one is let in, and everybody else', { ipSecurityRestrictions: [office, last('Allow')] }, false],
    ['one is kept out', { ipSecurityRestrictions: [{ ...office, action: 'Deny' }] }, false],
    ['by default nobody is let in', { ipSecurityRestrictionsDefaultAction: 'Deny' }, true],
    ['the last rule keeps everybody out', { ipSecurityRestrictions: [office, last('Deny')] }, true],
    [
      'a service tag is let in',
      {
        ipSecurityRestrictions: [
          { ipAddress: 'AzureFrontDoor.Backend', tag: 'ServiceTag', action: 'Allow', priority: 1 },
        ],
      },
      true,
    ],
  ])('%s', (_, config, expected) => {
    expect(readAccessRules(config as WebConfig).site.deniesOthers).toBe(expected);
  });

  it('of the SCM site are its own, unless it uses those of the site', () => {
    const own: Partial<WebConfig> = { ipSecurityRestrictions: [office], scmIpSecurityRestrictions: [] };
    expect(readAccessRules(own as WebConfig).scm.deniesOthers).toBe(false);
    const shared = { ...own, scmIpSecurityRestrictionsUseMain: true } as WebConfig;
    expect(readAccessRules(shared).scm).toEqual(readAccessRules(shared).site);
  });

  it('are the same in any order', () => {
    const other = { ...office, ipAddress: '192.168.0.0/16', priority: 200 };
    const rules = (list: (typeof office)[]) =>
      readAccessRules({ ipSecurityRestrictions: list } as WebConfig).site.rules;
    expect(rules([office, other])).toEqual(rules([other, office]));
    expect(rules([office])).not.toEqual(rules([other]));
  });
});
