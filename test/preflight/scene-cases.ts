/** One row for each rule that looks around: what it speaks of, and the nearest thing that is all right. */
import type { TargetFacts } from '../../src/plan/fleet.ts';
import type {
  SettingTraits,
  SlotSurroundings,
  Surroundings,
  TriggerFacts,
} from '../../src/plan/surroundings.ts';
import type { PreflightRequest } from '../../src/preflight/finding.ts';
import { slotFacts } from '../plan/fleet-facts.ts';
import { dayMs, endpoint, inSubnet, nowMs, settings, slot, subnet } from './surroundings.ts';

export interface View {
  readonly facts?: Partial<TargetFacts>;
  readonly around?: Partial<Surroundings>;
  readonly request?: Partial<PreflightRequest>;
  /** What stands around another app of the fleet. */
  readonly neighbour?: Partial<Surroundings> & { readonly facts?: Partial<TargetFacts> };
}

export interface SceneCase {
  readonly id: string;
  readonly fires: View;
  readonly found: RegExp;
  readonly fix: RegExp;
  readonly silent: View;
}

const both = (one: SlotSurroundings): Partial<Surroundings> => ({ production: one, staging: one });
const traits = (changes: Partial<SettingTraits>) => slot({ settings: settings(changes) });
const staging = (changes: Partial<SettingTraits>): View => ({ around: { staging: traits(changes) } });
const live = (changes: Partial<SettingTraits>): View => ({ around: { production: traits(changes) } });
const trigger = (type: string, changes: Partial<TriggerFacts> = {}): TriggerFacts => ({
  name: 'work',
  type,
  account: null,
  disabled: false,
  ...changes,
});
const queue = trigger('queueTrigger');
const push = { mode: 'push', remoteBuild: false, store: null };
const pkg = { runtimes: [], evidence: null, hubName: null, bundleFrom: null, extensions: {} };
const net = { language: 'dotnet-isolated', orLater: false, evidence: 'orders.runtimeconfig.json' };
const differs = (name: string, rule: 'travels' | 'stays', kind = 'AppSetting') => ({
  differences: [{ name, kind, rule, description: '' }],
});
const bothHave = (name: string): Partial<TargetFacts> => ({
  production: slotFacts({ settingNames: [name] }),
  staging: slotFacts({ settingNames: [name] }),
});
const closed = { deniesOthers: true, rules: ['allow 10.0.0.0/8 at 100'] };
const shut = { name: 'ordersdata', open: false, sharedKey: true };
const byKey = settings({ storage: { access: 'key', account: 'ordersdata' } });
const byIdentity = settings({ storage: { access: 'identity', account: 'ordersdata' } });
const durable = (hubs: Record<string, string>) =>
  slot({ settings: settings({ taskHubs: hubs }), triggers: [trigger('orchestrationTrigger')] });
const longName = (name: string): Partial<TargetFacts> => ({
  target: { name: 'weu', subscriptionId: 's', resourceGroup: 'g', site: name, slot: 'staging', labels: {} },
});

export const sceneCases: readonly SceneCase[] = [
  {
    id: 'slot-limit-reached',
    fires: { facts: { staging: null }, around: { staging: null, slotCount: 2 } },
    found: /2 slots beside production, and a ElasticPremium plan allows 2/,
    fix: /Delete a slot/,
    silent: { facts: { staging: null }, around: { staging: null, slotCount: 1 } },
  },
  {
    id: 'private-endpoint-unsupported',
    fires: { facts: { planTier: 'Dynamic' }, request: { probes: { via: 'private-endpoint' } } },
    found: /The vantage private-endpoint is asked for, and a Dynamic plan/,
    fix: /Premium/,
    silent: { facts: { planTier: 'Basic' }, request: { probes: { via: 'direct', requirePrivate: true } } },
  },
  {
    id: 'vnet-unsupported',
    fires: { facts: { planTier: 'Dynamic' }, ...staging({ networkSettings: ['WEBSITE_VNET_ROUTE_ALL'] }) },
    found: /WEBSITE_VNET_ROUTE_ALL is set, and a Dynamic plan has no virtual network/,
    fix: /remove these settings/,
    silent: { facts: { planTier: 'Basic' }, ...staging({ networkSettings: ['WEBSITE_VNET_ROUTE_ALL'] }) },
  },
  {
    id: 'vnet-triggers-unsupported',
    fires: {
      facts: { planTier: 'Dynamic' },
      around: {
        staging: slot({ triggers: [queue], settings: settings({ networkSettings: ['WEBSITE_DNS_SERVER'] }) }),
      },
    },
    found: /work \(queueTrigger\) would wait in a virtual network, which a Dynamic plan cannot/,
    fix: /dedicated plan/,
    silent: { facts: { planTier: 'Dynamic' }, around: { staging: slot({ triggers: [queue] }) } },
  },
  {
    id: 'vnet-triggers-unmonitored',
    fires: { around: both(inSubnet(subnet(), { triggers: [queue] })) },
    found:
      /work \(queueTrigger\) waits in a virtual network, and runtime scale monitoring is off on production and the slot/,
    fix: /functionsRuntimeScaleMonitoringEnabled=true/,
    silent: { around: both(inSubnet(subnet(), { triggers: [trigger('timerTrigger')] })) },
  },
  {
    id: 'hybrid-connections-on-linux',
    fires: { around: { hybridConnections: ['erp'] } },
    found: /hybrid connections \(erp\), and runs on Linux/,
    fix: /network integration/,
    silent: { facts: { operatingSystem: 'windows' }, around: { hybridConnections: ['erp'] } },
  },
  {
    id: 'sticky-settings-differ',
    fires: { facts: { stickyNames: ['QUEUE'], ...differs('QUEUE', 'stays'), ...bothHave('QUEUE') } },
    found: /QUEUE is a slot setting and differs/,
    fix: /preview: true/,
    silent: {
      facts: {
        stickyNames: ['AzureWebJobs.work.Disabled'],
        ...differs('AzureWebJobs.work.Disabled', 'stays'),
        ...bothHave('AzureWebJobs.work.Disabled'),
      },
    },
  },
  {
    id: 'sticky-setting-one-sided',
    fires: { facts: { stickyNames: ['QUEUE'], staging: slotFacts({ settingNames: ['QUEUE'] }) } },
    found: /Of QUEUE \(staging\) only one slot has a value/,
    fix: /--slot-settings/,
    silent: { facts: { stickyNames: ['QUEUE'], ...bothHave('queue') } },
  },
  {
    id: 'connection-travels',
    fires: {
      facts: { ...differs('DATABASE', 'travels'), ...bothHave('DATABASE') },
      ...staging({ connections: ['DATABASE'] }),
    },
    found: /DATABASE leads elsewhere in the slot "staging" than in production/,
    fix: /tick "Deployment slot setting"/,
    silent: {
      facts: { ...differs('DATABASE', 'stays'), ...bothHave('DATABASE') },
      ...staging({ connections: ['DATABASE'] }),
    },
  },
  {
    id: 'warm-up-takes-anything',
    fires: staging({ warmUp: { path: '/api/warm', statuses: null } }),
    found: /takes any answer/,
    fix: /warmUp/,
    silent: {
      ...staging({ warmUp: { path: '/api/warm', statuses: null } }),
      request: {
        swap: { preview: false, resetPrepared: false, warmUp: { path: '/', statuses: [200, 204] } },
      },
    },
  },
  {
    id: 'warm-up-takes-errors',
    fires: staging({ warmUp: { path: null, statuses: '200, 204, 503' } }),
    found: /counts 503 as warm/,
    fix: /\[200, 202, 204\]/,
    silent: staging({ warmUp: { path: null, statuses: '200,204,404' } }),
  },
  {
    id: 'warm-up-misses-204',
    fires: staging({ warmUp: { path: '/', statuses: '200' } }),
    found: /asks for \/ and takes 200 only/,
    fix: /remove both settings/,
    silent: staging({ warmUp: { path: '/api/warm', statuses: '200' } }),
  },
  {
    id: 'warm-up-unreadable',
    fires: staging({ warmUp: { path: 'api/warm', statuses: 'OK' } }),
    found: /a path that does not start with \/ and statuses that are no list of numbers/,
    fix: /swap: \{ warmUp/,
    silent: staging({ warmUp: { path: '/api/warm', statuses: '200,202' } }),
  },
  {
    id: 'staging-triggers-live',
    fires: { around: { staging: slot({ triggers: [trigger('timerTrigger')] }) } },
    found: /The slot "staging" runs work \(timerTrigger\)/,
    fix: /stagingTriggers: disable/,
    silent: { around: { staging: slot({ triggers: [trigger('timerTrigger', { disabled: true })] }) } },
  },
  {
    id: 'host-id-collision',
    fires: {
      facts: longName('orders-for-the-whole-of-europe-west'),
      around: both(slot({ settings: byKey })),
    },
    found:
      /and orders-for-the-whole-of-europe-west-staging have the host id orders-for-the-whole-of-europe-w /,
    fix: /AzureFunctionsWebHost__hostid/,
    silent: { around: both(slot({ settings: byKey })) },
  },
  {
    id: 'task-hub-shared',
    fires: {
      around: { production: durable({ TaskHubName: 'Orders' }), staging: durable({ TaskHubName: 'orders' }) },
      request: { package: { ...pkg, hubName: '%TaskHubName%' } },
    },
    found: /both slots use the task hub Orders \(TaskHubName\)/,
    fix: /%TaskHubName%/,
    silent: {
      facts: { stickyNames: ['TaskHubName'] },
      around: { production: durable({ TaskHubName: 'Orders' }), staging: durable({ TaskHubName: 'Staged' }) },
      request: { package: { ...pkg, hubName: '%TaskHubName%' } },
    },
  },
  {
    id: 'vnet-integration-missing',
    fires: { around: { production: inSubnet(subnet()) } },
    found: /Production is integrated with the subnet apps, the slot "staging" with none/,
    fix: /vnet-integration add .* --slot staging --vnet hub --subnet apps/,
    silent: { around: both(inSubnet(subnet())) },
  },
  {
    id: 'vnet-integration-only-on-slot',
    fires: { around: { staging: inSubnet(subnet()) } },
    found: /The slot "staging" is integrated with the subnet apps, production with none/,
    fix: /vnet-integration add/,
    silent: { around: both(inSubnet(subnet())) },
  },
  {
    id: 'vnet-integration-differs',
    fires: {
      around: {
        production: inSubnet(subnet()),
        staging: inSubnet(subnet({ ways: { ...subnet().ways, routeTable: '/r' } }, 'other')),
      },
    },
    found: /leaves by the subnet apps, the slot by other, and have other route tables/,
    fix: /one subnet/,
    silent: { around: { production: inSubnet(subnet()), staging: inSubnet(subnet({}, 'other')) } },
  },
  {
    id: 'vnet-in-other-region',
    fires: { around: both(inSubnet(subnet({ region: 'northeurope' }))) },
    found: /The subnet apps is in northeurope, and the app in westeurope/,
    fix: /peer/,
    silent: { around: both(inSubnet(subnet({ region: null }))) },
  },
  {
    id: 'subnet-not-delegated',
    fires: { around: both(inSubnet(subnet({ delegations: ['Microsoft.App/environments'] }))) },
    found: /is delegated to Microsoft.App\/environments/,
    fix: /--delegations Microsoft.Web\/serverFarms/,
    silent: { around: both(inSubnet(subnet({ delegations: ['microsoft.web/serverfarms'] }))) },
  },
  {
    id: 'subnet-shared-by-plans',
    fires: {
      around: both(inSubnet(subnet())),
      neighbour: {
        production: inSubnet(subnet()),
        facts: { planId: '/subscriptions/s/serverfarms/billing' },
      },
    },
    found: /is used by the plan billing as well/,
    fix: /of its own/,
    silent: {
      around: both(inSubnet(subnet({ planIds: ['/SUBSCRIPTIONS/1/plans/weu'] }))),
      neighbour: {
        production: inSubnet(subnet({}, 'other')),
        facts: { planId: '/subscriptions/s/serverfarms/billing' },
      },
    },
  },
  {
    id: 'subnet-below-minimum',
    fires: { around: both(inSubnet(subnet({ prefixLength: 29, usableAddresses: 3 }))) },
    found: /apps is a \/29/,
    fix: /larger subnet/,
    silent: {
      around: {
        ...both(inSubnet(subnet({ prefixLength: 28, usableAddresses: 11 }))),
        plan: { maximumInstances: 5 },
      },
    },
  },
  {
    id: 'subnet-too-small-to-double',
    fires: { around: both(inSubnet(subnet({ prefixLength: 27, usableAddresses: 27 }))) },
    found: /27 usable addresses, and the plan can grow to 20 instances, doubled 40/,
    fix: /larger subnet/,
    silent: { around: both(inSubnet(subnet({ prefixLength: 26, usableAddresses: 59 }))) },
  },
  {
    id: 'subnet-below-advice',
    fires: {
      facts: { operatingSystem: 'windows' },
      around: both(inSubnet(subnet({ prefixLength: 26, usableAddresses: 59 }))),
    },
    found: /is a \/26; \/24 or larger is advised/,
    fix: /new integration/,
    silent: { around: both(inSubnet(subnet({ prefixLength: 26, usableAddresses: 59 }))) },
  },
  {
    id: 'route-all-off',
    fires: {
      around: both(inSubnet(subnet(), { routesAll: false })),
      request: { probes: { via: 'direct', dependencies: [{ host: 'api.partner.example', port: 443 }] } },
    },
    found: /Not all traffic of production and the slot "staging" .* names api.partner.example/,
    fix: /--vnet-route-all-enabled true/,
    silent: {
      around: both(inSubnet(subnet(), { routesAll: false })),
      request: { probes: { via: 'direct', dependencies: [{ host: '10.3.0.4', port: 443 }] } },
    },
  },
  {
    id: 'gateway-integration',
    fires: { around: { production: slot({ gatewayNetwork: 'old-net' }) } },
    found: /Production \(old-net\) uses gateway-required integration, which does not work on Linux/,
    fix: /regional/,
    silent: { around: both(inSubnet(subnet())) },
  },
  {
    id: 'slot-endpoint-missing',
    fires: {
      around: {
        production: slot({ endpoints: [endpoint()], publicAccess: false }),
        staging: slot({ publicAccess: false }),
      },
      request: { probes: { via: 'private-endpoint' } },
    },
    found: /Production has the private endpoint pe-orders, the slot "staging" has none\./,
    fix: /--group-id sites-staging/,
    silent: {
      around: both(slot({ endpoints: [endpoint()], publicAccess: false })),
      request: { probes: { via: 'private-endpoint' } },
    },
  },
  {
    id: 'slot-open-beside-private',
    fires: { around: { production: slot({ endpoints: [endpoint()] }) } },
    found: /the slot "staging" has none and is open to the internet/,
    fix: /publicNetworkAccess=Disabled/,
    silent: { around: both(slot({ endpoints: [endpoint()] })) },
  },
  {
    id: 'private-endpoint-not-approved',
    fires: { around: both(slot({ endpoints: [endpoint({ status: 'Pending' })] })) },
    found: /approved of production \(pe-orders is pending\) and the slot "staging"/,
    fix: /private-endpoint-connection approve/,
    silent: { around: both(slot({ endpoints: [endpoint({ status: 'Pending' }), endpoint()] })) },
  },
  {
    id: 'private-dns-records',
    fires: {
      around: both(
        slot({
          endpoints: [
            endpoint({
              records: [
                { zone: 'privatelink.azurewebsites.net', name: 'orders', addresses: ['10.9.9.9'] },
                { zone: 'privatelink.azurewebsites.net', name: 'orders.scm', addresses: [] },
              ],
            }),
          ],
        }),
      ),
    },
    found:
      /In private DNS orders in \S+ is 10.9.9.9 instead of 10.1.0.4.*orders.scm has no record in privatelink.azurewebsites.net/,
    fix: /dns-zone-group/,
    silent: {
      around: both(
        slot({
          endpoints: [
            endpoint({
              records: ['orders', 'orders.scm'].map((name) => ({ zone: 'z', name, addresses: ['10.1.0.4'] })),
            }),
          ],
        }),
      ),
    },
  },
  {
    id: 'scm-closed',
    fires: {
      around: both(slot({ scmRules: closed })),
      request: { delivery: push, probes: { via: 'arm' } },
    },
    found: /The SCM site of the slot "staging" is closed: its access restrictions turn others away/,
    fix: /mode: pull/,
    silent: {
      around: both(slot({ scmRules: closed })),
      request: { delivery: { ...push, store: 'https://x.blob.core.windows.net/c' } },
    },
  },
  {
    id: 'site-closed',
    fires: { around: both(slot({ siteRules: closed })) },
    found: /Production is closed: its access restrictions turn others away and the slot "staging" is closed/,
    fix: /probes.vantage/,
    silent: {
      around: both(slot({ siteRules: closed })),
      request: { probes: { via: 'direct', viaOf: { weu: 'proxy' } } },
    },
  },
  {
    id: 'access-rules-differ',
    fires: {
      around: { production: slot({ siteRules: { deniesOthers: false, rules: ['deny 1.2.3.4 at 1'] } }) },
    },
    found: /other access restrictions \(the site\)/,
    fix: /access-restriction show/,
    silent: { around: both(slot({ siteRules: { deniesOthers: false, rules: ['deny 1.2.3.4 at 1'] } })) },
  },
  {
    id: 'content-share-shared',
    fires: { around: both(traits({ contentShare: { name: 'orders1a2b', account: 'ordersdata' } })) },
    found: /WEBSITE_CONTENTSHARE=orders1a2b/,
    fix: /share of its own/,
    silent: {
      around: {
        production: traits({ contentShare: { name: 'orders1a2b', account: 'ordersdata' } }),
        staging: traits({ contentShare: { name: 'orders3c4d', account: 'ordersdata' } }),
      },
    },
  },
  {
    id: 'content-share-closed',
    fires: { around: both(inSubnet(subnet(), { contentAccount: shut })) },
    found: /ordersdata of the content share is closed/,
    fix: /WEBSITE_CONTENTOVERVNET=1/,
    silent: { around: both(inSubnet(subnet(), { contentAccount: shut, contentShareRouted: true })) },
  },
  {
    id: 'storage-closed',
    fires: { around: both(slot({ storageAccount: shut })) },
    found: /ordersdata is closed to the internet, and production and the slot "staging" are in no network/,
    fix: /Integrate/,
    silent: { around: both(inSubnet(subnet(), { storageAccount: shut })) },
  },
  {
    id: 'storage-shared-with-triggers',
    fires: {
      around: {
        staging: slot({
          settings: byKey,
          triggers: [trigger('queueTrigger', { account: 'ordersdata', disabled: true })],
        }),
      },
    },
    found: /work \(queueTrigger\) waits in ordersdata/,
    fix: /connection of their own/,
    silent: {
      around: {
        staging: slot({
          settings: byKey,
          triggers: [trigger('queueTrigger', { account: 'ordersqueues', disabled: true })],
        }),
      },
    },
  },
  {
    id: 'storage-shared-between-apps',
    fires: {
      around: both(slot({ settings: byKey })),
      neighbour: { production: slot({ settings: byIdentity }) },
    },
    found: /orders-weu shares the account ordersdata with other/,
    fix: /account of its own/,
    silent: { around: both(slot({ settings: byKey })), neighbour: { production: slot() } },
  },
  {
    id: 'storage-key-refused',
    fires: {
      around: both(slot({ settings: byKey, storageAccount: { ...shut, open: true, sharedKey: false } })),
    },
    found: /ordersdata takes no keys, and production and the slot "staging" have one/,
    fix: /AzureWebJobsStorage__accountName=ordersdata/,
    silent: {
      around: both(slot({ settings: byIdentity, storageAccount: { ...shut, open: true, sharedKey: false } })),
    },
  },
  {
    id: 'storage-identity-missing',
    fires: {
      around: both(slot({ settings: byIdentity, identity: { system: false, user: [] } })),
    },
    found: /of production and the slot "staging" is reached by an identity, and there is none/,
    fix: /identity assign/,
    silent: { around: both(slot({ settings: byIdentity })) },
  },
  {
    id: 'storage-access-differs',
    fires: { around: { production: slot({ settings: byIdentity }), staging: slot({ settings: byKey }) } },
    found: /Production comes to AzureWebJobsStorage by an identity, the slot by a key/,
    fix: /identity in both/,
    silent: { around: both(slot({ settings: byIdentity })) },
  },
  {
    id: 'package-url-expired',
    fires: live({ packageUrlEndsAtMs: nowMs - 1 }),
    found: /has ended \(production: 2026-01-02 03:04 UTC\)/,
    fix: /to 1/,
    silent: live({ packageUrlEndsAtMs: nowMs + 31 * dayMs }),
  },
  {
    id: 'package-url-expiring',
    fires: live({ packageUrlEndsAtMs: nowMs + 29 * dayMs }),
    found: /ends soon \(production: 2026-01-31/,
    fix: /to 1/,
    silent: live({ packageUrlEndsAtMs: null }),
  },
  {
    id: 'host-version-differs',
    fires: staging({ extensionVersion: '~5' }),
    found: /is ~4 in production and ~5 in the slot/,
    fix: /WEBSITE_OVERRIDE_STICKY_EXTENSION_VERSIONS/,
    silent: {},
  },
  {
    id: 'worker-runtime-differs',
    fires: staging({ workerRuntime: 'python' }),
    found: /is node in production and python in the slot/,
    fix: /silence/,
    // The config writes it, with the release that needs it.
    silent: {
      ...staging({ workerRuntime: 'python' }),
      request: { settingNames: ['FUNCTIONS_WORKER_RUNTIME'] },
    },
  },
  {
    id: 'runtime-version-differs',
    fires: { around: { staging: slot({ stack: { language: 'node', version: '24' } }) } },
    found: /Production runs node 22, the slot node 24/,
    fix: /same stack/,
    silent: { around: { staging: slot({ stack: null }) } },
  },
  {
    id: 'runtime-unfit-for-package',
    fires: { request: { package: { ...pkg, runtimes: ['python'], evidence: 'function_app.py' } } },
    found: /looks like python \(function_app.py\), and FUNCTIONS_WORKER_RUNTIME of orders-weu is node/,
    fix: /Pack the right folder/,
    silent: { request: { package: { ...pkg, runtimes: ['node'], evidence: 'package.json' } } },
  },
  {
    id: 'runtime-version-unfit-for-package',
    fires: {
      around: both(slot({ stack: { language: 'dotnet-isolated', version: '8.0' } })),
      request: { package: { ...pkg, needs: { ...net, major: 10 } } },
    },
    found: /made for dotnet-isolated 10 \(orders.runtimeconfig.json\), .* of orders-weu runs 8.0/,
    fix: /travels with the swap/,
    silent: {
      around: both(slot({ stack: { language: 'dotnet-isolated', version: '10.0' } })),
      request: { package: { ...pkg, needs: { ...net, major: 10 } } },
    },
  },
  {
    id: 'runtime-ended',
    fires: { around: both(slot({ stack: { language: 'node', version: '18' } })) },
    found: /Node.js 18 was supported until 2025-04-30/,
    fix: /supported/,
    silent: { around: both(slot({ stack: { language: 'dotnet-isolated', version: '8.0' } })) },
  },
  {
    id: 'runtime-ending',
    fires: {
      around: { ...both(slot({ stack: { language: 'node', version: '20' } })), nowMs: Date.UTC(2026, 1, 15) },
    },
    found: /Node.js 20 is supported until 2026-04-30/,
    fix: /staging slot/,
    silent: { around: both(slot({ stack: { language: 'node', version: '20' } })) },
  },
  {
    id: 'extension-too-old-for-network',
    fires: {
      around: both(inSubnet(subnet(), { scaleMonitoring: true })),
      request: { package: { ...pkg, bundleFrom: '1.0.0', extensions: { ServiceBus: '3.1.9' } } },
    },
    found: /ServiceBus 3.1.9 \(3.2.0 is needed\) and the extension bundle from 1.0.0 on \(2.0.0 is needed\)/,
    fix: /\[4\.\*, 5\.0\.0\)/,
    silent: {
      around: both(inSubnet(subnet(), { scaleMonitoring: true })),
      request: {
        package: { ...pkg, bundleFrom: '4.0.0', extensions: { ServiceBus: '3.2.0', EventHubs: '4.10.0' } },
      },
    },
  },
  {
    id: 'identity-missing',
    fires: {
      around: {
        staging: slot({
          identity: { system: false, user: [] },
          references: [{ setting: 'KEY', status: 'Resolved', vault: 'v' }],
        }),
        production: slot({ identity: { system: false, user: [] } }),
      },
    },
    found: /The slot "staging" has references to Key Vault, and no managed identity/,
    fix: /identity assign .*--slot staging/,
    silent: { around: both(slot({ identity: { system: false, user: [] } })) },
  },
  {
    id: 'identity-differs',
    fires: {
      around: {
        production: slot({ identity: { system: true, user: ['/x/userAssignedIdentities/reader'] } }),
      },
    },
    found: /Production has the identity reader, which the slot "staging" lacks/,
    fix: /identity assign/,
    silent: {
      around: {
        production: slot({ identity: { system: true, user: ['/X/one'] } }),
        staging: slot({ identity: { system: true, user: ['/x/ONE', '/x/two'] } }),
      },
    },
  },
  {
    id: 'key-vault-reference-unresolved',
    fires: {
      around: {
        staging: slot({
          references: [{ setting: 'KEY', status: 'AccessToKeyVaultDenied', vault: 'secrets' }],
        }),
      },
    },
    found: /KEY \(AccessToKeyVaultDenied, vault secrets\)/,
    fix: /Key Vault Secrets User/,
    silent: {
      around: { staging: slot({ references: [{ setting: 'KEY', status: 'Initialized', vault: 'v' }] }) },
    },
  },
  {
    id: 'rights-missing',
    fires: {
      around: {
        rights: {
          site: [{ actions: ['*/read'], notActions: [] }],
          slot: [
            { actions: ['Microsoft.Web/sites/*'], notActions: ['Microsoft.Web/sites/slots/slotsswap/*'] },
          ],
        },
      },
    },
    found:
      /sites\/config\/list\/action \(to read which release is live\), .*host\/listkeys.* and Microsoft.Web\/sites\/slots\/slotsswap\/action \(to swap\) on orders-weu/,
    fix: /Website Contributor/,
    silent: {
      around: {
        rights: {
          site: [{ actions: ['microsoft.web/sites/*'], notActions: [] }],
          slot: [
            { actions: ['*'], notActions: ['*'] },
            { actions: ['Microsoft.Web/sites/*'], notActions: ['Microsoft.Web/sites/delete'] },
          ],
        },
      },
    },
  },
  {
    id: 'not-checked',
    fires: { around: { unread: [{ what: 'the subnet apps', why: 'no right' }] } },
    found: /the subnet apps \(no right\)/,
    fix: /Reader/,
    silent: { around: { rights: { site: null, slot: null } } },
  },
];
