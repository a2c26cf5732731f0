/** The emulated Azure of the demo: the example's six regions, each running the app as it is in the repository. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadConfig } from '../src/config/load.ts';
import { writeWorld } from '../src/entry/world.ts';
import { packRelease } from '../src/release/pack.ts';

export interface Emulated {
  readonly url: string;
  readonly ca: string;
  readonly caPem: string;
  readonly timeScale: number;
  readonly anchorMs: number;
  /** What the environment must say so that `slotwave` can sign in there. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly regions: readonly { readonly name: string; readonly region: string; readonly host: string }[];
  setFaults(faults: readonly unknown[]): Promise<void>;
  stop(): Promise<void>;
}

export interface EmulationRequest {
  /** The repository. */
  readonly root: string;
  /** A folder for what is only needed meanwhile. */
  readonly work: string;
  readonly config: string;
  readonly timeScale: number;
}

interface Facts {
  readonly url: string;
  readonly ca: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeScale: number;
  readonly anchorMs: number;
}

export async function startEmulator({
  root,
  work,
  config: configFile,
  timeScale,
}: EmulationRequest): Promise<Emulated> {
  const config = await loadConfig(configFile);
  const pkg = await packRelease(config.packagePath, { outPath: join(work, 'before.zip') });
  const world = await writeWorld(config, pkg, work);
  const door = join(root, 'dist', 'emulator.js');
  const child = spawn(process.execPath, [door, '--world', world, '--time-scale', String(timeScale)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the emulator ended before it served'))),
  ])) as [string];
  const facts = JSON.parse(line) as Facts;
  const caPem = await readFile(facts.ca, 'utf8');
  const snapshot = JSON.parse((await call(facts, caPem, 'GET', '/_emulator/snapshot')).body) as Snapshot;
  return {
    ...facts,
    caPem,
    credentials: {
      AZURE_TENANT_ID: facts.tenantId,
      AZURE_CLIENT_ID: facts.clientId,
      AZURE_CLIENT_SECRET: facts.clientSecret,
    },
    regions: config.targets.map(({ name, site, labels }) => ({
      name,
      region: labels['region'] ?? '',
      host: snapshot.sites[site]?.slots['production']?.hostName ?? '',
    })),
    setFaults: async (faults) => {
      const { status, body } = await call(facts, caPem, 'POST', '/_emulator/faults', JSON.stringify(faults));
      if (status >= 300) throw new Error(`the emulator refused the faults: ${status} ${body}`);
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

interface Snapshot {
  readonly sites: Readonly<
    Record<string, { readonly slots: Readonly<Record<string, { readonly hostName: string }>> }>
  >;
}

function call(
  { url }: Facts,
  ca: string,
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, url), { ca, method, agent: false, timeout: 10_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
    });
    asked.on('timeout', () => asked.destroy(new Error(`${path} did not answer`)));
    asked.on('error', reject).end(body);
  });
}
