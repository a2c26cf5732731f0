import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { settingsFor } from '../../src/azure/delivery.ts';
import { completeSettings } from '../../src/azure/settings.ts';
import { describePlan } from '../../src/plan/describe.ts';
import { planRollout } from '../../src/plan/plan.ts';
import { foreseeMoves, listOwnSettings } from '../../src/plan/setting-moves.ts';
import { stampSetting } from '../../src/release/release.ts';
import { planRequest, slotFacts, targetFacts } from './fleet-facts.ts';

const warmUp = { path: '/', statuses: [200] };
const withSlot = (settingNames: readonly string[]) =>
  targetFacts('a', { staging: slotFacts({ settingNames }) });
const some = fc.subarray([
  'WEBSITE_RUN_FROM_PACKAGE',
  'website_swap_warmup_ping_path',
  'WEBSITE_SWAP_WARMUP_PING_STATUSES',
  'SCM_DO_BUILD_DURING_DEPLOYMENT',
  'OTHER',
]);

describe('the settings that slotwave writes', () => {
  it('are foreseen as azure/settings.ts writes them, whatever the slot and the config have', () => {
    fc.assert(
      fc.property(some, some, fc.boolean(), (there, wanted, remoteBuild) => {
        const delivery = { mode: 'push', store: null, url: null, remoteBuild, keep: 5 } as const;
        const built = settingsFor(delivery);
        const asked = { ...built, ...Object.fromEntries(wanted.map((name) => [name, '1'])) };
        const before = Object.fromEntries(there.map((name) => [name, '1']));
        const written = Object.keys(completeSettings({ ...before, ...asked })).filter(
          (name) => !(name in before) || name in asked,
        );
        const foreseen = listOwnSettings(withSlot(there), { settingNames: wanted, remoteBuild });
        expect([...foreseen].sort()).toEqual(
          [stampSetting, ...written.filter((name) => !wanted.includes(name))].sort(),
        );
      }),
    );
  });

  it('are the whole ping where the config chose one, also over the slot’s own', () => {
    const staging = ['WEBSITE_RUN_FROM_PACKAGE', 'WEBSITE_SWAP_WARMUP_PING_PATH'];
    expect(listOwnSettings(withSlot(staging), { settingNames: [], swap: { warmUp } })).toEqual([
      stampSetting,
      'WEBSITE_SWAP_WARMUP_PING_PATH',
      'WEBSITE_SWAP_WARMUP_PING_STATUSES',
    ]);
  });

  it('of a build on the SCM site stand in the plan', () => {
    const plan = planRollout(planRequest([targetFacts('a')], { delivery: { remoteBuild: true } }));
    expect(describePlan(plan, []).join(' ').replaceAll(/\s+/g, ' ')).toContain(
      `and by slotwave ${stampSetting}, SCM_DO_BUILD_DURING_DEPLOYMENT, ENABLE_ORYX_BUILD, WEBSITE_RUN_FROM_PACKAGE`,
    );
  });

  it('are none where there is no slot', () => {
    expect(listOwnSettings(targetFacts('a', { staging: null }), { settingNames: [] })).toEqual([]);
  });
});

describe('what a swap does to the settings of production', () => {
  const differs = (name: string, rule: 'travels' | 'stays', kind = 'AppSetting') =>
    ({ name, kind, rule, description: '' }) as const;

  it('is told by its direction, each name once', () => {
    const facts = targetFacts('a', {
      production: slotFacts({ settingNames: ['BOTH', 'DIFFERS', 'LOST', 'STICKY', 'OURS'] }),
      staging: slotFacts({ settingNames: ['both', 'differs', 'FRESH', 'SLOT_ONLY'] }),
      stickyNames: ['sticky', 'SLOT_ONLY'],
      differences: [
        differs('DIFFERS', 'travels'),
        differs('LOST', 'travels'),
        differs('FRESH', 'travels'),
        differs('Db', 'travels', 'ConnectionString'),
        differs('OURS', 'travels'),
        differs('STICKY', 'stays'),
      ],
    });
    expect(foreseeMoves(facts, { settingNames: ['ours'] })).toEqual({
      arriving: ['FRESH'],
      changing: ['DIFFERS', 'Db'],
      leaving: ['LOST'],
    });
  });
});
