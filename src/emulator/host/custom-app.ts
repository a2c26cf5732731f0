/** An app with a custom handler: a program of any language that answers HTTP on the port that it is told. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../clock.ts';
import {
  AppFailedError,
  type AppFunction,
  type AppProcess,
  buildResponse,
  type HttpCall,
  triggerOf,
} from './app.ts';
import { asRecord, type CustomHandler, findFunctionFolders, readText } from './app-plan.ts';
import {
  explainSilence,
  findFreePort,
  type KeptProcess,
  type KeptStart,
  pollUntil,
  startKept,
} from './kept-process.ts';
import { parseJson } from './lenient-json.ts';
import { exchangeLocally, type LocalAnswer, toWebResponse } from './local-http.ts';
import { loadTimeoutMs, untilReady } from './node-app.ts';
import type { Binding } from './protocol.ts';
import { hostVersion } from './version.ts';

export interface CustomStart extends KeptStart {
  readonly root: string;
  readonly handler: CustomHandler;
  readonly signal: AbortSignal;
}

/** Rejects with AppGoneError when the handler does not listen in time. */
export async function startCustomApp(start: CustomStart): Promise<AppProcess> {
  const functions = await readFunctions(start.root);
  const port = await findFreePort();
  const kept = await startKept(withPort(start, port), {
    ...{ command: await findExecutable(start), args: start.handler.args },
    ...{ cwd: start.handler.workingDirectory, stopSignal: 'SIGTERM' },
  });
  const poll = new AbortController();
  // Any answer shows that it listens; what it says to `/` is its own business.
  const listening = pollUntil({ port, path: '/', signal: poll.signal, clock: start.clock }, () => true);
  listening.catch(() => undefined);
  try {
    await untilReady(listening, kept.gone, start, loadTimeoutMs);
  } catch (thrown) {
    await kept.stop();
    throw thrown;
  } finally {
    poll.abort();
  }
  const send = (exchange: Sent) => exchangeWith(port, exchange, kept, start.clock);
  const invoke = (fn: AppFunction, data: unknown, signal: AbortSignal) => {
    const utcNow = new Date(start.clock.now()).toISOString();
    return invokeByPayload({ fn, data, utcNow, signal }, send);
  };
  return {
    ...{ pid: kept.pid, functions, gone: kept.gone, stop: kept.stop },
    answer: async (call, signal) => {
      if (start.handler.forwardRequests && isPlainHttp(call.fn))
        return await forwardRequest(call, signal, send);
      return readOutputs(call.fn, await invoke(call.fn, describeRequest(call), signal));
    },
    run: async (fn, input, signal) => {
      await invoke(fn, input, signal);
    },
  };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

type Send = (exchange: Sent) => Promise<LocalAnswer>;

async function exchangeWith(
  port: number,
  exchange: Sent,
  kept: KeptProcess,
  clock: Clock,
): Promise<LocalAnswer> {
  try {
    const headers = {
      ...{ 'x-azure-functions-hostversion': hostVersion, 'x-azure-functions-invocationid': randomUUID() },
      ...{ 'user-agent': `Azure-Functions-Host/${hostVersion}` },
    };
    return await exchangeLocally({ port, ...exchange, headers: { ...exchange.headers, ...headers } });
  } catch (thrown) {
    if (exchange.signal.aborted) throw thrown;
    throw await explainSilence(kept.gone, clock, thrown);
  }
}

function withPort(start: CustomStart, port: number): KeptStart {
  const ports = { FUNCTIONS_CUSTOMHANDLER_PORT: String(port), FUNCTIONS_HTTPWORKER_PORT: String(port) };
  return { ...start, environment: { ...start.environment, ...ports } };
}

/** A file of the package goes before a program of that name on the PATH (`node`, `python3`). */
async function findExecutable({ root, handler }: CustomStart): Promise<string> {
  const inPackage = path.resolve(root, handler.executable);
  const isFile = await stat(inPackage).then(
    (facts) => facts.isFile(),
    () => false,
  );
  return isFile ? inPackage : handler.executable;
}

async function readFunctions(root: string): Promise<readonly AppFunction[]> {
  const functions: AppFunction[] = [];
  for (const directory of await findFunctionFolders(root)) {
    const json = asRecord(parseJson(await readText(path.join(root, directory, 'function.json'))));
    const bindings = Array.isArray(json['bindings']) ? json['bindings'].map(asRecord) : [];
    const named = bindings.filter(
      (one): one is Binding => typeof one['name'] === 'string' && typeof one['type'] === 'string',
    );
    // A function without a trigger is not loaded; the host says so in its log only.
    const fn = {
      name: directory,
      language: 'Custom',
      scriptFile: '',
      entryPoint: '',
      directory,
      bindings: named,
    };
    if (triggerOf(fn) && json['disabled'] !== true) functions.push(fn);
  }
  return functions;
}

/** One HTTP trigger in, one HTTP answer out, and nothing else: such requests may be forwarded as they are. */
function isPlainHttp(fn: AppFunction): boolean {
  const types = fn.bindings.map((binding) => binding.type.toLowerCase()).sort();
  return types.join() === 'http,httptrigger';
}

async function forwardRequest(call: HttpCall, signal: AbortSignal, send: Send): Promise<Response> {
  const url = new URL(call.request.url);
  const headers = Object.fromEntries(call.request.headers);
  const { method } = call.request;
  return toWebResponse(
    await send({ method, path: url.pathname + url.search, headers, body: call.body, signal }),
  );
}

/** The request as the payload protocol writes it. */
function describeRequest(call: HttpCall): object {
  const url = new URL(call.request.url);
  const headers = Object.fromEntries([...call.request.headers].map(([name, value]) => [name, [value]]));
  const body = Buffer.from(call.body);
  const isBinary = /^(application\/octet-stream|multipart\/)/i.test(
    call.request.headers.get('content-type') ?? '',
  );
  return {
    ...{ Url: call.request.url, Method: call.request.method, Query: Object.fromEntries(url.searchParams) },
    ...{ Headers: headers, Params: call.params, Body: body.toString(isBinary ? 'base64' : 'utf8') },
  };
}

/** Rejects with AppFailedError unless the handler answers 2xx with the JSON of the payload protocol. */
async function invokeByPayload({ fn, data, utcNow, signal }: Payload, send: Send): Promise<Outputs> {
  const payload = {
    Data: { [triggerOf(fn)?.name ?? 'input']: data },
    Metadata: { sys: { MethodName: fn.name, UtcNow: utcNow, RandGuid: randomUUID() } },
  };
  const answer = await send({
    ...{ method: 'POST', path: `/${encodeURIComponent(fn.name)}`, signal },
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(payload)),
  });
  if (answer.status < 200 || answer.status > 299)
    throw new AppFailedError(`${fn.name} answered ${answer.status}.`);
  const parsed = parseJson(answer.body.toString('utf8'));
  if (parsed === undefined) throw new AppFailedError(`${fn.name} answered what is no JSON.`);
  const { Outputs: outputs, ReturnValue: returnValue } = asRecord(parsed);
  return { outputs: asRecord(outputs), returnValue };
}

interface Payload {
  readonly fn: AppFunction;
  readonly data: unknown;
  /** ISO 8601. */
  readonly utcNow: string;
  readonly signal: AbortSignal;
}

interface Outputs {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly returnValue: unknown;
}

/** The value of the HTTP output binding: `$return` comes from ReturnValue, every other name from Outputs. */
function readOutputs(fn: AppFunction, { outputs, returnValue }: Outputs): Response {
  const binding = fn.bindings.find((one) => one.type.toLowerCase() === 'http');
  if (!binding) return new Response(null, { status: 204 });
  if (binding.name === '$return') {
    return returnValue === undefined || returnValue === null
      ? new Response(null, { status: 204 })
      : bodyResponse(returnValue, 200, {});
  }
  const output = Object.fromEntries(
    Object.entries(asRecord(outputs[binding.name])).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const status = Number(output['statuscode'] ?? output['status'] ?? 200);
  const headers = Object.entries(asRecord(output['headers'])).map(([name, value]) => [name, String(value)]);
  return bodyResponse(output['body'] ?? null, status, Object.fromEntries(headers) as Record<string, string>);
}

function bodyResponse(body: unknown, status: number, headers: Record<string, string>): Response {
  if (body === null) return buildResponse(null, status, headers);
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  return buildResponse(isText ? body : JSON.stringify(body), status, { 'content-type': type, ...headers });
}
