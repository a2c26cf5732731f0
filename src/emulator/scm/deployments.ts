/** What Kudu tells of deployments: the body decides, the HTTP status does not (azure-platform.md §2.4). */
import { json } from '../arm/answer.ts';
import { fieldOf, type Incoming, takeJson } from '../incoming.ts';
import { isoTime, type Platform } from '../platform.ts';
import { sha256 } from '../world/content.ts';
import type { Deployment, Slot } from '../world/state.ts';
import { isFlexible } from './deploy.ts';
import { scmOrigin } from './publish.ts';
import { redeploy } from './redeploy.ts';
import type { ScmCall } from './router.ts';

/** `deployments[/{id}|/latest][/log[/{logId}]]` */
export function answerDeployments(call: ScmCall): Response {
  const { platform, slot, rest, incoming } = call;
  const [, id, log, logId] = rest;
  const history = slot.cargo.deployments;
  if (id === undefined) {
    const listed = newestFirst(call, history).map((one) => shapeDeployment(platform, slot, one));
    return tagged(incoming, listed);
  }
  const recycled = checkRecycled(platform, slot, id);
  if (recycled) return recycled;
  const found = findDeployment(platform, history, id);
  if (!found) return notFound(id);
  if (log?.toLowerCase() === 'log') return answerLog(call, found, logId);
  const body = shapeDeployment(platform, slot, found);
  const isPending = found.endedMs === null;
  if (id.toLowerCase() !== 'latest' || !isPending || isFlexible(slot)) return json(200, body);
  const location = `${scmOrigin(slot, platform.addresses.scmHost(slot.label))}${incoming.url.pathname}${incoming.url.search}`;
  return json(202, body, { location, ...(slot.site.os === 'windows' ? { 'retry-after': '30' } : {}) });
}

/** `PUT deployments/{id}`: tools write what they did into the history (§2.4); without a status it is done once more. */
export async function writeDeployment({ platform, slot, rest, incoming }: ScmCall): Promise<Response> {
  const id = rest[1]!;
  const written = await writeHistory({ platform, slot }, id, await takeJson(incoming));
  return written instanceof Response ? written : json(200, shapeDeployment(platform, slot, written));
}

type Place = Pick<ScmCall, 'platform' | 'slot'>;

/** The entry; a Response when it is another matter, or refused. */
export function writeHistory(
  { platform, slot }: Place,
  id: string,
  body: unknown,
): Deployment | Response | Promise<Response> {
  const status = fieldOf(body, 'status');
  const { cargo } = slot;
  const known = cargo.deployments.find((one) => one.id === id);
  if (status !== 3 && status !== 4) return known ? redeploy(platform, slot, known) : notFound(id);
  if (known) return json(409, { Message: `Deployment with id '${id}' exists` });
  const nowMs = platform.clock.now();
  const said = (name: string) => String(fieldOf(body, name) ?? 'N/A');
  const entry: Deployment = {
    id,
    temporaryId: id,
    deployer: said('deployer'),
    author: said('author'),
    authorEmail: 'N/A',
    message: said('message'),
    receivedMs: nowMs,
    permanentMs: nowMs,
    endedMs: nowMs,
    status,
    active: false,
    log: [],
    content: null,
  };
  cargo.deployments = [...cargo.deployments, entry];
  return entry;
}

export function deleteDeployment({ platform, slot, rest }: ScmCall): Response {
  return removeDeployment({ platform, slot }, rest[1]!);
}

export function removeDeployment({ platform, slot }: Place, id: string): Response {
  const found = findDeployment(platform, slot.cargo.deployments, id);
  if (!found) return notFound(id);
  if (found.active || found.endedMs === null)
    return json(409, { Message: `Unable to delete '${id}'. The deployment is currently active.` });
  slot.cargo.deployments = slot.cargo.deployments.filter((one) => one !== found);
  return new Response(null, { status: 204 });
}

/** A list that did not change is not sent again. */
function tagged({ request }: Incoming, listed: readonly unknown[]): Response {
  const etag = `"${sha256(Buffer.from(JSON.stringify(listed))).slice(0, 16)}"`;
  if (request.headers.get('if-none-match') === etag)
    return new Response(null, { status: 304, headers: { etag } });
  return json(200, listed, { etag });
}

/** How long the SCM worker of Flex is gone after it was recycled. */
const recycleMs = 30_000;

/** Flex recycles the SCM worker when a deployment ends: for a while its record is not there (§2.7). */
function checkRecycled(platform: Platform, slot: Slot, id: string): Response | null {
  const { flexRecycle } = platform.world;
  if (flexRecycle === 'never' || !isFlexible(slot)) return null;
  const endedMs = slot.cargo.deployments.at(-1)?.endedMs ?? null;
  if (endedMs === null || platform.clock.now() - endedMs >= recycleMs) return null;
  return flexRecycle === 'empty' ? json(200, {}) : notFound(id);
}

function notFound(id: string): Response {
  return json(404, { Message: `Deployment '${id}' not found.` });
}

/** The wire form of one deployment; while it is being received it has another id, and says so. */
export function shapeDeployment(
  platform: Platform,
  slot: Slot,
  deployment: Deployment,
): Record<string, unknown> {
  const isTemporary = platform.clock.now() < deployment.permanentMs;
  const id = isTemporary ? deployment.temporaryId : deployment.id;
  const url = `https://${platform.addresses.scmHost(slot.label)}/api/deployments/${id}`;
  const ended = deployment.endedMs === null ? null : isoTime(deployment.endedMs);
  const { status } = deployment;
  const isGood = status === 4 || status === 6;
  return {
    id,
    status: deployment.endedMs === null ? runningStatus(platform, deployment) : status,
    status_text: isTemporary ? 'Receiving changes.' : '',
    author_email: deployment.authorEmail,
    author: deployment.author,
    deployer: deployment.deployer,
    message: deployment.message,
    progress: isTemporary ? 'Fetching changes.' : '',
    received_time: isoTime(deployment.receivedMs),
    start_time: isoTime(deployment.receivedMs),
    end_time: ended,
    last_success_end_time: isGood ? ended : null,
    complete: deployment.endedMs !== null,
    active: deployment.active,
    is_temp: isTemporary,
    is_readonly: true,
    url,
    log_url: `${url}/log`,
    site_name: slot.site.name,
    provisioningState: deployment.endedMs === null ? 'InProgress' : isGood ? 'Succeeded' : 'Failed',
    ...(isFlexible(slot) ? { remoteBuild: false, build_summary: { errors: [], warnings: [] } } : {}),
  };
}

/** Pending, then building, then deploying: by the time that has passed. */
function runningStatus(platform: Platform, { receivedMs, permanentMs }: Deployment): number {
  const nowMs = platform.clock.now();
  if (nowMs < permanentMs) return 0;
  return nowMs - permanentMs < permanentMs - receivedMs ? 1 : 2;
}

function findDeployment(
  platform: Platform,
  history: readonly Deployment[],
  id: string,
): Deployment | undefined {
  const wanted = id.toLowerCase();
  if (wanted === 'latest') return history.at(-1);
  return history.find(
    (one) => (platform.clock.now() < one.permanentMs ? one.temporaryId : one.id) === wanted,
  );
}

/** `$orderby=ReceivedTime desc&$top=n`: the order is always that one. */
function newestFirst({ incoming }: ScmCall, history: readonly Deployment[]): readonly Deployment[] {
  const top = Number(incoming.url.searchParams.get('$top') ?? history.length);
  return [...history].reverse().slice(0, Number.isInteger(top) && top >= 0 ? top : undefined);
}

function answerLog({ platform, slot }: ScmCall, deployment: Deployment, logId: string | undefined): Response {
  const base = `https://${platform.addresses.scmHost(slot.label)}/api/deployments/${deployment.id}/log`;
  const lines = deployment.log.map(({ id, atMs, message, type }) => ({
    log_time: isoTime(atMs),
    id,
    message,
    type,
    details_url: type === 2 ? `${base}/${id}` : null,
  }));
  if (logId === undefined) return json(200, lines);
  const line = lines.find(({ id }) => id === logId);
  return line
    ? json(200, [line])
    : json(404, { Message: `LogId '${logId}' was not found in Deployment '${deployment.id}'.` });
}
