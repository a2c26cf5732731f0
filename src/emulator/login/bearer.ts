/** Is this caller known? ARM and SCM ask the same question, and say no in different words. */
import { frontDoorError } from '../arm/answer.ts';
import { publishingUserOf } from '../arm/publishing.ts';
import type { Incoming } from '../incoming.ts';
import { isoTime, type Platform, type Tenant } from '../platform.ts';
import type { Slot } from '../world/state.ts';
import { checkTenant, tenantOf } from './tenants.ts';

type TokenState =
  | { readonly kind: 'valid'; readonly tenantId: string }
  | { readonly kind: 'absent' | 'unknown' }
  | { readonly kind: 'expired'; readonly atMs: number };

/** Null when the token is good, and of the tenant of what it asks for; ARM's 401 otherwise. */
export function checkBearer(
  platform: Platform,
  incoming: Incoming,
  subscription: string | undefined,
): Response | null {
  const state = readToken(platform, incoming);
  switch (state.kind) {
    case 'valid':
      return subscription === undefined ? null : checkTenant(platform, state.tenantId, subscription);
    case 'absent':
      return unauthorized(
        platform,
        'AuthenticationFailed',
        "Authentication failed. The 'Authorization' header is missing.",
      );
    case 'unknown':
      return unauthorized(platform, 'InvalidAuthenticationToken', 'The access token is invalid.');
    case 'expired': {
      const message = `The access token expiry UTC time '${isoTime(state.atMs)}' is earlier than current UTC time '${isoTime(platform.clock.now())}'.`;
      return unauthorized(platform, 'ExpiredAuthenticationToken', message);
    }
    default:
      return state satisfies never;
  }
}

/** Null when the caller may use the slot's SCM site: a good token, or the publishing credentials where allowed. */
export function checkScmCaller(platform: Platform, slot: Slot, incoming: Incoming): Response | null {
  const token = readToken(platform, incoming);
  if (token.kind === 'valid' && token.tenantId === tenantOf(platform, slot.site.subscription).tenantId)
    return null;
  const [scheme, value] = (incoming.request.headers.get('authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() === 'basic' && value !== undefined && slot.basicAuth.scm) {
    const expected = `${publishingUserOf(slot)}:${slot.publishingPassword}`;
    if (Buffer.from(value, 'base64').toString('utf8') === expected) return null;
  }
  const body =
    'Unauthorized: a bearer token for Azure Resource Manager, or the publishing credentials of this slot.';
  return new Response(body, {
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="site"', 'content-type': 'text/plain' },
  });
}

/** The tenant of whoever asks; the first one where the token says nothing. */
export function callerTenant(platform: Platform, incoming: Incoming): Tenant {
  const state = readToken(platform, incoming);
  const own =
    state.kind === 'valid' ? platform.tenants.find(({ tenantId }) => tenantId === state.tenantId) : undefined;
  return own ?? platform.tenants[0]!;
}

function readToken(platform: Platform, { request }: Incoming): TokenState {
  const header = request.headers.get('authorization');
  if (header === null) return { kind: 'absent' };
  const token = /^bearer (.+)$/i.exec(header)?.[1];
  const facts = token === undefined ? null : platform.tokens.find(token);
  if (!facts) return { kind: 'unknown' };
  return platform.clock.now() < facts.expiresMs
    ? { kind: 'valid', tenantId: facts.tenantId }
    : { kind: 'expired', atMs: facts.expiresMs };
}

function unauthorized(platform: Platform, code: string, message: string): Response {
  const authority = `${platform.addresses.origin}/${platform.identity.tenantId}`;
  const challenge = `Bearer authorization_uri="${authority}", error="invalid_token", error_description="${message}"`;
  return frontDoorError(401, code, message, { 'www-authenticate': challenge });
}
