/** App settings, their sticky names, connection strings. A write replaces all of them and restarts the slot. */
import { restartWorker } from '../hosts.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import { type Platform, releaseOf, spotOf } from '../platform.ts';
import type { Settings, Slot } from '../world/state.ts';
import { appServiceError, json } from './answer.ts';
import type { AppCall } from './call.ts';
import { demandQuiet, demandUnprepared } from './conflicts.ts';
import { readTextProperties } from './lists.ts';
import { idOf, typeOf } from './shapes.ts';

export function listSettings({ slot }: AppCall): Response {
  return json(200, shapeConfig(slot, 'appsettings', slot.settings));
}

export async function writeSettings({ platform, slot, incoming }: AppCall): Promise<Response> {
  const settings = readTextProperties(await takeJson(incoming));
  if (!settings)
    return appServiceError(400, 'BadRequest', 'The parameter properties has an invalid value.', '51008');
  demandQuiet(platform, slot);
  demandUnprepared(slot);
  replaceSettings(platform, slot, settings);
  return json(200, shapeConfig(slot, 'appsettings', slot.settings));
}

export function replaceSettings(platform: Platform, slot: Slot, settings: Settings): void {
  const nowMs = platform.clock.now();
  slot.settingsBefore = slot.settings;
  slot.settings = settings;
  slot.settingsWrittenMs = nowMs;
  slot.lastModifiedMs = nowMs;
  platform.record({
    type: 'settings.written',
    ...spotOf(slot),
    names: Object.keys(settings),
    release: releaseOf(slot),
  });
  restartWorker(platform, slot, 'settings were written');
}

export function readStickyNames({ site }: AppCall): Response {
  return json(200, shapeStickyNames(site.production));
}

export async function writeStickyNames({ platform, site, incoming }: AppCall): Promise<Response> {
  const body = await takeJson(incoming);
  const names = (field: string) => {
    const value = fieldOf(body, 'properties', field);
    return Array.isArray(value) ? value.map(String) : [];
  };
  if (typeof fieldOf(body, 'properties') !== 'object') {
    return appServiceError(400, 'BadRequest', 'The parameter properties has an invalid value.', '51008');
  }
  demandQuiet(platform, site.production);
  site.stickyNames = {
    appSettings: names('appSettingNames'),
    connectionStrings: names('connectionStringNames'),
    storageConfigs: names('azureStorageConfigNames'),
  };
  platform.record({
    type: 'sticky-names.written',
    ...spotOf(site.production),
    names: site.stickyNames.appSettings,
  });
  return json(200, shapeStickyNames(site.production));
}

function shapeStickyNames(production: Slot): unknown {
  const { appSettings, connectionStrings, storageConfigs } = production.site.stickyNames;
  return shapeConfig(production, 'slotConfigNames', {
    appSettingNames: appSettings,
    connectionStringNames: connectionStrings,
    azureStorageConfigNames: storageConfigs,
  });
}

/** A `config/…` resource of a slot. */
export function shapeConfig(slot: Slot, name: string, properties: unknown): Record<string, unknown> {
  return {
    id: `${idOf(slot)}/config/${name}`,
    name,
    type: `${typeOf(slot)}/config`,
    kind: slot.site.kind,
    properties,
  };
}
