/**
 * `node prober.ts JSON`: asks apps how they are, as often as the JSON says, by our probes or by bare requests of
 * undici, and tells what that cost. A process of its own, so that CPU and memory are its own as well.
 */
import type { LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Question } from '../../src/probe/look.ts';

export interface ProbingTask {
  /** `kept`: undici as it comes; `fresh`: a connection for each request and no resumed sessions, as ours. */
  readonly mode: 'ours' | 'kept' | 'fresh';
  readonly port: number;
  readonly caFile: string;
  readonly release: string;
  readonly targets: number;
  /** At each target. */
  readonly looks: number;
  readonly intervalMs: number;
}

export interface ProbingCost {
  readonly cpuMs: number;
  /** Of the whole process, its code included. */
  readonly peakBytes: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Requests that were not answered, or not well: a machine that is too busy. */
  readonly failed: number;
}

const timeoutMs = 5_000;

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(process.argv[2] ?? '') as ProbingTask;
  console.log(JSON.stringify(await (task.mode === 'ours' ? probe(task) : request(task))));
}

function hostOf(target: number, { port }: ProbingTask): string {
  return `app-${target}.azurewebsites.localhost:${port}`;
}

/** Targets begin one after the other, so that in each interval the requests lie evenly. */
function offsetOf(target: number, { targets, intervalMs }: ProbingTask): number {
  return (target * intervalMs) / targets;
}

async function probe(task: ProbingTask): Promise<ProbingCost> {
  const { createTransport } = await import('../../src/azure/transport-node.ts');
  const { createPinnedRoad } = await import('../../src/azure/road-direct.ts');
  const { systemClock } = await import('../../src/clock.ts');
  const { createRoadVantage } = await import('../../src/entry/vantage.ts');
  const { createLook } = await import('../../src/probe/look.ts');
  const { watch } = await import('../../src/probe/watch.ts');
  const { stampFile } = await import('../../src/release/release.ts');
  const clock = systemClock();
  const { send, close } = createTransport({ clock, ca: readFileSync(task.caFile, 'utf8') });
  const meter = startMeter();
  const road = createPinnedRoad('127.0.0.1');
  const vantage = createRoadVantage('private-endpoint', send, () => road);
  const timed = { ...vantage, ask: meter.time(vantage.ask) };
  // Azure's part of a look is one request for a key, once for all looks: not measured here.
  const hostKey = async () => 'the-key-of-this-host';
  const look = createLook({ vantageFor: () => timed, hostKey, probes: { timeoutMs }, stampFile, clock });
  const watchOne = async (index: number) => {
    await clock.sleep(offsetOf(index, task));
    await watch({
      look,
      question: questionOf(index, task),
      // Looked at to the end, whatever comes.
      limits: { consecutiveSuccessLimit: 1, failureLimit: task.looks, consecutiveErrorLimit: task.looks },
      intervalMs: task.intervalMs,
      initialDelayMs: 0,
      deadlineMs: task.intervalMs,
      holdUntilMs: clock.now() + (task.looks - 1) * task.intervalMs,
      wasHealthy: true,
      clock,
      signal: new AbortController().signal,
      record: async () => {},
    });
  };
  await Promise.all(Array.from({ length: task.targets }, (_, index) => watchOne(index)));
  close();
  return meter.read();
}

function questionOf(index: number, task: ProbingTask): Question {
  const site = `app-${index}`;
  return {
    target: { name: site, subscriptionId: 's', resourceGroup: 'g', site, slot: 'staging', labels: {} },
    side: 'live',
    hostName: hostOf(index, task),
    expected: task.release,
    functions: [],
    checks: [{ name: 'health', method: 'GET', path: '/api/health', headers: {}, expect: { status: 200 } }],
  };
}

async function request(task: ProbingTask): Promise<ProbingCost> {
  const undici = await import('undici');
  const connect = {
    ca: readFileSync(task.caFile, 'utf8'),
    lookup: (_host: string, _options: object, done: (error: null, found: LookupAddress[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }]),
  };
  const dispatcher = new undici.Agent(
    task.mode === 'kept' ? { connect } : { connect: { ...connect, maxCachedSessions: 0 }, pipelining: 0 },
  );
  const meter = startMeter();
  const headers = { accept: 'application/json, */*', 'x-functions-key': 'the-key-of-this-host' };
  const ask = meter.time(async (url: string) => {
    const options = { dispatcher, headers, headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    const { statusCode, body } = await undici.request(url, options);
    await body.text();
    if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  });
  const startedMs = performance.now();
  const askOne = async (index: number) => {
    const base = `https://${hostOf(index, task)}`;
    for (let at = 0; at < task.looks; at++) {
      const dueMs = startedMs + offsetOf(index, task) + at * task.intervalMs;
      await sleep(Math.max(0, dueMs - performance.now()));
      // What failed is counted; nothing else is done about it here.
      const look = async () => {
        await ask(`${base}/admin/host/status`);
        await ask(`${base}/admin/vfs/slotwave.release.json?relativePath=1`);
        await Promise.all([ask(`${base}/admin/functions`), ask(`${base}/api/health`)]);
      };
      await look().catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: task.targets }, (_, index) => askOne(index)));
  await dispatcher.destroy();
  return meter.read();
}

interface Meter {
  time<A extends unknown[], R>(act: (...words: A) => Promise<R>): (...words: A) => Promise<R>;
  read(): ProbingCost;
}

function startMeter(): Meter {
  const before = process.cpuUsage();
  const tookMs: number[] = [];
  let failed = 0;
  return {
    time:
      (act) =>
      async (...words) => {
        const startedMs = performance.now();
        try {
          return await act(...words);
        } catch (error) {
          failed++;
          throw error;
        } finally {
          tookMs.push(performance.now() - startedMs);
        }
      },
    read: () => {
      const { user, system } = process.cpuUsage(before);
      const sorted = tookMs.toSorted((one, other) => one - other);
      const at = (share: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return {
        cpuMs: (user + system) / 1000,
        peakBytes: process.resourceUsage().maxRSS * 1024,
        medianMs: at(0.5),
        p95Ms: at(0.95),
        failed,
      };
    },
  };
}
