/** What is asked of ARM to know what runs where, and what is not asked again. */
import { describe, expect, it } from '@jest/globals';
import { createRecent } from '../../src/azure/read-once.ts';
import { createSlotClient } from '../../src/azure/slots.ts';
import { VirtualClock } from '../../src/clock.ts';
import { stampSetting } from '../../src/release/release.ts';
import { armOver, countedTokens, type Sent, type Step, script, target } from './scripted.ts';

/** Two slots whose stamps and settings are as `at` says when they are asked for. */
function openSlots(at: (nth: number) => { readonly live: string | null; readonly beside: string | null }) {
  const clock = new VirtualClock();
  let lists = 0;
  let beside: Readonly<Record<string, string>> = { A: '1' };
  let answersPut: (settings: Readonly<Record<string, string>>) => Readonly<Record<string, string>> = (all) =>
    all;
  const json = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });
  const stamped = (id: string | null) => (id === null ? {} : { [stampSetting]: id });
  const step: Step = ({ method, path, body }: Sent) => {
    if (method === 'PUT') {
      beside = (JSON.parse(body) as { properties: typeof beside }).properties;
      return json({ properties: answersPut(beside) });
    }
    if (!path.includes('/config/appsettings/list')) return json({ location: 'westeurope', properties: {} });
    const { live, beside: id } = at(Math.floor(lists++ / 2));
    return json({
      properties: path.includes('/slots/') ? { ...stamped(id), ...beside } : stamped(live),
    });
  };
  const { transport, sent } = script([step], clock);
  const arm = armOver(transport, clock);
  const slots = createSlotClient({
    arm,
    tokens: countedTokens(clock),
    transport,
    clock,
    random: () => 0.5,
  });
  const asked = () =>
    sent.splice(0).map(({ method, path }) => {
      const [, place = ''] = /sites\/orders-weu(.*)\?/.exec(path) ?? [];
      return `${method} ${place.startsWith('/slots/staging') ? place.replace('/slots/staging', 'slot') : `site${place}`}`;
    });
  const lieOnPut = (lie: typeof answersPut) => {
    answersPut = lie;
  };
  return { clock, slots, asked, lieOnPut };
}

const lists = ['POST site/config/appsettings/list', 'POST slot/config/appsettings/list'];

describe('reading what runs where', () => {
  it('takes four requests where the two stamps differ, the site first', async () => {
    const { clock, slots, asked } = openSlots(() => ({ live: 'old', beside: 'new' }));
    expect(await clock.run(slots.readSlots(target))).toMatchObject({ liveId: 'old', besideId: 'new' });
    expect(asked()).toEqual(['GET site', 'GET slot', ...lists]);
  });

  it('asks once more where one release stands in both, which a swap between the lists shows as well', async () => {
    const { clock, slots, asked } = openSlots((nth) =>
      nth === 0 ? { live: 'old', beside: 'old' } : { live: 'new', beside: 'old' },
    );
    expect(await clock.run(slots.readSlots(target))).toMatchObject({ liveId: 'new', besideId: 'old' });
    const all = asked();
    expect(all.slice(0, 6)).toEqual(['GET site', 'GET slot', ...lists, lists[0], 'GET site']);
    expect(all.length).toBeGreaterThan(6);
  });

  it('believes one release in both that stays', async () => {
    const { clock, slots, asked } = openSlots(() => ({ live: null, beside: null }));
    expect(await clock.run(slots.readSlots(target))).toMatchObject({ liveId: null, besideId: null });
    expect(asked()).toHaveLength(6);
  });
});

describe('writing settings', () => {
  const put = 'PUT slot/config/appsettings';

  it('adds to what was read right before, and believes what the PUT answers', async () => {
    const { clock, slots, asked } = openSlots(() => ({ live: 'old', beside: null }));
    await clock.run(slots.readSlots(target));
    asked();
    await clock.run(slots.writeSettings(target, { B: '2' }));
    expect(asked()).toEqual([put]);
    expect(await clock.run(slots.readSettings(target))).toMatchObject({ A: '1', B: '2' });
  });

  it('reads first where that was longer ago, or where something was written since', async () => {
    const { clock, slots, asked } = openSlots(() => ({ live: 'old', beside: null }));
    await clock.run(slots.readSlots(target));
    await clock.run(clock.sleep(2_001));
    asked();
    await clock.run(slots.writeSettings(target, { B: '2' }));
    expect(asked()).toEqual([lists[1], put]);
    await clock.run(slots.writeSettings(target, { C: '3' }));
    expect(asked()).toEqual([lists[1], put]);
  });

  it('reads afterwards where the answer lacks something', async () => {
    const { clock, slots, asked, lieOnPut } = openSlots(() => ({ live: 'old', beside: null }));
    lieOnPut(() => ({}));
    await clock.run(slots.writeSettings(target, { B: '2' }));
    expect(asked()).toEqual([lists[1], put, lists[1]]);
  });
});

describe('what was read a moment ago', () => {
  it('serves as long as it is young enough for who asks, and nobody has forgotten it', async () => {
    const clock = new VirtualClock();
    const recent = createRecent<number>(clock);
    let reads = 0;
    const read = async () => ++reads;
    expect(await recent.read('Key', read)).toBe(1);
    expect(await recent.take('key', 100, read)).toBe(1);
    await clock.run(clock.sleep(101));
    expect(await recent.take('key', 100, read)).toBe(2);
    recent.forget('KEY');
    expect(await recent.take('key', 100, read)).toBe(3);
    expect(await recent.take('key', -1, read)).toBe(4);
  });

  it('is not kept where it was changed while it was on its way', async () => {
    const clock = new VirtualClock();
    const recent = createRecent<string>(clock);
    let answer = (_: string) => {};
    const slow = recent.read(
      'key',
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
    );
    recent.forget('key');
    answer('from before');
    expect(await slow).toBe('from before');
    expect(await recent.take('key', 1_000, async () => 'from now')).toBe('from now');
  });
});
