/** What only the world file says of a slot and its plan, and nobody writes through ARM: identities, sizes. */
import type { Platform } from '../platform.ts';
import type { SlotDefinition, World } from '../world/schema.ts';
import type { Plan, Slot } from '../world/state.ts';

/** `identity` of the resource; nothing where there is none. A slot that was created since begins without one. */
export function identityOf(platform: Platform, slot: Slot): Record<string, unknown> {
  const { system, user } = definitionOf(platform.world, slot)?.identity ?? { system: false, user: [] };
  if (!system && user.length === 0) return {};
  const { subscription, resourceGroup } = slot.site;
  const group = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`;
  const { tenantId, objectId } = platform.identity;
  const type = [...(system ? ['SystemAssigned'] : []), ...(user.length > 0 ? ['UserAssigned'] : [])];
  return {
    identity: {
      type: type.join(', '),
      tenantId,
      ...(system ? { principalId: objectId } : {}),
      ...(user.length === 0
        ? {}
        : {
            userAssignedIdentities: Object.fromEntries(
              user.map((name) => [
                `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
                {},
              ]),
            ),
          }),
    },
  };
}

/** What the world file says of the plan, by the first site that names it. */
export function sizeOf(
  { world }: Platform,
  plan: Plan,
): { capacity: number; maximumElasticWorkerCount: number } {
  const definition = world.sites.find(
    ({ name, plan: named }) => (named.name ?? `${name}-plan`) === plan.name,
  );
  const { capacity = 1, maximumElasticWorkerCount = 20 } = definition?.plan ?? {};
  return { capacity, maximumElasticWorkerCount };
}

/** Undefined for a slot that was created since. */
export function definitionOf(
  world: World,
  { site, name }: Slot,
): SlotDefinition | World['sites'][number] | undefined {
  const definition = world.sites.find((each) => each.name.toLowerCase() === site.name.toLowerCase());
  if (name === 'production') return definition;
  return definition?.slots.find((each) => each.name.toLowerCase() === name.toLowerCase());
}
