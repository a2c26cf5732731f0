/** Taking a package in: `zipdeploy` and OneDeploy's `publish`, one at a time (azure-platform.md §2.2, §2.3, §2.7). */
import { json } from '../arm/answer.ts';
import { BodyTooLarge, fieldOf, takeBytes, takeJson } from '../incoming.ts';
import { isoTime, type Platform } from '../platform.ts';
import { sha256 } from '../world/content.ts';
import type { Slot } from '../world/state.ts';
import { beginDeployment, checkZip, type Delivery, isFlexible, waitForDeployment } from './deploy.ts';
import type { ScmCall } from './router.ts';
import { seenSettings } from './settings.ts';

/** Kudu takes 2048 MB (§2.2). */
const packageLimitBytes = 2048 * 1024 * 1024;

const publishTypes = new Set(['war', 'jar', 'ear', 'lib', 'static', 'startup', 'script', 'zip']);

export async function zipDeploy(call: ScmCall): Promise<Response> {
  return takePackage(call, { deployer: 'ZipDeploy', asynchronous: flag(call, 'isAsync') });
}

/** On Flex Consumption it is always a zip, always asynchronous, and the answer is an id in quotes. */
export async function publish(call: ScmCall): Promise<Response> {
  if (isFlexible(call.slot)) return takePackage(call, { deployer: 'OneDeploy', asynchronous: true });
  const type = parameter(call, 'type') ?? '';
  if (!publishTypes.has(type.toLowerCase())) return text(400, `type='${type}' not recognized`);
  if (type.toLowerCase() !== 'zip')
    return text(400, `type='${type}' is not carried out by this emulator: function apps are deployed as zip`);
  return takePackage(call, { deployer: 'OneDeploy', asynchronous: flag(call, 'async') });
}

/** `POST zipdeploy/validate`: the zip is looked at and thrown away. */
export async function validateZip({ incoming }: ScmCall): Promise<Response> {
  const problem = checkZip(await takeBytes(incoming, packageLimitBytes));
  return problem === null ? text(200, '') : text(400, `ZipDeploy Validation ERROR: ${problem}`);
}

interface Manner {
  readonly deployer: 'ZipDeploy' | 'OneDeploy';
  readonly asynchronous: boolean;
}

async function takePackage(call: ScmCall, manner: Manner): Promise<Response> {
  const { platform, slot } = call;
  const busy = checkFree(platform, slot);
  if (busy) return busy;
  const received = await receive(call);
  if (received instanceof Response) return received;
  // While this upload was on its way another one may have come first: the lock is taken when the bytes are here.
  const stillBusy = checkFree(platform, slot);
  if (stillBusy) return stillBusy;
  const deployer = parameter(call, 'Deployer') ?? manner.deployer;
  // KuduLite's OneDeploy takes the parameter and forgets it.
  const keepsMessage = manner.deployer === 'ZipDeploy' || slot.site.os === 'windows';
  const deployment = beginDeployment(platform, slot, {
    package: received,
    deployer,
    message: (keepsMessage ? parameter(call, 'message') : null) ?? defaultMessage(manner.deployer),
    author: parameter(call, 'author') ?? 'N/A',
    authorEmail: parameter(call, 'authorEmail') ?? 'N/A',
    settings: seenSettings(platform, slot),
  });
  if (isFlexible(slot)) return json(202, deployment.id);
  if (manner.asynchronous) return accepted(call, deployer, deployment.receivedMs, deployment.id);
  await waitForDeployment(platform, deployment);
  return deployment.status === 4
    ? text(200, '')
    : text(500, deployment.log.at(-1)?.message ?? 'The deployment failed.');
}

export function defaultMessage(deployer: Manner['deployer']): string {
  return deployer === 'OneDeploy' ? 'OneDeploy' : 'Created via a push deployment';
}

/** The zip in the body, or the address of one in a body of JSON. */
async function receive({ incoming }: ScmCall): Promise<Delivery['package'] | Response> {
  if (/^application\/json\b/i.test(incoming.request.headers.get('content-type') ?? '')) {
    const url = fieldOf(await takeJson(incoming), 'packageUri');
    return typeof url === 'string' && /^https?:\/\//i.test(url)
      ? { url }
      : text(400, "Request body must contain 'packageUri'");
  }
  const bytes = await takeBytes(incoming, packageLimitBytes).catch((thrown: unknown) => {
    if (thrown instanceof BodyTooLarge) return thrown;
    throw thrown;
  });
  if (bytes instanceof BodyTooLarge)
    return text(413, `The package is larger than ${packageLimitBytes / 1024 / 1024} MB.`);
  const digest = sha256(bytes);
  const expected = incoming.request.headers.get('x-ms-artifact-checksum');
  return expected === null || expected.toLowerCase() === digest
    ? { bytes, digest }
    : text(400, `Artifact checksum does not match: expected ${expected}, received ${digest}.`);
}

/** The 409s. All are plain text. */
export function checkFree(platform: Platform, slot: Slot): Response | null {
  const { operation } = slot.site;
  if (operation?.automatic && operation.slot === slot)
    return text(
      409,
      'There is an auto swap deployment currently ongoing please try again when it completes.',
    );
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
  const query = `deployer=${encodeURIComponent(deployer)}&time=${locationTime(receivedMs)}`;
  return `${scmOrigin(slot, platform.addresses.scmHost(slot.label))}/api/deployments/latest?${query}`;
}

/** `2024-01-02_03-04-05Z` */
export function locationTime(ms: number): string {
  return isoTime(ms)
    .replace('T', '_')
    .replaceAll(':', '-')
    .replace(/\.\d+Z$/, 'Z');
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

export function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}
