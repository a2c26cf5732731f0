/** Which tenant a subscription belongs to, and what a token of another one may not see. */
import { frontDoorError } from '../arm/answer.ts';
import type { Platform, Tenant } from '../platform.ts';

export function tenantOf({ tenants }: Platform, subscription: string): Tenant {
  return tenants.find((one) => one.subscriptions?.has(subscription.toLowerCase())) ?? tenants[0]!;
}

function isKnown({ world, sites, tenants }: Platform, subscription: string): boolean {
  const wanted = subscription.toLowerCase();
  return (
    world.subscription.toLowerCase() === wanted ||
    tenants.some(({ subscriptions }) => subscriptions?.has(wanted)) ||
    [...sites.values()].some((site) => site.subscription.toLowerCase() === wanted)
  );
}

/** ARM's 401 for a good token of the wrong tenant; null: it is of the right one. */
export function checkTenant(platform: Platform, tokenTenant: string, subscription: string): Response | null {
  const { tenantId } = tenantOf(platform, subscription);
  // Of a subscription that is nowhere nobody knows the tenant: it is not found, whoever asks.
  if (tenantId === tokenTenant || !isKnown(platform, subscription)) return null;
  const issuer = (id: string) => `https://sts.windows.net/${id}/`;
  const authority = `${platform.addresses.origin}/${tenantId}`;
  const message = `The access token is from the wrong issuer '${issuer(tokenTenant)}'. It must match the tenant '${issuer(tenantId)}' associated with this subscription. Please use the authority (URL) '${authority}' to get the token.`;
  const challenge = `Bearer authorization_uri="${authority}", error="invalid_token", error_description="${message}"`;
  return frontDoorError(401, 'InvalidAuthenticationTokenTenant', message, { 'www-authenticate': challenge });
}
