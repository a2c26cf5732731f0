import { resolve } from 'node:path';
import { describePlan } from '../plan/describe.ts';
import { neutralise, neutraliseJson } from '../report/neutralise.ts';
import { connect, openClock } from './connect.ts';
import { exitCodes } from './errors.ts';
import { foresee } from './foresee.ts';
import type { PlanOptions } from './options.ts';
import { openOutside } from './outside.ts';
import { inScratchFolder } from './package-command.ts';
import { openParcel } from './parcel.ts';
import { writePlan } from './plan-file.ts';
import { readConfig } from './read-config.ts';

/** As `terraform plan -detailed-exitcode`: 0 nothing to do, 2 something to do. */
const changesExitCode = 2;

/** `slotwave plan`: reads, decides, tells. On a transport that refuses every write. */
export async function commandPlan(options: PlanOptions): Promise<number> {
  const outside = openOutside(options);
  const clock = openClock(options);
  const config = await readConfig(options.config);
  return inScratchFolder(async (scratch) => {
    const { pkg } = await openParcel(config, scratch);
    const connection = await connect({ options, outside, clock, looksOnly: true });
    try {
      const { plan, findings } = await foresee({
        config,
        pkg,
        connection,
        clock,
        force: options.force ?? false,
      });
      if (options.out !== undefined) await writePlan(resolve(options.out), plan);
      const width = Math.min(110, outside.size?.().columns ?? 100);
      const lines = options.json
        ? [neutraliseJson(JSON.stringify({ plan, findings }))]
        : describePlan(plan, findings, width).map((line) => neutralise(line));
      outside.write(`${lines.join('\n')}\n`);
      if (findings.some(({ severity }) => severity === 'error')) return exitCodes.input;
      const changes = plan.targets.some(({ action }) => action === 'promote');
      return options.detailedExitcode && changes ? changesExitCode : exitCodes.settled;
    } finally {
      connection.close();
    }
  });
}
