/** What a swap would change (`slotsdiffs`). */
import type { Slot } from '../world/state.ts';
import { createStickiness, ownSettings } from './travel.ts';

export interface Difference {
  readonly level: 'Information';
  readonly settingType: 'AppSetting' | 'General';
  readonly diffRule: 'SettingsWillBeSwapped' | 'SettingsWillBeUnchanged';
  readonly settingName: string;
  readonly valueInCurrentSlot: string;
  readonly valueInTargetSlot: string;
  readonly description: string;
}

/** Every app setting and every general setting that is not the same in both, in the order of their names. */
export function findDifferences(current: Slot, target: Slot): readonly Difference[] {
  const isSticky = createStickiness(current.site);
  const mine = ownSettings(current);
  const theirs = ownSettings(target);
  const settings = differingNames(mine, theirs).map((name) =>
    describe('AppSetting', name, mine[name], theirs[name], isSticky(name)),
  );
  const here = current.cargo.config;
  const there = target.cargo.config;
  const general = differingNames(here, there).map((name) =>
    describe('General', name, asText(here[name]), asText(there[name]), false),
  );
  return [...settings, ...general];
}

function differingNames(
  mine: Readonly<Record<string, unknown>>,
  theirs: Readonly<Record<string, unknown>>,
): readonly string[] {
  const names = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
  return [...names].filter((name) => asText(mine[name]) !== asText(theirs[name])).sort();
}

function asText(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}

function describe(
  settingType: Difference['settingType'],
  settingName: string,
  here: string | undefined,
  there: string | undefined,
  sticky: boolean,
): Difference {
  const where =
    here === undefined
      ? 'only in the target slot'
      : there === undefined
        ? 'only in the current slot'
        : 'different in the two slots';
  return {
    level: 'Information',
    settingType,
    diffRule: sticky ? 'SettingsWillBeUnchanged' : 'SettingsWillBeSwapped',
    settingName,
    valueInCurrentSlot: here ?? '',
    valueInTargetSlot: there ?? '',
    description: `The setting is ${where}; it ${sticky ? 'stays with its slot' : 'moves with the swap'}.`,
  };
}
