/** Values replaced by others of the same kind: what a schema can tell apart stays apart, what is secret goes. */

/** Names whose strings are never written down, whatever they look like. */
const hiddenName =
  /value|secret|password|pwd|key|token|(name|host|id|parameter|sas|message|user|description|author|path)s?$/i;

/** Names whose words say of which kind a thing is, even among secrets. */
const kindName = /^(type|kind|state|protocol|status|convention|unauthenticatedClientAction)$/i;

/** Whether all of a body is somebody's secret: then only words that say of which kind a thing is stay. */
export type Discretion = 'open' | 'secret';

/**
 * The JSON of a value with its leaves replaced. Equal kinds give equal text: objects keep the order of their fields,
 * lists have each kind of element once, in alphabetical order.
 */
export function replaceLeaves(value: unknown, discretion: Discretion, name = ''): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return String(replaceNumber(value));
  if (typeof value === 'string') return JSON.stringify(replaceText(value, isHidden(name, discretion)));
  if (Array.isArray(value)) return replaceElements(value, discretion, name);
  if (typeof value !== 'object' || value === undefined) return 'null';
  const fields = Object.entries(value).map(
    ([field, inner]) => `${JSON.stringify(field)}:${replaceLeaves(inner, discretion, field)}`,
  );
  return `{${fields.join(',')}}`;
}

function replaceElements(elements: readonly unknown[], discretion: Discretion, name: string): string {
  const kinds = new Set<string>();
  for (const element of elements) kinds.add(replaceLeaves(element, discretion, name));
  return `[${[...kinds].sort().join(',')}]`;
}

/** A map whose names are somebody's own: names go as well, and each kind of value stays once. */
export function replaceMap(map: object): string {
  const kinds = new Set<string>();
  for (const value of Object.values(map)) kinds.add(replaceLeaves(value, 'secret'));
  return `{${[...kinds]
    .sort()
    .map((kind, index) => `"name${index + 1}":${kind}`)
    .join(',')}}`;
}

function isHidden(name: string, discretion: Discretion): boolean {
  return discretion === 'secret' ? !kindName.test(name) : hiddenName.test(name);
}

/** Of the same sign, of the same width, on the same side of the limits that the OpenAPI of Microsoft.Web knows. */
function replaceNumber(value: number): number {
  if (!Number.isInteger(value)) return value < 0 ? -0.5 : 0.5;
  if (value < 0) return value < -(2 ** 31) ? -(2 ** 40) : -1;
  if (value < 2) return value;
  const limits = [10, 20, 100, 2 ** 31 - 1];
  return limits.find((limit) => value <= limit) ?? 2 ** 40;
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;
const word = /^([A-Za-z][A-Za-z0-9]{0,31}(, |[./])?){1,3}$/;

function replaceText(text: string, hidden: boolean): string {
  if (text === '') return '';
  if (guid.test(text)) return '00000000-0000-4000-8000-000000000000';
  const zone = time.exec(text);
  if (zone) return `2025-01-01T00:00:00${zone[2] === undefined ? '' : 'Z'}`;
  if (/^\/subscriptions\//i.test(text)) return replacePath(text);
  if (/^https?:\/\/[^/]/i.test(text)) return 'https://host.example/path';
  if (/^\d+(\.\d+)*$/.test(text)) return text.length < 4 && !hidden ? text : '1';
  return !hidden && word.test(text) ? text : 'text';
}

/** Segments of a path after which somebody's own name or id comes, and what stands for it. */
const owned: Readonly<Record<string, string>> = {
  subscriptions: '00000000-0000-4000-8000-000000000000',
  resourcegroups: 'group',
  sites: 'app',
  slots: 'slot',
  serverfarms: 'plan',
  functions: 'function',
  deployments: 'id',
  deploymentstatus: 'id',
  operationresults: 'id',
  instances: 'id',
  hostnamebindings: 'name',
  slotsdiffs: 'name',
  privateendpointconnections: 'name',
  virtualnetworkconnections: 'name',
  locations: 'region',
  appsettings: 'name',
};

/** The path with names and ids replaced; its words stay as they were written. */
export function replacePath(path: string): string {
  const segments = path.split('/');
  const proxied = segments.findIndex((segment) => segment.toLowerCase() === 'hostruntime');
  const known = proxied < 0 ? segments : [...segments.slice(0, proxied + 1), 'path'];
  return known
    .map((segment, index) => {
      const before = known[index - 1]?.toLowerCase() ?? '';
      if (segment === '' || !Object.hasOwn(owned, before)) return segment;
      // `config/appsettings/list` is all of them; only among the references a single one has a name.
      const isList = before === 'appsettings' && known[index - 2]?.toLowerCase() !== 'configreferences';
      return isList ? segment : owned[before]!;
    })
    .join('/');
}
