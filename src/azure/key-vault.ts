/** Whether the platform can follow the references to Key Vault in a slot's settings (azure-platform.md §4.2). */
import { listAppSettingsKeyVaultReferencesSlot } from '@azure/arm-appservice/api/webApps';
import type { Target } from '../plan/fleet.ts';
import type { SettingReference } from '../target/slot-client.ts';
import type { Arm } from './arm.ts';
import { tame } from './server-text.ts';
import { aboutSlot, type Settings } from './site-client.ts';

/** By setting name. The reference itself names the secret and is not kept; nothing here is a value. */
export async function readReferences(arm: Arm, target: Target): Promise<readonly SettingReference[]> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  const about = aboutSlot(target, 'read the Key Vault references of');
  return arm.read(subscriptionId, about, async (context) => {
    const found: SettingReference[] = [];
    for await (const each of listAppSettingsKeyVaultReferencesSlot(context, resourceGroup, site, slot)) {
      found.push({
        setting: each.name ?? '',
        status: each.status ?? 'unknown',
        vault: each.vaultName || null,
        details: tame(each.details ?? '', 200),
      });
    }
    return found.sort((one, other) => (one.setting < other.setting ? -1 : 1));
  });
}

/** Asked of settings that were read anyway: a slot without references costs no request. */
export function refersToVault(settings: Settings): boolean {
  return Object.values(settings).some((value) => /^\s*@Microsoft\.KeyVault\(/i.test(value));
}
