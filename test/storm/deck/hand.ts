/** One hand: a fleet, an app, and what befalls the rollout, all drawn from one number. */
import type { FaultInput } from '../../../src/emulator/faults/schema.ts';
import type { StrategyRequest, SwapRequest, WaveRequest } from '../../../src/plan/plan.ts';
import type { Outcome } from '../../../src/rollout/events.ts';
import type { Ending } from '../mortal.ts';
import type { Scenario, StormSite } from '../stage.ts';
import { createDice, type Dice } from './dice.ts';
import { drawIllness, type Illness } from './illness.ts';
import { drawStrangers, type Stranger } from './strangers.ts';
import { drawTroubles, type Troubles } from './troubles.ts';

export interface Turn extends Ending {
  /** How long nobody is there afterwards. */
  readonly absenceMs: number;
}

export interface Hand {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly illness: Illness;
  readonly faults: readonly FaultInput[];
  /** One process after the other ends so; the one after the last lives to the end. */
  readonly turns: readonly Turn[];
  /** After the end somebody asks to take it all back, in processes that end so; null: nobody does. */
  readonly regret: readonly Turn[] | null;
  readonly strangers: readonly Stranger[];
  /** The ends that are right for this hand, as far as they can be known from the cards; null: any that keeps the laws. */
  readonly allowed: ReadonlySet<Outcome> | null;
  readonly severity: Troubles['severity'];
  /** The cards, in words. */
  readonly cards: readonly string[];
}

/** `small`: at most three targets, for many in a short time. */
export type Size = 'full' | 'small';

const places: readonly StormSite[] = [
  { name: 'weu', region: 'westeurope' },
  { name: 'neu', region: 'northeurope' },
  { name: 'eus', region: 'eastus' },
  { name: 'wus', region: 'westus' },
  { name: 'sea', region: 'southeastasia' },
  { name: 'uks', region: 'uksouth' },
  { name: 'weu2', region: 'westeurope' },
  { name: 'eus2', region: 'eastus' },
];

export function drawHand(seed: number, size: Size): Hand {
  const dice = createDice(seed);
  const sites = drawSites(dice, size);
  const strategy = drawStrategy(dice, sites.length);
  const waves = drawWaves(dice, sites);
  const illness = drawIllness(dice, sites);
  const troubles = drawTroubles(dice, sites);
  const swap = drawSwap(dice);
  const turns = drawTurns(dice, sites.length);
  const regret = dice.chance(0.15) ? drawTurns(dice, 1) : null;
  const strangers = dice.chance(0.12) ? drawStrangers(dice, sites) : [];
  const scenario: Scenario = {
    name: `seed ${seed}`,
    seed,
    sites,
    waves,
    strategy,
    probes: {
      consecutiveSuccessLimit: dice.int(1, 3),
      initialDelayMs: dice.chance(0.3) ? dice.int(1, 20) * 1000 : 0,
    },
    world: troubles.world,
    ...(swap ? { swap } : {}),
  };
  return {
    seed,
    scenario,
    illness,
    faults: [...illness.faults, ...troubles.faults],
    turns,
    regret,
    strangers,
    allowed: strangers.length > 0 ? null : decideAllowed(illness, troubles, strategy, sites.length),
    severity: troubles.severity,
    cards: [
      describeFleet(sites, waves, strategy),
      ...(swap ? [`swaps: ${JSON.stringify(swap)}`] : []),
      illness.said,
      ...troubles.said,
      ...turns.map(describeTurn),
      ...(regret ? ['in the end somebody takes it back', ...regret.map(describeTurn)] : []),
      ...strangers.map(({ said }) => said),
    ],
  };
}

function drawSites(dice: Dice, size: Size): readonly StormSite[] {
  const count = size === 'small' ? dice.int(1, 3) : dice.int(1, 6);
  const stampless = dice.chance(0.2);
  return dice.some(places, count).map((place) => ({
    ...place,
    os: dice.pick(['linux', 'windows'] as const),
    // Two sites of one region may live on one plan.
    ...(dice.chance(0.5) ? { plan: { name: `plan-${place.region}` } } : {}),
    ...(stampless && dice.chance(0.7) ? { stampless: true } : {}),
    ...(dice.chance(0.3) ? { staging: { ORDERS_VERSION: '1' } } : {}),
    ...(dice.chance(0.1) ? { scmCold: dice.int(1, 4) } : {}),
  }));
}

function drawStrategy(dice: Dice, count: number): Omit<StrategyRequest, 'waves'> {
  return {
    maxConcurrency: dice.int(1, 4),
    maxConcurrencyPer: {
      ...(dice.chance(0.5) ? { region: dice.int(1, 2) } : {}),
      ...(dice.chance(0.2) ? { subscription: dice.int(1, 3) } : {}),
      ...(dice.chance(0.7) ? { plan: 1 } : {}),
    },
    regionPairs: dice.chance(0.7) ? 'never-together' : 'ignore',
    failureTolerance: dice.chance(0.6) ? 0 : dice.int(1, Math.max(1, count - 1)),
    progressDeadlineMs: 60 * 60_000,
    onFailure: {
      action: dice.chance(0.8) ? 'rollback' : 'halt',
      scope: dice.chance(0.6) ? 'all' : dice.pick(['wave', 'target']),
    },
  };
}

function drawSwap(dice: Dice): SwapRequest | null {
  if (dice.chance(0.5)) return null;
  return {
    preview: dice.chance(0.5),
    resetPrepared: dice.chance(0.5),
    preserveVnet: true,
    observeForMs: dice.chance(0.5) ? dice.int(1, 6) * 10_000 : 0,
    warmUp: null,
  };
}

function drawWaves(dice: Dice, sites: readonly StormSite[]): readonly WaveRequest[] {
  const waves = Array.from({ length: dice.int(0, 2) }, (_, at): WaveRequest => {
    const taken = dice.chance(0.5)
      ? { count: dice.int(1, 2) }
      : { targets: [sites[Math.min(at, sites.length - 1)]!.name] };
    return { name: `wave ${at + 1}`, ...taken, ...drawPace(dice) };
  });
  return [...waves, { name: 'rest', ...drawPace(dice) }];
}

function drawPace(dice: Dice): Pick<WaveRequest, 'bakeTimeMs' | 'maxConcurrency'> {
  return {
    bakeTimeMs: dice.chance(0.3) ? 0 : dice.int(1, 9) * 10_000,
    ...(dice.chance(0.3) ? { maxConcurrency: dice.int(1, 2) } : {}),
  };
}

function drawTurns(dice: Dice, count: number): readonly Turn[] {
  const often = dice.chance(0.45) ? dice.int(1, 3) : 0;
  return Array.from({ length: often }, (_, at) => ({
    by: dice.chance(0.7) ? ('death' as const) : ('SIGINT' as const),
    // Later processes have less left to do.
    atMoment: dice.int(1, at === 0 ? 15 + 35 * count : 30 + 10 * count),
    absenceMs: dice.pick([0, 0, 5, 30, 90, 200, 600, 1_800, 7_200]) * 1000,
  }));
}

function describeTurn({ by, atMoment, absenceMs }: Turn): string {
  return `${by} at moment ${atMoment}, back ${absenceMs / 1000} s later`;
}

/**
 * What the cards allow. A harmless trouble is one that the engine has promised to stand: it must change nothing.
 * Others let targets fail on their own, or leave the engine blind; then more ends are right, and the laws decide.
 */
function decideAllowed(
  illness: Illness,
  troubles: Troubles,
  { onFailure, failureTolerance }: Omit<StrategyRequest, 'waves'>,
  count: number,
): ReadonlySet<Outcome> | null {
  if (troubles.severity === 'blinds' || illness.kind === 'environment') return null;
  const turned: Outcome = onFailure.action === 'halt' ? 'halted' : 'rolled-back';
  const allowed = new Set<Outcome>();
  const { failing } = illness;
  if (illness.kind === 'staging') allowed.add('refused');
  else if (failing === 0 || illness.kind === 'late') allowed.add('settled');
  if (failing > 0 && illness.kind !== 'staging') {
    if (failing > failureTolerance) allowed.add(turned);
    else if (failing < count) allowed.add('settled');
    else allowed.add(onFailure.action === 'halt' ? 'halted' : 'rolled-back');
    // A wave that fails whole and goes back whole: what came before it may be all there is.
    if (illness.kind === 'late') allowed.add(turned);
  }
  if (troubles.severity === 'fails') {
    for (const outcome of ['refused', 'stranded', 'settled', turned] as const) allowed.add(outcome);
    // One that cannot be taken back within the tolerance ends the rollout for a human to look at.
    allowed.add('halted').add('rolled-back');
  }
  return allowed;
}

function describeFleet(
  sites: readonly StormSite[],
  waves: readonly WaveRequest[],
  { onFailure, failureTolerance, maxConcurrency, maxConcurrencyPer }: Omit<StrategyRequest, 'waves'>,
): string {
  const names = sites.map(
    ({ name, os, plan, stampless }) =>
      `${name} (${os}${plan?.name ? `, ${plan.name}` : ''}${stampless ? ', without a stamp' : ''})`,
  );
  const limits = JSON.stringify({ all: maxConcurrency, ...maxConcurrencyPer });
  return `${names.join(', ')}; ${waves.length} waves ${JSON.stringify(waves)}; on failure ${onFailure.action} ${onFailure.scope}, ${failureTolerance} tolerated; at once ${limits}`;
}
