/** What the world file says around one app: its hybrid connections, the caller's rights on it. */
import { json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { definitionOf } from './defined.ts';
import { idOf, typeOf } from './shapes.ts';

/** The OpenAPI promises one connection; Azure answers with a list of them. */
export function listHybridConnections({ platform, slot }: AppCall): Response {
  const names = definitionOf(platform.world, slot)?.hybridConnections ?? [];
  return json(200, {
    value: names.map((name) => ({
      id: `${idOf(slot)}/hybridConnectionNamespaces/${name}/relays/${name}`,
      name,
      type: `${typeOf(slot)}/hybridConnectionRelays`,
      properties: { serviceBusNamespace: name, relayName: name, hostname: name, port: 443 },
    })),
  });
}

/** What `identity.deny` leaves: one grant of everything, without what is denied here or above. */
export function listPermissions({ platform, slot }: AppCall): Response {
  const scope = idOf(slot).toLowerCase();
  const notActions = platform.world.identity.deny.flatMap((rule) => {
    if (typeof rule === 'string') return rule;
    const above = (rule.scope ?? '').toLowerCase().replace(/\/$/, '');
    return above === '' || scope === above || scope.startsWith(`${above}/`) ? rule.action : [];
  });
  return list([{ actions: ['*'], notActions, dataActions: [], notDataActions: [] }]);
}
