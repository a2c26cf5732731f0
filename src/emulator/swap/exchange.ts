/** The moment in which a swap becomes true: for clients it has no duration. */
import type { Platform } from '../platform.ts';
import type { Settings, Slot } from '../world/state.ts';
import { combineSettings, createStickiness, ownSettings } from './travel.ts';

/** Exchanges content, deployment history, travelling settings and configuration, and the workers that run them. */
export function exchange(platform: Platform, source: Slot, target: Slot): void {
  const nowMs = platform.clock.now();
  const isSticky = createStickiness(source.site);
  exchangeConnectionStrings(source, target);
  const sourceOwn = ownSettings(source);
  const targetOwn = ownSettings(target);
  source.prepared = null;
  target.prepared = null;
  settle(source, combineSettings(targetOwn, sourceOwn, isSticky), nowMs);
  settle(target, combineSettings(sourceOwn, targetOwn, isSticky), nowMs);
  [source.cargo, target.cargo] = [target.cargo, source.cargo];
  source.cargo.sinceMs = nowMs;
  target.cargo.sinceMs = nowMs;
  [source.worker, target.worker] = [target.worker, source.worker];
  [source.retiring, target.retiring] = [target.retiring, source.retiring];
}

/** They travel as app settings do, by a list of sticky names of their own. */
function exchangeConnectionStrings(source: Slot, target: Slot): void {
  const sticky = new Set(source.site.stickyNames.connectionStrings.map((name) => name.toLowerCase()));
  const isSticky = (name: string) => sticky.has(name.toLowerCase());
  const [mine, theirs] = [source.connectionStrings, target.connectionStrings];
  source.connectionStrings = combineSettings(theirs, mine, isSticky);
  target.connectionStrings = combineSettings(mine, theirs, isSticky);
}

function settle(slot: Slot, settings: Settings, nowMs: number): void {
  slot.settings = settings;
  slot.settingsBefore = settings;
  slot.lastModifiedMs = nowMs;
}
