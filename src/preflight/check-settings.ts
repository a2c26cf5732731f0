/** Rules about settings that stay with their slot in a swap (azure-platform.md §2.5, §3.3). */
import type { TargetFacts } from '../plan/fleet.ts';
import { foreseeMoves } from '../plan/setting-moves.ts';
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

/** What somebody set on production alone and never marked: the next swap carries it off. */
export function checkLeaving(facts: TargetFacts, { settingNames, swap, delivery }: PreflightRequest): Said {
  const { leaving } = foreseeMoves(facts, { settingNames, swap, remoteBuild: delivery?.remoteBuild });
  if (leaving.length === 0) return null;
  const { subscriptionId, resourceGroup, site, slot } = facts.target;
  const it = leaving.length === 1 ? 'it' : 'them';
  const place = `--subscription ${subscriptionId} -g ${resourceGroup} -n ${site} --slot ${slot}`;
  const pairs = leaving.map((name) => `${name}=<value>`).join(' ');
  return {
    found: `Only production has ${leaving.join(', ')}: the swap takes ${it} away.`,
    fix: `If the new release needs ${it}, give ${it} to the slot as well: az functionapp config appsettings set ${place} --settings ${pairs}, or write ${it} in \`settings\` of the config. If production alone should have ${it}, let ${it} stay there: ${environment} tick "Deployment slot setting".`,
  };
}

const environment = 'Portal, Settings > Environment variables:';
const unstick = `${environment} clear "Deployment slot setting"`;

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
