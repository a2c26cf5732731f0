/** A fleet of a hundred: ten regions in five of Azure's pairs, four subscriptions, sixty plans, three waves. */
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import type { Baggage } from '../storm/stage.ts';

export interface Member {
  readonly site: string;
  readonly region: string;
  readonly subscription: string;
  /** Unique in the fleet. */
  readonly plan: string;
  readonly ring: 'canary' | 'broad';
}

const pairs = [
  ['westeurope', 'northeurope'],
  ['eastus', 'westus'],
  ['southeastasia', 'eastasia'],
  ['uksouth', 'ukwest'],
  ['japaneast', 'japanwest'],
] as const;
const regions = pairs.flat();
const pairings: ReadonlyMap<string, string> = new Map(
  pairs.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]),
);

/** Azure's pair of a region of this fleet: written down here again, not asked of what is tested. */
export function pairOf(region: string): string | null {
  return pairings.get(region) ?? null;
}

/** Of each region's ten: half in one subscription, and eight on a plan that they share with one more. */
const subscriptions = [1, 1, 1, 1, 1, 2, 2, 3, 3, 4] as const;
const plans = ['a', 'a', 'b', 'b', 'own', 'c', 'c', 'd', 'd', 'own-too'] as const;

export const fleet: readonly Member[] = Array.from({ length: 100 }, (_, index) => {
  const [row, column] = [Math.floor(index / 10), index % 10];
  const region = regions[column]!;
  return {
    site: `orders-${String(index).padStart(3, '0')}`,
    region,
    subscription: `00000000-0000-4000-8000-00000000000${subscriptions[row]}`,
    plan: `plan-${region}-${plans[row]}`,
    ring: index % 11 === 0 && index < 40 ? 'canary' : 'broad',
  };
});

export const limits = { all: 20, region: 4, subscription: 8, plan: 1 } as const;

export interface ExpectedWave {
  readonly name: string;
  readonly sites: readonly string[];
  readonly bakeTimeMs: number;
  readonly maxConcurrency: number;
}

const canaries = fleet.filter(({ ring }) => ring === 'canary').map(({ site }) => site);
const others = fleet.filter(({ ring }) => ring !== 'canary').map(({ site }) => site);

/** Counted by hand from the config below. */
export const waves: readonly ExpectedWave[] = [
  { name: 'canary', sites: canaries, bakeTimeMs: 300_000, maxConcurrency: limits.all },
  { name: 'third', sites: others.slice(0, 30), bakeTimeMs: 180_000, maxConcurrency: 12 },
  { name: 'rest', sites: others.slice(30), bakeTimeMs: 120_000, maxConcurrency: limits.all },
];

export function writeConfig(packagePath: string): string {
  return `app: orders
package: ${packagePath}
fleet:
  targets:
${fleet.map((member) => `    - { name: ${member.site}, resourceId: ${resourceIdOf(member)}, labels: { ring: ${member.ring} } }`).join('\n')}
strategy:
  maxConcurrency: ${limits.all}
  maxConcurrencyPer: { region: ${limits.region}, subscription: ${limits.subscription}, plan: ${limits.plan} }
  regionPairs: never-together
  waves:
    - { name: canary, match: { ring: canary }, bakeTime: 5m }
    - { name: third, percent: 30, bakeTime: 3m, maxConcurrency: 12 }
    - { name: rest, bakeTime: 2m }
  progressDeadline: 6h
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }]
  interval: 30s
  timeout: 20s
  consecutiveSuccessLimit: 2
  deadline: 2h
settings: { ORDERS_VERSION: "2" }
`;
}

export function writeWorld(baggage: Baggage): WorldInput {
  return {
    // Long enough that a busy machine, too, has more of them under way at once than it would be allowed.
    latencies: { deploy: '1m', swapPing: '45s' },
    sites: fleet.map(({ site, region, subscription, plan }) => ({
      name: site,
      region,
      subscription,
      resourceGroup: 'orders',
      plan: { name: plan },
      package: baggage.incumbent,
      release: baggage.incumbentId,
    })),
  };
}

function resourceIdOf({ subscription, site }: Member): string {
  return `/subscriptions/${subscription}/resourceGroups/orders/providers/Microsoft.Web/sites/${site}`;
}
