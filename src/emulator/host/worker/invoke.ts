import { type Clock, systemClock } from '../../../clock.ts';
import { exchangeLocally } from '../local-http.ts';
import type { InvocationResult, InvokeCall, RpcHttp } from '../protocol.ts';
import { type AppState, type Callback, runHooks } from './core-api.ts';

/** How long a streamed answer may lag behind the end of its invocation, in milliseconds. */
const streamGraceMs = 1_000;

/** Runs one function with its hooks, in the order of the Node worker. Rejects with what the handler threw. */
export async function invoke(
  app: AppState,
  call: InvokeCall,
  log: (level: string, text: string) => void,
): Promise<InvocationResult> {
  const registered = app.functions.get(call.functionName);
  if (!registered || !app.model) throw new Error(`There is no function "${call.functionName}".`);
  const core = coreContext(app, call, registered.metadata, log);
  const model = app.model.getInvocationModel(core);
  const { context, inputs } = await model.getArguments();
  const shared = { hookData: {}, appHookData: app.appHookData, invocationContext: context };

  core.state = 'preInvocationHooks';
  const before = { ...shared, inputs, functionCallback: registered.callback };
  await runHooks(app, 'preInvocation', before);

  core.state = 'invocation';
  const after = { ...shared, inputs: before.inputs, result: null as unknown, error: null as unknown };
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback as Callback);
  } catch (thrown) {
    after.error = thrown ?? new Error('The function threw nothing.');
  }

  core.state = 'postInvocationHooks';
  await runHooks(app, 'postInvocation', after);
  core.state = undefined;
  if (after.error !== null) throw after.error;
  return await model.getResponse(context, after.result);
}

/**
 * The same for an app that asked for HTTP streaming: the library listens on a local address, and whoever
 * forwards the request there with the invocation's id gets the answer from there.
 */
export async function invokeStreaming(
  app: AppState,
  call: InvokeCall,
  httpUri: string,
  log: (level: string, text: string) => void,
  clock: Clock = systemClock(),
): Promise<InvocationResult> {
  const http = call.inputData.find((input) => input.data.http)?.data.http;
  if (!http) return invoke(app, call, log);
  const cancel = new AbortController();
  const answer = forward(httpUri, call.invocationId, http, cancel.signal);
  // The answer may fail after nobody waits for it any more; that is no crash.
  answer.catch(() => undefined);
  try {
    const result = await invoke(app, call, log);
    const late = clock.sleep(streamGraceMs, cancel.signal).then(
      () => null,
      () => null,
    );
    const response = await Promise.race([answer, late]);
    return response === null ? result : { ...result, returnValue: { http: response } };
  } finally {
    cancel.abort();
  }
}

function coreContext(
  app: AppState,
  call: InvokeCall,
  metadata: object,
  log: (level: string, text: string) => void,
): { state: string | undefined } {
  return {
    ...{ invocationId: call.invocationId, metadata },
    ...{
      request: { ...call, functionId: call.functionName, traceContext: undefined, retryContext: undefined },
    },
    ...{
      log: (level: string, category: string, message: string) => {
        const context = { hookData: {}, appHookData: app.appHookData, level, category, message };
        for (const hook of app.hooks.get('log') ?? []) hook(context);
        log(context.level, `${call.functionName}: ${context.message}`);
      },
    },
    state: undefined,
  };
}

async function forward(
  httpUri: string,
  invocationId: string,
  http: RpcHttp,
  signal: AbortSignal,
): Promise<RpcHttp> {
  const url = new URL(http.url ?? '/', 'http://localhost');
  const answer = await exchangeLocally({
    ...{
      port: Number(new URL(httpUri).port),
      method: http.method ?? 'GET',
      path: url.pathname + url.search,
      signal,
    },
    headers: {
      ...http.headers,
      'x-ms-invocation-id': invocationId,
      'x-forwarded-host': url.host,
      'x-forwarded-proto': url.protocol.replace(':', ''),
    },
    ...(http.body?.bytes ? { body: http.body.bytes } : {}),
  });
  const headers: Record<string, string> = {};
  for (const [name, value] of answer.headers) {
    if (/^(x-ms-invocation-id|date)$/i.test(name)) continue;
    // Cookies must not be joined by commas; the host takes them apart again at the line ends.
    const before = headers[name.toLowerCase()];
    headers[name.toLowerCase()] = before === undefined ? value : `${before}\n${value}`;
  }
  return { statusCode: String(answer.status), headers, body: { bytes: answer.body } };
}
