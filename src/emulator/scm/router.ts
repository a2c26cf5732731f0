/** One SCM site (Kudu) for each slot: who asks, and for what. */
import { checkDeed } from '../arm/permissions.ts';
import { idOf } from '../arm/shapes.ts';
import type { Incoming } from '../incoming.ts';
import { checkScmCaller } from '../login/bearer.ts';
import { checkAccess } from '../network/access.ts';
import { unavailable } from '../network/pages.ts';
import type { Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';
import { runCommand } from './command.ts';
import { answerDeployments, deleteDeployment, writeDeployment } from './deployments.ts';
import { publish, validateZip, zipDeploy } from './publish.ts';
import { answerSettings, deleteScmSetting, writeScmSettings } from './settings.ts';
import { answerFiles } from './vfs.ts';

export interface ScmCall {
  readonly platform: Platform;
  readonly incoming: Incoming;
  readonly slot: Slot;
  /** Path segments after `/api/`, as written. */
  readonly rest: readonly string[];
}

export async function answerScm(platform: Platform, slot: Slot, incoming: Incoming): Promise<Response> {
  await platform.sleep(platform.world.latencies.scm);
  const refusal =
    checkAccess(slot, incoming.caller, 'scm') ??
    checkWarm(slot) ??
    checkScmCaller(platform, slot, incoming) ??
    checkPublisher(platform, slot, incoming);
  if (refusal) return refusal;
  const response = await route({ platform, incoming, slot, rest: segmentsOf(incoming) });
  // A scaled-out SCM site keeps a client on one instance by this cookie (§2.2); clients send it back.
  const { hostname } = incoming.url;
  const id = slot.publishingPassword.slice(0, 16);
  response.headers.append('set-cookie', `ARRAffinity=${id};Path=/;HttpOnly;Secure;Domain=${hostname}`);
  response.headers.append(
    'set-cookie',
    `ARRAffinitySameSite=${id};Path=/;HttpOnly;SameSite=None;Secure;Domain=${hostname}`,
  );
  return response;
}

/** A site that nobody has used for a while says so for its first requests (§2.7). */
function checkWarm(slot: Slot): Response | null {
  if (slot.scmColdRequests === 0) return null;
  slot.scmColdRequests -= 1;
  return unavailable();
}

/** Who comes with a token must be allowed to publish; publishing credentials are that permission. */
function checkPublisher(platform: Platform, slot: Slot, { request }: Incoming): Response | null {
  const { deny } = platform.world.identity;
  if (deny.length === 0 || !/^bearer /i.test(request.headers.get('authorization') ?? '')) return null;
  const type = slot === slot.site.production ? 'sites' : 'sites/slots';
  return checkDeed(platform, { action: `Microsoft.Web/${type}/publish/action`, scope: idOf(slot) });
}

function segmentsOf({ url }: Incoming): readonly string[] {
  const [api, ...rest] = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  return api?.toLowerCase() === 'api' ? rest : [];
}

async function route(call: ScmCall): Promise<Response> {
  const { method } = call.incoming;
  const [first = '', second] = call.rest.map((part) => part.toLowerCase());
  const writes = method === 'POST' || method === 'PUT';
  const reads = method === 'GET' || method === 'HEAD';
  switch (first) {
    case 'zipdeploy':
      if (method === 'POST' && second === 'validate') return validateZip(call);
      return writes && second === undefined ? zipDeploy(call) : notFound();
    case 'publish':
      return writes && second === undefined ? publish(call) : notFound();
    case 'deployments':
      if (method === 'PUT' && second !== undefined) return writeDeployment(call);
      if (method === 'DELETE' && second !== undefined) return deleteDeployment(call);
      return reads ? answerDeployments(call) : notFound();
    case 'settings':
      if (method === 'POST' && second === undefined) return writeScmSettings(call);
      if (method === 'DELETE' && second !== undefined) return deleteScmSetting(call);
      return reads ? answerSettings(call) : notFound();
    case 'command':
      return method === 'POST' && second === undefined ? runCommand(call) : notFound();
    case 'vfs':
      return reads ? answerFiles(call) : notFound();
    default:
      return notFound();
  }
}

function notFound(): Response {
  return new Response('No route matches this request.', {
    status: 404,
    headers: { 'content-type': 'text/plain' },
  });
}
