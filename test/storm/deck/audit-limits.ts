/** Every fan-out has a limit: how many swaps of ours run at once, in all, in a region, on a plan, in a pair. */
import { arePaired } from '../../../src/plan/region-pairs.ts';
import { countStragglers } from '../../../src/rollout/pool.ts';
import type { Swap } from './facts.ts';
import type { Played } from './play-hand.ts';

/** Twice the shortest swap that the emulator is dealt. */
const leastPatienceMs = 30_000;

export function auditLimits(played: Played): readonly string[] {
  const { plan, facts } = played;
  const { maxConcurrency, maxConcurrencyPer: per, regionPairs } = plan.strategy;
  const targetOf = (site: string) => plan.targets.find((each) => each.facts.target.name === site)!.facts;
  const ours = facts.swaps.filter(({ isOurs }) => isOurs);
  const wrong = new Set<string>();
  for (const swap of ours) {
    const running = ours.filter((other) => isRunning(other, swap.begunMs));
    const own = targetOf(swap.site);
    const share = (key: (site: string) => string) =>
      running.filter(({ site }) => key(site) === key(swap.site)).length;
    const tell = (what: string, count: number, limit: number | undefined) => {
      if (limit !== undefined && count > limit)
        wrong.add(`${count} swaps at once ${what}, ${limit} are allowed`);
    };
    // Who waits far longer than the others is beside its place; nobody is who has only just begun.
    const old = running.filter(({ begunMs }) => swap.begunMs - begunMs >= leastPatienceMs).length;
    tell('in all', running.length, maxConcurrency + Math.min(old, countStragglers(maxConcurrency)));
    tell(
      'in a region',
      share((site) => targetOf(site).region),
      per.region,
    );
    tell(
      'on a plan',
      share((site) => targetOf(site).planId.toLowerCase()),
      per.plan,
    );
    tell('in a subscription', running.length, per.subscription);
    const paired = running.find(({ site }) => arePaired(targetOf(site).region, own.region));
    if (
      regionPairs === 'never-together' &&
      paired &&
      isPromotion(played, swap) &&
      isPromotion(played, paired)
    )
      wrong.add(`${swap.site} and ${paired.site}, in paired regions, were swapped at once`);
  }
  return [...wrong];
}

function isRunning({ begunMs, endedMs }: Swap, atMs: number): boolean {
  return begunMs <= atMs && atMs < endedMs;
}

/** Going back is urgent, and does not wait for the other region. */
function isPromotion({ entries }: Played, { site, begunMs }: Swap): boolean {
  return !entries.some(
    (entry) => entry.type === 'revert.begun' && entry.target === site && Date.parse(entry.at) <= begunMs,
  );
}
