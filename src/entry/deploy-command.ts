import { resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { ConfigDelivery } from '../config/config.ts';
import { describeFindings } from '../plan/describe-findings.ts';
import type { Plan } from '../plan/plan.ts';
import { neutralise } from '../report/neutralise.ts';
import { connect, openClock } from './connect.ts';
import { exitCodes } from './errors.ts';
import { type Foreseen, foresee, refuseFindings, refuseStalePlan } from './foresee.ts';
import { lockFleet } from './lock.ts';
import type { DeployOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { inScratchFolder } from './package-command.ts';
import { openParcel } from './parcel.ts';
import { readPlan, writePlan } from './plan-file.ts';
import { readConfig } from './read-config.ts';
import { run } from './run.ts';
import { listenForStop } from './signals.ts';
import { createRollout, newRolloutId, rememberLatest } from './state.ts';

/** `slotwave deploy [plan.json]`. */
export async function commandDeploy(planFile: string | undefined, options: DeployOptions): Promise<number> {
  const outside = openOutside(options);
  const clock = openClock(options);
  const stop = listenForStop();
  try {
    return await deploy({ planFile, options, outside, clock, stop: stop.signal });
  } finally {
    stop.dispose();
  }
}

interface Deployment {
  readonly planFile: string | undefined;
  readonly options: DeployOptions;
  readonly outside: Outside;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** In place of what the config says. */
  readonly delivery?: ConfigDelivery;
}

export async function deploy(deployment: Deployment): Promise<number> {
  const { planFile, options, outside, clock } = deployment;
  const saved = planFile === undefined ? null : await readPlan(resolve(planFile));
  const written = await readConfig(options.config);
  const config = { ...written, delivery: deployment.delivery ?? written.delivery };
  const stateFolder = resolve(options.state);
  return inScratchFolder(async (scratch) => {
    const { pkg, seal } = await openParcel(config, scratch, deployment.stop);
    const connection = await connect({ options, outside, clock, cloud: saved?.cloud, looksOnly: false });
    const id = newRolloutId(clock);
    try {
      const cloud = connection.azure.cloud.resourceManager;
      const lock = await lockFleet({ stateFolder, app: config.app, cloud, rollout: id, clock });
      try {
        const foreseen = await foresee({ config, pkg, connection, clock, force: options.force ?? false });
        if (saved) refuseStalePlan(saved, foreseen, planFile ?? '');
        const plan = check(foreseen, outside);
        if (plan === null) return exitCodes.settled;
        if (deployment.stop.aborted) return exitCodes.interrupted;
        const place = await createRollout(stateFolder, id);
        const release = await seal(id, place.releasePath);
        await writePlan(place.planPath, plan);
        await rememberLatest(stateFolder, id);
        const what = { verb: 'roll-out' } as const;
        const json = options.json ?? false;
        return await run({
          what,
          place,
          plan,
          release,
          config,
          connection,
          clock,
          outside,
          json,
          stop: deployment.stop,
        });
      } finally {
        await lock.release();
      }
    } finally {
      connection.close();
    }
  });
}

/** Null: there is nothing to do. */
function check({ plan, findings }: Foreseen, outside: Outside): Plan | null {
  refuseFindings(findings);
  const warnings = describeFindings(findings, 100);
  if (warnings.length > 0) outside.writeError(`${warnings.map((line) => neutralise(line)).join('\n')}\n`);
  if (plan.targets.some(({ action }) => action === 'promote')) return plan;
  outside.writeError(
    'Every target already runs this release with these settings. Nothing to do; --force does it anyway.\n',
  );
  return null;
}
