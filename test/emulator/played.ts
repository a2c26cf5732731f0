/** A world in process: a virtual clock, hosts that are played, and a caller with a token. */
import { zipSync } from 'fflate';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { HostRuntime, HostStart } from '../../src/emulator/host/runtime.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import { judged, type Verdict } from './oracle.ts';

export interface PlayedRuntime extends HostRuntime {
  readonly starts: readonly HostStart[];
  readonly requests: readonly { readonly start: HostStart; readonly request: Request }[];
  stopped: number;
}

/** Answers as a host would whose app says who it is; `answer` may take over. */
export function playRuntime(
  answer?: (start: HostStart, request: Request) => Response | Promise<Response> | null,
): PlayedRuntime {
  const starts: HostStart[] = [];
  const requests: { start: HostStart; request: Request }[] = [];
  const runtime: PlayedRuntime = {
    starts,
    requests,
    stopped: 0,
    start: (start) => {
      starts.push(start);
      return {
        fetch: async (request) => {
          requests.push({ start, request });
          return (await answer?.(start, request)) ?? answerAsHost(start, request);
        },
        stop: async () => {
          runtime.stopped += 1;
        },
      };
    },
    close: async () => {},
  };
  return runtime;
}

function answerAsHost(start: HostStart, request: Request): Response {
  const url = new URL(request.url);
  const isExternal = request.headers.has('x-arr-log-id');
  const key = request.headers.get('x-functions-key') ?? url.searchParams.get('code');
  if (url.pathname === '/') return isExternal ? new Response('home') : new Response(null, { status: 204 });
  if (url.pathname.startsWith('/admin/') && key !== start.keys.master)
    return new Response(null, { status: 401 });
  if (url.pathname === '/admin/host/status')
    return Response.json({ id: start.hostName, state: 'Running', version: '4.1042.100.25374' });
  if (url.pathname === '/admin/functions')
    return Response.json([{ name: 'health', language: 'node', isDisabled: false }]);
  if (url.pathname === '/admin/host/synctriggers') return Response.json({ status: 'success' });
  if (url.pathname === '/api/health') {
    return Response.json({
      release: start.settings['SLOTWAVE_RELEASE_ID'] ?? null,
      content: start.content?.digest ?? null,
      environment: start.settings['ENVIRONMENT'] ?? null,
    });
  }
  return new Response(null, { status: 404 });
}

export interface Played {
  readonly clock: VirtualClock;
  readonly emulator: Emulator;
  readonly runtime: PlayedRuntime;
  /** A request to ARM with a token; `path` begins with the site's own path when it begins with a letter. */
  arm(method: string, path: string, body?: unknown): Promise<Response>;
  scm(
    method: string,
    label: string,
    path: string,
    body?: Uint8Array | string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  app(label: string, path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Runs on the clock. */
  on<T>(work: Promise<T>): Promise<T>;
  /** Moves the clock, and lets everything that is due happen. */
  pass(ms: number): Promise<void>;
}

export interface PlayOptions {
  readonly world?: WorldInput;
  readonly faults?: readonly FaultInput[];
  readonly runtime?: PlayedRuntime;
  readonly seed?: number;
  readonly fetchPackage?: (url: string) => Promise<Uint8Array>;
  /** Gets the verdict of the OpenAPI on every exchange with ARM. */
  readonly collect?: (verdict: Verdict) => void;
}

export const oneSite: WorldInput = { sites: [{ name: 'orders-weu', region: 'westeurope' }] };

export async function play(options: PlayOptions = {}): Promise<Played> {
  const clock = new VirtualClock();
  const runtime = options.runtime ?? playRuntime();
  const world = options.world ?? oneSite;
  const emulator = createEmulator({
    world,
    faults: options.faults ?? [],
    clock,
    runtime,
    seed: options.seed ?? 1,
    ...(options.fetchPackage ? { fetchPackage: options.fetchPackage } : {}),
  });
  const on = <T>(work: Promise<T>) => clock.run(work);
  const { collect } = options;
  const fetchArm = collect
    ? judged((request) => on(emulator.fetch(request)), collect)
    : (request: Request) => on(emulator.fetch(request));
  const token = await on(takeToken(emulator));
  const authorization = `Bearer ${token}`;
  const base = sitePath(world, String(world.sites[0]?.name));
  return {
    clock,
    emulator,
    runtime,
    on,
    pass: (ms) => on(clock.sleep(ms)),
    arm: (method, path, body) => {
      const full = path.startsWith('/') ? path : path === '' ? base : `${base}/${path}`;
      const url = `https://localhost${full}${full.includes('?') ? '&' : '?'}api-version=2025-05-01`;
      const headers = { authorization, 'content-type': 'application/json' };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      return fetchArm(new Request(url, init));
    },
    scm: (method, label, path, body, headers = {}) =>
      on(
        emulator.fetch(
          new Request(`https://${label}.scm.azurewebsites.localhost${path}`, {
            method,
            headers: { authorization, ...headers },
            ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
          }),
        ),
      ),
    app: (label, path, headers = {}) =>
      on(emulator.fetch(new Request(`https://${label}.azurewebsites.localhost${path}`, { headers }))),
  };
}

export function sitePath(world: WorldInput, site: string): string {
  const found = world.sites.find(({ name }) => name === site);
  const subscription = found?.subscription ?? world.subscription ?? '51075a1e-0000-4000-8000-000000000001';
  const group = found?.resourceGroup ?? world.resourceGroup ?? 'slotwave';
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Web/sites/${site}`;
}

export async function takeToken(
  emulator: Emulator,
  secret = emulator.identity.clientSecret,
): Promise<string> {
  const { tenantId, clientId } = emulator.identity;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: secret,
    scope: `${emulator.origin}/.default`,
  });
  const response = await emulator.fetch(
    new Request(`${emulator.origin}/${tenantId}/oauth2/v2.0/token`, { method: 'POST', body: form }),
  );
  const body: unknown = await response.json();
  return typeof body === 'object' && body !== null && 'access_token' in body ? String(body.access_token) : '';
}

/** A zip with these files. */
export function makeZip(files: Readonly<Record<string, string>>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
}

/** A body whose fields a test may name freely; what they hold is for `expect` to say. */
export interface Loose {
  readonly [name: string]: Loose;
}

/** The objects of a list. */
export function entriesOf(list: Loose | undefined): readonly Loose[] {
  return Array.isArray(list) ? (list as readonly Loose[]) : [];
}

/** The answer's body as JSON, and its status. */
export async function read(response: Response): Promise<{ readonly status: number; readonly body: Loose }> {
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Loose };
}
