/** What `slotwave plan` prints: everything that would happen, in its order, and why. */
import { describeFindings, type ShownFinding } from './describe-findings.ts';
import { describeProbes } from './describe-probes.ts';
import { describeSettings } from './describe-settings.ts';
import type { TargetFacts } from './fleet.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  groupBy,
  layTable,
  shortenId,
  wrapText,
} from './layout.ts';
import type { Plan, PlannedTarget, PlannedWave } from './plan.ts';
import { arePaired, normaliseRegion } from './region-pairs.ts';
import { describeVantage } from './vantage-request.ts';

/** A wave with more targets than this is told by region. */
const longestTable = 24;

/**
 * Plain lines without colour or control characters, made for 80 to 110 columns. `findings` are preflight's.
 * Names of settings are shown, their values are not in a plan at all.
 */
export function describePlan(plan: Plan, findings: readonly ShownFinding[], width = 100): readonly string[] {
  const promoted = plan.targets.filter((target) => target.action === 'promote');
  const blocks: readonly (readonly string[])[] = [
    describeHeader(plan, promoted, width),
    promoted.length === 0 ? ['Nothing to do.'] : [],
    ...plan.waves.map((wave, at) => describeWave(wave, at, plan, width)),
    describeLeft(plan.targets, width),
    promoted.length === 0 ? [] : describeSettings(plan, promoted, width),
    describeFindings(findings, width),
  ];
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, at) => (at === 0 ? block : ['', ...block]));
}

function describeHeader(plan: Plan, promoted: readonly PlannedTarget[], width: number): readonly string[] {
  const { package: packed, strategy } = plan;
  const left = plan.targets.length - promoted.length;
  const regions = new Set(plan.targets.map(({ facts }) => normaliseRegion(facts.region))).size;
  const pairs = strategy.regionPairs === 'never-together' ? listPairs(promoted) : [];
  const rows: readonly (readonly [string, string])[] = [
    [
      'package',
      `${packed.source}: ${formatCount(packed.files, 'file')}, ${formatBytes(packed.bytes)}, sha256 ${packed.digest.slice(0, 12)}`,
    ],
    [
      'fleet',
      `${formatCount(plan.targets.length, 'target')} in ${formatCount(regions, 'region')}: ${promoted.length} to promote, ${left} left alone`,
    ],
    ...(promoted.length === 0 ? [] : describeRules(plan)),
    ...(pairs.length > 0
      ? [
          [
            'kept apart',
            `${pairs.join(', ')}: region pairs of Azure, never promoted at the same time`,
          ] as const,
        ]
      : []),
  ];
  return [
    `${plan.app} on ${plan.cloud}`,
    ...rows.flatMap(([name, text]) => wrapText(`  ${name.padEnd(12)}`, text, width)),
  ];
}

function describeRules(whole: Plan): readonly (readonly [string, string])[] {
  const { strategy } = whole;
  const { region, subscription, plan } = strategy.maxConcurrencyPer;
  const limits = [
    `${strategy.maxConcurrency}`,
    ...(region === undefined ? [] : [`${region} a region`]),
    ...(subscription === undefined ? [] : [`${subscription} a subscription`]),
    ...(plan === undefined ? [] : [`${plan} an App Service plan`]),
  ];
  return [
    [
      'first',
      'every target is staged beside production and probed; nothing live is touched until that is done',
    ],
    ...describeProbes(whole),
    ...describeVantages(whole),
    ['at once', `at most ${limits.join(', ')}`],
    ['on failure', describeFailure(strategy)],
  ];
}

/** Said where it is not the usual one for all: who looks from where, and uploads by which way. */
function describeVantages({ targets, probes }: Plan): readonly (readonly [string, string])[] {
  const groups = groupBy(targets, ({ facts: { target } }) =>
    describeVantage(target.vantage ?? probes.vantage),
  );
  const kinds = [...groups];
  if (kinds.every(([words]) => words === 'direct')) return [];
  if (kinds.length === 1) return [['from', kinds[0]![0]]];
  return [['from', kinds.map(([words, group]) => `${words}: ${listNames(group)}`).join('; ')]];
}

function describeFailure({ onFailure, failureTolerance }: Plan['strategy']): string {
  const when =
    failureTolerance === 0
      ? 'if a target is not well'
      : `if more than ${formatCount(failureTolerance, 'target')} are not well`;
  if (onFailure.action === 'halt') return `${when}, the rollout halts and leaves everything as it is`;
  const reach = {
    target: 'the failing targets are rolled back',
    wave: 'their wave is rolled back',
    all: 'everything promoted is rolled back',
  };
  const order = onFailure.scope === 'target' ? '' : ', failing targets first, then newest first';
  return `${when}, ${reach[onFailure.scope]}${order}; if that cannot be told, the rollout halts`;
}

function listPairs(targets: readonly PlannedTarget[]): readonly string[] {
  const regions = [
    ...new Map(targets.map(({ facts }) => [normaliseRegion(facts.region), facts.region])).values(),
  ];
  return regions.flatMap((a, at) =>
    regions.slice(at + 1).flatMap((b) => (arePaired(a, b) ? [`${a} + ${b}`] : [])),
  );
}

function describeWave(wave: PlannedWave, at: number, plan: Plan, width: number): readonly string[] {
  const byName = new Map(plan.targets.map((target) => [target.facts.target.name, target]));
  const targets = wave.targets.flatMap((name) => byName.get(name) ?? []);
  const title = [
    `Wave ${at + 1} of ${plan.waves.length}`,
    wave.name,
    `${formatCount(targets.length, 'target')} (${wave.why})`,
    ...(wave.maxConcurrency === null ? [] : [`at most ${wave.maxConcurrency} at once`]),
    ...(wave.bakeTimeMs > 0 ? [`then watched for ${formatDuration(wave.bakeTimeMs)}`] : []),
  ];
  return [
    ...wrapText('', title.join(' · '), width),
    ...(targets.length > longestTable ? foldTargets(targets, width) : listTargets(targets)),
    ...describeReasons(targets, width),
  ];
}

function listTargets(targets: readonly PlannedTarget[]): readonly string[] {
  const rows = targets.map(({ facts }) => [
    facts.target.name,
    facts.target.site === facts.target.name ? '' : facts.target.site,
    facts.region,
    nameLive(facts),
    facts.target.slot,
    nameBeside(facts),
  ]);
  return layTable(['target', 'function app', 'region', 'runs now', 'slot', 'holds'], rows);
}

function foldTargets(targets: readonly PlannedTarget[], width: number): readonly string[] {
  const groups = groupBy(targets, ({ facts }) =>
    [facts.region, nameLive(facts), facts.target.slot, nameBeside(facts)].join('\n'),
  );
  const sample = [...groups.values()];
  const rows = sample.map((group) => {
    const { facts } = group[0]!;
    return [facts.region, String(group.length), nameLive(facts), facts.target.slot, nameBeside(facts)];
  });
  const [heading = '', ...lines] = layTable(['region', 'targets', 'runs now', 'slot', 'holds'], rows);
  return [
    heading,
    ...lines.flatMap((line, at) => [line, ...wrapText('    ', listNames(sample[at] ?? []), width)]),
  ];
}

/** The reasons below the table: nearly always one for all. */
function describeReasons(targets: readonly PlannedTarget[], width: number): readonly string[] {
  const groups = groupBy(targets, (target) => target.why);
  return [...groups].flatMap(([why, group]) => {
    const who = groups.size === 1 ? '' : `${listNames(group)}: `;
    return wrapText('  Why: ', `${who}${why}`, width);
  });
}

function describeLeft(targets: readonly PlannedTarget[], width: number): readonly string[] {
  const left = targets.filter((target) => target.action === 'leave');
  if (left.length === 0) return [];
  return [
    `Left alone: ${formatCount(left.length, 'target')}`,
    ...(left.length > longestTable ? foldTargets(left, width) : listTargets(left)),
    ...describeReasons(left, width),
  ];
}

function nameLive(facts: TargetFacts): string {
  return facts.production.releaseId === null ? '(no stamp)' : shortenId(facts.production.releaseId);
}

function nameBeside(facts: TargetFacts): string {
  if (!facts.staging) return '(no such slot)';
  return facts.staging.releaseId === null ? '(no stamp)' : shortenId(facts.staging.releaseId);
}

function listNames(targets: readonly PlannedTarget[]): string {
  return targets.map(({ facts }) => facts.target.name).join(', ');
}
