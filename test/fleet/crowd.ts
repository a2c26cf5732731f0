/** How many were under way at the same time: walked through what the emulator wrote down, event by event. */
import type { WorldEvent } from '../../src/emulator/world/history.ts';
import { type Member, pairOf } from './hundred.ts';

export interface CrowdLimits {
  readonly all: number;
  readonly region: number;
  readonly subscription: number;
  readonly plan: number;
}

export interface Crowd {
  /** The most at one moment, in all and in the fullest region, subscription and plan. */
  readonly peaks: Readonly<Record<keyof CrowdLimits, number>>;
  /** Every moment at which a limit was exceeded. */
  readonly violations: readonly string[];
}

/** What counts as under way: from the first kind of event to the next of the others, site by site. */
export interface Course {
  readonly from: WorldEvent['type'];
  readonly to: readonly WorldEvent['type'][];
}

export const swapping: Course = { from: 'swap.begun', to: ['swap.done', 'swap.failed'] };
export const deploying: Course = { from: 'deployment.begun', to: ['deployment.done', 'deployment.failed'] };

/**
 * The order of the record decides and not its instants: on compressed time many events share one. A limit of the
 * wave is held through `limits.all`, with the history cut to the wave.
 */
export function watchCrowd(
  history: readonly WorldEvent[],
  course: Course,
  fleet: readonly Member[],
  limits: CrowdLimits,
  pairsApart: boolean,
): Crowd {
  const members = new Map(fleet.map((member) => [member.site, member]));
  const inside = new Set<Member>();
  const peaks = { all: 0, region: 0, subscription: 0, plan: 0 };
  const violations: string[] = [];
  for (const event of history) {
    const member = 'site' in event && event.site !== null ? members.get(event.site) : undefined;
    if (!member) continue;
    if (course.to.includes(event.type)) inside.delete(member);
    if (event.type !== course.from) continue;
    const told = `${event.type} of ${member.site} at ${event.atMs}`;
    if (inside.has(member)) violations.push(`${told}: it was under way already`);
    inside.add(member);
    const counts = countWith(inside, member);
    for (const scope of scopes) {
      peaks[scope] = Math.max(peaks[scope], counts[scope]);
      if (counts[scope] > limits[scope])
        violations.push(`${told}: ${counts[scope]} in ${scope}, and ${limits[scope]} are allowed`);
    }
    const paired = [...inside].find(({ region }) => region === pairOf(member.region));
    if (pairsApart && paired)
      violations.push(`${told}: in ${member.region} while ${paired.site} is in its pair`);
  }
  for (const { site } of inside) violations.push(`${course.from} of ${site}: never ended`);
  return { peaks, violations };
}

const scopes = ['all', 'region', 'subscription', 'plan'] as const;

function countWith(inside: ReadonlySet<Member>, member: Member): Readonly<Record<keyof CrowdLimits, number>> {
  const count = (key: 'region' | 'subscription' | 'plan') =>
    [...inside].filter((other) => other[key] === member[key]).length;
  return {
    all: inside.size,
    region: count('region'),
    subscription: count('subscription'),
    plan: count('plan'),
  };
}
