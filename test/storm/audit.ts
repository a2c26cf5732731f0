/**
 * What must be true after every storm, read from the emulator's own history and from the journal, never from
 * what the engine believes. Each violation is a sentence; a sound rollout has none.
 */
import type { WorldEvent } from '../../src/emulator/world/history.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { auditPantry } from './pantry.ts';
import type { Played } from './play.ts';
import type { Baggage } from './stage.ts';

export function audit(played: Played, baggage: Baggage, expected: string): readonly string[] {
  return [
    ...(played.outcome === expected ? [] : [`the outcome is ${played.outcome}, expected ${expected}`]),
    ...auditWorld(played, baggage),
    ...auditSwaps(played),
    ...auditJournal(played),
    ...auditPantry(played, baggage),
  ];
}

/** What every site runs, against what the outcome promises (laws 3 and 4). */
function auditWorld(played: Played, baggage: Baggage): readonly string[] {
  const wrong: string[] = [];
  const isNew = played.outcome === 'settled';
  const ended = played.entries.findLast((entry) => entry.type === 'rollout.ended');
  for (const [name, site] of Object.entries(played.stage.emulator.snapshot().sites)) {
    const live = site.slots['production'];
    const wanted = isNew ? baggage.release.id : baggage.incumbentId;
    if (['settled', 'rolled-back', 'refused'].includes(played.outcome) && live?.release !== wanted) {
      wrong.push(`${name} runs ${live?.release} live after "${played.outcome}"`);
    }
    if (live?.settings['SECRET'] !== `secret-of-${name}`) wrong.push(`${name} lost a sticky setting`);
    if (site.operation !== null) wrong.push(`${name} has an operation in progress`);
    const told = ended?.standings.find((each) => each.target === name);
    if (told?.live !== live?.release)
      wrong.push(`the journal says that ${name} runs ${told?.live}, it runs ${live?.release}`);
  }
  return wrong;
}

/** Law 1, on Azure's side: how often each site's slots were exchanged. */
function auditSwaps(played: Played): readonly string[] {
  const routed = played.stage.emulator.history.filter((event) => event.type === 'swap.routed');
  return Object.keys(played.stage.emulator.snapshot().sites).flatMap((site) => {
    const swaps = routed.filter((event: WorldEvent) => 'site' in event && event.site === site).length;
    const isIntent = (each: Recorded) =>
      (each.type === 'promote.begun' || each.type === 'revert.begun') && each.target === site;
    const limit = played.entries.filter(isIntent).length;
    return swaps > limit ? [`${site} was swapped ${swaps} times, at most ${limit} are right`] : [];
  });
}

/** Laws 2, 5, 6 and 7, as far as the journal can show them. */
function auditJournal({ entries }: Played): readonly string[] {
  const wrong: string[] = [];
  entries.forEach((entry, at) => {
    if (entry.seq !== at + 1) wrong.push(`entry ${at + 1} is numbered ${entry.seq}`);
  });
  for (const [at, entry] of entries.entries()) {
    const before = entries.slice(0, at);
    if (entry.type === 'promote.begun') wrong.push(...auditPromotion(before, entry.target));
    if (entry.type === 'revert.begun' && !isIncumbentSeen(before, entry.target)) {
      wrong.push(`${entry.target} was taken back without a healthy look at what came back`);
    }
    if (entry.type === 'promote.begun' && isTurned(before)) {
      wrong.push(`${entry.target} was promoted after more had failed than is tolerated`);
    }
    if (entry.type === 'target.cleared' && !entry.verdict.readings.some(isOfRelease)) {
      wrong.push(`${entry.target} was cleared without a reading in which its release answered`);
    }
    if (
      entry.type === 'reading.taken' &&
      entry.reading.condition === 'healthy' &&
      !isOfRelease(entry.reading)
    ) {
      wrong.push(`a healthy reading of ${entry.reading.target} does not say which release answered`);
    }
  }
  return wrong;
}

function auditPromotion(before: readonly Recorded[], target: string): readonly string[] {
  const proved = before.some(
    (each) => each.type === 'target.cleared' && each.during === 'proof' && each.target === target,
  );
  return proved ? [] : [`${target} was promoted without a clearance in the journal`];
}

function isIncumbentSeen(before: readonly Recorded[], target: string): boolean {
  return before.some(
    (each) =>
      each.type === 'reading.taken' &&
      each.during === 'revert' &&
      each.reading.target === target &&
      each.reading.side === 'beside' &&
      each.reading.condition === 'healthy',
  );
}

function isTurned(before: readonly Recorded[]): boolean {
  return before.some(
    (each) =>
      each.type === 'target.failed' || each.type === 'rollback.decided' || each.type === 'halt.decided',
  );
}

function isOfRelease(reading: {
  readonly findings: readonly { readonly check: string; readonly condition: string }[];
}): boolean {
  return reading.findings.some((each) => each.check === 'release' && each.condition === 'healthy');
}
