import { createHash } from 'node:crypto';
import type { HostStart } from './runtime.ts';

/**
 * What the app finds in its environment: the slot's settings, what App Service adds, and PATH. Nothing of the
 * emulator's own environment, as no app in Azure sees that of its host. Settings win over what is added, but
 * for the facts about where the app runs.
 */
export function buildEnvironment(
  start: HostStart,
  root: string,
  home: string,
  searchPath: string,
): Readonly<Record<string, string>> {
  return {
    ...{ PATH: searchPath, TMPDIR: home, TEMP: home, TMP: home, HOME: home },
    ...{ AZURE_FUNCTIONS_ENVIRONMENT: 'Production', FUNCTIONS_EXTENSION_VERSION: '~4' },
    ...{ AzureWebJobsScriptRoot: root, WEBSITE_AUTH_ENABLED: 'False', WEBSITE_SKU: 'ElasticPremium' },
    ...start.settings,
    WEBSITE_SITE_NAME: start.site,
    // The platform writes its own name of the production slot with a capital.
    WEBSITE_SLOT_NAME: start.slot.toLowerCase() === 'production' ? 'Production' : start.slot,
    WEBSITE_HOSTNAME: start.hostName,
    WEBSITE_INSTANCE_ID: createHash('sha256').update(`${start.site}/${start.slot}`).digest('hex'),
    ...(start.region === undefined ? {} : { REGION_NAME: start.region }),
  };
}

/** `AzureWebJobs.<name>.Disabled`, or with underscores where dots are not allowed. */
export function isDisabled(settings: Readonly<Record<string, string>>, functionName: string): boolean {
  const value =
    settings[`AzureWebJobs.${functionName}.Disabled`] ??
    settings[`AzureWebJobs_${functionName}_Disabled`] ??
    '';
  return /^(1|true)$/i.test(value);
}
