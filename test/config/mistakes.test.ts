import { describe, expect, it } from '@jest/globals';
import { problemsOf, siteId, sound, waves, writeYaml } from './wrong.ts';
import { wrongMeanings } from './wrong-meaning.ts';
import { wrongShapes } from './wrong-shape.ts';

describe('each mistake by itself', () => {
  it.each([...wrongShapes, ...wrongMeanings].map((wrong) => [wrong.about, wrong] as const))(
    '%s',
    (_, wrong) => {
      const problems = problemsOf(writeYaml({ ...sound, ...wrong.blocks }));
      expect(problems).toHaveLength(1);
      const [problem] = problems;
      expect(problem?.path ?? '').toBe(wrong.path);
      expect(problem?.message).toMatch(wrong.message);
      if (wrong.found !== undefined) expect(problem?.found).toEqual(wrong.found);
      if (wrong.expected) expect(problem?.expected).toMatch(wrong.expected);
      if (wrong.next) expect(problem?.next).toMatch(wrong.next);
      expect(problem?.file).toBe('/repo/slotwave.yml');
      expect(problem?.line).toBeGreaterThan(0);
      expect(problem?.column).toBeGreaterThan(0);
    },
  );
});

describe('what is told', () => {
  it('names a target once, however often it is in the fleet', () => {
    const twice = `fleet:\n  targets:\n${['a', 'b'].map((site) => `    - { name: weu, resourceId: ${siteId(site)} }\n`).join('')}`;
    const problems = problemsOf(
      writeYaml({ ...sound, fleet: twice, ...waves('{ name: a, targets: [nowhere] }', '{ name: rest }') }),
    );
    const [unknown] = problems.filter(({ path }) => path === 'strategy.waves[0].targets[0]');
    expect(unknown?.expected).toBe('one of weu');
  });

  it.each(['app: [\n  b: {\n', 'a: {b: 1\n c: [}\n', 'a: "\\q \\q"\n'])(
    'says one slip of the YAML once for each line: %j',
    (text) => {
      const told = problemsOf(text).map(({ line, message }) => `${line} ${message}`);
      expect(told.length).toBeGreaterThan(0);
      expect(told).toEqual([...new Set(told)]);
    },
  );
});

const manyMistakes = `app: or/ders
app: orders
fleet:
  targts: []
  targets:
    - { name: weu, resourceId: ${siteId('orders-weu')}, slot: production, labels: { ring: canary } }
    - { name: WEU, resourceId: ${siteId('orders-weu')} }
    - { name: neu, resourceId: /subscriptions/x }
    - { name: eus, resourceId: ${siteId('orders-eus')}, labels: { ring: 2 } }
strategy:
  maxConcurrency: none
  regionPairs: always
  waves:
    - { name: canary, match: { rin: canary }, bakeTime: 10 }
    - { name: half, count: 2, percent: 150 }
    - { name: rest }
    - { name: rest, targets: [nope] }
  failureTolerance: -1
probes:
  vantage: { via: proxy }
  requirePrivate: false
  checks:
    - { name: release, path: health }
  interval: fast
settings:
  SECRET_ONE: 12345678
  SECRET_TWO: "hunter2-$\{TOKEN}"
  "BAD NAME": "hunter3"
state: { blob: https://a.blob.core.windows.net/b }
stratgy: {}
`.replaceAll('\\{', '{');

describe('a file full of mistakes', () => {
  const problems = problemsOf(manyMistakes);

  it('has all of them told at once, in the order of the file', () => {
    expect(
      problems.map(({ line, path, message }) => `${line} ${path ?? '-'}: ${message}`),
    ).toMatchInlineSnapshot(`
[
  "1 package: is missing",
  "2 -: the key "app" stands twice in this mapping",
  "4 fleet.targts: is not a known key",
  "6 fleet.targets[0].slot: is the live slot; a release must be staged beside it",
  "7 fleet.targets[1].name: is also the name of fleet.targets[0]",
  "7 fleet.targets[1].resourceId: is the same function app as fleet.targets[0]",
  "8 fleet.targets[2].resourceId: cannot be used like this",
  "9 fleet.targets[3].labels.ring: is not of the right kind",
  "11 strategy.maxConcurrency: is not of the right kind",
  "12 strategy.regionPairs: is not one of the known words",
  "14 strategy.waves[0].match.rin: is a label that no target has",
  "14 strategy.waves[0].bakeTime: is not a duration",
  "15 strategy.waves[1].percent: cannot stand beside count in one wave",
  "15 strategy.waves[1].percent: is out of range",
  "17 strategy.waves[3]: comes after wave "rest", which takes all the rest, and would be empty",
  "17 strategy.waves[3].name: is also the name of strategy.waves[2]",
  "17 strategy.waves[3].targets[0]: is not the name of a target",
  "18 strategy.failureTolerance: is out of range",
  "20 probes.vantage: needs proxy with via: proxy",
  "23 probes.checks[0].name: is taken",
  "23 probes.checks[0].path: cannot be used like this",
  "24 probes.interval: is not a duration",
  "26 settings.SECRET_ONE: is not of the right kind",
  "27 settings.SECRET_TWO: refers to a variable, and variables are not expanded here",
  "28 settings."BAD NAME": cannot be used as a name here",
  "29 state.blob: is not supported yet",
  "30 stratgy: is not a known key",
]
`);
    expect(problems.length).toBeGreaterThanOrEqual(24);
  });

  it('never shows the value of a setting', () => {
    expect(JSON.stringify(problems)).not.toMatch(/12345678|hunter|TOKEN/);
  });

  it('points at the line on which the mistake stands', () => {
    const lines = manyMistakes.split('\n');
    for (const problem of problems) {
      const word = /([\w-]+|"[^"]+")(?:\[\d+\])*$/.exec(problem.path ?? '')?.[1]?.replaceAll('"', '');
      if (!word || problem.path === 'package') continue;
      const near = lines.slice(Math.max(0, (problem.line ?? 0) - 2), problem.line).join('\n');
      expect(near).toContain(word === 'waves' ? 'name' : word);
    }
  });
});
