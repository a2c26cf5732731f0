/** What travels in a swap and what stays (azure-platform.md §3.3). */
import type { Settings, Site, Slot } from '../world/state.ts';

/** The general settings of `config/web`: these move with the content. All others belong to the slot. */
const travellingConfig = new Set([
  'appCommandLine',
  'defaultDocuments',
  'handlerMappings',
  'healthCheckPath',
  'http20Enabled',
  'javaVersion',
  'linuxFxVersion',
  'managedPipelineMode',
  'netFrameworkVersion',
  'nodeVersion',
  'phpVersion',
  'powerShellVersion',
  'pythonVersion',
  'use32BitWorkerProcess',
  'virtualApplications',
  'webSocketsEnabled',
  'windowsFxVersion',
]);

type Config = Readonly<Record<string, unknown>>;

export function splitConfig(config: Config): { readonly travels: Config; readonly stays: Config } {
  const entries = Object.entries(config);
  return {
    travels: Object.fromEntries(entries.filter(([name]) => travellingConfig.has(name))),
    stays: Object.fromEntries(entries.filter(([name]) => !travellingConfig.has(name))),
  };
}

/** Says of each app setting whether it stays with its slot. Names are compared as Windows does, without case. */
export function createStickiness(site: Site): (name: string) => boolean {
  const listed = new Set(site.stickyNames.appSettings.map((name) => name.toLowerCase()));
  const versionsTravel = [site.production, ...site.slots.values()].every(
    (slot) => slot.settings['WEBSITE_OVERRIDE_STICKY_EXTENSION_VERSIONS'] === '0',
  );
  return (name) => {
    const lower = name.toLowerCase();
    return listed.has(lower) || (!versionsTravel && lower.endsWith('_extension_version'));
  };
}

/** The settings that come with `travelling`, and the sticky ones of `staying`. */
export function combineSettings<T>(
  travelling: Readonly<Record<string, T>>,
  staying: Readonly<Record<string, T>>,
  isSticky: (name: string) => boolean,
): Readonly<Record<string, T>> {
  const moved = Object.entries(travelling).filter(([name]) => !isSticky(name));
  const kept = Object.entries(staying).filter(([name]) => isSticky(name));
  return Object.fromEntries([...moved, ...kept]);
}

/** The settings of a slot without those that another slot lent it for a swap. */
export function ownSettings(slot: Slot): Settings {
  return slot.prepared?.ownSettings ?? slot.settings;
}
