/** `config/web` of a site or a slot: the part of its configuration that is no app setting. */
import { getConfiguration, getConfigurationSlot } from '@azure/arm-appservice/api/webApps';
import type { Target } from '../plan/fleet.ts';
import type { AccessRules } from '../plan/surroundings.ts';
import type { Arm } from './arm.ts';
import { aboutSite, aboutSlot } from './site-client.ts';

export type WebConfig = Awaited<ReturnType<typeof getConfiguration>>;

export function readWebConfig(arm: Arm, target: Target, side: 'live' | 'beside'): Promise<WebConfig> {
  const { subscriptionId, resourceGroup, site, slot } = target;
  const about = (side === 'live' ? aboutSite : aboutSlot)(target, 'read the configuration of');
  return arm.read(subscriptionId, about, (context) =>
    side === 'live'
      ? getConfiguration(context, resourceGroup, site)
      : getConfigurationSlot(context, resourceGroup, site, slot),
  );
}

type Restriction = NonNullable<WebConfig['ipSecurityRestrictions']>[number];

/** Both lists: of the site, and of its SCM site, which may use the same. */
export function readAccessRules(config: WebConfig): {
  readonly site: AccessRules;
  readonly scm: AccessRules;
} {
  const site = asRules(config.ipSecurityRestrictions, config.ipSecurityRestrictionsDefaultAction);
  const scm = config.scmIpSecurityRestrictionsUseMain
    ? site
    : asRules(config.scmIpSecurityRestrictions, config.scmIpSecurityRestrictionsDefaultAction);
  return { site, scm };
}

/** ARM writes the last rule out (`Any`, at the end of all priorities), with or without a default action. */
function asRules(
  written: readonly Restriction[] | undefined,
  defaultAction: string | undefined,
): AccessRules {
  const all = written ?? [];
  const last = all.find((rule) => isAnybody(rule) && (rule.priority ?? 0) >= 2_147_483_647);
  const rules = all.filter((rule) => rule !== last);
  const isDenied = (action: string | undefined) => action?.toLowerCase() === 'deny';
  const hasAllowing = rules.some(({ action }) => !isDenied(action));
  const byRule = rules.some((rule) => isAnybody(rule) && isDenied(rule.action));
  const byDefault = last ? isDenied(last.action) : defaultAction ? isDenied(defaultAction) : hasAllowing;
  return { deniesOthers: byRule || byDefault, rules: rules.map(writeRule).sort() };
}

function isAnybody({ ipAddress, vnetSubnetResourceId, headers }: Restriction): boolean {
  if (vnetSubnetResourceId || Object.keys(headers ?? {}).length > 0) return false;
  return ipAddress === undefined || /^(any|0\.0\.0\.0\/0)$/i.test(ipAddress);
}

function writeRule(rule: Restriction): string {
  const whom = rule.vnetSubnetResourceId ?? rule.ipAddress ?? 'any';
  const headers = Object.keys(rule.headers ?? {}).length > 0 ? ` ${JSON.stringify(rule.headers)}` : '';
  return `${(rule.action ?? 'Allow').toLowerCase()} ${whom.toLowerCase()} at ${rule.priority ?? 0}${headers}`;
}
