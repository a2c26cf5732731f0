import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TargetFacts } from '../../src/plan/fleet.ts';
import { describeFleetChanges, digestFleet } from '../../src/plan/fleet-digest.ts';
import { planRollout } from '../../src/plan/plan.ts';
import { newRelease, planRequest, slotFacts, strategy, targetFacts } from './fleet-facts.ts';

const names = ['a', 'b', 'c', 'd'];
const fleet = names.map((name) => targetFacts(name));

describe('a plan', () => {
  it('promotes every target that runs something else, in its wave', () => {
    const plan = planRollout(planRequest(fleet));
    expect(plan.waves.map((wave) => [wave.name, wave.targets])).toEqual([
      ['canary', ['a']],
      ['half', ['b', 'c']],
      ['rest', ['d']],
    ]);
    expect(plan.targets.map(({ action, wave }) => [action, wave])).toEqual([
      ['promote', 'canary'],
      ['promote', 'half'],
      ['promote', 'half'],
      ['promote', 'rest'],
    ]);
    expect(plan).toMatchObject({
      version: 1,
      createdAt: '2026-01-02T03:04:05.000Z',
      settingNames: ['ORDERS_VERSION'],
      configDigest: 'c0ffee',
      fleetDigest: digestFleet({ targets: fleet }),
    });
  });

  it('holds no value of a setting', () => {
    expect(JSON.stringify(planRollout(planRequest(fleet)))).not.toContain('must-not-be-shown');
  });

  const live = slotFacts({ releaseId: newRelease });
  it.each<readonly [string, Partial<TargetFacts>, 'promote' | 'leave', RegExp]>([
    [
      'runs this content with its settings',
      { production: live },
      'leave',
      /already runs this content with these/,
    ],
    [
      'runs this content with other settings',
      { production: live, settingsInPlace: false },
      'promote',
      /settings are not/,
    ],
    ['runs other content', {}, 'promote', /other content/],
    ['carries no stamp', { production: slotFacts({ releaseId: null }) }, 'promote', /no release stamp/],
  ])('for a target that %s', (_, changes, action, why) => {
    const [planned] = planRollout(planRequest([targetFacts('a', changes)])).targets;
    expect(planned).toMatchObject({
      action,
      wave: action === 'leave' ? null : 'canary',
      why: expect.stringMatching(why),
    });
  });

  it('promotes again where that is asked for', () => {
    const request = planRequest([targetFacts('a', { production: live })]);
    expect(planRollout({ ...request, force: true }).targets[0]).toMatchObject({
      action: 'promote',
      wave: 'canary',
    });
  });

  it('leaves the other targets in their waves when some are done, and has no empty waves', () => {
    const done = targetFacts('a', { production: live });
    const plan = planRollout(planRequest([done, ...fleet.slice(1)]));
    expect(plan.waves.map((wave) => [wave.name, wave.targets])).toEqual([
      ['half', ['b', 'c']],
      ['rest', ['d']],
    ]);
    expect(plan.targets[0]).toMatchObject({ action: 'leave', wave: null });
  });

  it('takes targets in the order of the file, then what was discovered by name', () => {
    const request = planRequest([...fleet].reverse(), { targets: [{ name: 'c' }, { name: 'b' }] });
    expect(planRollout(request).targets.map(({ facts }) => facts.target.name)).toEqual(['c', 'b', 'a', 'd']);
  });

  it('of an empty fleet is empty: preflight refuses it', () => {
    expect(planRollout(planRequest([]))).toMatchObject({ waves: [], targets: [] });
  });

  it('is refused when its waves do not fit what was discovered, with every problem', () => {
    const waves = [
      { name: 'x', targets: ['a', 'nobody'], bakeTimeMs: 0 },
      { name: 'y', match: { ring: 'canary' }, bakeTimeMs: 0 },
    ];
    expect(() => planRollout(planRequest(fleet, { strategy: { ...strategy, waves } }))).toThrow(
      expect.objectContaining({
        code: 'waves-do-not-fit',
        problems: [
          expect.objectContaining({ path: 'strategy.waves[0].targets', found: '"nobody"' }),
          expect.objectContaining({ path: 'strategy.waves[1].match', found: '{"ring":"canary"}' }),
          ...['b', 'c', 'd'].map((name) =>
            expect.objectContaining({ message: `no wave takes the target ${name}` }),
          ),
        ],
      }),
    );
  });
});

const changes: readonly (readonly [string, Partial<TargetFacts>, RegExp])[] = [
  ['another release live', { production: slotFacts({ releaseId: 'x' }) }, /production runs x, and r7k2m9/],
  [
    'another release beside',
    { staging: slotFacts({ releaseId: 'x' }) },
    /the staging slot runs x, and nothing when planned/,
  ],
  ['no slot any more', { staging: null }, /the staging slot no longer exists/],
  [
    'a stopped slot',
    { staging: slotFacts({ releaseId: null, state: 'Stopped' }) },
    /staging slot has the state Stopped/,
  ],
  ['a new host', { production: slotFacts({ hostName: 'h' }) }, /production has the host name h/],
  ['a new SCM host', { production: slotFacts({ scmHostName: null }) }, /SCM host name nothing/],
  [
    'auto swap',
    { staging: slotFacts({ releaseId: null, autoSwapSlot: 'production' }) },
    /swaps by itself into production/,
  ],
  [
    'a change of the slot',
    { staging: slotFacts({ releaseId: null, lastModified: 't' }) },
    /was last modified at t/,
  ],
  [
    'a new setting',
    { production: slotFacts({ settingNames: ['AzureWebJobsStorage', 'SLOTWAVE_RELEASE_ID', 'N'] }) },
    /settings of production were added: N/,
  ],
  [
    'a setting less',
    { production: slotFacts({ settingNames: ['AzureWebJobsStorage'] }) },
    /were removed: SLOTWAVE_RELEASE_ID/,
  ],
  ['a sticky setting', { stickyNames: ['S'] }, /sticky settings were added: S/],
  [
    'a difference',
    { differences: [{ name: 'D', kind: 'AppSetting', rule: 'travels', description: '' }] },
    /in which the two slots differ/,
  ],
  ['another plan', { planId: '/p' }, /App Service plan is \/p/],
  ['another tier', { planTier: 'Standard' }, /tier of the plan is Standard/],
  ['an operation', { operationInProgress: 'swap' }, /operation in progress is swap/],
  ['a prepared slot', { preparedFor: 'production' }, /prepared for production/],
  ['a swap', { lastSwapAt: 't' }, /last swap was at t/],
  ['settings out of place', { settingsInPlace: false }, /other values for settings/],
  ['another runtime', { runtime: 'python' }, /runtime is python/],
  ['another region', { region: 'x' }, /region is x/],
];

describe('a fleet that has changed since the plan', () => {
  const plan = planRollout(planRequest(fleet));

  it.each(changes)('by %s has another digest, and a sentence that says it', (_, change, sentence) => {
    const changed = { targets: [targetFacts('a', change), ...fleet.slice(1)] };
    expect(digestFleet(changed)).not.toBe(plan.fleetDigest);
    const sentences = describeFleetChanges(plan, changed);
    expect(sentences).toHaveLength(1);
    expect(sentences[0]).toMatch(sentence);
    expect(sentences[0]).toMatch(/^a: .*\.$/);
  });

  it('has sentences for targets that came and went', () => {
    const changed = { targets: [...fleet.slice(1), targetFacts('new')] };
    expect(describeFleetChanges(plan, changed)).toEqual([
      'a: is no longer in the fleet.',
      'new: is new in the fleet.',
    ]);
  });

  it('has none when only the order of an answer is another', () => {
    const shuffled = {
      targets: [...fleet].reverse().map((facts) => ({
        ...facts,
        production: { ...facts.production, settingNames: [...facts.production.settingNames].reverse() },
      })),
    };
    expect(digestFleet(shuffled)).toBe(plan.fleetDigest);
    expect(describeFleetChanges(plan, shuffled)).toEqual([]);
  });

  it('has another digest exactly when there is something to say', () => {
    const change = fc.constantFrom(...changes.map(([, facts]) => facts), {});
    fc.assert(
      fc.property(fc.array(change, { minLength: 4, maxLength: 4 }), (all) => {
        const changed = { targets: names.map((name, at) => targetFacts(name, all[at])) };
        return describeFleetChanges(plan, changed).length > 0 === (digestFleet(changed) !== plan.fleetDigest);
      }),
    );
  });

  it('survives the way through a file', () => {
    expect(describeFleetChanges(JSON.parse(JSON.stringify(plan)) as typeof plan, { targets: fleet })).toEqual(
      [],
    );
  });
});
