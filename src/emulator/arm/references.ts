/** Key Vault references of app settings, and whether they are resolved (azure-platform.md §4.2). */
import type { Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { idOf, typeOf } from './shapes.ts';

export function listReferences({ platform, slot }: AppCall): Response {
  const names = Object.keys(slot.settings).filter((name) => isReference(slot.settings[name]!));
  return list(names.map((name) => shapeReference(platform, slot, name)));
}

export function readReference({ platform, slot, rest }: AppCall): Response {
  const asked = rest.at(-1)!;
  const name = Object.keys(slot.settings).find((one) => one.toLowerCase() === asked.toLowerCase());
  if (name === undefined || !isReference(slot.settings[name]!))
    return appServiceError(404, 'NotFound', `There is no reference in the setting '${asked}'.`, '51004');
  return json(200, shapeReference(platform, slot, name));
}

function isReference(value: string): boolean {
  return /^@Microsoft\.KeyVault\(/i.test(value.trim());
}

interface Secret {
  readonly vault: string;
  readonly name: string;
  readonly version: string | null;
}

/** `@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/v)`, or `(VaultName=v;SecretName=s)`. */
function readSecret(value: string): Secret | null {
  const inside = /^@Microsoft\.KeyVault\((.*)\)$/i.exec(value.trim())?.[1] ?? '';
  const uri = /^SecretUri=https:\/\/([^./]+)\.[^/]+\/secrets\/([^/]+)\/?([^/]*)\/?$/i.exec(inside);
  if (uri) return { vault: uri[1]!, name: uri[2]!, version: uri[3] || null };
  const parts = new Map(
    inside.split(';').map((part): [string, string] => {
      const [key = '', ...rest] = part.split('=');
      return [key.trim().toLowerCase(), rest.join('=').trim()];
    }),
  );
  const [vault, name] = [parts.get('vaultname'), parts.get('secretname')];
  return vault && name ? { vault, name, version: parts.get('secretversion') || null } : null;
}

/** The state belongs to the slot, whose identity asks the vault, wherever the setting came from. */
function shapeReference(platform: Platform, slot: Slot, name: string): Record<string, unknown> {
  const reference = slot.settings[name]!;
  const secret = readSecret(reference);
  const status = secret ? statusOf(platform, slot, name) : 'InvalidSyntax';
  const isResolved = status === 'Resolved';
  return {
    id: `${idOf(slot)}/config/configreferences/appsettings/${name}`,
    name,
    type: `${typeOf(slot)}/config/configreferences`,
    properties: {
      reference,
      status,
      vaultName: secret?.vault ?? '',
      secretName: secret?.name ?? '',
      secretVersion: secret?.version ?? '',
      identityType: { type: 'SystemAssigned' },
      details: isResolved
        ? 'Reference has been successfully resolved.'
        : `Reference was not able to be resolved: ${status}.`,
      source: 'KeyVault',
      ...(isResolved ? { activeVersion: secret?.version ?? '0123456789abcdef0123456789abcdef' } : {}),
    },
  };
}

function statusOf(platform: Platform, slot: Slot, name: string): string {
  const state = Object.entries(slot.references).find(
    ([known]) => known.toLowerCase() === name.toLowerCase(),
  )?.[1];
  if (!state) return 'Resolved';
  const waited = platform.clock.now() - slot.settingsWrittenMs;
  return state.resolvedAfterMs !== null && waited >= state.resolvedAfterMs ? 'Resolved' : state.status;
}
