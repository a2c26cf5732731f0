/** One config file with a mistake of another kind on nearly every line; each line says what must be told of it. */
import { resourceId } from './place.ts';

interface Line {
  readonly yaml: string;
  /** The path that the problem is told at, and words of its text; lines without are sound. */
  readonly told?: readonly [path: string, text: RegExp];
}

const lines: readonly Line[] = [
  { yaml: 'app: or/ders', told: ['app', /cannot be used/] },
  { yaml: 'package: ./other' },
  { yaml: 'package: ./app', told: ['', /stands twice/] },
  { yaml: 'fleet:' },
  { yaml: '  targts: []', told: ['fleet.targts', /Did you mean targets\?/] },
  { yaml: '  targets:' },
  { yaml: `    - { name: weu, resourceId: ${resourceId('weu')}, labels: { ring: canary } }` },
  {
    yaml: `    - { name: weu, resourceId: ${resourceId('eus')} }`,
    told: ['fleet.targets[1].name', /also the name/],
  },
  {
    yaml: `    - { name: sea, resourceId: ${resourceId('weu')} }`,
    told: ['fleet.targets[2].resourceId', /same function app/],
  },
  { yaml: '    - { name: neu, resourceId: /subscriptions/x }', told: ['fleet.targets[3].resourceId', /./] },
  {
    yaml: `    - { name: live, resourceId: ${resourceId('busy')}, slot: production }`,
    told: ['fleet.targets[4].slot', /live slot/],
  },
  { yaml: `    - { name: none }`, told: ['fleet.targets[5].resourceId', /is missing/] },
  { yaml: 'strategy:' },
  { yaml: '  maxConcurrency: none', told: ['strategy.maxConcurrency', /expected/] },
  { yaml: '  regionPairs: always', told: ['strategy.regionPairs', /known words/] },
  { yaml: '  failureTolerance: -1', told: ['strategy.failureTolerance', /range/] },
  { yaml: '  progressDeadline: 30', told: ['strategy.progressDeadline', /duration/] },
  { yaml: '  onFailure: { action: pray }', told: ['strategy.onFailure.action', /known words/] },
  { yaml: '  waves:' },
  {
    yaml: '    - { name: canary, match: { rin: canary } }',
    told: ['strategy.waves[0].match.rin', /no target has/],
  },
  { yaml: '    - { name: half, percent: 150 }', told: ['strategy.waves[1].percent', /range/] },
  { yaml: '    - { name: half, targets: [weu] }', told: ['strategy.waves[2].name', /also the name/] },
  {
    yaml: '    - { name: more, targets: [nope] }',
    told: ['strategy.waves[3].targets[0]', /not the name of a target/],
  },
  { yaml: '    - { name: rest }' },
  { yaml: 'probes:' },
  { yaml: '  vantage: { via: telescope }', told: ['probes.vantage.via', /known words/] },
  { yaml: '  checks:' },
  { yaml: '    - { name: health, path: health }', told: ['probes.checks[0].path', /expected/] },
  { yaml: '    - { name: h2, path: /h, method: BREW }', told: ['probes.checks[1].method', /known words/] },
  { yaml: '  interval: fast', told: ['probes.interval', /duration/] },
  { yaml: 'settings:' },
  { yaml: '  NUMBER: 12345678', told: ['settings.NUMBER', /right kind/] },
  { yaml: '  VARIABLE: "hunter2-${TOKEN}"', told: ['settings.VARIABLE', /not expanded/] },
  { yaml: 'stratgy: {}', told: ['stratgy', /Did you mean strategy\?/] },
];

export const twentyMistakes = `${lines.map(({ yaml }) => yaml).join('\n')}\n`;

/** What must stand on standard error, a problem a line, in the order of the file. */
export const expectedProblems = lines.flatMap(({ told }, index) => {
  if (!told) return [];
  const [path, text] = told;
  return [{ head: ` bad.yml:${index + 1}:`, path, text }];
});
