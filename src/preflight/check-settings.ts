/** Rules about settings that stay with their slot in a swap (azure-platform.md §2.5, §3.3). */
import type { TargetFacts } from '../plan/fleet.ts';
import type { PreflightRequest, Said } from './finding.ts';

/** The same word as release/release.ts; a test holds the two together, because preflight imports only the plan. */
const stampSetting = 'SLOTWAVE_RELEASE_ID';
const packageSetting = 'WEBSITE_RUN_FROM_PACKAGE';

export function checkStamp(facts: TargetFacts): Said {
  return sayOne(facts, stampSetting);
}

export function checkRunFromPackage(facts: TargetFacts): Said {
  return sayOne(facts, packageSetting);
}

/** The two above have rules, and words, of their own. */
export function checkConfigSettings(facts: TargetFacts, { settingNames }: PreflightRequest): Said {
  const stuck = settingNames.filter((name) => isSticky(facts, name) && !isOwn(name));
  if (stuck.length === 0) return null;
  const found = `${stuck.join(', ')} ${stuck.length === 1 ? 'is a slot setting' : 'are slot settings'}.`;
  return {
    found,
    fix: `${unstick}, or remove ${stuck.length === 1 ? 'it' : 'them'} from \`settings\` in the config.`,
  };
}

const unstick = 'Portal, Settings > Environment variables: clear "Deployment slot setting"';

function sayOne(facts: TargetFacts, name: string): Said {
  return isSticky(facts, name)
    ? { found: `${name} is a slot setting.`, fix: `${unstick} of ${name}.` }
    : null;
}

function isOwn(name: string): boolean {
  return [stampSetting, packageSetting].includes(name.toUpperCase());
}

/** Azure does not tell capitals apart in the names of settings. */
function isSticky({ stickyNames }: TargetFacts, name: string): boolean {
  return stickyNames.some((sticky) => sticky.toUpperCase() === name.toUpperCase());
}
