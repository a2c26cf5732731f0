/** What staging writes over is put back when nothing comes of it, and no value of it is ever in the journal. */
import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../builders.ts';
import { allOf, auditLaws } from './audit.ts';
import { type Health, playWorld, type Troubles } from './played-world.ts';

const plan = makePlan({ waves: [{ name: 'all', targets: ['a', 'b'] }] });
const sickBeside: Health = ({ target, side }) => (target === 'b' && side === 'beside' ? 'unhealthy' : null);
const settings = { MODE: 'before-value', KEPT: 'same', OTHERS: 'untouched' };
const wanted = { MODE: 'after-value', KEPT: 'same', FRESH: 'fresh-value' };
const refused: Troubles = { health: sickBeside, settings, wanted };

/** The stamp says what was put there, and that is still so. */
const settingsOf = (world: ReturnType<typeof playWorld>, name: string) => {
  const { SLOTWAVE_RELEASE_ID: _stamp, ...rest } = world.slots.get(name)!.settings;
  return rest;
};

describe('the settings of a staging slot', () => {
  it('are what they were when the release is refused, on every target', async () => {
    const world = playWorld(plan, refused);
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
    expect(settingsOf(world, 'a')).toEqual(settings);
    expect(settingsOf(world, 'b')).toEqual(settings);
    expect(allOf(world, 'settings.kept')[0]).toMatchObject({ changed: ['MODE'], added: ['FRESH'] });
    expect(allOf(world, 'settings.restored')[0]).toMatchObject({ restored: ['MODE', 'FRESH'], left: [] });
    auditLaws(world, plan);
  });

  it('are taken down before the first write', async () => {
    const world = playWorld(plan, refused);
    await world.rollOut();
    for (const kept of allOf(world, 'settings.kept')) {
      const written = world.deeds.find((deed) => deed.what === 'written' && deed.target === kept.target)!;
      expect(Date.parse(kept.at)).toBeLessThan(written.atMs);
    }
  });

  it('are in the journal by name alone', async () => {
    const world = playWorld(plan, refused);
    await world.rollOut();
    expect(JSON.stringify(world.entries)).not.toMatch(/before-value|after-value|fresh-value/);
  });

  it('stay as they are written when the release settles', async () => {
    const world = playWorld(plan, { settings, wanted });
    expect(await world.rollOut()).toMatchObject({ outcome: 'settled' });
    expect(settingsOf(world, 'a')).toEqual({ ...settings, ...wanted });
    expect(allOf(world, 'settings.restored')).toEqual([]);
  });

  it('are left alone where somebody changed them since', async () => {
    const world = playWorld(plan, {
      ...refused,
      after: (entry, at) => {
        const slots = at.slots.get('a')!;
        if (entry.type === 'target.refused') slots.settings = { ...slots.settings, MODE: 'by somebody' };
      },
    });
    await world.rollOut();
    expect(settingsOf(world, 'a')).toEqual({ ...settings, MODE: 'by somebody' });
    expect(allOf(world, 'settings.restored').find((entry) => entry.target === 'a')).toMatchObject({
      restored: ['FRESH'],
      left: ['MODE'],
    });
  });

  it('whose values went with a process are told as left, and what was only added is taken away', async () => {
    const world = playWorld(plan, {
      ...refused,
      after: (entry, at) => {
        if (entry.type === 'stage.done' && allOf(at, 'rollout.interrupted').length === 0)
          at.cancel('SIGTERM');
      },
    });
    expect(await world.rollOut()).toMatchObject({ kind: 'interrupted' });
    expect(await world.rollOut()).toMatchObject({ outcome: 'refused' });
    const kept = allOf(world, 'settings.kept').map((entry) => entry.target);
    for (const restored of allOf(world, 'settings.restored').filter((each) => kept.includes(each.target)))
      expect([...restored.restored, ...restored.left].toSorted()).toEqual(['FRESH', 'MODE']);
    expect(settingsOf(world, 'a')).not.toHaveProperty('FRESH');
  });
});

describe('triggers that would run beside production', () => {
  const timer = { name: 'nightly', type: 'timerTrigger' };

  it('are told once, when the candidate first lists them', async () => {
    const world = playWorld(plan, { triggers: [timer] });
    await world.rollOut();
    expect(allOf(world, 'triggers.found').map(({ target, triggers }) => [target, triggers])).toEqual(
      expect.arrayContaining([
        ['a', [timer]],
        ['b', [timer]],
      ]),
    );
    expect(allOf(world, 'triggers.found')).toHaveLength(2);
  });

  it('are not spoken of where there are none', async () => {
    const world = playWorld(plan);
    await world.rollOut();
    expect(allOf(world, 'triggers.found')).toEqual([]);
  });
});
