/** Law 1, from Azure's side and from the wire's: a swap done twice is a swap undone. */
import type { Played } from './play-hand.ts';

/** A request can be carried out late: so long must it be quiet before another one leaves. */
const quietMs = 140_000;

export function auditSwaps(played: Played): readonly string[] {
  const sites = played.hand.scenario.sites.map(({ name }) => name);
  return sites.flatMap((site) => [...auditCounts(played, site), ...auditDoubt(played, site)]);
}

function auditCounts({ facts, entries, endedMs }: Played, site: string): readonly string[] {
  const ours = facts.swaps.filter((swap) => swap.isOurs && swap.site === site);
  const routed = ours.filter(({ routedMs }) => routedMs !== null).length;
  const intents = entries.filter(
    (entry) => (entry.type === 'promote.begun' || entry.type === 'revert.begun') && entry.target === site,
  ).length;
  const late = ours.filter(({ routedMs }) => routedMs !== null && routedMs > endedMs).length;
  return [
    ...(routed > intents ? [`${site} was swapped ${routed} times, and ${intents} moves were intended`] : []),
    ...(late > 0 ? [`${site} was swapped after the rollout had ended`] : []),
    ...ours
      .filter(({ begunMs }) => !isIntended(entries, site, begunMs))
      .map(() => `${site} was asked for a swap that the journal does not know`),
  ];
}

function isIntended(entries: Played['entries'], site: string, atMs: number): boolean {
  return entries.some(
    (entry) =>
      (entry.type === 'promote.begun' || entry.type === 'revert.begun') &&
      entry.target === site &&
      Date.parse(entry.at) <= atMs,
  );
}

/** After a request whose end nobody knows the next one waits, and the slots are read at least twice. */
function auditDoubt({ sent, facts }: Played, site: string): readonly string[] {
  const asked = sent.filter(({ path }) => path.endsWith(`/sites/${site}/slots/staging/slotsswap`));
  return asked.flatMap((request, at) => {
    const next = asked[at + 1];
    const isDoubtful = request.result === 'silence' || request.result >= 500;
    if (!next || !isDoubtful || next.atMs - request.atMs >= quietMs) return [];
    // Seen to be done: the next one brings it back.
    const isDone = facts.swaps.some(
      ({ site: moved, routedMs }) =>
        moved === site && routedMs !== null && request.atMs <= routedMs && routedMs <= next.atMs,
    );
    if (isDone) return [];
    return [
      `${site} was asked for a swap again ${(next.atMs - request.atMs) / 1000} s after one that was never answered`,
    ];
  });
}
