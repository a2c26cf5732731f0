/** A transport that answers from a script: what the other side says is written down, what we send is kept. */
import { createArm } from '../../src/azure/arm.ts';
import type { Cloud } from '../../src/azure/cloud.ts';
import type { Road } from '../../src/azure/road.ts';
import { createTokens } from '../../src/azure/tokens.ts';
import {
  type HttpAnswer,
  type HttpRequest,
  type Transport,
  TransportError,
} from '../../src/azure/transport.ts';
import type { VirtualClock } from '../../src/clock.ts';
import type { Target } from '../../src/plan/fleet.ts';

export const cloud: Cloud = {
  name: 'AzureCloud',
  resourceManager: 'https://management.azure.com',
  loginEndpoint: 'https://login.microsoftonline.com',
  scope: 'https://management.azure.com/.default',
  wellKnown: true,
};

export const target: Target = {
  name: 'weu',
  subscriptionId: '51075a1e-0000-4000-8000-000000000001',
  resourceGroup: 'g',
  site: 'orders-weu',
  slot: 'staging',
  labels: {},
};

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly road?: Road | undefined;
  readonly atMs: number;
}

/** A step: an answer, or a failure, or what is sent decides. */
export type Step =
  | Partial<HttpAnswer>
  | TransportError
  | ((sent: Sent) => Partial<HttpAnswer> | TransportError);

export const lost = (code = 'ECONNRESET') =>
  new TransportError('lost', { code, sent: true, host: 'management.azure.com' });
export const unreachable = (code = 'ECONNREFUSED') =>
  new TransportError('refused', { code, sent: false, host: 'management.azure.com' });

/** Answers in order; the last step answers for ever. */
export function script(steps: readonly Step[], clock: VirtualClock): { transport: Transport; sent: Sent[] } {
  const sent: Sent[] = [];
  const transport: Transport = async (request) => {
    const record = { ...describeRequest(request), body: await readBody(request), atMs: clock.now() };
    sent.push(record);
    const step = steps[Math.min(sent.length, steps.length) - 1];
    const answer = typeof step === 'function' ? step(record) : step;
    if (answer instanceof TransportError) throw answer;
    return { status: 200, reason: '', headers: {}, setCookies: [], body: '', address: null, ...answer };
  };
  return { transport, sent };
}

function describeRequest({ method, url, headers, road }: HttpRequest) {
  const { pathname, search } = new URL(url);
  return { method, url, path: `${pathname}${search}`, headers, ...(road && { road }) };
}

async function readBody({ body, onSent }: HttpRequest): Promise<string> {
  if (body === undefined) return '';
  if (typeof body === 'string') return body;
  if (!('open' in body)) return Buffer.from(body).toString();
  let text = '';
  for await (const chunk of body.open()) text += String(chunk);
  onSent?.(text.length);
  return text;
}

/** Tokens `token-1`, `token-2`, … */
export function countedTokens(clock: VirtualClock) {
  let issued = 0;
  const credential = {
    described: 'a test',
    issue: async () => ({ value: `token-${++issued}`, expiresAtMs: clock.now() + 3_600_000 }),
  };
  return createTokens(credential, clock, () => {});
}

export function armOver(transport: Transport, clock: VirtualClock) {
  return createArm({ cloud, tokens: countedTokens(clock), transport, clock, random: () => 0.5 });
}
