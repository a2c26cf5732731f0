import { rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { systemClock } from '../../clock.ts';
import { findFunc } from './func-app.ts';
import { FunctionHost } from './function-host.ts';
import { ProcessPool } from './pool.ts';
import type { HostRuntime, HostStart } from './runtime.ts';
import { Unpacker } from './unpack.ts';

export interface ProcessRuntimeOptions {
  /** A folder of the runtime's own: unpacked packages and the apps' homes. Removed by `close()`. */
  readonly dataDir: string;
  /** The `node` that runs the apps (`process.execPath` of the emulator, as a rule). */
  readonly nodePath: string;
  /** worker.ts, or `dist/host-worker.js` once bundled. */
  readonly workerPath: string;
  /** PATH for the apps, and where `func` is looked for. */
  readonly searchPath: string;
  /** How many app processes live at once. 64 when not said. */
  readonly maxHosts?: number;
  /** How many apps start at once. 4 when not said. */
  readonly maxStarts?: number;
  /** `func` of Azure Functions Core Tools; null: never use one. Looked for on `searchPath` when not said. */
  readonly funcPath?: string | null;
  /** `always`: also apps that could be run without it. */
  readonly useFunc?: 'when-needed' | 'always';
  /** More environment for every process: what the operating system itself needs (SystemRoot on Windows). */
  readonly extraEnvironment?: Readonly<Record<string, string>>;
  /** Every line that an app writes, with its host name before it. */
  readonly log?: (line: string) => void;
}

/** Runs deployed packages for real, each slot's in a process of its own. */
export function createProcessRuntime(options: ProcessRuntimeOptions): HostRuntime {
  const wall = systemClock();
  const limit = pLimit(options.maxStarts ?? 4);
  const unpacker = new Unpacker(path.join(options.dataDir, 'packages'));
  const homesFolder = path.join(options.dataDir, 'homes');
  let func: Promise<string | null> | undefined;
  const parts = {
    ...{ nodePath: options.nodePath, workerPath: options.workerPath, searchPath: options.searchPath },
    ...{ extraEnvironment: options.extraEnvironment ?? {}, useFunc: options.useFunc ?? 'when-needed' },
    ...{ unpacker, homesFolder },
    findFunc: () => {
      const { funcPath, searchPath } = options;
      func ??= funcPath === undefined ? findFunc(searchPath, process.platform) : Promise.resolve(funcPath);
      return func;
    },
    ...{ wall, pool: new ProcessPool(options.maxHosts ?? 64, wall) },
    limitStarts: <T>(work: () => Promise<T>) => limit(work),
    log: options.log ?? (() => undefined),
  } as const;
  const hosts = new Set<FunctionHost>();
  let count = 0;
  return {
    start: (start: HostStart) => {
      const host = new FunctionHost(start, parts, `${count++}`);
      hosts.add(host);
      return {
        fetch: (request) => host.fetch(request),
        stop: async () => {
          await host.stop();
          hosts.delete(host);
        },
        recentLines: host.recentLines,
      };
    },
    close: async () => {
      await Promise.allSettled([...hosts].map((host) => host.stop()));
      hosts.clear();
      await unpacker.remove();
      await rm(homesFolder, { recursive: true, force: true, maxRetries: 3 });
      await rm(options.dataDir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
