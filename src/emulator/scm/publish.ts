/** Taking a package in: `zipdeploy` and OneDeploy's `publish`, asynchronous, one at a time (azure-platform.md §2.2, §2.3). */
import { BodyTooLarge, takeBytes } from '../incoming.ts';
import { isoTime } from '../platform.ts';
import { sha256 } from '../world/content.ts';
import type { Slot } from '../world/state.ts';
import { beginDeployment, waitForDeployment } from './deploy.ts';
import type { ScmCall } from './router.ts';
import { seenSettings } from './settings.ts';

/** Kudu takes 2048 MB (§2.2). */
const packageLimitBytes = 2048 * 1024 * 1024;

const publishTypes = new Set(['war', 'jar', 'ear', 'lib', 'static', 'startup', 'script', 'zip']);

export async function zipDeploy(call: ScmCall): Promise<Response> {
  return takePackage(call, { deployer: 'ZipDeploy', asynchronous: flag(call, 'isAsync') });
}

export async function publish(call: ScmCall): Promise<Response> {
  const type = parameter(call, 'type') ?? '';
  if (!publishTypes.has(type.toLowerCase())) return text(400, `type='${type}' not recognized`);
  if (type.toLowerCase() !== 'zip')
    return text(400, `type='${type}' is not carried out by this emulator: function apps are deployed as zip`);
  return takePackage(call, { deployer: 'OneDeploy', asynchronous: flag(call, 'async') });
}

interface Manner {
  readonly deployer: string;
  readonly asynchronous: boolean;
}

async function takePackage(call: ScmCall, manner: Manner): Promise<Response> {
  const { platform, slot, incoming } = call;
  if (/^application\/json\b/i.test(incoming.request.headers.get('content-type') ?? '')) {
    return text(400, 'packageUri is not carried out by this emulator: send the zip itself');
  }
  const busy = checkFree(call);
  if (busy) return busy;
  const bytes = await takeBytes(incoming, packageLimitBytes).catch((thrown: unknown) => {
    if (thrown instanceof BodyTooLarge) return thrown;
    throw thrown;
  });
  if (bytes instanceof BodyTooLarge)
    return text(413, `The package is larger than ${packageLimitBytes / 1024 / 1024} MB.`);
  // While this upload was on its way another one may have come first: the lock is taken when the bytes are here.
  const stillBusy = checkFree(call);
  if (stillBusy) return stillBusy;
  const digest = sha256(bytes);
  const expected = incoming.request.headers.get('x-ms-artifact-checksum');
  if (expected !== null && expected.toLowerCase() !== digest) {
    return text(400, `Artifact checksum does not match: expected ${expected}, received ${digest}.`);
  }
  const deployer = parameter(call, 'Deployer') ?? manner.deployer;
  const deployment = beginDeployment(platform, slot, {
    bytes,
    digest,
    deployer,
    message:
      parameter(call, 'message') ??
      (manner.deployer === 'OneDeploy' ? 'OneDeploy' : 'Created via a push deployment'),
    author: parameter(call, 'author') ?? 'N/A',
    authorEmail: parameter(call, 'authorEmail') ?? 'N/A',
    settings: seenSettings(platform, slot),
  });
  if (manner.asynchronous) return accepted(call, deployer, deployment.receivedMs, deployment.id);
  await waitForDeployment(platform, deployment);
  return deployment.status === 4
    ? text(200, '')
    : text(500, deployment.log.at(-1)?.message ?? 'The deployment failed.');
}

/** The 409s. All are plain text. */
function checkFree({ platform, slot }: ScmCall): Response | null {
  if (slot.deploying)
    return text(409, 'There is a deployment currently in progress. Please try again when it completes.');
  if (/^https?:/i.test(seenSettings(platform, slot)['WEBSITE_RUN_FROM_PACKAGE'] ?? '')) {
    return text(
      409,
      'Run-From-Zip is set to a remote URL using WEBSITE_USE_ZIP app setting. Deployment is not supported in this configuration.',
    );
  }
  return null;
}

function accepted(call: ScmCall, deployer: string, receivedMs: number, id: string): Response {
  const headers = new Headers({ location: locationOf(call, deployer, receivedMs) });
  if (call.slot.site.os === 'windows') headers.set('retry-after', '30');
  if (flag(call, 'trackDeploymentProgress')) headers.set('scm-deployment-id', id);
  return new Response(null, { status: 202, headers });
}

/** On Linux the address comes as the container sees itself: http, port 80 (§2.2). */
function locationOf({ platform, slot }: ScmCall, deployer: string, receivedMs: number): string {
  const time = isoTime(receivedMs)
    .replace('T', '_')
    .replaceAll(':', '-')
    .replace(/\.\d+Z$/, 'Z');
  const query = `deployer=${encodeURIComponent(deployer)}&time=${time}`;
  return `${scmOrigin(slot, platform.addresses.scmHost(slot.label))}/api/deployments/latest?${query}`;
}

export function scmOrigin(slot: Slot, scmHost: string): string {
  return slot.site.os === 'windows' ? `https://${scmHost}` : `http://${scmHost.replace(/:\d+$/, '')}:80`;
}

/** Query parameters are read without regard to case, as .NET does. */
function parameter({ incoming }: ScmCall, name: string): string | null {
  for (const [key, value] of incoming.url.searchParams)
    if (key.toLowerCase() === name.toLowerCase()) return value;
  return null;
}

function flag(call: ScmCall, name: string): boolean {
  return parameter(call, name)?.toLowerCase() === 'true';
}

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}
