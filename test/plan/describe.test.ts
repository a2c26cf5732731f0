import { describe, expect, it } from '@jest/globals';
import { describePlan } from '../../src/plan/describe.ts';
import type { TargetFacts } from '../../src/plan/fleet.ts';
import { formatBytes, formatDuration, shortenId } from '../../src/plan/layout.ts';
import { type Plan, planRollout } from '../../src/plan/plan.ts';
import type { VantageRequest } from '../../src/plan/vantage-request.ts';
import { checkFleet } from '../../src/preflight/check-fleet.ts';
import { newRelease, planRequest, slotFacts, strategy, targetFacts } from './fleet-facts.ts';

const regions = ['West Europe', 'North Europe', 'East US', 'West US', 'Japan East', 'Italy North'];
const differences = [
  { name: 'GREETING', kind: 'AppSetting', rule: 'travels', description: '' },
  { name: 'ORDERS_VERSION', kind: 'AppSetting', rule: 'travels', description: '' },
  { name: 'QUEUE_NAME', kind: 'AppSetting', rule: 'stays', description: '' },
] as const;

function six(): readonly TargetFacts[] {
  const short = ['weu', 'neu', 'eus', 'wus', 'jpe', 'itn'];
  return short.map((name, at) =>
    targetFacts(name, {
      region: regions[at]!,
      stickyNames: ['QUEUE_NAME'],
      differences,
      ...(name === 'weu'
        ? {
            production: slotFacts({ settingNames: ['AzureWebJobsStorage', 'API_KEY'] }),
            staging: slotFacts({ releaseId: null, settingNames: ['AzureWebJobsStorage', 'NEW_FLAG'] }),
          }
        : {}),
      ...(name === 'wus' ? { staging: null } : {}),
      ...(name === 'itn' ? { production: slotFacts({ releaseId: newRelease }) } : {}),
      ...(name === 'jpe' ? { production: slotFacts({ releaseId: null }), differences: [] } : {}),
    }),
  );
}

function planAndFindings(targets: readonly TargetFacts[]): readonly [Plan, ReturnType<typeof checkFleet>] {
  const plan = planRollout(planRequest(targets));
  const leave = plan.targets.filter(({ action }) => action === 'leave').map(({ facts }) => facts.target.name);
  return [plan, checkFleet({ targets }, { settingNames: plan.settingNames, leave })];
}

describe('the page of a plan', () => {
  it('tells a person what would happen, in its order, and why', () => {
    expect(describePlan(...planAndFindings(six())).join('\n')).toMatchInlineSnapshot(`
"orders on AzureCloud
  package     ./app: 42 files, 1.2 MB, sha256 fedcba987654
  fleet       6 targets in 6 regions: 5 to promote, 1 left alone
  first       every target is staged beside production and probed; nothing live is touched until
              that is done
  probes      host, functions, release, health: every 10s until 3 in a row are healthy, for at most
              5m
  at once     at most 8, 2 a region, 1 an App Service plan
  on failure  if a target is not well, everything promoted is rolled back, failing targets first,
              then newest first; if that cannot be told, the rollout halts
  kept apart  West Europe + North Europe, East US + West US: region pairs of Azure, never promoted
              at the same time

Wave 1 of 3 · canary · 1 target (the next one) · then watched for 10m
  TARGET  FUNCTION APP  REGION       RUNS NOW        SLOT     HOLDS
  weu     orders-weu    West Europe  r7k2m9.0123456  staging  (no stamp)
  Why: Production runs other content.

Wave 2 of 3 · half · 3 targets (50 % of 6 targets) · at most 2 at once · then watched for 5m
  TARGET  FUNCTION APP  REGION        RUNS NOW        SLOT     HOLDS
  neu     orders-neu    North Europe  r7k2m9.0123456  staging  (no stamp)
  eus     orders-eus    East US       r7k2m9.0123456  staging  (no stamp)
  wus     orders-wus    West US       r7k2m9.0123456  staging  (no such slot)
  Why: Production runs other content.

Wave 3 of 3 · rest · 1 target (the rest)
  TARGET  FUNCTION APP  REGION      RUNS NOW    SLOT     HOLDS
  jpe     orders-jpe    Japan East  (no stamp)  staging  (no stamp)
  Why: Production carries no release stamp: what it runs was not deployed by slotwave.

Left alone: 1 target
  TARGET  FUNCTION APP  REGION       RUNS NOW        SLOT     HOLDS
  itn     orders-itn    Italy North  r8a1b2.fedcba9  staging  (no stamp)
  Why: Production already runs this content with these settings.

Settings (names only)
  written with the release  ORDERS_VERSION
  and by slotwave           SLOTWAVE_RELEASE_ID, WEBSITE_RUN_FROM_PACKAGE,
                            WEBSITE_SWAP_WARMUP_PING_PATH, WEBSITE_SWAP_WARMUP_PING_STATUSES (weu,
                            neu, eus, jpe)
  new in production         NEW_FLAG (weu)
  changed in production     GREETING (weu, neu, eus)
  gone from production      API_KEY (weu)
  stay with their slot      QUEUE_NAME

Preflight: 1 error, so that nothing will be started; 1 warning
  error    wus: There is no slot "staging". [slot-missing]
    Why: A release needs a place beside production where it can be started and probed.
    Fix: Is the name right? az functionapp deployment slot list --subscription
         11111111-2222-3333-4444-555555555555 -g orders-wus -n orders-wus shows those there are. Or
         create it: az functionapp deployment slot create --subscription
         11111111-2222-3333-4444-555555555555 -g orders-wus -n orders-wus --slot staging
         --configuration-source orders-wus. Identity, network integration and private endpoints are
         not copied with it.
  warning  weu: Only production has API_KEY: the swap takes it away. [setting-leaves-production]
    Why: What is not a slot setting moves with the swap, in both directions: production goes on
         without it, and its value waits in the staging slot.
    Fix: If the new release needs it, give it to the slot as well: az functionapp config appsettings
         set --subscription 11111111-2222-3333-4444-555555555555 -g orders-weu -n orders-weu --slot
         staging --settings API_KEY=<value>, or write it in \`settings\` of the config. If production
         alone should have it, let it stay there: Portal, Settings > Environment variables: tick
         "Deployment slot setting"."
`);
  });

  it('folds a wave of a large fleet, and still names everybody', () => {
    const many = Array.from({ length: 200 }, (_, at) =>
      targetFacts(`t${String(at).padStart(3, '0')}`, { region: regions[at % regions.length]! }),
    );
    const lines = describePlan(...planAndFindings(many), 110);
    expect(lines.length).toBeLessThan(80);
    expect(lines.every((line) => line.length <= 110)).toBe(true);
    const text = lines.join('\n');
    expect(many.every(({ target }) => text.includes(target.name))).toBe(true);
    expect(text).toMatch(/West Europe +17 +r7k2m9/);
  });

  it('stays within 80 columns where names allow it', () => {
    const lines = describePlan(
      ...planAndFindings(
        six().map((facts) => ({ ...facts, target: { ...facts.target, site: facts.target.name } })),
      ),
      80,
    );
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('says that there is nothing to do', () => {
    const [plan] = planAndFindings([targetFacts('a', { production: slotFacts({ releaseId: newRelease }) })]);
    const text = describePlan(plan, []).join('\n');
    expect(text).toMatch(/Nothing to do\./);
    expect(text).toMatch(/Left alone: 1 target/);
    expect(text).not.toMatch(/Wave|Settings/);
  });

  it.each([
    [{ action: 'halt', scope: 'all' } as const, 0, /if a target is not well, the rollout halts and leaves/],
    [{ action: 'rollback', scope: 'target' } as const, 0, /the failing targets are rolled back; if/],
    [
      { action: 'rollback', scope: 'wave' } as const,
      2,
      /if more than 2 targets are not well, their wave is rolled back, failing/,
    ],
  ])('says what happens on failure: %j', (onFailure, failureTolerance, sentence) => {
    const plan = planRollout(
      planRequest([targetFacts('a')], { strategy: { ...strategy, onFailure, failureTolerance } }),
    );
    expect(describePlan(plan, [], 200).join('\n')).toMatch(sentence);
  });

  it('says from where each target is looked at, where that is not directly for all', () => {
    const [one, two, ...others] = six();
    const from = (facts: TargetFacts, vantage: VantageRequest): TargetFacts => ({
      ...facts,
      target: { ...facts.target, vantage },
    });
    const told = (targets: readonly TargetFacts[]) =>
      describePlan(...planAndFindings(targets), 400).filter((line) => line.startsWith('  from '));
    expect(told(six())).toEqual([]);
    const dns = { via: 'dns', servers: ['10.0.0.4', '10.0.0.5'] } as const;
    expect(told(six().map((facts) => from(facts, dns)))).toEqual(['  from        dns 10.0.0.4, 10.0.0.5']);
    const hub = { via: 'proxy', proxy: 'http://$' + '{env:HUB}' } as const;
    const pinned = { via: 'private-endpoint', addresses: { live: '10.1.0.4', beside: '10.1.0.5' } } as const;
    expect(told([from(one!, hub), from(two!, pinned), ...others])).toEqual([
      expect.stringMatching(
        /^ {2}from {8}proxy http:\/\/\$\{env:HUB\}: \w+; private-endpoint 10\.1\.0\.4, 10\.1\.0\.5 beside: \w+; direct: (\w+, ){3}\w+$/,
      ),
    ]);
  });

  it('says what is asked beside, how long health must last, and of whom something cannot be asked', () => {
    const [plan] = planAndFindings([targetFacts('weu'), targetFacts('neu')]);
    const [weu, neu] = plan.targets;
    const via = { via: 'arm' } as const;
    const hearsay = { ...neu!, facts: { ...neu!.facts, target: { ...neu!.facts.target, vantage: via } } };
    const probes: Plan['probes'] = {
      ...plan.probes,
      certificate: { daysLeft: 14 },
      exposure: { expect: 'closed', from: { via: 'direct' } },
      dependencies: [{ host: 'sql.internal', port: 1433 }],
      healthyStateDurationMs: 30_000,
    };
    const told = describePlan({ ...plan, probes, targets: [weu!, hearsay] }, [])
      .join(' ')
      .replace(/\s+/g, ' ');
    expect(told).toContain('release, health, certificate, exposure, sql.internal:1433: every');
    expect(told).toContain('in a row over 30s are healthy');
    expect(told).toContain('not asked health, certificate of neu: Azure Resource Manager');
  });

  it('names no pairs when pairs are ignored', () => {
    const plan = planRollout(planRequest(six(), { strategy: { ...strategy, regionPairs: 'ignore' } }));
    expect(describePlan(plan, []).join('\n')).not.toMatch(/kept apart/);
  });

  it('passes nothing on that a terminal or a pipeline would obey', () => {
    const evil = targetFacts('a', {
      region: 'West\u001b[2J Europe\r\n::add-mask::x',
      production: slotFacts({ releaseId: 'r\u0007.1\u202e' }),
      stickyNames: ['S\n##vso[task.complete]'],
    });
    const lines = describePlan(...planAndFindings([evil]));
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(lines.filter((line) => /^(::|##)/.test(line))).toEqual([]);
  });
});

describe('figures', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_000, '1.0 kB'],
    [1_234_567, '1.2 MB'],
    [5_000_000_000_000, '5000.0 GB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('of time are written as in the config', () => {
    expect([0, 250, 90_000, 5_400_000].map(formatDuration)).toEqual(['0s', '250ms', '1m30s', '1h30m']);
  });

  it('of a release keep the end, which names the content', () => {
    expect(shortenId('20260102T030405-a1b2c3.0123456789ab')).toBe('a1b2c3.0123456');
    expect(shortenId('r8.0123456789ab')).toBe('r8.0123456');
    expect(shortenId('a release of somebody else’s, of any length')).toBe('a release …of any length');
  });

  it('of two releases with the same bytes are not the same', () => {
    const ids = ['20261120-150401-fj72.08994e48ef52', '20261120-150402-k2m9.08994e48ef52'];
    expect(ids.map(shortenId)).toEqual(['fj72.08994e4', 'k2m9.08994e4']);
  });
});
