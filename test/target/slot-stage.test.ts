import { describe, expect, it } from '@jest/globals';
import { RefusalError } from '../../src/errors.ts';
import { stampSetting } from '../../src/release/release.ts';
import type { Strategy } from '../../src/target/strategy.ts';
import { incumbentId, makeRelease, releaseId } from '../builders.ts';
import { candidate, errorOf, exchanged, ready, script, target } from './scripted-slots.ts';

describe('staging', () => {
  const release = makeRelease();
  const stage = (strategy: Strategy) => strategy.stage(target, release);
  const empty = { liveId: incumbentId, besideId: null };

  it('writes the settings with the stamp, deploys, and answers with what it reads', async () => {
    const played = script({ reads: [empty, ready] });
    expect(await played.clock.run(stage(played.strategy))).toEqual(candidate);
    expect(played.calls).toEqual(['read', 'write', 'deploy', 'beside']);
    expect(played.written).toEqual([{ ORDERS_VERSION: '1.2.3', [stampSetting]: releaseId }]);
    expect(played.sent).toEqual([release.bytes]);
  });

  it('takes the incumbent from what is live, and its address from what the site says', async () => {
    const besideHost = 'weu-staging-9f.polandcentral-01.azurewebsites.net';
    const played = script({ reads: [{ ...empty, liveId: null, besideHost }, ready] });
    const staged = await played.clock.run(stage(played.strategy));
    expect(staged.incumbentId).toBeNull();
    expect(staged.address?.href).toBe('https://weu-staging-9f.polandcentral-01.azurewebsites.net/');
  });

  it('may be done again', async () => {
    const played = script({ reads: [ready] });
    expect(await played.clock.run(stage(played.strategy))).toEqual(candidate);
  });

  it('does not overwrite the incumbent of a release that is live already', async () => {
    const played = script({ reads: [exchanged] });
    expect(await errorOf(played, stage)).toMatchObject({ kind: 'refusal', code: 'staged-while-live' });
    expect(played.calls).toEqual(['read']);
  });

  it('refuses a slot that was left prepared for a swap, and says how to cancel it', async () => {
    const played = script({ reads: [{ ...empty, preparedFor: 'production' }] });
    const error = await errorOf(played, stage);
    expect(error).toMatchObject({ kind: 'refusal', code: 'slot-prepared' });
    expect(error.next).toContain('--action reset');
    expect(played.calls).toEqual(['read']);
  });

  it('is not done when the stamp is not in the slot afterwards', async () => {
    const played = script({ reads: [empty, { liveId: incumbentId, besideId: 'r-third' }] });
    expect(await errorOf(played, stage)).toMatchObject({ kind: 'transient', code: 'stamp-not-written' });
  });

  it('is not done when somebody has changed what was written while the package came', async () => {
    const settings = { [stampSetting]: releaseId, ORDERS_VERSION: '1.2.2' };
    const played = script({ reads: [empty], client: { readBeside: async () => ({ settings }) } });
    const error = await errorOf(played, stage);
    expect(error).toMatchObject({ kind: 'transient', code: 'settings-not-in-place' });
    expect(error.message).toContain('ORDERS_VERSION');
  });

  it('begins with the look at which the settings from before were taken down, and looks no second time', async () => {
    const played = script({ reads: [empty, ready] });
    await played.clock.run(played.strategy.keep!(target));
    await played.clock.run(stage(played.strategy));
    expect(played.calls).toEqual(['read', 'settings', 'write', 'deploy', 'beside']);
  });

  it('looks again where that look is some seconds old, and where something was staged since', async () => {
    const played = script({ reads: [empty, empty, ready] });
    await played.clock.run(played.strategy.keep!(target));
    await played.clock.run(played.clock.sleep(2_001));
    await played.clock.run(stage(played.strategy));
    expect(played.calls).toEqual(['read', 'settings', 'read', 'write', 'deploy', 'beside']);
    await played.clock.run(stage(played.strategy));
    expect(played.calls.slice(6)).toEqual(['read', 'write', 'deploy', 'beside']);
  });

  it('takes nothing down, and asks for nothing, where the config has no settings', async () => {
    const played = script({ reads: [empty], parts: { settings: {} } });
    expect(await played.clock.run(played.strategy.keep!(target))).toEqual({ changed: [], added: [] });
    expect(played.calls).toEqual([]);
  });

  it('passes on why a deployment failed', async () => {
    const error = new RefusalError('not a zip', { code: 'package-refused' });
    const played = script({ reads: [empty], deploy: () => Promise.reject(error) });
    expect(await errorOf(played, stage)).toBe(error);
  });

  it('uploads nothing once it is cancelled', async () => {
    const played = script({ reads: [empty, ready] });
    const error = await errorOf(played, (strategy) =>
      strategy.stage(target, release, AbortSignal.abort('SIGINT')),
    );
    expect(error).toBe('SIGINT');
    expect(played.calls).not.toContain('write');
    expect(played.calls).not.toContain('deploy');
  });
});
