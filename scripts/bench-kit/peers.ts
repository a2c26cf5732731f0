/** What people do today, on the same emulator: deploy, wait and swap in each job, one wave after the other. */
import pLimit from 'p-limit';
import type { Target } from '../../src/plan/fleet.ts';
import { stampSetting } from '../../src/release/release.ts';
import { type BenchFleet, type World, wireTo } from './fleet.ts';
import { observeMs, probeMs, type Shape } from './waits.ts';

/** From the moment in which a job may run until its first step deploys: a runner, a checkout, a package, a sign-in. */
export const jobStartMs = 50_000;
const lookMs = 5_000;

export interface Jobs {
  /** At once; the plan of GitHub for teams and of Azure Pipelines stand for 20. */
  readonly atOnce: number;
  readonly startMs: number;
}

/** How long all of it takes. The clients are ours, so their looks at Azure's work are as good as ours. */
export async function rollOutByJobs(
  fleet: BenchFleet,
  world: World,
  shape: Shape,
  { atOnce, startMs }: Jobs,
): Promise<number> {
  const { clock, emulator } = world;
  const send = wireTo(world, fleet);
  const { slots } = fleet.engine.createAzure(send, clock, emulator.identity, () => {});
  const { release } = fleet.baggage;
  const isUp = async ({ site, slot }: Target) => {
    const url = `https://${site}-${slot}.azurewebsites.localhost/api/health`;
    const answer = await send({ method: 'GET', url, headers: {}, timeoutMs: lookMs }).catch(() => null);
    return answer?.status === 200;
  };
  const carryOut = async (target: Target) => {
    await clock.sleep(startMs);
    await slots.writeSettings(target, { ...fleet.config.settings, [stampSetting]: release.id });
    await slots.deployPackage(target, release, () => {});
    while (!(await isUp(target))) await clock.sleep(lookMs);
    await clock.sleep(probeMs);
    await slots.swap(target);
    await clock.sleep(observeMs);
  };
  const begunMs = clock.now();
  let from = 0;
  for (const count of shape.waves) {
    const limit = pLimit(atOnce);
    const wave = fleet.config.targets.slice(from, from + count);
    from += count;
    await clock.run(Promise.all(wave.map((target) => limit(() => carryOut(target)))));
    await clock.run(clock.sleep(shape.bakeMs));
  }
  return clock.now() - begunMs;
}
