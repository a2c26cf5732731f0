/** Whether App Service authentication is on: then Azure previews no swap (azure-platform.md §3.4). */
import {
  getAuthSettingsV2WithoutSecrets,
  getAuthSettingsV2WithoutSecretsSlot,
} from '@azure/arm-appservice/api/webApps';
import { RefusalError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { aboutSite, aboutSlot } from './site-client.ts';

/** In either slot. Undefined when this identity may not read it: Azure will say so itself, later. */
export async function readAuthenticated(arm: Arm, target: Target): Promise<boolean | undefined> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  try {
    const both = await Promise.all([
      arm.read(subscriptionId, aboutSite(target, 'read the authentication of'), (context) =>
        getAuthSettingsV2WithoutSecrets(context, resourceGroup, site),
      ),
      arm.read(subscriptionId, aboutSlot(target, 'read the authentication of'), (context) =>
        getAuthSettingsV2WithoutSecretsSlot(context, resourceGroup, site, slot),
      ),
    ]);
    return both.some(({ platform }) => platform?.enabled === true);
  } catch (error) {
    if (error instanceof RefusalError) return undefined;
    throw error;
  }
}
