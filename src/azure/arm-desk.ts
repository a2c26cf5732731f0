/** Deployments as ARM tells of them, for slots whose SCM site cannot be reached from here (azure-platform.md §2.6). */
import { SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Arm } from './arm.ts';
import { readRetryAfterMs } from './error-facts.ts';
import type { Desk } from './scm-course.ts';
import { readArmDeployments, readArmLog } from './scm-deployments.ts';
import { aboutSlot, slotPath } from './site-client.ts';

export const deploymentVersion = 'api-version=2025-05-01';

/** Read raw: the SDK's model of a deployment has neither `complete` nor `is_temp`, which tell when it has ended. */
export function openArmDesk(arm: Arm, target: Target, now: () => number): Desk {
  const { subscriptionId } = target;
  const base = `${slotPath(target)}/deployments`;
  const urlOf = (id: string) => `${base}/${encodeURIComponent(id)}`;
  const get = (path: string) =>
    arm.send(subscriptionId, { method: 'GET', url: `${path}?${deploymentVersion}` });
  const one = async (id: string) => {
    const answer = await get(urlOf(id));
    return {
      found: readArmDeployments(answer.body)[0] ?? null,
      retryAfterMs: readRetryAfterMs(answer.headers, now()),
    };
  };
  return {
    list: async () => {
      try {
        const about = aboutSlot(target, 'list the deployments of');
        return await arm.read(subscriptionId, about, async () => readArmDeployments((await get(base)).body));
      } catch (error) {
        if (error instanceof SlotwaveError && error.code === 'not-found') return [];
        throw error;
      }
    },
    one,
    // ARM's Location says "latest", which may be another's a moment later: the list tells ours apart.
    at: () => Promise.resolve({ found: null, retryAfterMs: null }),
    log: async (id) => readArmLog((await get(`${urlOf(id)}/log`)).body),
    logAddress: (id) =>
      `az rest --method get --url "${new URL(urlOf(id), arm.cloud.resourceManager).href}/log?${deploymentVersion}"`,
  };
}
