/** One SCM site (Kudu) for each slot: who asks, and for what. */
import type { Incoming } from '../incoming.ts';
import { checkScmCaller } from '../login/bearer.ts';
import type { Platform } from '../platform.ts';
import type { Slot } from '../world/state.ts';
import { answerDeployments } from './deployments.ts';
import { publish, zipDeploy } from './publish.ts';
import { answerSettings } from './settings.ts';
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
  const refusal = checkScmCaller(platform, slot, incoming);
  if (refusal) return refusal;
  const response = await route({ platform, incoming, slot, rest: segmentsOf(incoming) });
  // A scaled-out SCM site keeps a client on one instance by this cookie (§2.2); clients send it back.
  const cookie = `ARRAffinity=${affinityOf(slot)};Path=/;HttpOnly;Secure;Domain=${incoming.url.hostname}`;
  response.headers.append('set-cookie', cookie);
  return response;
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
  const writes = method === 'POST' || method === 'PUT';
  switch (call.rest[0]?.toLowerCase()) {
    case 'zipdeploy':
      return writes && call.rest.length === 1 ? zipDeploy(call) : notFound();
    case 'publish':
      return writes && call.rest.length === 1 ? publish(call) : notFound();
    case 'deployments':
      return method === 'GET' ? answerDeployments(call) : notFound();
    case 'settings':
      return method === 'GET' ? answerSettings(call) : notFound();
    case 'vfs':
      return method === 'GET' || method === 'HEAD' ? answerFiles(call) : notFound();
    default:
      return notFound();
  }
}

function affinityOf(slot: Slot): string {
  return slot.publishingPassword.slice(0, 16);
}

function notFound(): Response {
  return new Response('No route matches this request.', {
    status: 404,
    headers: { 'content-type': 'text/plain' },
  });
}
