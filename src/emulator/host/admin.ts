/** The host's own API below /admin (azure-platform.md §4.1), for callers who have shown the master key. */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { type AppFunction, isHttp } from './app.ts';
import { isDisabled } from './environment.ts';
import { parseJson } from './lenient-json.ts';
import type { Route } from './routes.ts';
import type { HostStart } from './runtime.ts';
import { hostVersion, hostVersionDetails } from './version.ts';

export type HostState = 'Starting' | 'Running' | 'Error';

/** What /admin tells of and does with one host. */
export interface AdminView {
  readonly start: HostStart;
  /** The app's folder; null when nothing was deployed. */
  readonly root: string | null;
  readonly uptimeMs: number;
  /** Waits a moment for an app that loads. */
  state(): Promise<{ readonly state: HostState; readonly errors: readonly string[] }>;
  /** Null when the host does not run. */
  functions(): Promise<{ readonly all: readonly AppFunction[]; readonly routes: readonly Route[] } | null>;
  /** Starts a run and does not wait for its end. */
  run(fn: AppFunction, input: string): void;
  restart(): Promise<void>;
}

export const notRunningText = 'Function host is not running.';

export async function answerAdmin(request: Request, url: URL, view: AdminView): Promise<Response> {
  const route = `${request.method} ${url.pathname.replace(/\/+$/, '').toLowerCase()}`;
  const { functionKeys, systemKeys } = view.start.keys;
  switch (route) {
    case 'GET /admin/host/status':
      return Response.json(await describeStatus(view));
    case 'GET /admin/host/ping':
    case 'POST /admin/host/ping':
      return new Response(null, { status: 200 });
    case 'POST /admin/host/synctriggers':
      return (await view.functions()) ? Response.json({ status: 'success' }) : notRunning();
    case 'POST /admin/host/restart':
      await view.restart();
      return Response.json({ isFileSystemReadOnly: true, isScmRunFromPackage: true });
    case 'GET /admin/host/keys':
      return Response.json(listKeys(functionKeys));
    case 'GET /admin/host/systemkeys':
      return Response.json(listKeys(systemKeys));
    case 'GET /admin/functions':
      return await listFunctions(view);
    default:
      if (/^\/admin\/functions\//i.test(url.pathname)) return await answerFunction(request, url, view);
      if (/^\/admin\/vfs\//i.test(url.pathname)) return await answerFile(request, url, view.root);
      return notFound();
  }
}

export function notRunning(): Response {
  return new Response(notRunningText, { status: 503, headers: { 'content-type': 'text/plain' } });
}

export function notFound(): Response {
  return new Response(null, { status: 404 });
}

async function describeStatus(view: AdminView): Promise<object> {
  const { state, errors } = await view.state();
  return {
    id: hostId(view.start),
    state,
    version: hostVersion,
    versionDetails: hostVersionDetails,
    ...{ platformVersion: '', instanceId: '', computerName: '' },
    ...(errors.length > 0 ? { errors } : {}),
    processUptime: Math.max(0, Math.round(view.uptimeMs)),
    functionAppContentEditingState: 'NotAllowed',
  };
}

/** At most 32 characters, so long names of a site's slots would collide: the real host has the same trap. */
function hostId({ site, slot }: HostStart): string {
  const name = slot.toLowerCase() === 'production' ? site : `${site}-${slot}`;
  return name.toLowerCase().slice(0, 32).replace(/-+$/, '');
}

function listKeys(keys: Readonly<Record<string, string>>): object {
  return { keys: Object.entries(keys).map(([name, value]) => ({ name, value })), links: [] };
}

async function listFunctions(view: AdminView): Promise<Response> {
  const found = await view.functions();
  if (!found) return notRunning();
  return Response.json(found.all.map((fn) => describeFunction(fn, found.routes, view.start)));
}

async function answerFunction(request: Request, url: URL, view: AdminView): Promise<Response> {
  const [name = '', rest, ...more] = url.pathname.split('/').slice(3).map(decodeURIComponent);
  const found = await view.functions();
  if (!found) return notRunning();
  const fn = found.all.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!fn || more.length > 0) return notFound();
  if (rest === 'status' && request.method === 'GET') return Response.json({});
  if (rest !== undefined) return notFound();
  if (request.method === 'GET') return Response.json(describeFunction(fn, found.routes, view.start));
  if (request.method !== 'POST') return new Response(null, { status: 405 });
  const body = parseJson(await request.text());
  const input = typeof body === 'object' && body !== null && 'input' in body ? body.input : undefined;
  view.run(fn, typeof input === 'string' ? input : input === undefined ? '' : JSON.stringify(input));
  return new Response(null, { status: 202 });
}

/** One function in the shape that the host lists it in; ARM's `…/functions` carries the same properties. */
export function describeFunction(fn: AppFunction, routes: readonly Route[], start: HostStart): object {
  const base = `https://${start.hostName}`;
  const vfs = (file: string) => `${base}/admin/vfs/site/wwwroot/${file}`;
  const template = routes.find((route) => route.fn === fn)?.template;
  const { directory } = fn;
  return {
    name: fn.name,
    script_root_path_href: directory ? vfs(`${directory}/`) : null,
    script_href: directory && fn.scriptFile ? vfs(`${directory}/${fn.scriptFile}`) : null,
    config_href: directory ? vfs(`${directory}/function.json`) : null,
    test_data_href: null,
    href: `${base}/admin/functions/${fn.name}`,
    invoke_url_template: isHttp(fn) && template !== undefined ? `${base}/${template}`.toLowerCase() : null,
    language: fn.language,
    config: {
      ...{ name: fn.name, entryPoint: fn.entryPoint, scriptFile: fn.scriptFile, language: fn.language },
      ...{ functionDirectory: directory, bindings: fn.bindings },
    },
    ...{ files: null, test_data: null, isDisabled: isDisabled(start.settings, fn.name) },
    ...{ isDirect: false, isProxy: false },
  };
}

/** With `relativePath=1` the path counts from the app's root, else from the home folder, which holds it. */
async function answerFile(request: Request, url: URL, root: string | null): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405 });
  if (root === null) return notFound();
  let name: string;
  try {
    name = decodeURIComponent(url.pathname.slice('/admin/vfs/'.length));
  } catch {
    return notFound();
  }
  if (url.searchParams.get('relativePath') !== '1') {
    if (!name.startsWith('site/wwwroot/')) return notFound();
    name = name.slice('site/wwwroot/'.length);
  }
  const inside = `${await realpath(root)}${path.sep}`;
  const file = await realpath(path.join(root, name)).catch(() => '');
  if (!file.startsWith(inside) || !(await stat(file)).isFile()) return notFound();
  const type = file.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return new Response(new Uint8Array(await readFile(file)), { headers: { 'content-type': type } });
}
