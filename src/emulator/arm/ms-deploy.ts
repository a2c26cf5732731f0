/** `extensions/MSDeploy`: a package by URL, the oldest way through ARM (azure-platform.md §2.6). */
import { fieldOf, takeJson } from '../incoming.ts';
import { isoTime } from '../platform.ts';
import { beginDeployment } from '../scm/deploy.ts';
import { checkFree } from '../scm/publish.ts';
import { seenSettings } from '../scm/settings.ts';
import type { Deployment, Slot } from '../world/state.ts';
import { appServiceError, json } from './answer.ts';
import type { AppCall } from './call.ts';
import { idOf, typeOf } from './shapes.ts';

const deployer = 'MSDeploy';

/** The package is taken for a plain zip: Web Deploy's own form is not played. */
export async function deployByMsDeploy({ platform, slot, incoming }: AppCall): Promise<Response> {
  const url = fieldOf(await takeJson(incoming), 'properties', 'packageUri');
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url))
    return appServiceError(400, 'BadRequest', 'The parameter packageUri has an invalid value.', '51008');
  if (checkFree(platform, slot)) {
    const message = 'Another MSDeploy operation is in progress.';
    return appServiceError(409, 'Conflict', message, '51030');
  }
  const deployment = beginDeployment(platform, slot, {
    package: { url },
    ...{ deployer, message: deployer, author: 'N/A', authorEmail: 'N/A' },
    settings: seenSettings(platform, slot),
  });
  return json(201, shapeStatus(slot, deployment));
}

export function readMsDeploy({ slot }: AppCall): Response {
  const found = lastOf(slot);
  return found ? json(200, shapeStatus(slot, found)) : notFound();
}

export function readMsDeployLog({ slot }: AppCall): Response {
  const found = lastOf(slot);
  if (!found) return notFound();
  const types = ['Message', 'Warning', 'Error'] as const;
  const entries = found.log.map(({ atMs, message, type }) => ({
    time: isoTime(atMs),
    type: types[type],
    message,
  }));
  return json(200, { ...resource(slot, '/log'), properties: { entries } });
}

function lastOf(slot: Slot): Deployment | undefined {
  return slot.cargo.deployments.findLast((one) => one.deployer === deployer);
}

function shapeStatus(slot: Slot, { endedMs, status, receivedMs }: Deployment): Record<string, unknown> {
  const isGood = status === 4 || status === 6;
  return {
    ...resource(slot, ''),
    properties: {
      deployer,
      provisioningState: endedMs === null ? 'running' : isGood ? 'succeeded' : 'failed',
      startTime: isoTime(receivedMs),
      ...(endedMs === null ? {} : { endTime: isoTime(endedMs) }),
      complete: endedMs !== null,
    },
  };
}

function resource(slot: Slot, below: string): Record<string, unknown> {
  const id = `${idOf(slot)}/extensions/MSDeploy${below}`;
  return { id, name: 'MSDeploy', type: `${typeOf(slot)}/extensions` };
}

function notFound(): Response {
  return appServiceError(404, 'NotFound', 'No MSDeploy operation was found.', '51004');
}
