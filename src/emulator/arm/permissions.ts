/** Who may do what: actions as Azure's roles name them, and locks (azure-platform.md §2.10, §3.4). */
import { matchesGlob } from '../faults/match.ts';
import type { Platform } from '../platform.ts';
import { frontDoorError } from './answer.ts';
import { is } from './call.ts';

export interface Deed {
  /** `Microsoft.Web/sites/slots/slotsswap/action` */
  readonly action: string;
  readonly scope: string;
}

/** 403 for what the identity may not do, 409 for what a lock forbids; null: go on. */
export function checkPermission(
  platform: Platform,
  method: string,
  segments: readonly string[],
): Response | null {
  const { locks, identity } = platform.world;
  // Nearly every world: nothing is denied, nothing is locked.
  if (identity.deny.length === 0 && locks.length === 0) return null;
  const deed = readDeed(method, segments);
  return checkDeed(platform, deed) ?? checkLocks(platform, method, deed.scope);
}

/** The same for a deed that is not an ARM request: publishing by a token. */
export function checkDeed(platform: Platform, { action, scope }: Deed): Response | null {
  const isDenied = platform.world.identity.deny.some((rule) =>
    typeof rule === 'string'
      ? matchesGlob(rule, action)
      : matchesGlob(rule.action, action) && isBelow(scope, rule.scope ?? ''),
  );
  if (!isDenied) return null;
  const { clientId, objectId } = platform.identity;
  const message = `The client '${clientId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
  return frontDoorError(403, 'AuthorizationFailed', message);
}

function checkLocks(platform: Platform, method: string, scope: string): Response | null {
  if (method === 'GET' || method === 'HEAD') return null;
  const isDeletion = method === 'DELETE';
  const lock = platform.world.locks.find(
    (one) => (isDeletion || one.level === 'ReadOnly') && isBelow(scope, one.scope),
  );
  if (!lock) return null;
  const deed = isDeletion ? 'delete' : 'write';
  const message = `The scope '${scope}' cannot perform ${deed} operation because following scope(s) are locked: '${lock.scope}'. Please remove the lock and try again.`;
  return frontDoorError(409, 'ScopeLocked', message);
}

/**
 * Types and names alternate in a path; what is left over is an action, or a list that is read. Where one provider
 * extends another's resource (`…/sites/x/providers/Microsoft.Authorization/permissions`), the action is the last one's.
 */
export function readDeed(method: string, segments: readonly string[]): Deed {
  const at = segments.findLastIndex((segment) => is(segment, 'providers'));
  const provider = at < 0 ? 'Microsoft.Resources' : (segments[at + 1] ?? '');
  const rest = at < 0 ? segments : segments.slice(at + 2);
  const types = rest.filter((_, index) => index % 2 === 0);
  const isLeftOver = rest.length % 2 === 1;
  const scoped = isLeftOver ? segments.slice(0, -1) : segments;
  const verb = verbOf(method);
  const named = verb === 'action' && !isLeftOver ? [...types, rest.at(-1)!] : types;
  return { action: [provider, ...named, verb].join('/'), scope: `/${scoped.join('/')}` };
}

function verbOf(method: string): 'read' | 'write' | 'delete' | 'action' {
  if (method === 'GET' || method === 'HEAD') return 'read';
  if (method === 'DELETE') return 'delete';
  return method === 'POST' ? 'action' : 'write';
}

function isBelow(scope: string, above: string): boolean {
  const [low, high] = [scope.toLowerCase(), above.toLowerCase().replace(/\/$/, '')];
  return low === high || low.startsWith(`${high}/`) || high === '';
}
