/** What can go wrong between the engine and Azure, as cards. Each hand holds a few kinds, not a little of everything. */
import type { FaultInput } from '../../../src/emulator/faults/schema.ts';
import type { Scenario, StormSite } from '../stage.ts';
import { cards, type Severity } from './cards.ts';
import type { Dice } from './dice.ts';

export interface Troubles {
  readonly faults: readonly FaultInput[];
  readonly world: NonNullable<Scenario['world']>;
  readonly severity: Severity;
  readonly said: readonly string[];
}

const order: readonly Severity[] = ['harmless', 'fails', 'blinds'];

export function drawTroubles(dice: Dice, sites: readonly StormSite[]): Troubles {
  const worst = dice.pick(['harmless', 'harmless', 'harmless', 'fails', 'blinds'] as const);
  const eligible = cards.filter(({ severity }) => order.indexOf(severity) <= order.indexOf(worst));
  const kinds = dice.some(eligible, dice.chance(0.15) ? 0 : dice.int(1, 5));
  const faults: FaultInput[] = [];
  const said: string[] = [];
  let severity: Severity = 'harmless';
  // Azure may do so much to the swaps of one site, and to the looks at it, before a target is right to fail.
  const patience = new Map<string, number>();
  for (const card of kinds) {
    for (const { name: site } of dice.some(sites, card.everywhere ? 1 : dice.int(1, 2))) {
      const key = `${card.strains ?? card.name} ${site}`;
      const strained = (patience.get(key) ?? 0) + 1;
      if (card.strains && strained > 2 && worst === 'harmless') continue;
      patience.set(key, strained);
      const drawn = card.draw(dice, site);
      faults.push(...drawn);
      said.push(`${card.name}: ${drawn.map((fault) => JSON.stringify(fault)).join(' ')}`);
      if (order.indexOf(card.severity) > order.indexOf(severity)) severity = card.severity;
      if (card.strains && strained > 2 && severity === 'harmless') severity = 'fails';
    }
  }
  const world = drawWorld(dice);
  return { faults, world, severity, said: [...said, ...describeWorld(world)] };
}

function drawWorld(dice: Dice): Troubles['world'] {
  return {
    ...(dice.chance(0.2)
      ? { throttling: dice.pick([true, { reads: { tokens: dice.int(20, 60), perSecond: dice.int(2, 10) } }]) }
      : {}),
    ...(dice.chance(0.15) ? { planLocks: dice.pick([true, 'throttled'] as const) } : {}),
    ...(dice.chance(0.2) ? { identity: { tokenLifetime: dice.int(6, 20) * 60_000 } } : {}),
    ...(dice.chance(0.3)
      ? {
          latencies: {
            arm: dice.int(20, 3_000),
            deploy: dice.int(1, 180) * 1000,
            hostStart: dice.int(1, 40) * 1000,
          },
        }
      : {}),
  };
}

function describeWorld(world: Troubles['world']): readonly string[] {
  return Object.keys(world).length === 0 ? [] : [`the world: ${JSON.stringify(world)}`];
}
