/** Deployment history as ARM tells it (azure-platform.md §2.6). */
import { shapeDeployment } from '../scm/deployments.ts';
import type { Deployment } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { idOf, nameOf, typeOf } from './shapes.ts';

export function listDeployments(call: AppCall): Response {
  const { slot, rest } = call;
  const [, id] = rest;
  const history = slot.cargo.deployments;
  if (id === undefined) return list([...history].reverse().map((one) => shape(call, one)));
  const found = id === 'latest' ? history.at(-1) : history.find((one) => one.id === id);
  return found
    ? json(200, shape(call, found))
    : appServiceError(404, 'NotFound', `Deployment '${id}' not found.`, '51004');
}

function shape({ platform, slot }: AppCall, deployment: Deployment): Record<string, unknown> {
  return {
    id: `${idOf(slot)}/deployments/${deployment.id}`,
    name: `${nameOf(slot)}/${deployment.id}`,
    type: `${typeOf(slot)}/deployments`,
    properties: shapeDeployment(platform, slot, deployment),
  };
}
