/** Resource groups, and resources of any kind by a filter: how older tools find an app by its name. */
import { shortRegion } from '../world/regions.ts';
import { frontDoorError, json, list } from './answer.ts';
import { type ArmCall, is } from './call.ts';
import { nameOf, shapePlan, shapeSite } from './shapes.ts';

/** `/subscriptions/{s}[/resourceGroups/{g}]/resources?$filter=…`; null when the path asks for something else. */
export function listResources({ platform, segments, method, incoming }: ArmCall): Response | null {
  if (!is(segments.at(-1), 'resources') || method !== 'GET') return null;
  const group = is(segments[2], 'resourceGroups') && segments.length === 5 ? segments[3]! : null;
  if (group === null && segments.length !== 3) return null;
  const apps = [...platform.sites.values()].flatMap((site) =>
    [site.production, ...site.slots.values()].map(
      (slot): Resource => ({
        ...shapeSite(platform, slot),
        name: nameOf(slot),
      }),
    ),
  );
  const plans = [...platform.plans.values()].map((plan) => shapePlan(platform, plan));
  const start = `/subscriptions/${segments[1]}/${group === null ? '' : `resourceGroups/${group}/`}`;
  const matches = readFilter(incoming.url.searchParams.get('$filter') ?? '');
  if (!matches) return frontDoorError(400, 'InvalidFilterInQueryString', 'The $filter is not understood.');
  const found = [...apps, ...plans].filter(
    (one) => String(one['id']).toLowerCase().startsWith(start.toLowerCase()) && matches(one),
  );
  return list(found.map(({ properties: _, ...outline }) => outline));
}

type Resource = Readonly<Record<string, unknown>>;

/** `resourceType EQ 'x' and name EQ 'y'`, with `or`, `tagName` and `tagValue`; null for anything else. */
function readFilter(filter: string): ((resource: Resource) => boolean) | null {
  if (filter.trim() === '') return () => true;
  const choices = filter.split(/\s+or\s+/i).map(readTerms);
  if (choices.includes(null)) return null;
  return (resource) => choices.some((terms) => terms!.every((term) => term(resource)));
}

function readTerms(text: string): readonly ((resource: Resource) => boolean)[] | null {
  const terms = text.split(/\s+and\s+/i).map((term) => {
    const parts =
      /^\(?\s*(resourceType|name|resourceGroup|tagName|tagValue|location)\s+eq\s+'([^']*)'\s*\)?$/i.exec(
        term.trim(),
      );
    if (!parts) return null;
    const [, field = '', value = ''] = parts;
    return (resource: Resource) => hasField(resource, field.toLowerCase(), value);
  });
  return terms.includes(null) ? null : (terms as readonly ((resource: Resource) => boolean)[]);
}

function hasField(resource: Resource, field: string, value: string): boolean {
  const tags = Object.entries((resource['tags'] ?? {}) as Readonly<Record<string, string>>);
  switch (field) {
    case 'resourcetype':
      return is(String(resource['type']), value);
    case 'tagname':
      return tags.some(([name]) => is(name, value));
    case 'tagvalue':
      return tags.some(([, text]) => text === value);
    case 'resourcegroup':
      return is(String(resource['id']).split('/')[4], value);
    case 'location':
      return shortRegion(String(resource['location'])) === shortRegion(value);
    default:
      return is(String(resource['name']), value);
  }
}

/** `resourceGroups[/{g}]`: tools ask whether a group is there. Null when the path asks for something else. */
export function answerGroups({ platform, segments, method }: ArmCall): Response | null {
  if (!is(segments[2], 'resourceGroups') || segments.length > 4 || method !== 'GET') return null;
  const sites = [...platform.sites.values()].filter((site) => is(site.subscription, segments[1]!));
  const names = [...new Set([platform.world.resourceGroup, ...sites.map((site) => site.resourceGroup)])];
  const shape = (name: string) => ({
    id: `/subscriptions/${segments[1]}/resourceGroups/${name}`,
    name,
    type: 'Microsoft.Resources/resourceGroups',
    location: shortRegion(sites.find((site) => is(site.resourceGroup, name))?.region ?? 'westeurope'),
    properties: { provisioningState: 'Succeeded' },
  });
  const asked = segments[3];
  if (asked === undefined) return list(names.map(shape));
  const known = names.find((name) => is(name, asked));
  return known === undefined
    ? frontDoorError(404, 'ResourceGroupNotFound', `Resource group '${asked}' could not be found.`)
    : json(200, shape(known));
}
