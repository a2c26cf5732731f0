import { resolve } from 'node:path';
import { describePlan } from '../plan/describe.ts';
import { neutralise, neutraliseJson } from '../report/neutralise.ts';
import { connect, openClock } from './connect.ts';
import { exitCodes } from './errors.ts';
import { foresee, isStopping } from './foresee.ts';
import type { PlanOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { inScratchFolder } from './package-command.ts';
import { openParcel } from './parcel.ts';
import { demandPlanPlace, writePlan } from './plan-file.ts';
import { readConfig } from './read-config.ts';
import { listenForStop } from './signals.ts';
import { whilePacking } from './tell-packing.ts';
import { type Stop, untilStopped } from './until-stopped.ts';

/** As `terraform plan -detailed-exitcode`: 0 nothing to do, 2 something to do. */
const changesExitCode = 2;

/** `slotwave plan`: reads, decides, tells. On a transport that refuses every write. */
export async function commandPlan(
  options: PlanOptions,
  outside: Outside = openOutside(options),
): Promise<number> {
  const { signal, dispose } = listenForStop();
  try {
    return await tellPlan(options, outside, { signal, again: 'slotwave plan' });
  } finally {
    dispose();
  }
}

async function tellPlan(options: PlanOptions, outside: Outside, stop: Stop): Promise<number> {
  const clock = openClock(options);
  const config = await readConfig(options, outside);
  if (options.out !== undefined) await demandPlanPlace(resolve(options.out));
  return inScratchFolder(async (scratch) => {
    const { pkg } = await untilStopped(stop, () =>
      whilePacking(outside, (onProgress) => openParcel(config, scratch, { signal: stop.signal, onProgress })),
    );
    const connection = await untilStopped(stop, () =>
      connect({ options, outside, clock, looksOnly: true, stop: stop.signal }),
    );
    try {
      const force = options.force ?? false;
      const { plan, findings } = await untilStopped(stop, () =>
        foresee({ config, pkg, connection, clock, force }),
      );
      if (options.out !== undefined) {
        await writePlan(resolve(options.out), plan);
        outside.witness?.saved?.(resolve(options.out));
      }
      outside.witness?.foreseen?.({ plan, findings });
      const width = Math.min(110, outside.size?.().columns ?? 100);
      const lines = options.json
        ? [neutraliseJson(JSON.stringify({ plan, findings }))]
        : describePlan(plan, findings, width).map((line) => neutralise(line));
      outside.write(`${lines.join('\n')}\n`);
      if (findings.some(isStopping)) return exitCodes.input;
      const changes = plan.targets.some(({ action }) => action === 'promote');
      return options.detailedExitcode && changes ? changesExitCode : exitCodes.settled;
    } finally {
      connection.close();
    }
  });
}
