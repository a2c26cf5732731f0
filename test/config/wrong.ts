/** Everything that can be wrong with a config: one row, one mistake. */

export const subscription = '11111111-2222-3333-4444-555555555555';

export function siteId(site: string): string {
  return `/subscriptions/${subscription}/resourceGroups/orders/providers/Microsoft.Web/sites/${site}`;
}

/** A config without a mistake, as a list of top-level blocks, so that a row can replace one. */
export const sound: Readonly<Record<string, string>> = {
  app: 'app: orders',
  package: 'package: ./app',
  fleet: `fleet:
  targets:
    - { name: weu, resourceId: ${siteId('orders-weu')}, labels: { ring: canary } }
    - { name: neu, resourceId: ${siteId('orders-neu')}, labels: { ring: broad } }
    - { name: eus, resourceId: ${siteId('orders-eus')}, labels: { ring: broad } }`,
};

export function writeYaml(blocks: Readonly<Record<string, string>>): string {
  return `${Object.values(blocks)
    .filter((block) => block !== '')
    .join('\n')}\n`;
}

export interface Wrong {
  readonly about: string;
  /** Replaces the blocks of the sound config that have the same names. */
  readonly blocks: Readonly<Record<string, string>>;
  readonly path: string;
  readonly message: RegExp;
  readonly found?: string | RegExp;
  readonly expected?: RegExp;
  readonly next?: RegExp;
}

function waves(...lines: readonly string[]): Readonly<Record<string, string>> {
  return { strategy: ['strategy:', '  waves:', ...lines.map((line) => `    - ${line}`)].join('\n') };
}

const strategy = (text: string) => ({ strategy: `strategy:\n  ${text}` });
const probes = (text: string) => ({ probes: `probes:\n  ${text}` });
const fleet = (...lines: readonly string[]) => ({
  fleet: ['fleet:', '  targets:', ...lines.map((line) => `    - ${line}`)].join('\n'),
});

const shape: readonly Wrong[] = [
  {
    about: 'no app',
    blocks: { app: '' },
    path: 'app',
    message: /is missing/,
    found: 'nothing',
    expected: /a name/,
  },
  {
    about: 'an app with a slash',
    blocks: { app: 'app: a/b' },
    path: 'app',
    message: /cannot be used/,
    found: '"a/b"',
  },
  { about: 'no package', blocks: { package: '' }, path: 'package', message: /is missing/ },
  {
    about: 'an empty package',
    blocks: { package: 'package: ""' },
    path: 'package',
    message: /out of range|cannot/,
    expected: /not empty/,
  },
  { about: 'no fleet', blocks: { fleet: '' }, path: 'fleet', message: /is missing/ },
  {
    about: 'a fleet that is a list',
    blocks: { fleet: 'fleet: []' },
    path: 'fleet',
    message: /right kind/,
    found: 'an empty list',
    expected: /mapping/,
  },
  {
    about: 'a fleet without targets',
    blocks: { fleet: 'fleet: {}' },
    path: 'fleet',
    message: /names no target/,
  },
  {
    about: 'an empty list of targets',
    blocks: { fleet: 'fleet: { targets: [] }' },
    path: 'fleet.targets',
    message: /out of range/,
    expected: /at least one target/,
  },
  {
    about: 'an unknown key at the top',
    blocks: { extra: 'stratgy: {}' },
    path: 'stratgy',
    message: /not a known key/,
    next: /Did you mean strategy\?/,
  },
  {
    about: 'a key of another section',
    blocks: { extra: 'bakeTime: 5m' },
    path: 'bakeTime',
    message: /not a known key/,
    next: /belongs under strategy\.waves\[\]/,
  },
  {
    about: 'a key with dashes',
    blocks: strategy('max-concurrency: 3'),
    path: 'strategy.max-concurrency',
    message: /not a known key/,
    next: /Did you mean maxConcurrency\?/,
  },
  {
    about: 'a number for a duration',
    blocks: strategy('progressDeadline: 90'),
    path: 'strategy.progressDeadline',
    message: /not a duration/,
    found: '90',
    next: /progressDeadline: 90s/,
  },
  {
    about: 'a duration in words',
    blocks: probes('interval: 10 seconds'),
    path: 'probes.interval',
    message: /not a duration/,
    expected: /90s/,
  },
  {
    about: 'an unknown word',
    blocks: strategy('regionPairs: never'),
    path: 'strategy.regionPairs',
    message: /known words/,
    expected: /never-together \| ignore/,
    next: /never-together\?/,
  },
  {
    about: 'a limit of nothing',
    blocks: strategy('maxConcurrency: 0'),
    path: 'strategy.maxConcurrency',
    message: /out of range/,
    found: '0',
    expected: /1 to 1000/,
  },
  {
    about: 'half a target',
    blocks: strategy('failureTolerance: 0.5'),
    path: 'strategy.failureTolerance',
    message: /right kind|out of range|cannot/,
    expected: /whole number/,
  },
  {
    about: 'a text for true',
    blocks: probes('requirePrivate: "no"'),
    path: 'probes.requirePrivate',
    message: /right kind/,
    expected: /true or false/,
  },
  {
    about: 'a check without a path',
    blocks: probes('checks: [{ name: x }]'),
    path: 'probes.checks[0].path',
    message: /is missing/,
  },
  {
    about: 'a check path without a slash',
    blocks: probes('checks: [{ name: x, path: api }]'),
    path: 'probes.checks[0].path',
    message: /cannot be used/,
    expected: /starts with "\/"/,
  },
  {
    about: 'a status that is none',
    blocks: probes('checks: [{ name: x, path: /, expect: { status: 2000 } }]'),
    path: 'probes.checks[0].expect.status',
    message: /out of range/,
  },
  {
    about: 'a number as setting',
    blocks: { extra: 'settings: { PORT: 8080 }' },
    path: 'settings.PORT',
    message: /right kind/,
    found: 'a number',
    next: /Quote it: PORT: "…"/,
  },
  {
    about: 'true as setting',
    blocks: { extra: 'settings: { ON: true }' },
    path: 'settings.ON',
    message: /right kind/,
    found: 'true or false without quotes',
    next: /Quote it/,
  },
  {
    about: 'a setting without a value',
    blocks: { extra: 'settings: { EMPTY: }' },
    path: 'settings.EMPTY',
    message: /no value/,
  },
  {
    about: 'a setting with a space in its name',
    blocks: { extra: 'settings: { "A B": "x" }' },
    path: 'settings."A B"',
    message: /cannot be used as a name/,
  },
  {
    about: 'a version as label',
    blocks: fleet(`{ name: a, resourceId: ${siteId('a')}, labels: { ring: 1 } }`),
    path: 'fleet.targets[0].labels.ring',
    message: /right kind/,
    next: /Quote it: ring: "1"/,
  },
];

const meaning: readonly Wrong[] = [
  {
    about: 'a resource ID of a slot',
    blocks: fleet(`{ name: a, resourceId: ${siteId('a')}/slots/staging }`),
    path: 'fleet.targets[0].resourceId',
    message: /cannot be used/,
    next: /slot:/,
  },
  {
    about: 'a resource ID with an ellipsis',
    blocks: fleet('{ name: a, resourceId: /subscriptions/…/sites/a }'),
    path: 'fleet.targets[0].resourceId',
    message: /cannot be used/,
    next: /real ID/,
  },
  {
    about: 'a resource ID of something else',
    blocks: fleet(
      `{ name: a, resourceId: /subscriptions/${subscription}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/s }`,
    ),
    path: 'fleet.targets[0].resourceId',
    message: /cannot be used/,
    expected: /Microsoft\.Web\/sites/,
  },
  {
    about: 'production as staging slot',
    blocks: fleet(`{ name: a, slot: Production, resourceId: ${siteId('a')} }`),
    path: 'fleet.targets[0].slot',
    message: /live slot/,
  },
  {
    about: 'production as discovered slot',
    blocks: { fleet: 'fleet: { discover: { tags: { a: b }, slot: production } }' },
    path: 'fleet.discover.slot',
    message: /live slot/,
  },
  {
    about: 'discovery without tags',
    blocks: { fleet: 'fleet: { discover: { tags: {} } }' },
    path: 'fleet.discover.tags',
    message: /cannot be used/,
    expected: /at least one tag/,
  },
  {
    about: 'two targets of one name',
    blocks: fleet(`{ name: a, resourceId: ${siteId('a')} }`, `{ name: A, resourceId: ${siteId('b')} }`),
    path: 'fleet.targets[1].name',
    message: /also the name of fleet\.targets\[0\]/,
  },
  {
    about: 'two targets that are one app',
    blocks: fleet(
      `{ name: a, resourceId: ${siteId('a')} }`,
      `{ name: b, resourceId: ${siteId('A')}, slot: other }`,
    ),
    path: 'fleet.targets[1].resourceId',
    message: /same function app/,
    expected: /one production/,
  },
  {
    about: 'a name taken from the site twice',
    blocks: fleet(`{ resourceId: ${siteId('a')} }`, `{ name: a, resourceId: ${siteId('b')} }`),
    path: 'fleet.targets[1].name',
    message: /also the name/,
  },
  {
    about: 'too high a percentage',
    blocks: waves('{ name: a, percent: 150 }', '{ name: rest }'),
    path: 'strategy.waves[0].percent',
    message: /out of range/,
    found: '150',
  },
  {
    about: 'a percentage with its sign',
    blocks: waves('{ name: a, percent: 50% }', '{ name: rest }'),
    path: 'strategy.waves[0].percent',
    message: /right kind/,
    next: /percent: 50$/,
  },
  {
    about: 'no percentage at all',
    blocks: waves('{ name: a, percent: 0 }', '{ name: rest }'),
    path: 'strategy.waves[0].percent',
    message: /out of range/,
  },
  {
    about: 'count and percent',
    blocks: waves('{ name: a, count: 1, percent: 10 }', '{ name: rest }'),
    path: 'strategy.waves[0].percent',
    message: /cannot stand beside count/,
  },
  {
    about: 'targets and match',
    blocks: waves('{ name: a, targets: [weu], match: { ring: canary } }', '{ name: rest }'),
    path: 'strategy.waves[0].match',
    message: /cannot stand beside targets/,
  },
  {
    about: 'an unknown target',
    blocks: waves('{ name: a, targets: [weuu] }', '{ name: rest }'),
    path: 'strategy.waves[0].targets[0]',
    message: /not the name of a target/,
    expected: /weu, neu, eus/,
    next: /weu\?/,
  },
  {
    about: 'an unknown label',
    blocks: waves('{ name: a, match: { rin: canary } }', '{ name: rest }'),
    path: 'strategy.waves[0].match.rin',
    message: /label that no target has/,
    next: /ring\?/,
  },
  {
    about: 'an unknown value of a label',
    blocks: waves('{ name: a, match: { ring: canari } }', '{ name: rest }'),
    path: 'strategy.waves[0].match.ring',
    message: /value of label "ring" that no target has/,
    next: /canary\?/,
  },
  {
    about: 'a wave after the rest',
    blocks: waves('{ name: rest }', '{ name: late, targets: [weu] }'),
    path: 'strategy.waves[1]',
    message: /after wave "rest"/,
  },
  {
    about: 'two waves of one name',
    blocks: waves('{ name: a, count: 1 }', '{ name: a }'),
    path: 'strategy.waves[1].name',
    message: /also the name of strategy\.waves\[0\]/,
  },
  {
    about: 'no wave for the rest',
    blocks: waves('{ name: a, match: { ring: canary } }'),
    path: 'strategy.waves',
    message: /leave out neu, eus/,
    next: /name: rest/,
  },
  {
    about: 'too small a share for all',
    blocks: waves('{ name: a, percent: 50 }'),
    path: 'strategy.waves',
    message: /leave out 2 of 3/,
  },
  {
    about: 'discovery without a wave for the rest',
    blocks: { fleet: 'fleet: { discover: { tags: { a: b } } }', ...waves('{ name: a, count: 5 }') },
    path: 'strategy.waves',
    message: /no wave for the rest/,
  },
  {
    about: 'no waves',
    blocks: strategy('waves: []'),
    path: 'strategy.waves',
    message: /out of range/,
    expected: /at least one wave/,
  },
  {
    about: 'a vantage that is not there yet',
    blocks: probes('vantage: { via: private-endpoint }'),
    path: 'probes.vantage.via',
    message: /not supported yet/,
    found: '"private-endpoint"',
  },
  {
    about: 'a demand that is not there yet',
    blocks: probes('requirePrivate: true'),
    path: 'probes.requirePrivate',
    message: /not supported yet/,
  },
  {
    about: 'a state that is not there yet',
    blocks: { extra: 'state: { blob: https://a.blob.core.windows.net/b }' },
    path: 'state.blob',
    message: /not supported yet/,
  },
  {
    about: 'a variable of the shell',
    blocks: { package: 'package: $' + '{BUILD_DIR}/app' },
    path: 'package',
    message: /not expanded/,
    found: '"$' + '{BUILD_DIR}"',
  },
  {
    about: 'a variable of Azure Pipelines',
    blocks: { package: 'package: $(Build.Path)/app' },
    path: 'package',
    message: /not expanded/,
  },
  {
    about: 'an expression of GitHub',
    blocks: { extra: 'settings: { A: "$' + '{{ secrets.A }}" }' },
    path: 'settings.A',
    message: /not expanded/,
    found: 'a reference to a variable',
  },
  {
    about: 'a check with a taken name',
    blocks: probes('checks: [{ name: host, path: / }]'),
    path: 'probes.checks[0].name',
    message: /is taken/,
  },
  {
    about: 'a deadline that cannot be met',
    blocks: probes('deadline: 20s'),
    path: 'probes.deadline',
    message: /ends before 3 healthy looks/,
    expected: /more than 20s/,
  },
  {
    about: 'no time at all',
    blocks: probes('timeout: 0s'),
    path: 'probes.timeout',
    message: /no time at all/,
  },
  {
    about: "slotwave's own setting",
    blocks: { extra: 'settings: { slotwave_release_id: "x" }' },
    path: 'settings.slotwave_release_id',
    message: /slotwave alone/,
  },
  {
    about: 'a key that stands twice',
    blocks: { extra: 'app: again' },
    path: '',
    message: /"app" stands twice/,
  },
];

export const wrongs: readonly Wrong[] = [...shape, ...meaning];
