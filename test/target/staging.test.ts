/** What staging looks at beside the package: references to Key Vault, triggers, slots left prepared, settings kept. */
import { describe, expect, it } from '@jest/globals';
import { DoubtError, RefusalError, TransientError } from '../../src/errors.ts';
import { createMemoryKeep } from '../../src/target/settings-keep.ts';
import type { SettingReference } from '../../src/target/slot-client.ts';
import type { Strategy } from '../../src/target/strategy.ts';
import { incumbentId, makeRelease, releaseId } from '../builders.ts';
import {
  candidate,
  cleared,
  errorOf,
  exchanged,
  type Played,
  ready,
  script,
  target,
} from './scripted-slots.ts';

const swap = { preview: false, resetPrepared: false, preserveVnet: true };
const empty = { liveId: incumbentId, besideId: null };
const stage = (strategy: Strategy) => strategy.stage(target, makeRelease());
const refers = { ...ready, besideRefers: true };
type ScriptedReads = Parameters<typeof script>[0]['reads'];
const reference = (status: string, setting = 'DB'): SettingReference => ({
  ...{ setting, status, vault: 'kv-orders', details: '' },
});

/** References as they are at each look; the last ones from then on. */
function withReferences(reads: ScriptedReads, ...looks: (readonly SettingReference[])[]) {
  let at = 0;
  const readReferences = async () => looks[Math.min(at++, looks.length - 1)]!;
  return script({ reads, client: { readReferences } });
}

describe('references to Key Vault', () => {
  it('are not asked about where no setting has one', async () => {
    let asked = 0;
    const readReferences = async () => {
      asked++;
      return [];
    };
    const played = script({ reads: [empty, ready], client: { readReferences } });
    await played.clock.run(stage(played.strategy));
    expect(asked).toBe(0);
  });

  it('let a release pass when all are resolved', async () => {
    const played = withReferences([empty, refers], [reference('Resolved'), reference('Resolved', 'KEY')]);
    expect(await played.clock.run(stage(played.strategy))).toMatchObject({ releaseId });
  });

  it('may take a while: a slot that has just restarted follows them anew', async () => {
    const played = withReferences(
      [empty, refers],
      [reference('Initialized')],
      [reference('FetchTimedOut')],
      [reference('Resolved')],
    );
    expect(await played.clock.run(stage(played.strategy))).toMatchObject({ releaseId });
    expect(played.waits.join('\n')).toContain('DB (Initialized, vault kv-orders)');
  });

  it.each<[string, RegExp]>([
    ['AccessToKeyVaultDenied', /slot's identity the role Key Vault Secrets User/],
    ['UnauthorizedClient', /slot's identity/],
    ['MSINotEnabled', /managed identity for this slot/],
    ['InvalidSyntax', /Correct the reference/],
    ['VaultNotFound', /name of the vault/],
    ['SecretNotFound', /Create the secret/],
    ['SecretVersionNotFound', /version out/],
    ['OtherReasons', /vault kv-orders/],
  ])('refuse a release when one is %s: which one, why, what to do', async (status, next) => {
    const played = withReferences([empty, refers], [reference('Resolved', 'OK'), reference(status)]);
    const error = await errorOf(played, stage);
    expect(error).toBeInstanceOf(RefusalError);
    expect(error).toMatchObject({ code: 'reference-unresolved', where: 'weu' });
    expect(error.message).toContain(`DB (${status}, vault kv-orders)`);
    expect(error.message).not.toContain('OK (');
    expect(error.next).toMatch(next);
  });

  it.each(['Initialized', 'FetchTimedOut'])('that stay %s are late, which is no refusal', async (status) => {
    const played = withReferences([empty, refers], [reference(status)]);
    expect(await errorOf(played, stage)).toMatchObject({ kind: 'transient', code: 'reference-pending' });
  });

  it('are looked at once more right before the swap, and nothing is asked when one is lost', async () => {
    const played = withReferences([refers], [reference('SecretNotFound')]);
    const error = await errorOf(played, (strategy) => strategy.promote(cleared));
    expect(error).toMatchObject({ kind: 'refusal', code: 'reference-unresolved' });
    expect(played.calls).not.toContain('swap');
  });

  it('that kept a swap waiting are followed by one more look: somebody may have moved the slots meanwhile', async () => {
    const waited = [[reference('Initialized')], [reference('Resolved')]] as const;
    const moved = withReferences([refers, { ...refers, besideId: 'r-third' }], ...waited);
    expect(await errorOf(moved, (strategy) => strategy.promote(cleared))).toMatchObject({
      kind: 'doubt',
      code: 'slots-changed',
    });
    expect(moved.calls).not.toContain('swap');
    const still = withReferences([refers, refers, exchanged], ...waited);
    await still.clock.run(still.strategy.promote(cleared));
    expect(still.calls).toEqual(['read', 'read', 'swap', 'stamps']);
  });

  it('do not stand in the way of going back', async () => {
    const played = withReferences([refers, exchanged], [reference('SecretNotFound')]);
    await played.clock.run(played.strategy.revert(cleared));
    expect(played.calls).toContain('swap');
  });
});

describe('triggers, with stagingTriggers: disable', () => {
  const timer = { name: 'nightly', type: 'timerTrigger' };
  const queue = { name: 'incoming', type: 'queueTrigger' };
  const parts = { stagingTriggers: 'disable' } as const;

  it('of production are sticky before they have a value, and off before the package comes', async () => {
    const played = script({
      reads: [empty, ready],
      parts,
      client: { readTriggers: async () => [timer] },
    });
    await played.clock.run(stage(played.strategy));
    expect(played.calls).toEqual([
      ...['read', 'sticky AzureWebJobs.nightly.Disabled', 'write', 'deploy', 'beside'],
    ]);
    expect(played.written[0]).toMatchObject({ 'AzureWebJobs.nightly.Disabled': 'true' });
  });

  it('that the release brings are switched off as soon as its host lists them', async () => {
    let looks = 0;
    const played = script({
      reads: [empty, ready],
      parts,
      client: {
        readTriggers: async (_target, side) =>
          side === 'live' ? [timer] : looks++ < 3 ? null : [timer, queue],
      },
    });
    await played.clock.run(stage(played.strategy));
    expect(played.calls.slice(-2)).toEqual(['sticky AzureWebJobs.incoming.Disabled', 'write']);
    expect(played.written.at(-1)).toEqual({ 'AzureWebJobs.incoming.Disabled': 'true' });
  });

  it('of a host that never lists anything do not hold staging up for ever', async () => {
    const played = script({ reads: [empty, ready], parts, client: { readTriggers: async () => null } });
    await played.clock.run(stage(played.strategy));
    expect(played.calls.filter((call) => call.startsWith('sticky'))).toEqual([]);
  });

  it('are not touched unless that is asked for', async () => {
    const played = script({ reads: [empty, ready], client: { readTriggers: async () => [timer] } });
    await played.clock.run(stage(played.strategy));
    expect(played.calls).toEqual(['read', 'write', 'deploy', 'beside']);
  });
});

describe('a slot that was left prepared', () => {
  const prepared = { ...empty, preparedFor: 'production' };

  it('is refused with what to type', async () => {
    const played = script({ reads: [prepared], parts: { swap } });
    const error = await errorOf(played, stage);
    expect(error).toMatchObject({ kind: 'refusal', code: 'slot-prepared' });
    expect(error.next).toMatch(/--action reset/);
    expect(played.calls).toEqual(['read']);
  });

  it('is reset first where the config says so', async () => {
    const played = script({
      reads: [prepared, empty, ready],
      parts: { swap: { ...swap, resetPrepared: true } },
    });
    await played.clock.run(stage(played.strategy));
    expect(played.calls).toEqual(['read', 'reset', 'read', 'write', 'deploy', 'beside']);
  });

  it('and stays so is no place for a release', async () => {
    const played = script({ reads: [prepared], parts: { swap: { ...swap, resetPrepared: true } } });
    expect(await errorOf(played, stage)).toMatchObject({ kind: 'transient', code: 'slot-still-prepared' });
    expect(played.calls).not.toContain('write');
  });
});

describe('a preview', () => {
  const parts = { swap: { ...swap, preview: true } };
  const preview = (strategy: Strategy) => strategy.preview!(candidate);
  const prepared = { ...ready, preparedFor: 'production' };
  const lost = new DoubtError('the answer was lost', { code: 'answer-lost' });

  it.each<[string, Played['calls'], readonly object[], readonly (Error | null)[]]>([
    ['is applied once', ['read', 'apply', 'read'], [ready, prepared], [null]],
    ['is not applied to a slot that has it', ['read', 'read'], [prepared], []],
    ['whose answer was lost is looked for', ['read', 'apply', 'read', 'read'], [ready, prepared], [lost]],
    [
      'that was lost on its way is asked for again',
      ['read', 'apply', 'read', 'apply', 'read'],
      [ready, ready, prepared],
      [lost, null],
    ],
    [
      'that Azure says is there already is there',
      ['read', 'apply', 'read'],
      [ready, prepared],
      [new RefusalError('prepared', { code: 'slot-prepared' })],
    ],
  ])('%s', async (_what, calls, reads, answers) => {
    const made: string[] = [];
    const played = script({
      reads,
      parts,
      client: {
        applyProductionSettings: async () => {
          const answer = answers[made.length];
          made.push('apply');
          played.calls.push('apply');
          if (answer) throw answer;
        },
      },
    });
    await played.clock.run(preview(played.strategy));
    expect(played.calls).toEqual(calls);
  });

  it('that is never answered is given up as something that moved nothing', async () => {
    const played = script({
      reads: [ready],
      parts,
      client: { applyProductionSettings: () => Promise.reject(lost) },
    });
    expect(await errorOf(played, preview)).toMatchObject({ kind: 'transient', code: 'preview-unanswered' });
  });

  it.each([
    new RefusalError('authentication', { code: 'swap-not-possible' }),
    new TransientError('429', { code: 'throttled' }),
  ])('passes on $kind', async (error) => {
    const played = script({
      reads: [ready],
      parts,
      client: { applyProductionSettings: () => Promise.reject(error) },
    });
    expect(await errorOf(played, preview)).toBe(error);
  });

  it('is completed by the swap, which without one would be in doubt', async () => {
    const played = script({ reads: [prepared, exchanged], parts });
    expect(await played.clock.run(played.strategy.promote(cleared))).toMatchObject({ live: releaseId });
    const without = script({ reads: [prepared, exchanged], parts: { swap } });
    expect(await errorOf(without, (strategy) => strategy.promote(cleared))).toMatchObject({
      code: 'swap-half-done',
    });
    const back = script({ reads: [prepared, exchanged], parts });
    expect(await errorOf(back, (strategy) => strategy.revert(cleared))).toMatchObject({
      code: 'swap-half-done',
    });
  });
});

describe('settings that are taken down', () => {
  /** The scripted strategy writes ORDERS_VERSION=1.2.3. */
  async function restoreFrom(
    before: Readonly<Record<string, string>>,
    now: Readonly<Record<string, string>>,
  ) {
    const keep = createMemoryKeep();
    const changes: object[] = [];
    let found = before;
    const played = script({
      reads: [ready],
      parts: { keep },
      client: {
        readSettings: async () => found,
        changeSettings: async (_target, change) => void changes.push(change),
      },
    });
    const kept = await played.clock.run(played.strategy.keep!(target));
    found = now;
    const restored = await played.clock.run(played.strategy.restore!(target, kept));
    return { kept, restored, changes };
  }
  const [old, ours] = [{ ORDERS_VERSION: '1.0.0' }, { ORDERS_VERSION: '1.2.3' }];

  it.each([
    ['changed', old, ours, [{ ORDERS_VERSION: '1.0.0' }], ['ORDERS_VERSION'], []],
    ['added', {}, ours, [{ ORDERS_VERSION: null }], ['ORDERS_VERSION'], []],
    ['never written', old, old, [{}], ['ORDERS_VERSION'], []],
    ['the same before', ours, ours, [{}], [], []],
    ['changed by somebody since', old, { ORDERS_VERSION: '9' }, [{}], [], ['ORDERS_VERSION']],
  ])('and were %s', async (_what, before, now, changes, restored, left) => {
    const end = await restoreFrom(before, now);
    expect(end.changes).toEqual(changes);
    expect(end.restored).toEqual({ restored, left });
  });
});
