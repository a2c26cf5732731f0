/** What a PUT or a PATCH of a site or a slot changes: tags, access, plan, settings, configuration, and what is only kept. */
import { restartWorker } from '../hosts.ts';
import { fieldOf } from '../incoming.ts';
import { type Platform, spotOf } from '../platform.ts';
import type { ConnectionString, Slot } from '../world/state.ts';
import { demandUnprepared } from './conflicts.ts';
import { readTextProperties } from './lists.ts';
import { findPlan } from './plans.ts';
import { replaceSettings } from './settings.ts';
import { applyWebConfig } from './web-config.ts';

/** Null: done. Otherwise why not, and nothing was changed. */
export function writeSite(platform: Platform, slot: Slot, body: unknown): Response | null {
  const siteConfig = asObject(fieldOf(body, 'properties', 'siteConfig'));
  if (siteConfig) demandUnprepared(slot);
  const refusal = siteConfig && writeSiteConfig(platform, slot, siteConfig);
  if (refusal) return refusal;
  const { site } = slot;
  const tags = fieldOf(body, 'tags');
  if (slot === site.production && typeof tags === 'object' && tags !== null)
    site.tags = readTextProperties({ properties: tags }) ?? site.tags;
  const properties = asObject(fieldOf(body, 'properties')) ?? {};
  // A slot lives on its site's plan, whatever a template says.
  const plan = slot === site.production ? fieldOf(properties, 'serverFarmId') : undefined;
  if (typeof plan === 'string' && plan !== '') site.plan = findPlan(platform, plan, site);
  keepProperties(platform, slot, properties);
  writeAccess(platform, slot, fieldOf(properties, 'publicNetworkAccess'));
  return null;
}

/** These the emulator plays no part of; it answers with what it was given. */
const kept = [
  'httpsOnly',
  'clientAffinityEnabled',
  'clientCertEnabled',
  'clientCertMode',
  'clientCertExclusionPaths',
  'containerSize',
  'dailyMemoryTimeQuota',
  'endToEndEncryptionEnabled',
  'keyVaultReferenceIdentity',
  'outboundVnetRouting',
  'scmSiteAlsoStopped',
  'storageAccountRequired',
  'functionAppConfig',
];

function keepProperties(platform: Platform, slot: Slot, properties: Readonly<Record<string, unknown>>): void {
  const found = kept
    .map((name) => [name, fieldOf(properties, name)] as const)
    .filter(([, value]) => value !== undefined && value !== null);
  const subnet = fieldOf(properties, 'virtualNetworkSubnetId');
  if (typeof subnet === 'string') slot.subnet = subnet === '' ? null : subnet;
  if (found.length === 0 && subnet === undefined) return;
  slot.written = { ...slot.written, ...Object.fromEntries(found) };
  slot.lastModifiedMs = platform.clock.now();
}

function writeAccess(platform: Platform, slot: Slot, access: unknown): void {
  if (access !== 'Enabled' && access !== 'Disabled') return;
  const changes = slot.publicNetworkAccess !== access;
  slot.publicNetworkAccess = access;
  slot.lastModifiedMs = platform.clock.now();
  platform.record({ type: 'config.written', ...spotOf(slot), names: ['publicNetworkAccess'] });
  // Only there does it restart (azure-platform.md §2.9).
  if (changes && slot.site.os === 'linux') restartWorker(platform, slot, 'public network access was changed');
}

/** As templates write it: lists of settings and connection strings replace what there is, the rest is `config/web`. */
function writeSiteConfig(
  platform: Platform,
  slot: Slot,
  config: Readonly<Record<string, unknown>>,
): Response | null {
  const lists = /^(appSettings|connectionStrings|publicNetworkAccess|metadata)$/i;
  const rest = Object.entries(config).filter(([name, value]) => !lists.test(name) && value !== null);
  const refusal = rest.length === 0 ? null : applyWebConfig(platform, slot, Object.fromEntries(rest));
  if (refusal) return refusal;
  const strings = fieldOf(config, 'connectionStrings');
  if (Array.isArray(strings)) slot.connectionStrings = Object.fromEntries(strings.map(readConnectionString));
  const settings = readSettingsList(fieldOf(config, 'appSettings'));
  if (settings) replaceSettings(platform, slot, settings);
  return null;
}

function readConnectionString(entry: unknown): [string, ConnectionString] {
  const value = String(fieldOf(entry, 'connectionString') ?? '');
  return [String(fieldOf(entry, 'name')), { value, type: String(fieldOf(entry, 'type') ?? 'Custom') }];
}

/** `[{ name, value }]`; null when there is no such list. */
function readSettingsList(listed: unknown): Readonly<Record<string, string>> | null {
  if (!Array.isArray(listed)) return null;
  const pairs = listed.map((entry) => [String(fieldOf(entry, 'name')), fieldOf(entry, 'value')] as const);
  return readTextProperties({ properties: Object.fromEntries(pairs) });
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
