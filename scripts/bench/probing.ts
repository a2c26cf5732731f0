/** What it costs to look at many apps all the time, over real TLS connections to apps on this machine. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { ProbingCost, ProbingTask } from '../bench-kit/prober.ts';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';

const kit = join(import.meta.dirname, '../bench-kit');
const release = '20260101-000000-bench.0123456789ab';

export type ProbingSize = Pick<ProbingTask, 'targets' | 'looks' | 'intervalMs'> & {
  /** In which order who measures; the median of each counts. */
  readonly order: readonly ProbingTask['mode'][];
};

/** Each side in every place of the order, so that whatever the machine does meanwhile falls on all of them. */
const full: ProbingSize = {
  targets: 300,
  looks: 6,
  intervalMs: 10_000,
  order: ['ours', 'kept', 'fresh', 'fresh', 'kept', 'ours'],
};

export const row: BenchRow = {
  name: 'probing',
  about:
    `${full.targets} targets, each looked at ${full.looks} times, every ${full.intervalMs / 1000} s, by one process (host, release, functions, one check), in turns with ` +
    'a process that sends as many bare requests of undici at the same times; the apps are in a third. undici as it ' +
    'comes keeps connections and resumes sessions; ours, and undici where that is said, makes a connection with a whole ' +
    'TLS handshake for each request, because a look asks whether the app can be reached now',
  measure: () => measureProbing(full),
};

export async function measureProbing(size: ProbingSize): Promise<readonly BenchLine[]> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwave-probing-'));
  const apps = await startApps(folder);
  try {
    const costs: { readonly mode: ProbingTask['mode']; readonly cost: Costs }[] = [];
    for (const mode of size.order) {
      const { targets, looks, intervalMs } = size;
      const { port, caFile } = apps;
      const cost = await runProber({ mode, targets, looks, intervalMs, release, port, caFile });
      costs.push({ mode, cost: { ...cost, requests: await apps.countAsked() } });
    }
    return describeCosts((mode, of) =>
      median(costs.filter((each) => each.mode === mode).map(({ cost }) => cost[of])),
    );
  } finally {
    apps.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Costs extends ProbingCost {
  /** As the apps counted them. */
  readonly requests: number;
}

type Cost = (mode: ProbingTask['mode'], of: keyof Costs) => number;

function describeCosts(cost: Cost): readonly BenchLine[] {
  const compare = (what: string, unit: string, of: keyof Costs, per = 1): readonly BenchLine[] =>
    (['kept', 'fresh'] as const).map((mode) => ({
      what: mode === 'kept' ? what : `${what}, undici without keeping`,
      unit,
      ours: cost('ours', of) / per,
      peer: cost(mode, of) / per,
      limit: null,
    }));
  const added = (what: string, mode: 'kept' | 'fresh'): BenchLine => {
    const ours = cost('ours', 'medianMs') - cost(mode, 'medianMs');
    return { what, unit: 'ms', ours, peer: null, limit: null };
  };
  return [
    ...compare('requests', 'in all', 'requests').slice(0, 1),
    ...compare('requests that failed', 'in all', 'failed').slice(0, 1),
    ...compare('CPU', 's', 'cpuMs', 1000),
    ...compare('memory at its peak', 'MB', 'peakBytes', 1e6),
    ...compare('a request, median', 'ms', 'medianMs'),
    ...compare('a request, the 95th of 100', 'ms', 'p95Ms'),
    added('added to a bare request', 'kept'),
    added('added to a bare request, undici without keeping', 'fresh'),
  ];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2;
}

interface Apps {
  readonly port: number;
  readonly caFile: string;
  /** Since it was asked last. */
  countAsked(): Promise<number>;
  stop(): void;
}

async function startApps(folder: string): Promise<Apps> {
  const { makeCertificates } = await import('../../src/emulator/serve/certificates.ts');
  const { ca, certificate, key } = await makeCertificates(Date.now());
  const files = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name));
  const [caFile = '', certFile = '', keyFile = ''] = files;
  await Promise.all([writeFile(caFile, ca), writeFile(certFile, certificate), writeFile(keyFile, key)]);
  const child = spawn(process.execPath, [join(kit, 'probed-apps.ts'), certFile, keyFile, release], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const told = createInterface({ input: child.stdout });
  const hear = async () => Number(((await once(told, 'line')) as [string])[0]);
  return {
    port: await hear(),
    caFile,
    countAsked: () => {
      const heard = hear();
      child.stdin.write('\n');
      return heard;
    },
    stop: () => child.stdin.end(),
  };
}

async function runProber(task: ProbingTask): Promise<ProbingCost> {
  const words = [join(kit, 'prober.ts'), JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as ProbingCost;
}
