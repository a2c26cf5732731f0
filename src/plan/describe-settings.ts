/** Which settings a rollout writes, what the swap does to production's, and which stay where they are. */
import { groupBy, wrapText } from './layout.ts';
import type { Plan, PlannedTarget } from './plan.ts';
import { foreseeMoves, listOwnSettings, sortUnique } from './setting-moves.ts';

export function describeSettings(
  plan: Plan,
  targets: readonly PlannedTarget[],
  width: number,
): readonly string[] {
  const rows = [
    ...(plan.settingNames.length > 0
      ? [['written with the release', plan.settingNames.join(', ')] as const]
      : []),
    ...describeAlike('and by slotwave', targets, ({ facts }) => listOwnSettings(facts, plan)),
    ...describeAlike('new in production', targets, ({ facts }) => foreseeMoves(facts, plan).arriving),
    ...describeAlike('changed in production', targets, ({ facts }) => foreseeMoves(facts, plan).changing),
    ...describeAlike('gone from production', targets, ({ facts }) => foreseeMoves(facts, plan).leaving),
    ...describeAlike('stay with their slot', targets, listStaying),
  ];
  if (rows.length === 0) return [];
  return [
    'Settings (names only)',
    ...rows.flatMap(([name, text]) => wrapText(`  ${name.padEnd(26)}`, text, width)),
  ];
}

function describeAlike(
  name: string,
  targets: readonly PlannedTarget[],
  list: (target: PlannedTarget) => readonly string[],
): readonly (readonly [string, string])[] {
  const groups = groupBy(targets, (target) => list(target).join(', '));
  return [...groups]
    .filter(([settings]) => settings !== '')
    .map(([settings, group]) => {
      const who = group.map(({ facts }) => facts.target.name).join(', ');
      return [name, groups.size === 1 ? settings : `${settings} (${who})`] as const;
    });
}

/** Sticky names count even where both slots agree: they are what a swap will not move. */
function listStaying({ facts }: PlannedTarget): readonly string[] {
  const differing = facts.differences
    .filter(({ rule }) => rule === 'stays')
    .map((difference) => difference.name);
  return sortUnique([...differing, ...facts.stickyNames]);
}
