/**
 * The child process of one function host. It loads the app and runs its functions, or guards a program that
 * does so. It lives as long as its channel to the emulator: when the emulator dies, however it dies, the
 * channel closes and this process ends. Bundled into a file of its own (`dist/host-worker.js`).
 */
import { systemClock } from '../../clock.ts';
import type { FromChild, InvokeCall, ToChild } from './protocol.ts';
import { listRegistered, newAppState, provideCoreModule, runHooks } from './worker/core-api.ts';
import { invoke, invokeStreaming } from './worker/invoke.ts';
import { type Kept, keepProcess } from './worker/keep.ts';
import { loadApp } from './worker/load-app.ts';

/** How long the app's own appTerminate hooks may take, in milliseconds. */
const terminateMs = 1_000;

const send = process.send?.bind(process);
const app = newAppState();
let httpUri: string | undefined;
let kept: Kept | undefined;

// The app must not find our channel: in Azure there is none.
Object.defineProperty(process, 'send', { value: undefined, configurable: true, writable: true });
process.on('message', (message: ToChild) => void obey(message).catch(fail));
process.on('disconnect', () => void end());
// The group of the kept process is not ours: a Ctrl-C on the terminal must not leave it behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());

async function obey(message: ToChild): Promise<void> {
  switch (message.type) {
    case 'load':
      return load(message);
    case 'keep':
      kept = keepProcess(message.call, tell);
      return;
    case 'invoke':
      return run(message.call);
    case 'terminate':
      return end();
    default:
      message satisfies never;
  }
}

async function load({ root, hostVersion }: ToChild & { readonly type: 'load' }): Promise<void> {
  provideCoreModule(app, hostVersion, writeLog);
  const loaded = await loadApp(root, app);
  httpUri = loaded.httpUri;
  const functions = listRegistered(app);
  if (loaded.entryError === undefined) return tell({ type: 'loaded', functions });
  writeLog('warning', loaded.entryError);
  tell({ type: 'loaded', functions, entryError: loaded.entryError });
}

async function run(call: InvokeCall): Promise<void> {
  try {
    const result = httpUri
      ? await invokeStreaming(app, call, httpUri, writeLog)
      : await invoke(app, call, writeLog);
    tell({ type: 'invoked', invocationId: call.invocationId, result });
  } catch (thrown) {
    const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    writeLog('error', `${call.functionName}: ${error}`);
    tell({ type: 'invocation-failed', invocationId: call.invocationId, error });
  }
}

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await kept?.stop();
  const hooks = runHooks(app, 'appTerminate', { hookData: {}, appHookData: app.appHookData });
  await Promise.race([hooks, systemClock().sleep(terminateMs)]).catch(() => undefined);
  process.exit(0);
}

function tell(message: FromChild): void {
  // A closed channel throws; the disconnect event ends us then.
  if (process.connected) send?.(message);
}

function writeLog(level: string, text: string): void {
  process.stdout.write(`[${level}] ${text}\n`);
}

function fail(thrown: unknown): void {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  process.exit(1);
}
