/** What really happened, from the emulator's own history: which release stood where, since when, and who moved it. */
import type { WorldEvent } from '../../../src/emulator/world/history.ts';
import type { Sent } from '../wire.ts';
import type { Stranger } from './strangers.ts';

/** What the two slots of a site carry. */
export interface Stand {
  readonly atMs: number;
  /** The stamps in the settings; null: none. */
  readonly live: string | null;
  readonly beside: string | null;
}

export interface Swap {
  readonly site: string;
  readonly operation: string;
  readonly begunMs: number;
  readonly routedMs: number | null;
  readonly endedMs: number;
  readonly isOurs: boolean;
}

export interface Facts {
  /** Oldest first; the first one is how the rollout found the site. */
  stands(site: string): readonly Stand[];
  standAt(site: string, atMs: number): Stand;
  readonly swaps: readonly Swap[];
}

export function gatherFacts(
  history: readonly WorldEvent[],
  starts: ReadonlyMap<string, Stand>,
  isOurs: Attribution,
): Facts {
  const stands = new Map([...starts].map(([site, stand]) => [site, [stand]]));
  for (const event of history) {
    if (!('site' in event) || event.site === null) continue;
    const own = stands.get(event.site);
    const last = own?.at(-1);
    if (!own || !last) continue;
    const { atMs } = event;
    if (event.type === 'swap.routed' || event.type === 'swap.taken-back')
      own.push({ atMs, live: last.beside, beside: last.live });
    if (event.type === 'settings.written') {
      const side = event.slot === 'production' ? 'live' : 'beside';
      own.push({ ...last, atMs, [side]: event.release });
    }
  }
  return {
    stands: (site) => stands.get(site) ?? [],
    standAt: (site, atMs) => (stands.get(site) ?? []).findLast((stand) => stand.atMs <= atMs)!,
    swaps: gatherSwaps(history, isOurs),
  };
}

function gatherSwaps(history: readonly WorldEvent[], isOurs: Attribution): readonly Swap[] {
  const begun = history.flatMap((event) => (event.type === 'swap.begun' ? [event] : []));
  return begun.map(({ site, operation, atMs }) => {
    const own = history.filter((event) => 'operation' in event && event.operation === operation);
    return {
      site,
      operation,
      begunMs: atMs,
      routedMs: own.find(({ type }) => type === 'swap.routed')?.atMs ?? null,
      endedMs: own.findLast(({ type }) => type === 'swap.done' || type === 'swap.failed')?.atMs ?? Infinity,
      isOurs: isOurs(operation, site, atMs),
    };
  });
}

/** Whether an operation, begun at this instant on this site, was asked for by us. */
export type Attribution = (operation: string, site: string, atMs: number) => boolean;

/** A request may be carried out so long after it was sent. */
const lateMs = 300_000;

/**
 * Answers name their operations. Where they were lost, an operation is ours unless a stranger has asked for
 * a swap of this site within the time in which one can be carried out.
 */
export function createAttribution(
  sent: readonly Sent[],
  strangers: ReadonlySet<string>,
  meddled: readonly { readonly stranger: Stranger; readonly atMs: number }[],
): Attribution {
  const ours = new Set(sent.flatMap(({ operation }) => operation ?? []));
  return (operation, site, atMs) => {
    if (ours.has(operation)) return true;
    if (strangers.has(operation)) return false;
    const isRecent = (sinceMs: number) => sinceMs <= atMs && atMs - sinceMs <= lateMs;
    return !meddled.some(
      ({ stranger, atMs: sinceMs }) =>
        stranger.site === site && stranger.kind === 'swap' && isRecent(sinceMs),
    );
  };
}
