/** A package by URL through ARM, for when the SCM site cannot be reached (azure-platform.md §2.6). */
import { fieldOf, takeJson } from '../incoming.ts';
import { beginDeployment } from '../scm/deploy.ts';
import { checkFree, defaultMessage, locationTime } from '../scm/publish.ts';
import { seenSettings } from '../scm/settings.ts';
import { appServiceError, json } from './answer.ts';
import type { AppCall } from './call.ts';
import { answerDeployment, findDeploymentFor, shapeArmDeployment } from './deployments.ts';
import { idOf } from './shapes.ts';

/** `PUT extensions/onedeploy` and its older twin `extensions/ZipDeploy`: always asynchronous. */
export async function deployByUrl(call: AppCall): Promise<Response> {
  const { platform, slot, incoming } = call;
  const isOneDeploy = call.rest.at(-1)!.toLowerCase() === 'onedeploy';
  const body = await takeJson(incoming);
  const url = fieldOf(body, 'properties', 'packageUri');
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url))
    return appServiceError(400, 'BadRequest', 'The parameter packageUri has an invalid value.', '51008');
  const type = fieldOf(body, 'properties', 'type') ?? 'zip';
  if (isOneDeploy && String(type).toLowerCase() !== 'zip')
    return appServiceError(400, 'BadRequest', `type='${String(type)}' not recognized`, '51008');
  const busy = checkFree(platform, slot);
  if (busy) return busy;
  const deployer = isOneDeploy ? 'OneDeploy' : 'ZipDeploy';
  const deployment = beginDeployment(platform, slot, {
    package: { url },
    deployer,
    message: defaultMessage(deployer),
    author: 'N/A',
    authorEmail: 'N/A',
    settings: seenSettings(platform, slot),
  });
  const query = `api-version=2018-02-01&deployer=${deployer}&time=${locationTime(deployment.receivedMs)}`;
  const location = `${platform.addresses.origin}${idOf(slot)}/deployments/latest?${query}`;
  const retryAfter = slot.site.os === 'windows' ? { 'retry-after': '30' } : {};
  return json(202, shapeArmDeployment(call, deployment), { location, ...retryAfter });
}

/** `GET extensions/onedeploy`: the last deployment. */
export function readLastDeployment(call: AppCall): Response {
  const found = findDeploymentFor(call, 'latest');
  return found ? json(200, shapeArmDeployment(call, found)) : answerDeployment(call, 'latest');
}
