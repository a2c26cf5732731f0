import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { AppFailedError, type AppFunction, AppGoneError, type AppProcess, triggerOf } from './app.ts';
import { type ChildStart, startChild } from './child.ts';
import type { FromChild, InvocationResult, InvokeCall, RegisteredFunction, TypedData } from './protocol.ts';
import { toInvokeCall, toResponse } from './rpc-http.ts';
import { hostVersion } from './version.ts';

/** How long an app may take to load, in milliseconds of the wall. */
export const loadTimeoutMs = 30_000;

/** A little more than the worker itself grants to the app's appTerminate hooks. */
const politeStopMs = 2_000;

interface Waiting {
  readonly resolve: (result: InvocationResult) => void;
  readonly reject: (error: Error) => void;
}

type Start = Omit<ChildStart, 'onMessage' | 'politeStopMs'> & {
  readonly root: string;
  readonly signal: AbortSignal;
};

/**
 * An app of the Node programming model v4 in a child process.
 * Rejects with AppGoneError when the process ends or does not get ready in time.
 */
export async function startNodeApp(start: Start): Promise<AppProcess> {
  const waiting = new Map<string, Waiting>();
  let onLoaded: (message: FromChild & { type: 'loaded' }) => void = () => undefined;
  const loaded = new Promise<FromChild & { type: 'loaded' }>((resolve) => {
    onLoaded = resolve;
  });
  const onMessage = (message: FromChild): void => {
    if (message.type === 'loaded') onLoaded(message);
    if (message.type === 'invoked') waiting.get(message.invocationId)?.resolve(message.result);
    if (message.type === 'invocation-failed') {
      waiting.get(message.invocationId)?.reject(new AppFailedError(message.error));
    }
  };
  const child = startChild({ ...start, onMessage, politeStopMs });
  let ended: AppGoneError | undefined;
  const gone = child.gone.then((reason) => {
    ended = new AppGoneError(`The app's process ${reason}.`);
    for (const one of waiting.values()) one.reject(ended);
    return reason;
  });
  child.send({ type: 'load', root: start.root, hostVersion });
  const ready = await untilReady(loaded, gone, start, loadTimeoutMs).catch(async (thrown: unknown) => {
    await child.stop();
    throw thrown;
  });

  const invoke = (call: InvokeCall, signal: AbortSignal): Promise<InvocationResult> => {
    const result = new Promise<InvocationResult>((resolve, reject) => {
      if (ended) return reject(ended);
      waiting.set(call.invocationId, { resolve, reject });
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    child.send({ type: 'invoke', call });
    return result.finally(() => waiting.delete(call.invocationId));
  };
  return {
    pid: child.pid,
    functions: ready.functions.map(toAppFunction),
    ...(ready.entryError === undefined ? {} : { entryError: ready.entryError }),
    gone,
    answer: async (call, signal) => toResponse(await invoke(toInvokeCall(call, randomUUID()), signal)),
    run: async (fn, input, signal) => {
      await invoke(toTriggerCall(fn, input), signal);
    },
    stop: () => child.stop(),
  };
}

/** The first of: the app is loaded, its process ended, the time is over, the start is no longer wanted. */
export async function untilReady<T>(
  ready: Promise<T>,
  gone: Promise<string>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  timeoutMs: number,
): Promise<T> {
  signal.throwIfAborted();
  const tooLong = clock.timeout(timeoutMs);
  const done = new AbortController();
  const failed = new Promise<never>((_, reject) => {
    const late = () => reject(new AppGoneError(`The app was not ready after ${timeoutMs / 1000} s.`));
    tooLong.addEventListener('abort', late, { signal: done.signal });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: done.signal });
    void gone.then((reason) => reject(new AppGoneError(`The app's process ${reason} while it loaded.`)));
  });
  try {
    return await Promise.race([ready, failed]);
  } finally {
    done.abort();
  }
}

function toAppFunction(registered: RegisteredFunction): AppFunction {
  const { name, bindings } = registered;
  return { name, bindings, language: 'node', scriptFile: 'n/a', entryPoint: '', directory: '' };
}

function toTriggerCall(fn: AppFunction, input: string): InvokeCall {
  const trigger = triggerOf(fn);
  const isTimer = trigger?.type.toLowerCase() === 'timertrigger';
  const data: TypedData = isTimer ? { json: JSON.stringify(timerInfo) } : { string: input };
  return {
    ...{ invocationId: randomUUID(), functionName: fn.name, triggerMetadata: {} },
    inputData: [{ name: trigger?.name ?? 'input', data }],
  };
}

const timerInfo = { Schedule: { AdjustForDST: true }, ScheduleStatus: null, IsPastDue: false };
