import { describe, expect, it } from '@jest/globals';
import type { TargetFacts } from '../../src/plan/fleet.ts';
import { checkFleet } from '../../src/preflight/check-fleet.ts';
import type { PreflightRequest } from '../../src/preflight/finding.ts';
import { rules } from '../../src/preflight/rules.ts';
import { stampSetting } from '../../src/release/release.ts';
import { slotFacts, targetFacts } from '../plan/fleet-facts.ts';
import { sceneCases } from './scene-cases.ts';

const request = { settingNames: ['ORDERS_VERSION', 'WEBSITE_RUN_FROM_PACKAGE'] };

function check(
  changes: Partial<TargetFacts>,
  swap?: PreflightRequest['swap'],
  delivery?: PreflightRequest['delivery'],
) {
  return checkFleet({ targets: [targetFacts('weu', changes)] }, { ...request, swap, delivery });
}

interface Case {
  readonly id: string;
  readonly severity?: 'warning';
  readonly delivery?: PreflightRequest['delivery'];
  readonly fires: Partial<TargetFacts>;
  readonly found: RegExp;
  readonly fix: RegExp;
  readonly swap?: PreflightRequest['swap'];
  /** The nearest thing that is all right. */
  readonly silent: Partial<TargetFacts>;
}

const cases: readonly Case[] = [
  {
    id: 'remote-build-on-windows',
    delivery: { mode: 'push', remoteBuild: true },
    fires: { operatingSystem: 'windows' },
    found: /remoteBuild .* Windows/,
    fix: /Build before packing/,
    silent: { operatingSystem: 'linux' },
  },
  {
    id: 'slot-missing',
    fires: { staging: null },
    found: /no slot "staging"/,
    fix: /slot create --subscription 1111\S+ -g orders-weu -n orders-weu --slot staging --configuration-source orders-weu/,
    silent: {},
  },
  {
    id: 'production-not-running',
    fires: { production: slotFacts({ state: 'Stopped' }) },
    found: /Stopped/,
    fix: /az functionapp start .*-n orders-weu$/,
    silent: { production: slotFacts({ state: 'running' }) },
  },
  {
    id: 'slot-not-running',
    fires: { staging: slotFacts({ state: 'Stopped' }) },
    found: /"staging" is in state Stopped/,
    fix: /start .*--slot staging/,
    silent: { staging: slotFacts({ state: 'RUNNING' }) },
  },
  {
    id: 'operation-in-progress',
    fires: { operationInProgress: 'SwapSiteSlots' },
    found: /SwapSiteSlots/,
    fix: /Wait/,
    silent: { operationInProgress: null },
  },
  {
    id: 'slot-prepared',
    fires: { preparedFor: 'production' },
    found: /prepared for a swap with "production"/,
    fix: /--action reset/,
    silent: { lastSwapAt: '2026-01-01T00:00:00Z' },
  },
  {
    id: 'slot-prepared-reset',
    severity: 'warning',
    swap: { preview: false, resetPrepared: true },
    fires: { preparedFor: 'production' },
    found: /prepared for a swap with "production", which will be cancelled/,
    fix: /take swap\.resetPrepared out/,
    silent: { lastSwapAt: '2026-01-01T00:00:00Z' },
  },
  {
    id: 'preview-with-authentication',
    swap: { preview: true, resetPrepared: false },
    fires: { authenticated: true, operatingSystem: 'windows' },
    found: /authentication is on, and swap\.preview is asked for/,
    fix: /switch authentication off on production and on the slot/,
    silent: { authenticated: false, operatingSystem: 'windows' },
  },
  {
    id: 'preview-on-linux',
    severity: 'warning',
    swap: { preview: true, resetPrepared: false },
    fires: { operatingSystem: 'linux' },
    found: /runs on Linux/,
    fix: /Try it on one target first/,
    silent: { operatingSystem: 'windows' },
  },
  {
    id: 'auto-swap-on',
    fires: { staging: slotFacts({ autoSwapSlot: 'production' }) },
    found: /"staging" into "production"/,
    fix: /auto-swap .*--slot staging --disable/,
    silent: { staging: slotFacts({ autoSwapSlot: '' }) },
  },
  {
    id: 'auto-swap-on',
    fires: { production: slotFacts({ autoSwapSlot: 'x' }) },
    found: /production into "x"/,
    fix: /auto-swap .*orders-weu --disable/,
    silent: {},
  },
  {
    id: 'stamp-sticky',
    fires: { stickyNames: [stampSetting.toLowerCase()] },
    found: /SLOTWAVE_RELEASE_ID is a slot setting/,
    fix: /clear/,
    silent: { stickyNames: ['SLOTWAVE_RELEASE_ID_2'] },
  },
  {
    id: 'package-setting-sticky',
    fires: { stickyNames: ['WEBSITE_RUN_FROM_PACKAGE'] },
    found: /WEBSITE_RUN_FROM_PACKAGE/,
    fix: /clear/,
    silent: { stickyNames: ['WEBSITE_TIME_ZONE'] },
  },
  {
    id: 'config-setting-sticky',
    fires: { stickyNames: ['orders_version', 'OTHER'] },
    found: /^ORDERS_VERSION is a slot setting/,
    fix: /remove it from `settings`/,
    silent: { stickyNames: ['OTHER'] },
  },
  {
    id: 'setting-leaves-production',
    severity: 'warning',
    fires: { production: slotFacts({ settingNames: ['AzureWebJobsStorage', 'API_KEY', 'QUEUE'] }) },
    found: /^Only production has API_KEY, QUEUE: the swap takes them away/,
    fix: /appsettings set .*-n orders-weu --slot staging --settings API_KEY=<value> QUEUE=<value>, .* tick/,
    silent: {
      production: slotFacts({ settingNames: ['azurewebjobsstorage', 'API_KEY'] }),
      stickyNames: ['api_key'],
    },
  },
  {
    id: 'scm-host-missing',
    fires: { staging: slotFacts({ scmHostName: null }) },
    found: /no SCM host/,
    fix: /az functionapp show/,
    silent: { production: slotFacts({ scmHostName: null }) },
  },
  ...[
    'Dynamic',
    'FlexConsumption',
    'Kubernetes',
    'Basic',
    'Free',
    'Shared',
    'WorkflowStandard',
    'Weird',
    '',
  ].map(
    (planTier): Case => ({
      id: 'plan-unsupported',
      fires: { planTier },
      found: planTier ? new RegExp(`tier is ${planTier}: .*\\.$`) : /not known/,
      fix: /Elastic Premium/,
      silent: { planTier: 'elasticpremium' },
    }),
  ),
];

describe('preflight', () => {
  it.each(cases)('finds $id ($fires)', ({ id, severity, swap, delivery, fires, found, fix, silent }) => {
    const findings = check(fires, swap, delivery);
    expect(findings.map((finding) => [finding.id, finding.severity, finding.target])).toEqual([
      [id, severity ?? 'error', 'weu'],
    ]);
    expect(findings[0]?.found).toMatch(found);
    expect(findings[0]?.fix).toMatch(fix);
    expect(check(silent, swap, delivery)).toEqual([]);
  });

  it.each([
    'ElasticPremium',
    'Standard',
    'Premium',
    'PremiumV2',
    'PremiumV3',
    'Premium0V3',
    'PremiumV4',
    'Isolated',
    'IsolatedV2',
  ])('accepts the tier %s', (planTier) => {
    expect(check({ planTier })).toEqual([]);
  });

  it('does not ask for a slot where there cannot be one', () => {
    expect(check({ planTier: 'FlexConsumption', staging: null }).map(({ id }) => id)).toEqual([
      'plan-unsupported',
    ]);
  });

  it('asks for no SCM host where the slot fetches its package', () => {
    const staging = slotFacts({ scmHostName: null });
    expect(check({ staging }, undefined, { mode: 'pull', remoteBuild: false })).toEqual([]);
    expect(check({ staging }).map(({ id }) => id)).toEqual(['scm-host-missing']);
  });

  it('says all that is wrong with a target, and with every target', () => {
    const bad = { staging: slotFacts({ state: 'Stopped', scmHostName: null }), preparedFor: 'production' };
    const fleet = { targets: [targetFacts('a', bad), targetFacts('b'), targetFacts('c', { staging: null })] };
    expect(checkFleet(fleet, request).map(({ target, id }) => `${target} ${id}`)).toEqual([
      'a slot-not-running',
      'a slot-prepared',
      'a scm-host-missing',
      'c slot-missing',
    ]);
  });

  it('says nothing about a target that is left alone', () => {
    const fleet = { targets: [targetFacts('a', { staging: null })] };
    expect(checkFleet(fleet, { ...request, leave: ['a'] })).toEqual([]);
  });

  it('refuses a fleet without targets', () => {
    expect(checkFleet({ targets: [] }, request)).toEqual([
      expect.objectContaining({ id: 'no-targets', severity: 'error', target: null }),
    ]);
  });

  it.each<[string, readonly string[], Partial<TargetFacts>, PreflightRequest['swap']?]>([
    ['both slots have', ['KEY'], { staging: slotFacts({ settingNames: ['key'] }) }],
    ['the config writes', ['orders_version'], {}],
    ['slotwave writes', [stampSetting, 'WEBSITE_SWAP_WARMUP_PING_PATH'], {}],
    ['Azure leaves where it is', ['FUNCTIONS_EXTENSION_VERSION'], {}],
    [
      'Azure says will stay',
      ['KEY'],
      { differences: [{ name: 'KEY', kind: 'AppSetting', rule: 'stays', description: '' }] },
    ],
    ['would have no slot to go to', ['KEY'], { staging: null, planTier: 'Basic' }],
  ])('expects no setting to leave production that %s', (_, settingNames, changes) => {
    const staging = slotFacts({ settingNames: [] });
    const findings = check({ staging, production: slotFacts({ settingNames }), ...changes });
    expect(findings.filter(({ id }) => id === 'setting-leaves-production')).toEqual([]);
  });

  it('knows that half a ping of the slot keeps slotwave from writing the other half', () => {
    const half = {
      staging: slotFacts({ settingNames: ['WEBSITE_SWAP_WARMUP_PING_PATH'] }),
      production: slotFacts({
        settingNames: ['WEBSITE_SWAP_WARMUP_PING_PATH', 'WEBSITE_SWAP_WARMUP_PING_STATUSES'],
      }),
    };
    const leaving = (swap?: PreflightRequest['swap']) => check(half, swap).map(({ found }) => found);
    expect(leaving()).toEqual([expect.stringContaining('WEBSITE_SWAP_WARMUP_PING_STATUSES')]);
    const warmUp = { path: '/', statuses: [200] };
    expect(leaving({ preview: false, resetPrepared: false, warmUp })).toEqual([]);
  });

  it('has a case for every rule, and a source and one id for each', () => {
    const rows = new Set([...cases, ...sceneCases].map(({ id }) => id));
    expect([...rows].sort()).toEqual(rules.map(({ id }) => id).sort());
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
    expect(rules.filter(({ source }) => !/^https:\/\/learn\.microsoft\.com\//.test(source))).toEqual([]);
  });
});
