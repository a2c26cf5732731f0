import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { neutralise } from '../report/neutralise.ts';
import type { Recorded } from '../rollout/events.ts';
import { recall, recallDecision } from '../rollout/recall.ts';
import { connect, openClock } from './connect.ts';
import { exitCodeOfOutcome } from './errors.ts';
import { tellFileError } from './file-errors.ts';
import { readJournal } from './journal-file.ts';
import { lockFleet } from './lock.ts';
import { lookedAt, openLook } from './open-look.ts';
import type { CommonOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { readConfig } from './read-config.ts';
import { hasHiddenKeys } from './reveal.ts';
import { digestSettings, type RunRequest, run } from './run.ts';
import { listenForStop } from './signals.ts';
import { findRollout, type RolloutPlace } from './state.ts';
import { untilStopped } from './until-stopped.ts';

export type Begun = Extract<Recorded, { readonly type: 'rollout.begun' }>;

/** `slotwave resume [id]`: goes on where the journal stops; an ended rollout is told and left alone. */
export async function commandResume(
  id: string | undefined,
  options: CommonOptions,
  outside: Outside = openOutside(options),
): Promise<number> {
  const place = await findRollout(resolve(options.state), id);
  const { begun, entries } = await readBegun(place);
  outside.witness?.placed?.(place);
  const decision = recallDecision(entries);
  if (decision.kind === 'ended') {
    outside.writeError(`Rollout ${place.id} has ended already: ${decision.outcome}. ${decision.why}.\n`);
    return exitCodeOfOutcome(decision.outcome);
  }
  const config = await readConfig(options, outside);
  await refuseOtherConfig(config, begun, place);
  await refuseOtherPackage(begun, place);
  const takesBack = decision.kind === 'rollback';
  return again({ verb: 'roll-out' }, { place, begun, config, options, outside, takesBack });
}

/** `slotwave rollback [id]`: takes back what the rollout promoted. */
export async function commandRollback(
  id: string | undefined,
  options: CommonOptions,
  outside: Outside = openOutside(options),
): Promise<number> {
  const place = await findRollout(resolve(options.state), id);
  const { begun } = await readBegun(place);
  outside.witness?.placed?.(place);
  const config = await readConfigIfAny(options, begun, outside);
  const why = outside.witness ? 'Asked for by a build' : 'Asked for on the command line';
  return again({ verb: 'roll-back', why }, { place, begun, config, options, outside, takesBack: true });
}

/**
 * The journal knows what to take back, and somebody who is in a hurry may not have the file, or have broken it. What
 * only the config knows: how checks are let in, without which nobody can look; and the values that were staged,
 * without which those of a staging slot are not put back.
 */
async function readConfigIfAny(
  options: CommonOptions,
  { plan }: Begun,
  outside: Outside,
): Promise<Config | null> {
  try {
    const config = await readConfig(options, outside);
    if (config.app === plan.app) return config;
    throw otherConfig(config, `the app "${config.app}" instead of "${plan.app}"`, 'this rollout');
  } catch (error) {
    if (!(error instanceof InputError) || hasHiddenKeys(plan)) throw error;
    outside.writeError(`Without a config, by the journal alone: ${neutralise(error.message)}\n`);
    return null;
  }
}

interface Again {
  readonly place: RolloutPlace;
  readonly begun: Begun;
  readonly config: Config | null;
  readonly options: CommonOptions;
  readonly outside: Outside;
  /** Whether it goes back from here on. */
  readonly takesBack: boolean;
}

async function again(what: RunRequest['what'], asked: Again): Promise<number> {
  const { place, begun, config, options, outside, takesBack } = asked;
  const clock = openClock(options);
  const stop = listenForStop();
  try {
    const { plan } = begun;
    const verb = what.verb === 'roll-out' ? 'resume' : 'rollback';
    const stopping = { signal: stop.signal, again: `slotwave ${verb} ${place.id}` };
    const connection = await untilStopped(stopping, () =>
      connect({ options, outside, clock, cloud: plan.cloud, looksOnly: false, stop: stop.signal }),
    );
    try {
      // Who takes back does so wherever it can be done: one region without a way to it must not hold the others.
      const seen = { plan: lookedAt(plan), config, mayRunTools: true, mayLack: takesBack };
      const looks = { ...seen, connection, clock, outside };
      const looking = await untilStopped(stopping, () => openLook(looks));
      const cloud = connection.azure.cloud.resourceManager;
      const lock = await lockFleet({
        stateFolder: resolve(options.state),
        app: plan.app,
        cloud,
        rollout: place.id,
        clock,
      });
      try {
        const release = { ...begun.release, path: place.releasePath };
        const json = options.json ?? false;
        return await run({
          what,
          place,
          plan,
          release,
          config,
          connection,
          looking,
          clock,
          outside,
          json,
          stop: stop.signal,
        });
      } finally {
        await lock.release();
      }
    } finally {
      connection.close();
    }
  } finally {
    stop.dispose();
  }
}

/** The journal of a rollout, which must have begun. */
export async function readBegun(
  place: RolloutPlace,
): Promise<{ begun: Begun; entries: readonly Recorded[] }> {
  const entries = await readJournal(place.folder);
  const begun = recall(entries, 'rollout.begun');
  if (begun !== null) return { begun, entries };
  throw new InputError(`Rollout ${place.id} never began: its journal is empty, and nothing was touched.`, {
    code: 'rollout-never-began',
    where: place.journalPath,
    next: 'Start again: slotwave deploy',
  });
}

/** Values of settings are not in the journal, so they come from the config, which must still be the same. */
async function refuseOtherConfig(config: Config, begun: Begun, place: RolloutPlace): Promise<void> {
  const differs =
    config.app !== begun.plan.app
      ? `the app "${config.app}" instead of "${begun.plan.app}"`
      : (await digestSettings(config.settings, place.id)) !== begun.settingsDigest
        ? 'other settings'
        : null;
  if (differs === null) return;
  throw otherConfig(config, differs, `rollout ${place.id}`, ', or take the rollout back: slotwave rollback');
}

function otherConfig({ file }: Config, differs: string, rollout: string, orElse = ''): InputError {
  return new InputError(`The config file has ${differs}; ${rollout} did not begin with it.`, {
    code: 'config-of-another-rollout',
    where: file,
    next: `Bring back the config file it began with (git knows it)${orElse}`,
  });
}

async function refuseOtherPackage(begun: Begun, place: RolloutPlace): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(place.releasePath), hash);
  } catch (error) {
    throw new InputError(`The release of rollout ${place.id} cannot be read: ${tellFileError(error)}`, {
      code: 'release-unreadable',
      where: place.releasePath,
      next: 'Restore the file, or take the rollout back: slotwave rollback',
      cause: error,
    });
  }
  if (hash.digest('hex') === begun.release.digest) return;
  throw new InputError(`The release of rollout ${place.id} is not the file that it began with.`, {
    code: 'release-changed',
    where: place.releasePath,
    next: 'Restore the file, or take the rollout back: slotwave rollback',
  });
}
