import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../clock.ts';
import { type AdminView, answerAdmin, type HostState, notFound, notRunning } from './admin.ts';
import { AppFailedError, type AppFunction, AppGoneError, type AppProcess, isHttp } from './app.ts';
import { AppLife, AppNotRunningError } from './app-life.ts';
import { type AppPlan, planApp } from './app-plan.ts';
import { buildEnvironment, isDisabled } from './environment.ts';
import { type LaunchablePlan, launchApp } from './launch.ts';
import type { ProcessPool } from './pool.ts';
import { buildRoutes, findRoute, type Route, type RouteMatch } from './routes.ts';
import { HostGoneError, type HostStart, type RunningHost } from './runtime.ts';
import { UnpackError, type Unpacker } from './unpack.ts';

/** The front end of App Service gives up on a request after this time, in milliseconds (azure-platform.md §6). */
const frontTimeoutMs = 230_000;
/** The longest request body that a function gets, in bytes: the runtime's own limit. */
const longestBodyBytes = 104_857_600;
const keptLines = 200;

/** What all hosts of one runtime share. */
export interface HostParts {
  readonly nodePath: string;
  readonly workerPath: string;
  readonly searchPath: string;
  readonly extraEnvironment: Readonly<Record<string, string>>;
  /** The `func` to use, found when the first app asks. */
  readonly findFunc: () => Promise<string | null>;
  readonly useFunc: 'when-needed' | 'always';
  readonly unpacker: Unpacker;
  readonly pool: ProcessPool;
  /** Real time, for everything that waits for processes. `HostStart.clock` only says what time it is. */
  readonly wall: Clock;
  /** Lets only so many apps start at once. */
  readonly limitStarts: <T>(work: () => Promise<T>) => Promise<T>;
  readonly homesFolder: string;
  readonly log: (line: string) => void;
}

/** One slot's host: routes, keys and the host's own API, in front of the process that runs the app. */
export class FunctionHost implements RunningHost {
  readonly #start: HostStart;
  readonly #parts: HostParts;
  readonly #home: string;
  readonly #startedMs: number;
  readonly #lines: string[] = [];
  #planned: Promise<AppPlan> | undefined;
  #life: AppLife | undefined;
  #routes: { readonly app: AppProcess; readonly routes: readonly Route[] } | undefined;
  #stopped = false;

  constructor(start: HostStart, parts: HostParts, id: string) {
    this.#start = start;
    this.#parts = parts;
    this.#home = path.join(parts.homesFolder, id);
    this.#startedMs = start.clock.now();
  }

  readonly recentLines = (): readonly string[] => [...this.#lines];

  async fetch(request: Request): Promise<Response> {
    const plan = await this.#plan();
    if (this.#stopped) throw new HostGoneError('The host has been stopped.');
    if (plan.kind === 'gone') throw new HostGoneError(plan.reason);
    if (plan.kind === 'offline') return htmlResponse(plan.page, 503);
    if (plan.kind === 'unrunnable') return unrunnableResponse(plan);
    const url = new URL(request.url);
    if (/^\/admin(\/|$)/i.test(url.pathname)) return await this.#answerAdmin(request, url, plan);
    const atHome = url.pathname === '/';
    // An app without a route prefix may own `/`; for all others the home page costs no start of the app.
    if (atHome && !('routePrefix' in plan && plan.routePrefix === '')) return this.#answerHome(request);
    const answer = await this.#answerFunction(request, url, plan);
    return atHome && answer.status === 404 ? this.#answerHome(request) : answer;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#planned?.catch(() => undefined);
    await this.#life?.stop();
    await rm(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }

  #plan(): Promise<AppPlan> {
    this.#planned ??= this.#makePlan();
    return this.#planned;
  }

  async #makePlan(): Promise<AppPlan> {
    const { content, settings } = this.#start;
    if (!content) return { kind: 'empty' };
    const { unpacker, findFunc, useFunc } = this.#parts;
    try {
      const root = await unpacker.unpack(content);
      const plan = await planApp(root, { settings, useFunc, funcPath: await findFunc() });
      if (plan.kind === 'node' || plan.kind === 'custom' || plan.kind === 'func')
        this.#life = this.#newLife(plan);
      return plan;
    } catch (thrown) {
      // A package that cannot be mounted leaves the host without its files.
      if (thrown instanceof UnpackError) return { kind: 'error', error: thrown.message };
      this.#planned = undefined;
      throw thrown;
    }
  }

  #newLife(plan: LaunchablePlan): AppLife {
    const { clock } = this.#start;
    const { nodePath, workerPath, searchPath, extraEnvironment, pool, limitStarts, wall } = this.#parts;
    const environment = {
      ...extraEnvironment,
      ...buildEnvironment(this.#start, plan.root, this.#home, searchPath),
    };
    const onLine = (line: string) => this.#keepLine(line);
    return new AppLife({
      ...{ pool, wall, clock },
      launch: (signal) =>
        limitStarts(async () => {
          // The turn may have come after the host was stopped.
          signal.throwIfAborted();
          await mkdir(this.#home, { recursive: true });
          const options = {
            nodePath,
            workerPath,
            environment,
            home: this.#home,
            clock: wall,
            onLine,
            signal,
          };
          return await launchApp(plan, options);
        }),
    });
  }

  #keepLine(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
    this.#parts.log(`${this.#start.hostName}: ${line}`);
  }

  #answerHome(request: Request): Response {
    const hidden = /^true$/i.test(this.#start.settings['AzureWebJobsDisableHomepage'] ?? '');
    const internal = !request.headers.has('x-arr-log-id');
    return hidden || internal ? new Response(null, { status: 204 }) : htmlResponse(homePage, 200);
  }

  async #answerAdmin(request: Request, url: URL, plan: AppPlan): Promise<Response> {
    if (this.#keyOf(request, url) !== this.#start.keys.master) {
      return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } });
    }
    return await answerAdmin(request, url, this.#adminView(plan));
  }

  /** The header goes before the query. */
  #keyOf(request: Request, url: URL): string | null {
    return request.headers.get('x-functions-key') ?? url.searchParams.get('code');
  }

  #adminView(plan: AppPlan): AdminView {
    return {
      start: this.#start,
      root: 'root' in plan ? plan.root : null,
      uptimeMs: this.#start.clock.now() - this.#startedMs,
      state: () => this.#state(plan),
      functions: () => this.#listFunctions(plan),
      run: (fn, input) => this.#runLater(fn, input),
      restart: async () => this.#life?.rest(),
    };
  }

  async #state(plan: AppPlan): Promise<{ state: HostState; errors: readonly string[] }> {
    if (plan.kind === 'error') return { state: 'Error', errors: [plan.error] };
    if (!this.#life) return { state: 'Running', errors: [] };
    const app = await this.#life.glance();
    const error = app ? this.#blockingError(app) : this.#life.error;
    if (error !== undefined) return { state: 'Error', errors: [error] };
    return { state: app ? 'Running' : 'Starting', errors: [] };
  }

  /** An entry file that does not load stops the host only where the app asked for it. */
  #blockingError(app: AppProcess): string | undefined {
    const asked = this.#start.settings['FUNCTIONS_NODE_BLOCK_ON_ENTRY_POINT_ERROR'] ?? '';
    return /^(1|true)$/i.test(asked) ? app.entryError : undefined;
  }

  async #listFunctions(
    plan: AppPlan,
  ): Promise<{ all: readonly AppFunction[]; routes: readonly Route[] } | null> {
    if (plan.kind === 'error') return null;
    if (!this.#life) return { all: [], routes: [] };
    try {
      return await this.#life.use(async (app) =>
        this.#blockingError(app) === undefined
          ? { all: app.functions, routes: this.#routesOf(app, plan) }
          : null,
      );
    } catch (thrown) {
      if (thrown instanceof AppNotRunningError) return null;
      throw thrown;
    }
  }

  #routesOf(app: AppProcess, plan: AppPlan): readonly Route[] {
    if (this.#routes?.app !== app) {
      const prefix = 'routePrefix' in plan ? plan.routePrefix : 'api';
      this.#routes = { app, routes: buildRoutes(app.functions, prefix) };
    }
    return this.#routes.routes;
  }

  #runLater(fn: AppFunction, input: string): void {
    const signal = this.#parts.wall.timeout(frontTimeoutMs);
    const run = async (app: AppProcess): Promise<void> => {
      if (!isHttp(fn)) return await app.run(fn, input, signal);
      // The host makes a request of the input, for the function is written for one.
      const url = `https://${this.#start.hostName}/admin/functions/${encodeURIComponent(fn.name)}`;
      const request = new Request(url, { method: 'POST' });
      await app.answer({ fn, request, body: new TextEncoder().encode(input), params: {} }, signal);
    };
    const failed = (thrown: unknown) => this.#keepLine(`${fn.name} failed: ${String(thrown)}`);
    this.#life?.use(run).catch(failed);
  }

  async #answerFunction(request: Request, url: URL, plan: AppPlan): Promise<Response> {
    if (plan.kind === 'error') return notRunning();
    if (!this.#life) return notFound();
    try {
      return await this.#life.use(async (app) => {
        if (this.#blockingError(app) !== undefined) return notRunning();
        const found = findRoute(this.#routesOf(app, plan), request.method, url.pathname);
        return found ? await this.#answerRoute(request, url, app, found) : notFound();
      });
    } catch (thrown) {
      if (thrown instanceof AppNotRunningError) return notRunning();
      if (thrown instanceof AppFailedError) return new Response(null, { status: 500 });
      if (thrown instanceof AppGoneError) return new Response(null, { status: 502 });
      if (isTimeout(thrown)) return new Response(null, { status: 504 });
      throw thrown;
    }
  }

  async #answerRoute(request: Request, url: URL, app: AppProcess, found: RouteMatch): Promise<Response> {
    const { route, params } = found;
    const isMaster = this.#keyOf(request, url) === this.#start.keys.master;
    if (isDisabled(this.#start.settings, route.fn.name) && !isMaster) return notFound();
    if (!this.#isAllowed(route, this.#keyOf(request, url))) return new Response(null, { status: 401 });
    const body = await readBody(request);
    if (!body) return new Response(null, { status: 413 });
    const signal = this.#parts.wall.timeout(frontTimeoutMs);
    return await app.answer({ fn: route.fn, request, body, params }, signal);
  }

  #isAllowed(route: Route, key: string | null): boolean {
    const { master, functionKeys } = this.#start.keys;
    if (route.authLevel === 'anonymous' || key === master) return true;
    return route.authLevel === 'function' && key !== null && Object.values(functionKeys).includes(key);
  }
}

async function readBody(request: Request): Promise<Uint8Array | null> {
  if (Number(request.headers.get('content-length') ?? 0) > longestBodyBytes) return null;
  const body = new Uint8Array(await request.arrayBuffer());
  return body.byteLength > longestBodyBytes ? null : body;
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TimeoutError';
}

function unrunnableResponse({ runtime, reason, advice }: AppPlan & { kind: 'unrunnable' }): Response {
  const text = `The emulator cannot run this app (runtime: ${runtime}): ${reason}. ${advice}\n`;
  return new Response(text, { status: 503, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

function htmlResponse(html: string, status: number): Response {
  return new Response(html, { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

const homePage =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Function app</title></head>' +
  '<body><h1>This function app is up</h1><p>That says nothing about its functions.</p></body></html>\n';
