/** What Kudu tells of deployments: the body decides, the HTTP status does not (azure-platform.md §2.4). */
import { json } from '../arm/answer.ts';
import { isoTime, type Platform } from '../platform.ts';
import type { Deployment, Slot } from '../world/state.ts';
import { scmOrigin } from './publish.ts';
import type { ScmCall } from './router.ts';

/** `deployments[/{id}|/latest][/log[/{logId}]]` */
export function answerDeployments(call: ScmCall): Response {
  const { platform, slot, rest, incoming } = call;
  const [, id, log, logId] = rest;
  const history = slot.cargo.deployments;
  if (id === undefined)
    return json(
      200,
      newestFirst(call, history).map((one) => shapeDeployment(platform, slot, one)),
    );
  const found = findDeployment(platform, history, id);
  if (!found) return json(404, { Message: `Deployment '${id}' not found.` });
  if (log?.toLowerCase() === 'log') return answerLog(call, found, logId);
  const body = shapeDeployment(platform, slot, found);
  const isPending = found.endedMs === null;
  if (id.toLowerCase() !== 'latest' || !isPending) return json(200, body);
  const location = `${scmOrigin(slot, platform.addresses.scmHost(slot.label))}${incoming.url.pathname}${incoming.url.search}`;
  return json(202, body, { location, ...(slot.site.os === 'windows' ? { 'retry-after': '30' } : {}) });
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
    last_success_end_time: status === 4 ? ended : null,
    complete: deployment.endedMs !== null,
    active: deployment.active,
    is_temp: isTemporary,
    is_readonly: true,
    url,
    log_url: `${url}/log`,
    site_name: slot.site.name,
    provisioningState: deployment.endedMs === null ? 'InProgress' : status === 4 ? 'Succeeded' : 'Failed',
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
