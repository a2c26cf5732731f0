/** Deployment history and status as ARM tells them (azure-platform.md §2.6). */
import { fieldOf, takeJson } from '../incoming.ts';
import { removeDeployment, shapeDeployment, writeHistory } from '../scm/deployments.ts';
import type { Deployment } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { idOf, nameOf, typeOf } from './shapes.ts';

export function listDeployments(call: AppCall): Response {
  const id = call.rest[1];
  if (id !== undefined) return answerDeployment(call, id);
  return list([...call.slot.cargo.deployments].reverse().map((one) => shapeArmDeployment(call, one)));
}

/** To ARM, Kudu answers 202 while a deployment runs, whichever way it was asked for (§2.4). */
export function answerDeployment(call: AppCall, id: string): Response {
  const { platform, slot, incoming } = call;
  const found = findDeploymentFor(call, id);
  if (!found) return appServiceError(404, 'NotFound', `Deployment '${id}' not found.`, '51004');
  if (found.endedMs !== null) return json(200, shapeArmDeployment(call, found));
  const location = `${platform.addresses.origin}${incoming.url.pathname}${incoming.url.search}`;
  const retryAfter = slot.site.os === 'windows' ? { 'retry-after': '30' } : {};
  return json(202, shapeArmDeployment(call, found), { location, ...retryAfter });
}

export function findDeploymentFor({ slot }: AppCall, id: string): Deployment | undefined {
  const { deployments } = slot.cargo;
  return id.toLowerCase() === 'latest' ? deployments.at(-1) : deployments.find((one) => one.id === id);
}

export function shapeArmDeployment(
  { platform, slot }: AppCall,
  deployment: Deployment,
): Record<string, unknown> {
  return {
    id: `${idOf(slot)}/deployments/${deployment.id}`,
    name: `${nameOf(slot)}/${deployment.id}`,
    type: `${typeOf(slot)}/deployments`,
    properties: shapeDeployment(platform, slot, deployment),
  };
}

/** `PUT deployments/{id}`: ARM hands it on to the SCM site. */
export async function writeArmDeployment(call: AppCall): Promise<Response> {
  const id = call.rest[1]!;
  const body = fieldOf(await takeJson(call.incoming), 'properties');
  const written = await writeHistory(call, id, body);
  if (!(written instanceof Response)) return json(200, shapeArmDeployment(call, written));
  if (written.ok) return answerDeployment(call, id);
  const message = await written.text();
  const code = written.status === 404 ? 'NotFound' : 'Conflict';
  return appServiceError(written.status, code, message, '51004');
}

export async function deleteArmDeployment(call: AppCall): Promise<Response> {
  const answer = removeDeployment(call, call.rest[1]!);
  if (answer.ok) return answer;
  return appServiceError(answer.status, answer.status === 404 ? 'NotFound' : 'Conflict', await answer.text());
}

/** `deploymentStatus[/{id}]`: only Linux apps have it (§2.6). 202 until the app itself has started. */
export function readDeploymentStatus(call: AppCall): Response {
  const id = call.rest[1];
  const known = call.slot.site.os === 'linux' ? call.slot.cargo.deployments : [];
  if (id === undefined) return list(known.map((one) => shapeStatus(call, one)));
  const found = known.find((one) => one.id === id);
  if (!found) return appServiceError(404, 'NotFound', `Deployment '${id}' not found.`, '51004');
  const isOver = /Successful$|Failed$/.test(statusOf(call, found));
  return json(isOver ? 200 : 202, shapeStatus(call, found), isOver ? {} : { 'retry-after': '5' });
}

function shapeStatus(call: AppCall, deployment: Deployment): Record<string, unknown> {
  const status = statusOf(call, deployment);
  return {
    id: `${idOf(call.slot)}/deploymentStatus/${deployment.id}`,
    name: deployment.id,
    type: `${typeOf(call.slot)}/deploymentStatus`,
    properties: {
      deploymentId: deployment.id,
      status,
      numberOfInstancesInProgress: status === 'RuntimeStarting' ? 1 : 0,
      numberOfInstancesSuccessful: status === 'RuntimeSuccessful' ? 1 : 0,
      numberOfInstancesFailed: 0,
      failedInstancesLogs: [],
      errors: [],
    },
  };
}

function statusOf({ platform, slot }: AppCall, { endedMs, status }: Deployment): string {
  if (endedMs === null) return 'BuildInProgress';
  if (status !== 4 && status !== 6) return 'BuildFailed';
  const readyMs = slot.worker?.readyMs ?? Number.POSITIVE_INFINITY;
  return platform.clock.now() < readyMs ? 'RuntimeStarting' : 'RuntimeSuccessful';
}
