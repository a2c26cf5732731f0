/**
 * The laws of the house, held against one rollout: the outcome, the journal, the wire and the emulator's history
 * must agree. Every violation is a sentence; a sound rollout has none.
 */
import type { Baggage } from '../stage.ts';
import { auditJournal, auditShape } from './audit-journal.ts';
import { auditLimits } from './audit-limits.ts';
import { auditOutcome } from './audit-outcome.ts';
import { auditSecrets } from './audit-secrets.ts';
import { auditSwaps } from './audit-swaps.ts';
import { auditWorld } from './audit-world.ts';
import type { Played } from './play-hand.ts';

export function auditHand(played: Played, baggage: Baggage): readonly string[] {
  if (played.outcome === 'broken') return [`the engine threw: ${explain(played.thrown)}`];
  if (played.outcome === 'stuck') return ['the rollout did not come to an end'];
  const misshapen = auditShape(played.entries, played.hand.regret ? 2 : 1);
  // Everything else is read from the last entry.
  if (misshapen.length > 0) return misshapen;
  return [
    ...(played.thrown === null ? [] : [`the emulator threw: ${explain(played.thrown)}`]),
    ...auditOutcome(played, baggage),
    ...auditWorld(played, baggage),
    ...auditSwaps(played),
    ...auditJournal(played.entries),
    ...auditLimits(played),
    ...auditSecrets(played, baggage),
  ];
}

function explain(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
