/** Finding the fleet by tags: Resource Graph, which is good for finding and for nothing else (§1.5: it lags). */
import { DefectError, InputError, RefusalError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { isObject, parseObject, stringOf } from './server-text.ts';
import { sitePath } from './site-client.ts';

const pageRows = 1000;
const pageLimit = 20;

/**
 * Sites only, never slots; each is read again through ARM by the survey. The tags of a site are the labels of
 * its target. In order of resource id.
 *
 * @throws InputError `nothing-discovered` when no site carries the tags.
 */
export async function discoverTargets(
  arm: Arm,
  tags: Readonly<Record<string, string>>,
  slot: string,
): Promise<readonly Target[]> {
  const query = fleetQuery(tags);
  const rows: Readonly<Record<string, unknown>>[] = [];
  let skipToken: string | null = null;
  for (let pages = 1; ; pages++) {
    const page = await readPage(arm, query, skipToken);
    rows.push(...page.rows);
    skipToken = page.skipToken;
    if (skipToken === null) break;
    if (pages >= pageLimit)
      throw new RefusalError(`More than ${pageLimit * pageRows} sites carry these tags.`, {
        code: 'too-many-discovered',
        where: 'fleet.discover',
      });
  }
  const targets = unique(rows.map((row) => asTarget(row, slot)));
  if (targets.length === 0) {
    throw new InputError(`No function app carries the tags ${sayTags(tags)}.`, {
      code: 'nothing-discovered',
      where: 'fleet.discover.tags',
      next: 'Compare with the tags in the portal; a new tag takes up to a minute to be found, and apps without a role for this identity are never found.',
    });
  }
  return targets;
}

/** What changes while pages are turned may stand on two of them. */
function unique(targets: readonly Target[]): readonly Target[] {
  return [...new Map(targets.map((target) => [sitePath(target).toLowerCase(), target])).values()];
}

/** Kusto strings are quoted with `'`; a backslash and a quote are escaped in them by a backslash. */
export function fleetQuery(tags: Readonly<Record<string, string>>): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
  return [
    'resources',
    "| where type =~ 'microsoft.web/sites'",
    "| where kind contains 'functionapp' and kind !contains 'workflowapp'",
    ...Object.entries(tags).map(([name, value]) => `| where tags[${quote(name)}] =~ ${quote(value)}`),
    '| project id, name, resourceGroup, subscriptionId, tags',
    '| order by id asc',
  ].join('\n');
}

interface Page {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly skipToken: string | null;
}

async function readPage(arm: Arm, query: string, skipToken: string | null): Promise<Page> {
  const about = { what: 'ask Resource Graph for the fleet', where: 'fleet.discover' };
  const options = {
    $top: pageRows,
    resultFormat: 'objectArray',
    ...(skipToken === null ? {} : { $skipToken: skipToken }),
  };
  const { headers, body } = await arm.read(tenantWide, about, () => {
    const url = '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01';
    return arm.send(tenantWide, { method: 'POST', url, body: { query, options } });
  });
  if (headers['x-ms-tenant-subscription-limit-hit']?.toLowerCase() === 'true') {
    throw new RefusalError('This identity sees more subscriptions than Resource Graph searches at once.', {
      code: 'graph-answer-cut',
      where: about.where,
      next: 'List the targets under fleet.targets, or use an identity with roles on fewer subscriptions.',
    });
  }
  const answer = parseObject(body);
  const data = answer?.['data'];
  if (!Array.isArray(data)) {
    throw new DefectError('Resource Graph answered without rows.', {
      code: 'graph-answer-odd',
      where: about.where,
    });
  }
  const next = stringOf(answer?.['$skipToken']);
  if (next === null && answer?.['resultTruncated'] === 'true') {
    throw new RefusalError('Resource Graph cut its answer and does not say how to go on.', {
      code: 'graph-answer-cut',
      where: 'fleet.discover',
    });
  }
  return { rows: data.filter(isObject), skipToken: next };
}

/** Resource Graph has no subscription in its path; the pipeline it goes through is one of its own. */
const tenantWide = '00000000-0000-0000-0000-000000000000';

function asTarget(row: Readonly<Record<string, unknown>>, slot: string): Target {
  const id = stringOf(row['id']) ?? '';
  const match =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Web\/sites\/([^/]+)$/i.exec(
      id,
    );
  const [, subscriptionId, resourceGroup, site] = match ?? [];
  if (!subscriptionId || !resourceGroup || !site)
    throw new DefectError(`Resource Graph told of a site whose id is "${id}".`, {
      code: 'graph-answer-odd',
      where: 'fleet.discover',
    });
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(isObject(row['tags']) ? row['tags'] : {}))
    labels[name] = String(value);
  return { name: site, subscriptionId, resourceGroup, site, slot, labels };
}

function sayTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
