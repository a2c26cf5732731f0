/** Headers that every ARM answer carries (azure-platform.md §1.1). */
import type { Incoming } from '../incoming.ts';
import type { Platform } from '../platform.ts';
import { kindOf } from './throttle.ts';

export function addArmHeaders(
  platform: Platform,
  incoming: Incoming,
  response: Response,
  remaining: number | null,
): Response {
  const { request, method } = incoming;
  const { headers } = response;
  const requestId = platform.random.guid();
  headers.set('cache-control', 'no-cache');
  headers.set('pragma', 'no-cache');
  headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
  headers.set('x-content-type-options', 'nosniff');
  headers.set('x-ms-request-id', requestId);
  headers.set('x-ms-correlation-request-id', request.headers.get('x-ms-correlation-request-id') ?? requestId);
  const stamp = new Date(platform.clock.now()).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  headers.set('x-ms-routing-request-id', `EMULATOR:${stamp}:${requestId}`);
  const clientId = request.headers.get('x-ms-client-request-id');
  if (clientId !== null) headers.set('x-ms-client-request-id', clientId);
  if (remaining !== null) {
    const kind = kindOf(method);
    headers.set(`x-ms-ratelimit-remaining-subscription-${kind}`, String(remaining));
    // The whole subscription has fifteen times as much as one principal (§6).
    headers.set(`x-ms-ratelimit-remaining-subscription-global-${kind}`, String(remaining * 15));
  }
  return response;
}
