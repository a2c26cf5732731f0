/** An app that the real `func` (Azure Functions Core Tools) runs: for runtimes that the emulator has no worker for. */
import { access, constants, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../clock.ts';
import { AppFailedError, type AppFunction, type AppProcess } from './app.ts';
import { asRecord } from './app-plan.ts';
import {
  explainSilence,
  findFreePort,
  type KeptProcess,
  type KeptStart,
  pollUntil,
  startKept,
} from './kept-process.ts';
import { exchangeLocally, type LocalAnswer, toWebResponse } from './local-http.ts';
import { untilReady } from './node-app.ts';
import type { Binding } from './protocol.ts';
import { copyWritable } from './unpack.ts';

/** The real host answers about 7.5 s after its start; a first start may fetch extensions. In milliseconds. */
const funcReadyMs = 120_000;
const listTimeoutMs = 30_000;

export interface FuncStart extends KeptStart {
  readonly root: string;
  readonly home: string;
  readonly funcPath: string;
  readonly signal: AbortSignal;
}

/** Rejects with AppGoneError when `func` ends or does not come up. */
export async function startFuncApp(start: FuncStart): Promise<AppProcess> {
  // func writes beside the app, and the unpacked package is read-only and shared.
  const cwd = path.join(start.home, 'app');
  await rm(cwd, { recursive: true, force: true });
  await copyWritable(start.root, cwd);
  const port = await findFreePort();
  const environment = { ...start.environment, FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT: '1' };
  const args = ['start', '--port', String(port)];
  const call = { command: start.funcPath, args, cwd, stopSignal: 'SIGINT' } as const;
  const kept = await startKept({ ...start, environment }, call);
  const poll = new AbortController();
  const ask = { port, path: '/admin/host/status', signal: poll.signal, clock: start.clock };
  const running = pollUntil(ask, isRunning);
  running.catch(() => undefined);
  try {
    await untilReady(running, kept.gone, start, funcReadyMs);
    const functions = await listFunctions(port, start.clock.timeout(listTimeoutMs));
    return toProcess(port, functions, kept, start.clock);
  } catch (thrown) {
    await kept.stop();
    throw thrown;
  } finally {
    poll.abort();
  }
}

/** The first `func` on the search path, or null. */
export async function findFunc(searchPath: string, platform: NodeJS.Platform): Promise<string | null> {
  const names = platform === 'win32' ? ['func.exe', 'func.cmd'] : ['func'];
  for (const folder of searchPath.split(path.delimiter).filter(Boolean)) {
    for (const name of names) {
      const file = path.join(folder, name);
      if (await isExecutable(file)) return file;
    }
  }
  return null;
}

function toProcess(
  port: number,
  functions: readonly AppFunction[],
  kept: KeptProcess,
  clock: Clock,
): AppProcess {
  const send = async (
    exchange: Omit<Parameters<typeof exchangeLocally>[0], 'port'>,
  ): Promise<LocalAnswer> => {
    try {
      return await exchangeLocally({ port, ...exchange });
    } catch (thrown) {
      if (exchange.signal.aborted) throw thrown;
      throw await explainSilence(kept.gone, clock, thrown);
    }
  };
  return {
    ...{ pid: kept.pid, gone: kept.gone, stop: kept.stop, functions },
    answer: async ({ request, body }, signal) => {
      const url = new URL(request.url);
      const headers = Object.fromEntries(request.headers);
      return toWebResponse(
        await send({ method: request.method, path: url.pathname + url.search, headers, body, signal }),
      );
    },
    run: async (fn, input, signal) => {
      const answer = await send({
        ...{ method: 'POST', path: `/admin/functions/${encodeURIComponent(fn.name)}`, signal },
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify({ input })),
      });
      if (answer.status >= 300) throw new AppFailedError(`func answered ${answer.status}.`);
    },
  };
}

function isRunning(answer: LocalAnswer): boolean {
  try {
    return answer.status === 200 && asRecord(JSON.parse(answer.body.toString('utf8')))['state'] === 'Running';
  } catch {
    return false;
  }
}

async function listFunctions(port: number, signal: AbortSignal): Promise<readonly AppFunction[]> {
  const answer = await exchangeLocally({
    port,
    method: 'GET',
    path: '/admin/functions',
    headers: {},
    signal,
  });
  const list: unknown = JSON.parse(answer.body.toString('utf8'));
  return (Array.isArray(list) ? list : []).map(asRecord).map((listed) => {
    const config = asRecord(listed['config']);
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    return {
      ...{ name: text(listed['name']), language: text(listed['language']), directory: '' },
      ...{ scriptFile: text(config['scriptFile']), entryPoint: text(config['entryPoint']) },
      bindings: (Array.isArray(config['bindings']) ? config['bindings'] : []) as readonly Binding[],
    };
  });
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
