/** Which settings a rollout writes to the staging slot, and what the swap then does to production's. */
import type { TargetFacts } from './fleet.ts';

/** What decides which settings slotwave writes. */
export interface WritingRequest {
  /** Names of the settings that the config would write. */
  readonly settingNames: readonly string[];
  readonly swap?: { readonly warmUp?: object | null } | undefined;
  readonly remoteBuild?: boolean | undefined;
}

/** What a swap does to production's settings, by name, sorted. */
export interface SettingMoves {
  /** Only the slot has it. */
  readonly arriving: readonly string[];
  /** Both have it, and not the same; or it is something other than an app setting, of which only that is known. */
  readonly changing: readonly string[];
  /** Only production has it: the swap takes it away. */
  readonly leaving: readonly string[];
}

const always = ['SLOTWAVE_RELEASE_ID'];
const packageSetting = 'WEBSITE_RUN_FROM_PACKAGE';
const pings = ['WEBSITE_SWAP_WARMUP_PING_PATH', 'WEBSITE_SWAP_WARMUP_PING_STATUSES'];
const build = ['SCM_DO_BUILD_DURING_DEPLOYMENT', 'ENABLE_ORYX_BUILD', packageSetting];

/**
 * What slotwave writes to this target's slot beside the config's settings: the stamp always, the rest where the slot
 * has none of its own. The words are those of release/, azure/ and entry/, which plan cannot import; a test holds
 * them together. None where there is no slot.
 */
export function listOwnSettings({ staging }: TargetFacts, request: WritingRequest): readonly string[] {
  if (!staging) return [];
  const { settingNames, swap, remoteBuild } = request;
  const chosen = [...always, ...(swap?.warmUp ? pings : []), ...(remoteBuild ? build : [])];
  const isThere = createNames([...staging.settingNames, ...settingNames, ...chosen]);
  const missing = [
    ...(isThere(packageSetting) ? [] : [packageSetting]),
    ...(pings.some(isThere) ? [] : pings),
  ];
  const isConfigs = createNames(settingNames);
  return [...chosen, ...missing].filter((name) => !isConfigs(name));
}

/** What is written with the release counts neither as new nor as lost: it is told as that. */
export function foreseeMoves(facts: TargetFacts, request: WritingRequest): SettingMoves {
  const { production, staging, stickyNames, differences } = facts;
  if (!staging) return { arriving: [], changing: [], leaving: [] };
  const isWritten = createNames([...request.settingNames, ...listOwnSettings(facts, request)]);
  const staying = differences.filter(({ rule }) => rule === 'stays').map(({ name }) => name);
  const isSticky = createNames([...stickyNames, ...staying]);
  const moves = (name: string) => !isWritten(name) && !isSticky(name) && !/_EXTENSION_VERSION$/i.test(name);
  const isLive = createNames(production.settingNames);
  const isBeside = createNames(staging.settingNames);
  const arriving = staging.settingNames.filter((name) => !isLive(name) && moves(name));
  const leaving = production.settingNames.filter((name) => !isBeside(name) && moves(name));
  const isTold = createNames([...arriving, ...leaving]);
  const changing = differences.map(({ name }) => name).filter((name) => moves(name) && !isTold(name));
  return { arriving: sortUnique(arriving), changing: sortUnique(changing), leaving: sortUnique(leaving) };
}

export function sortUnique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

/** Azure does not tell capitals apart in the names of settings. */
function createNames(names: readonly string[]): (name: string) => boolean {
  const known = new Set(names.map((name) => name.toUpperCase()));
  return (name) => known.has(name.toUpperCase());
}
