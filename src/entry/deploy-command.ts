import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { ConfigDelivery } from '../config/config.ts';
import { describeFindings } from '../plan/describe-findings.ts';
import type { Plan } from '../plan/plan.ts';
import type { Release } from '../release/release.ts';
import { neutralise } from '../report/neutralise.ts';
import { connect, openClock } from './connect.ts';
import { exitCodes } from './errors.ts';
import { readExperience } from './experience.ts';
import { type Foreseen, foresee, refuseFindings, refuseStalePlan } from './foresee.ts';
import { lockFleet } from './lock.ts';
import { lookHere } from './look-here.ts';
import { lookedAt, openLook } from './open-look.ts';
import type { DeployOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { inScratchFolder } from './package-command.ts';
import { openParcel, type Parcel } from './parcel.ts';
import { readPlan, writePlan } from './plan-file.ts';
import { readConfig } from './read-config.ts';
import { run } from './run.ts';
import { listenForStop } from './signals.ts';
import { createRollout, newRolloutId, type RolloutPlace, rememberLatest } from './state.ts';
import { whilePacking } from './tell-packing.ts';
import { refuseWhenStopped, type Stop, untilStopped } from './until-stopped.ts';

/** `slotwave deploy [plan.json]`. */
export async function commandDeploy(
  planFile: string | undefined,
  options: DeployOptions,
  outside: Outside = openOutside(options),
): Promise<number> {
  const clock = openClock(options);
  const { signal, dispose } = listenForStop();
  const again = planFile === undefined ? 'slotwave deploy' : `slotwave deploy ${planFile}`;
  try {
    return await deploy({ planFile, options, outside, clock, stop: { signal, again } });
  } finally {
    dispose();
  }
}

interface Deployment {
  readonly planFile: string | undefined;
  readonly options: DeployOptions;
  readonly outside: Outside;
  readonly clock: Clock;
  readonly stop: Stop;
  /** In place of what the config says. */
  readonly delivery?: ConfigDelivery;
  readonly rehearsal?: boolean;
}

export async function deploy(deployment: Deployment): Promise<number> {
  const { planFile, options, outside, clock, stop, rehearsal = false } = deployment;
  const saved = planFile === undefined ? null : await readPlan(resolve(planFile));
  const written = await readConfig(options, outside);
  const here = rehearsal ? lookHere(written, outside) : written;
  const config = { ...here, delivery: deployment.delivery ?? here.delivery };
  const stateFolder = resolve(options.state);
  return inScratchFolder(async (scratch) => {
    const parcel = await untilStopped(stop, () =>
      whilePacking(outside, (onProgress) => openParcel(config, scratch, { signal: stop.signal, onProgress })),
    );
    const request = { options, outside, clock, cloud: saved?.cloud, looksOnly: false, stop: stop.signal };
    const connection = await untilStopped(stop, () => connect(request));
    const id = newRolloutId(clock);
    try {
      const cloud = connection.azure.cloud.resourceManager;
      const lock = await lockFleet({ stateFolder, app: config.app, cloud, rollout: id, clock });
      try {
        const force = options.force ?? saved?.force ?? false;
        const foreseen = await untilStopped(stop, () =>
          foresee({ config, pkg: parcel.pkg, connection, clock, force }),
        );
        if (saved) refuseStalePlan(saved, foreseen, planFile ?? '');
        const plan = check(foreseen, outside);
        if (plan === null) return exitCodes.settled;
        const looks = { plan: lookedAt(plan), config, connection, clock, outside, mayRunTools: true };
        const looking = await untilStopped(stop, () => openLook(looks));
        const experience = await readExperience(stateFolder, plan.app, plan.cloud);
        const laid = await layDown({ stateFolder, id, parcel, plan, stop });
        outside.witness?.placed?.(laid.place);
        const json = options.json ?? false;
        const what = { verb: 'roll-out' } as const;
        const told = { clock, outside, json, rehearsal };
        const known = { plan, config, experience, connection, looking };
        return await run({ what, ...laid, ...known, ...told, stop: stop.signal });
      } finally {
        await lock.release();
      }
    } finally {
      connection.close();
    }
  });
}

interface Laying {
  readonly stateFolder: string;
  readonly id: string;
  readonly parcel: Parcel;
  readonly plan: Plan;
  readonly stop: Stop;
}

/** What a rollout has on disk before its journal begins. All of it, or nothing that a later command would find. */
async function layDown({ stateFolder, id, parcel, plan, stop }: Laying): Promise<{
  readonly place: RolloutPlace;
  readonly release: Release;
}> {
  const place = await createRollout(stateFolder, id);
  try {
    const release = await untilStopped(stop, () => parcel.seal(id, place.releasePath));
    await writePlan(place.planPath, plan);
    refuseWhenStopped(stop);
    await rememberLatest(stateFolder, id);
    return { place, release };
  } catch (error) {
    await rm(place.folder, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}

/** Null: there is nothing to do. */
function check({ plan, findings }: Foreseen, outside: Outside): Plan | null {
  refuseFindings(findings);
  const { witness } = outside;
  witness?.foreseen?.({ plan, findings });
  const warnings = witness?.foreseen ? [] : describeFindings(findings, 100);
  if (warnings.length > 0) outside.writeError(`${warnings.map((line) => neutralise(line)).join('\n')}\n`);
  if (plan.targets.some(({ action }) => action === 'promote')) return plan;
  outside.writeError(
    'Every target already runs this release with these settings. Nothing to do; --force does it anyway.\n',
  );
  return null;
}
