/** `PUT deployments/{id}` without a status: what was deployed before is carried out once more (Kudu's own source). */
import type { Platform } from '../platform.ts';
import type { Deployment, Slot } from '../world/state.ts';
import { beginDeployment, waitForDeployment } from './deploy.ts';
import { checkFree, text } from './publish.ts';
import { seenSettings } from './settings.ts';

/** Answers when it is over, as Kudu does. */
export async function redeploy(platform: Platform, slot: Slot, found: Deployment): Promise<Response> {
  const busy = checkFree(platform, slot);
  if (busy) return busy;
  const { content, deployer, message, author, authorEmail } = found;
  // Only what is still there can be put in place again.
  if (content === null) return text(404, `Deployment '${found.id}' has no files any more.`);
  const deployment = beginDeployment(platform, slot, {
    package: { bytes: content.bytes, digest: content.digest },
    ...{ deployer, message, author, authorEmail },
    settings: seenSettings(platform, slot),
    again: found,
  });
  await waitForDeployment(platform, deployment);
  return deployment.status === 4 || deployment.status === 6
    ? text(200, '')
    : text(500, deployment.log.at(-1)?.message ?? 'The deployment failed.');
}
