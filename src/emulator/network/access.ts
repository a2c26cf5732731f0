/** Who may come in: public access, private endpoints, access restrictions (azure-platform.md §5). */
import { fieldOf } from '../incoming.ts';
import type { Slot } from '../world/state.ts';
import { type Caller, liesWithin } from './caller.ts';
import { page } from './pages.ts';

/** Null: come in. The same rules stand before an app and its SCM site, by lists of their own. */
export function checkAccess(slot: Slot, caller: Caller, door: 'app' | 'scm'): Response | null {
  const hasEndpoint = slot.privateEndpoints.length > 0;
  // What comes through a private endpoint is not held against the access restrictions (§5.1).
  if (caller.inside && slot.privateEndpoints.some(({ status }) => status === 'Approved')) return null;
  const isPublic =
    slot.publicNetworkAccess === 'Enabled' || (slot.publicNetworkAccess === null && !hasEndpoint);
  return isPublic && isAllowed(slot, caller, door) ? null : ipForbidden(caller);
}

function isAllowed(slot: Slot, caller: Caller, door: 'app' | 'scm'): boolean {
  const own = door === 'scm' && slot.config['scmIpSecurityRestrictionsUseMain'] !== true;
  const prefix = own ? 'scmIpSecurityRestrictions' : 'ipSecurityRestrictions';
  const rules = slot.config[prefix];
  const listed: readonly unknown[] = Array.isArray(rules) ? rules : [];
  const otherwise = slot.config[`${prefix}DefaultAction`] ?? (listed.length > 0 ? 'Deny' : 'Allow');
  const found = [...listed]
    .sort((one, other) => priorityOf(one) - priorityOf(other))
    .find((rule) => matches(rule, caller));
  const action = found === undefined ? otherwise : (fieldOf(found, 'action') ?? 'Allow');
  return String(action).toLowerCase() === 'allow';
}

function priorityOf(rule: unknown): number {
  const priority = fieldOf(rule, 'priority');
  return typeof priority === 'number' ? priority : 65_000;
}

/** Service tags are nobody here; a rule for a subnet is for whoever is inside. */
function matches(rule: unknown, { address, inside }: Caller): boolean {
  if (fieldOf(rule, 'vnetSubnetResourceId')) return inside;
  const range = fieldOf(rule, 'ipAddress');
  if (typeof range !== 'string' || String(fieldOf(rule, 'tag') ?? 'Default') === 'ServiceTag') return false;
  if (range.toLowerCase() === 'any') return true;
  return address !== null && liesWithin(address, [range]);
}

/** By the reason phrase and the page this is told from every other 403 (§5.2). */
function ipForbidden({ address }: Caller): Response {
  const answer = page(
    403,
    'Ip Forbidden',
    'Error 403 - Forbidden',
    'The web app you have attempted to reach has blocked your access.',
  );
  answer.headers.set('x-ms-forbidden-ip', address ?? '203.0.113.1');
  return answer;
}
