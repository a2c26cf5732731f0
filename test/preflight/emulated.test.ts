/** Every rule once more, over what the emulator's ARM answers: each world's app is wrong in its own way. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Azure, createAzure } from '../../src/azure/azure.ts';
import { sitePath } from '../../src/azure/site-client.ts';
import type { HttpAnswer } from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator } from '../../src/emulator/emulator.ts';
import type { HostRuntime } from '../../src/emulator/host/runtime.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import type { Fleet, Target } from '../../src/plan/fleet.ts';
import { checkFleet } from '../../src/preflight/check-fleet.ts';
import type { PreflightRequest } from '../../src/preflight/finding.ts';
import { rules } from '../../src/preflight/rules.ts';
import { transportOver } from '../azure/in-process.ts';

type SiteInput = NonNullable<WorldInput['sites']>[number];
type SlotInput = NonNullable<SiteInput['slots']>[number];
type Place = Omit<SlotInput, 'name'>;

const subscription = '51075a1e-0000-4000-8000-000000000001';
const group = `/subscriptions/${subscription}/resourceGroups/slotwave`;
const subnetId = (name: string, network = 'hub') =>
  `${group}/providers/Microsoft.Network/virtualNetworks/${network}/subnets/${name}`;
/** A key that is none: what is behind `AccountKey=` must not be seen anywhere. */
const secret = 'c2VjcmV0LXRoYXQtbXVzdC1ub3Qtc2hvdw==';
const account = (name: string) => `DefaultEndpointsProtocol=https;AccountName=${name};AccountKey=${secret}`;
const vault = '@Microsoft.KeyVault(SecretUri=https://orders.vault.azure.net/secrets/key/)';

interface Wrong {
  /** Rules that speak of this app, in their order. */
  readonly expected: readonly string[];
  readonly site?: Partial<SiteInput>;
  /** Of production and of the slot alike. */
  readonly both?: Place;
  readonly live?: Place;
  readonly beside?: Place;
  readonly request?: Partial<PreflightRequest>;
}

const functions = (text: string) => ({ settings: { TEST_FUNCTIONS: text } });
const integrated = (name: string, config: Record<string, unknown> = {}): Place => ({
  subnet: subnetId(name),
  config: { vnetRouteAllEnabled: true, ...config },
});
const notes = { runtimes: [], evidence: null, hubName: null, bundleFrom: null, extensions: {} };
const closedRules = { ipSecurityRestrictions: [{ ipAddress: '10.0.0.0/8', action: 'Allow', priority: 100 }] };

const apps: Readonly<Record<string, Wrong>> = {
  clean: { expected: [] },
  'clean-in-network': {
    expected: [],
    both: { ...integrated('clean'), ...functions('tick:timerTrigger'), identity: { system: true } },
    request: { stagingTriggers: 'disable' },
  },
  'clean-behind-endpoints': {
    expected: [],
    live: { publicNetworkAccess: 'Disabled', privateEndpoints: ['10.1.0.4'] },
    beside: { publicNetworkAccess: 'Disabled', privateEndpoints: ['10.1.0.5'] },
    request: { probes: { via: 'private-endpoint', requirePrivate: true } },
  },
  full: {
    expected: ['slot-missing', 'slot-limit-reached'],
    site: { slots: [{ name: 'one' }, { name: 'two' }] },
  },
  consumption: {
    expected: [
      'plan-unsupported',
      'private-endpoint-unsupported',
      'vnet-unsupported',
      'vnet-triggers-unsupported',
      'staging-triggers-live',
    ],
    site: { plan: { sku: 'Y1' } },
    beside: { settings: { WEBSITE_VNET_ROUTE_ALL: '1', TEST_FUNCTIONS: 'ship:queueTrigger' } },
    request: { probes: { via: 'private-endpoint' } },
  },
  unmonitored: {
    expected: ['vnet-triggers-unmonitored', 'staging-triggers-live'],
    both: { ...integrated('unmonitored'), ...functions('ship:serviceBusTrigger') },
  },
  monitored: {
    expected: ['staging-triggers-live', 'extension-too-old-for-network'],
    both: {
      ...integrated('monitored', { functionsRuntimeScaleMonitoringEnabled: true }),
      ...functions('ship:serviceBusTrigger'),
    },
    request: { package: { ...notes, bundleFrom: '1.0.0' } },
  },
  hybrid: { expected: ['hybrid-connections-on-linux'], live: { hybridConnections: ['erp'] } },
  sticky: {
    expected: ['sticky-settings-differ', 'sticky-setting-one-sided', 'connection-travels'],
    site: { sticky: ['QUEUE', 'ALONE'] },
    live: { settings: { QUEUE: 'live', ALONE: 'x', DB: 'Server=tcp:live;Password=one' } },
    beside: { settings: { QUEUE: 'staged', DB: 'Server=tcp:staged;Password=two' } },
  },
  'warm-up-1': {
    expected: ['warm-up-takes-anything'],
    both: { settings: { WEBSITE_SWAP_WARMUP_PING_PATH: '/warm' } },
  },
  'warm-up-2': {
    expected: ['warm-up-takes-errors', 'warm-up-misses-204'],
    both: { settings: { WEBSITE_SWAP_WARMUP_PING_PATH: '/', WEBSITE_SWAP_WARMUP_PING_STATUSES: '200,503' } },
  },
  'warm-up-3': {
    expected: ['warm-up-unreadable'],
    both: { settings: { WEBSITE_SWAP_WARMUP_PING_PATH: 'warm', WEBSITE_SWAP_WARMUP_PING_STATUSES: '204' } },
  },
  durable: {
    expected: ['staging-triggers-live', 'task-hub-shared'],
    both: { settings: { TEST_FUNCTIONS: 'ship:orchestrationTrigger', TaskHubName: 'Orders' } },
    request: { package: { ...notes, hubName: '%TaskHubName%' } },
  },
  'orders-for-the-whole-of-europe-west': {
    expected: ['host-id-collision'],
    both: { settings: { AzureWebJobsStorage: account('longnames') } },
  },
  'network-on-one-side': { expected: ['vnet-integration-missing'], live: integrated('one-side') },
  'network-on-other-side': { expected: ['vnet-integration-only-on-slot'], beside: integrated('other-side') },
  'network-differs': {
    expected: ['vnet-integration-differs'],
    live: integrated('differs'),
    beside: integrated('differs-with-routes'),
  },
  'network-equal': { expected: [], live: integrated('equal'), beside: integrated('equal-too') },
  'network-elsewhere': {
    expected: ['vnet-in-other-region'],
    both: { subnet: subnetId('far', 'north'), config: { vnetRouteAllEnabled: true } },
  },
  'network-bad': {
    expected: ['subnet-not-delegated', 'subnet-below-minimum'],
    both: integrated('bad'),
  },
  'network-shared': { expected: ['subnet-shared-by-plans'], both: integrated('shared') },
  'network-shared-too': { expected: ['subnet-shared-by-plans'], both: integrated('shared') },
  'network-half-hidden': {
    expected: ['subnet-too-small-to-double', 'subnet-below-advice'],
    both: { subnet: subnetId('open', 'half'), config: { vnetRouteAllEnabled: true } },
  },
  'network-small': {
    expected: ['subnet-too-small-to-double', 'subnet-below-advice'],
    both: integrated('small'),
  },
  'routes-off': {
    expected: ['route-all-off'],
    both: integrated('routes', { vnetRouteAllEnabled: false }),
    request: { probes: { via: 'direct', dependencies: [{ host: 'api.partner.example', port: 443 }] } },
  },
  gateway: { expected: ['gateway-integration'], both: { config: { vnetName: 'old-net' } } },
  'endpoint-missing': {
    expected: ['slot-endpoint-missing'],
    both: { publicNetworkAccess: 'Disabled' },
    live: { privateEndpoints: ['10.1.1.4'] },
    request: { probes: { via: 'private-endpoint' } },
  },
  'endpoint-beside-open': {
    expected: ['slot-open-beside-private'],
    live: { privateEndpoints: ['10.1.1.5'] },
  },
  'endpoint-pending': {
    expected: ['private-endpoint-not-approved'],
    live: { privateEndpoints: [{ address: '10.1.1.6', status: 'Pending' }] },
  },
  'endpoint-records': {
    expected: ['private-dns-records'],
    live: { privateEndpoints: ['10.1.1.7'] },
    beside: { privateEndpoints: ['10.1.1.8'] },
  },
  closed: {
    expected: ['scm-closed', 'site-closed', 'access-rules-differ'],
    beside: { config: { ...closedRules, scmIpSecurityRestrictionsUseMain: true } },
  },
  'content-1': {
    expected: ['content-share-shared'],
    both: {
      settings: { WEBSITE_CONTENTSHARE: 's', WEBSITE_CONTENTAZUREFILECONNECTIONSTRING: account('opendata') },
    },
  },
  'content-2': {
    expected: ['content-share-closed'],
    both: { settings: { WEBSITE_CONTENTAZUREFILECONNECTIONSTRING: account('shutdata') } },
    live: { settings: { WEBSITE_CONTENTSHARE: 'one' } },
    beside: { settings: { WEBSITE_CONTENTSHARE: 'two' } },
  },
  'storage-1': {
    expected: ['staging-triggers-live', 'storage-closed', 'storage-shared-with-triggers'],
    both: { settings: { AzureWebJobsStorage: account('shutdata'), TEST_FUNCTIONS: 'ship:queueTrigger' } },
  },
  'storage-2': {
    expected: ['storage-shared-between-apps', 'storage-key-refused'],
    both: { settings: { AzureWebJobsStorage: account('keyless') } },
  },
  'storage-3': {
    expected: ['storage-shared-between-apps', 'storage-identity-missing'],
    both: { settings: { AzureWebJobsStorage: '', AzureWebJobsStorage__accountName: 'keyless' } },
  },
  'storage-4': {
    expected: ['setting-leaves-production', 'connection-travels', 'storage-access-differs'],
    both: { identity: { system: true } },
    live: { settings: { AzureWebJobsStorage: '', AzureWebJobsStorage__accountName: 'opendata' } },
    beside: { settings: { AzureWebJobsStorage: account('opendata') } },
  },
  'storage-elsewhere': {
    expected: ['not-checked'],
    both: { settings: { AzureWebJobsStorage: account('elsewhere') } },
  },
  'package-url': {
    expected: ['package-url-expired', 'package-url-expiring'],
    live: {
      settings: { WEBSITE_RUN_FROM_PACKAGE: `https://x.example/a.zip?se=2025-12-31T00:00:00Z&sig=${secret}` },
    },
    beside: {
      settings: { WEBSITE_RUN_FROM_PACKAGE: 'https://x.example/a.zip?se=2026-03-01T00:00:00Z&sig=x' },
    },
  },
  runtime: {
    expected: ['host-version-differs', 'worker-runtime-differs', 'runtime-unfit-for-package'],
    beside: { settings: { FUNCTIONS_EXTENSION_VERSION: '~5', FUNCTIONS_WORKER_RUNTIME: 'python' } },
    request: { package: { ...notes, runtimes: ['node'], evidence: 'package.json' } },
  },
  'runtime-version': {
    expected: ['runtime-version-differs'],
    beside: { config: { linuxFxVersion: 'Node|24' } },
  },
  'runtime-unfit': {
    expected: ['runtime-version-unfit-for-package'],
    request: {
      package: {
        ...notes,
        needs: { language: 'node', major: 24, orLater: true, evidence: 'package.json' },
      },
    },
  },
  'runtime-ended': { expected: ['runtime-ended'], both: { config: { linuxFxVersion: 'Node|18' } } },
  'runtime-ending': { expected: ['runtime-ending'], both: { config: { linuxFxVersion: 'Node|20' } } },
  identity: {
    expected: ['identity-missing', 'identity-differs', 'key-vault-reference-unresolved'],
    live: { identity: { system: true, user: ['reader'] } },
    beside: { settings: { KEY: vault }, references: { KEY: 'MSINotEnabled' } },
  },
  'no-rights': { expected: ['rights-missing'] },
  unread: {
    expected: ['not-checked'],
    both: { subnet: subnetId('apps', 'hidden'), config: { vnetRouteAllEnabled: true } },
  },
};

/** Rules that look at the two slots and nothing else; what befalls them before the survey stands in `before`. */
interface Bad extends Wrong {
  readonly before?: (azure: Azure, target: Target) => Promise<unknown>;
  /** Surveyed by itself, with a preview asked for: only then is authentication read. */
  readonly signsIn?: boolean;
}

/** The emulator names an SCM host for every slot; on its way from there this one's is lost. */
const nameless = 'no-scm-host';
const preview = { preview: true, resetPrepared: false };
const lend = (azure: Azure, target: Target) => azure.slots.applyProductionSettings(target);

const slots: Readonly<Record<string, Bad>> = {
  'production-stopped': { expected: ['production-not-running'], live: { state: 'Stopped' } },
  'slot-stopped': { expected: ['slot-not-running'], beside: { state: 'Stopped' } },
  prepared: { expected: ['slot-prepared'], before: lend },
  'prepared-by-others': {
    expected: ['slot-prepared-reset'],
    before: lend,
    request: { swap: { preview: false, resetPrepared: true } },
  },
  previewed: { expected: ['preview-on-linux'], request: { swap: preview } },
  'previewed-on-windows': { expected: [], site: { os: 'windows' }, request: { swap: preview } },
  'signs-callers-in': {
    expected: ['preview-with-authentication', 'preview-on-linux'],
    signsIn: true,
    request: { swap: preview },
  },
  'signs-nobody-in': { expected: ['preview-on-linux'], signsIn: false, request: { swap: preview } },
  [nameless]: { expected: ['scm-host-missing'] },
  'swaps-itself': {
    expected: ['auto-swap-on'],
    site: { os: 'windows' },
    beside: { config: { autoSwapSlotName: 'production' } },
  },
  'sticky-stamp': {
    expected: ['stamp-sticky', 'package-setting-sticky', 'config-setting-sticky'],
    site: { sticky: ['SLOTWAVE_RELEASE_ID', 'WEBSITE_RUN_FROM_PACKAGE', 'COLOUR'] },
    both: { settings: { WEBSITE_RUN_FROM_PACKAGE: '1', SLOTWAVE_RELEASE_ID: 'r.1', COLOUR: 'blue' } },
    request: { settingNames: ['COLOUR'] },
  },
  'leaves-production': { expected: ['setting-leaves-production'], live: { settings: { ONLY: 'live' } } },
  'built-there': {
    expected: ['remote-build-on-windows'],
    site: { os: 'windows' },
    request: { delivery: { mode: 'push', remoteBuild: true } },
  },
  swapping: {
    expected: ['operation-in-progress'],
    before: (azure, target) => azure.slots.swap(target),
  },
};

const byName: readonly (readonly [string, Bad])[] = Object.entries({ ...apps, ...slots });

function siteOf(name: string, { site, both = {}, live = {}, beside = {} }: Wrong): SiteInput {
  const join = (place: Place): Place => ({
    ...both,
    ...place,
    settings: { ...both.settings, ...place.settings },
    config: { ...both.config, ...place.config },
  });
  return {
    name,
    region: 'westeurope',
    release: 'old.000000000000',
    ...join(live),
    slots: [{ name: 'staging', ...join(beside) }],
    ...site,
  };
}

const subnets = [
  ...[
    'clean',
    'unmonitored',
    'monitored',
    'one-side',
    'other-side',
    'differs',
    'equal',
    'equal-too',
    'shared',
    'routes',
  ],
].map((name, at) => ({ name, prefix: `10.1.${at}.0/24` }));

const world: WorldInput = {
  identity: {
    deny: [
      {
        action: 'Microsoft.Web/sites/slots/slotsswap/action',
        scope: `${group}/providers/Microsoft.Web/sites/no-rights`,
      },
      {
        action: 'Microsoft.Network/virtualNetworks/read',
        scope: `${group}/providers/Microsoft.Network/virtualNetworks/half`,
      },
      { action: 'Microsoft.Network/*', scope: `${group}/providers/Microsoft.Network/virtualNetworks/hidden` },
    ],
  },
  network: {
    vnets: [
      {
        name: 'hub',
        region: 'westeurope',
        subnets: [
          ...subnets,
          { name: 'differs-with-routes', prefix: '10.1.30.0/24', routeTable: 'through-firewall' },
          { name: 'bad', prefix: '10.1.31.0/29', delegation: null },
          { name: 'small', prefix: '10.1.32.0/27' },
        ],
      },
      { name: 'north', region: 'northeurope', subnets: [{ name: 'far', prefix: '10.2.0.0/24' }] },
      { name: 'half', region: 'westeurope', subnets: [{ name: 'open', prefix: '10.4.0.0/27' }] },
      { name: 'hidden', region: 'westeurope', subnets: [{ name: 'apps', prefix: '10.3.0.0/24' }] },
    ],
    privateDnsZones: [
      {
        name: 'privatelink.azurewebsites.localhost',
        records: {
          'clean-behind-endpoints': '10.1.0.4',
          'clean-behind-endpoints.scm': '10.1.0.4',
          'clean-behind-endpoints-staging': '10.1.0.5',
          'clean-behind-endpoints-staging.scm': '10.1.0.5',
          'endpoint-missing': '10.1.1.4',
          'endpoint-missing.scm': '10.1.1.4',
          'endpoint-beside-open': '10.1.1.5',
          'endpoint-beside-open.scm': '10.1.1.5',
          'endpoint-records': '10.9.9.9',
        },
      },
    ],
  },
  storageAccounts: [
    { name: 'opendata' },
    { name: 'longnames' },
    { name: 'shutdata', publicNetworkAccess: 'Disabled' },
    { name: 'keyless', sharedKeyAccess: false },
  ],
  sites: byName.map(([name, wrong]) => siteOf(name, wrong)),
};

/** A host whose functions stand in a setting: `ship:queueTrigger,tick:timerTrigger`. */
const runtime: HostRuntime = {
  start: ({ settings }) => ({
    fetch: async (request) => {
      if (new URL(request.url).pathname !== '/admin/functions') return Response.json({ state: 'Running' });
      const listed = (settings['TEST_FUNCTIONS'] ?? 'hello:httpTrigger').split(',').map((each) => {
        const [name, type] = each.split(':');
        return { name, config: { bindings: [{ type, direction: 'in' }] }, isDisabled: false };
      });
      return Response.json(listed);
    },
    stop: async () => {},
  }),
  close: async () => {},
};

async function loseScmHost(url: string, asked: Promise<HttpAnswer>): Promise<HttpAnswer> {
  const answer = await asked;
  return url.includes(`/sites/${nameless}/`)
    ? { ...answer, body: answer.body.replaceAll('"Repository"', '"Standard"') }
    : answer;
}

const targetOf = (site: string): Target => ({
  name: site,
  subscriptionId: subscription,
  resourceGroup: 'slotwave',
  site,
  slot: 'staging',
  labels: {},
});

describe('preflight over the emulator', () => {
  let fleet: Fleet;
  const sent: string[] = [];
  let authorization = '';
  const clock = new VirtualClock(Date.UTC(2026, 1, 15));
  const emulator = createEmulator({ world, clock, runtime });
  afterAll(() => emulator.close());

  beforeAll(async () => {
    const { tenantId, clientId, clientSecret } = emulator.identity;
    const wire = transportOver(emulator.fetch, clock);
    const azure = await clock.run(
      createAzure({
        cloudName: emulator.origin,
        transport: (request) => {
          sent.push(`${request.method} ${new URL(request.url).pathname}`);
          authorization = request.headers['authorization'] ?? authorization;
          return loseScmHost(request.url, wire(request));
        },
        clock,
        environment: {
          AZURE_TENANT_ID: tenantId,
          AZURE_CLIENT_ID: clientId,
          AZURE_CLIENT_SECRET: clientSecret,
        },
        random: () => 0.5,
        hide: () => {},
      }),
    );
    const survey = (names: readonly string[], swap?: typeof preview) =>
      azure.survey({
        targets: names.map(targetOf),
        settings: {},
        surroundings: { nowMs: clock.now() },
        ...(swap ? { swap } : {}),
      });
    const signIn = async (name: string) => {
      const path = `${sitePath(targetOf(name))}/slots/staging/config/authsettingsV2?api-version=2025-05-01`;
      const body = JSON.stringify({ properties: { platform: { enabled: true } } });
      const headers = { authorization, 'content-type': 'application/json' };
      const url = `${emulator.origin}${path}`;
      const { status } = await emulator.fetch(new Request(url, { method: 'PUT', headers, body }));
      expect(status).toBe(200);
    };
    const of = (isAlone: boolean) =>
      byName.flatMap(([name, { signsIn }]) => ((signsIn !== undefined) === isAlone ? [name] : []));
    // A swap takes its time, and is looked at while it runs.
    const tell = async () => {
      const begun = byName.flatMap(([name, { before }]) => before?.(azure, targetOf(name)) ?? []);
      await clock.sleep(2_000);
      const most = await survey(of(false));
      await Promise.all(byName.flatMap(([name, { signsIn }]) => (signsIn ? [signIn(name)] : [])));
      const previewed = await survey(of(true), preview);
      fleet = {
        targets: [...most.targets, ...previewed.targets],
        surroundings: { ...most.surroundings, ...previewed.surroundings },
      };
      await Promise.all(begun);
    };
    await clock.run(tell());
  });

  it.each(byName)('%s', (name, { expected, request }) => {
    const others = byName.map(([other]) => other).filter((other) => other !== name);
    const found = checkFleet(fleet, { settingNames: [], leave: others, ...request });
    expect(found.map(({ id }) => id)).toEqual(expected);
  });

  it('says of an account that nobody sees that it was not looked at', () => {
    expect(fleet.surroundings?.['storage-elsewhere']?.unread).toEqual([
      {
        what: 'the storage account elsewhere',
        why: "this identity sees none of that name in the app's subscription",
      },
    ]);
  });

  it('has an app for every rule', () => {
    const told = new Set(byName.flatMap(([, { expected }]) => expected));
    expect(rules.map(({ id }) => id).filter((id) => !told.has(id))).toEqual([]);
  });

  it('keeps no value of a setting', () => {
    expect(JSON.stringify(fleet)).not.toContain(secret);
    expect(JSON.stringify(fleet)).not.toContain('Password');
  });

  it('reads what is shared once, and of a plain app no more than it must', () => {
    const count = (part: string) =>
      sent.filter((each) => each.toLowerCase().includes(part.toLowerCase())).length;
    expect(count('/virtualNetworks/hub')).toBe(1);
    expect(count('/storageAccounts')).toBe(1);
    expect(count('/privateDnsZones/')).toBe(1);
    expect(sent.filter((each) => /\/sites\/clean(\/|$)/.test(each)).length).toBe(13);
  });
});
