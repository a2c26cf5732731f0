/** Deals seed after seed, and keeps what came of it. */
import type { Engine } from '../engine.ts';
import type { Baggage } from '../stage.ts';
import { drawHand, type Size } from './hand.ts';
import { auditHand } from './laws.ts';
import { type Played, playHand } from './play-hand.ts';

export interface Dealt {
  readonly seed: number;
  readonly outcome: string;
  readonly processes: number;
  readonly swaps: number;
  /** Of the rollout's time. */
  readonly minutes: number;
  readonly violations: readonly string[];
}

export interface Table {
  readonly engine: Engine;
  readonly baggage: Baggage;
  readonly size: Size;
}

export async function deal(
  { engine, baggage, size }: Table,
  seed: number,
): Promise<Dealt & { played: Played }> {
  const played = await playHand(engine, baggage, drawHand(seed, size));
  return {
    seed,
    outcome: played.outcome,
    processes: played.processes,
    swaps: played.facts.swaps.length,
    minutes: (played.endedMs - played.startedMs) / 60_000,
    violations: auditHand(played, baggage),
    played,
  };
}
