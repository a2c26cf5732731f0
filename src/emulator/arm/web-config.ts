/** `config/web`: general settings, auto swap, traffic split. */

import { restartWorker } from '../hosts.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import { type Platform, spotOf } from '../platform.ts';
import { splitConfig } from '../swap/travel.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { demandQuiet, demandUnprepared } from './conflicts.ts';
import { shapeConfig } from './settings.ts';
import { untouchedConfig } from './web-config-defaults.ts';

/** These take effect without a restart: they are about routing, not about the worker. */
const withoutRestart = new Set([
  'experiments',
  'autoSwapSlotName',
  'ipSecurityRestrictions',
  'scmIpSecurityRestrictions',
]);

/** The site itself has this property (azure-platform.md §3.4). */
const accessConflict =
  'There was a conflict. SiteConfig.PublicNetworkAccess cannot be modified. Please modify the Site.PublicNetworkAccess property.';

export function readWebConfig({ slot }: AppCall): Response {
  return json(200, shapeConfig(slot, 'web', webConfigOf(slot)));
}

export function listWebConfigs({ slot }: AppCall): Response {
  return list([shapeConfig(slot, 'web', webConfigOf(slot))]);
}

export async function writeWebConfig({ platform, slot, incoming }: AppCall): Promise<Response> {
  const properties = fieldOf(await takeJson(incoming), 'properties');
  if (typeof properties !== 'object' || properties === null) {
    return appServiceError(400, 'BadRequest', 'The parameter properties has an invalid value.', '51008');
  }
  demandQuiet(platform, slot);
  demandUnprepared(slot);
  return applyWebConfig(platform, slot, properties) ?? json(200, shapeConfig(slot, 'web', webConfigOf(slot)));
}

/** Null: done. Otherwise why not, and nothing was changed. */
export function applyWebConfig(platform: Platform, slot: Slot, properties: object): Response | null {
  const access = fieldOf(properties, 'publicNetworkAccess');
  if (access !== undefined && access !== null && access !== slot.publicNetworkAccess)
    return appServiceError(409, 'Conflict', accessConflict, '04069');
  if (slot.site.os === 'linux' && fieldOf(properties, 'autoSwapSlotName')) {
    return appServiceError(409, 'Conflict', 'AutoSwap is not supported for Linux sites.', '04070');
  }
  const { publicNetworkAccess: _, ...written } = properties as Readonly<Record<string, unknown>>;
  const { travels, stays } = splitConfig(written);
  slot.config = { ...slot.config, ...stays };
  slot.cargo.config = { ...slot.cargo.config, ...travels };
  slot.lastModifiedMs = platform.clock.now();
  const names = Object.keys(properties);
  platform.record({ type: 'config.written', ...spotOf(slot), names });
  if (names.some((name) => !withoutRestart.has(name)))
    restartWorker(platform, slot, 'the configuration was written');
  return null;
}

function webConfigOf(slot: Slot): Record<string, unknown> {
  return {
    ...untouchedConfig,
    numberOfWorkers: 1,
    netFrameworkVersion: 'v4.0',
    linuxFxVersion: slot.site.os === 'linux' ? 'Node|22' : '',
    requestTracingEnabled: false,
    use32BitWorkerProcess: false,
    webSocketsEnabled: false,
    alwaysOn: false,
    autoSwapSlotName: null,
    experiments: { rampUpRules: [] },
    healthCheckPath: null,
    http20Enabled: false,
    minTlsVersion: '1.2',
    scmMinTlsVersion: '1.2',
    ftpsState: 'FtpsOnly',
    ipSecurityRestrictions: [],
    scmIpSecurityRestrictions: [],
    scmIpSecurityRestrictionsUseMain: false,
    vnetName: '',
    vnetRouteAllEnabled: false,
    functionsRuntimeScaleMonitoringEnabled: false,
    publicNetworkAccess: slot.publicNetworkAccess,
    ...slot.config,
    ...slot.cargo.config,
  };
}
