/**
 * `node uploader.ts JSON`: sends one file to as many hosts as the JSON says, by our client or by a plain pipe, and
 * tells what that cost. A process of its own, so that CPU and memory are its own as well.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import pLimit from 'p-limit';
import type { Release } from '../../src/release/release.ts';

export interface UploadTask {
  /** `ours`; `pipe`: a file stream as it comes, piped into a request; `wide`: the same in reads of 1 MiB. */
  readonly mode: 'ours' | 'pipe' | 'wide';
  readonly port: number;
  readonly caFile: string;
  readonly file: string;
  readonly bytes: number;
  readonly uploads: number;
  readonly atOnce: number;
}

export interface UploadCost {
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly mebibytes: number;
  /** What the program takes before it sends anything. */
  readonly emptyMebibytes: number;
}

const task = JSON.parse(process.argv[2] ?? '') as UploadTask;
const hostOf = (index: number) => `t${index}-staging.scm.azurewebsites.localhost`;
const send = await (task.mode === 'ours' ? loadOurs() : loadPipe());
const emptyMebibytes = peakMebibytes();
const before = process.cpuUsage();
const begun = performance.now();
const limit = pLimit(task.atOnce);
await Promise.all(Array.from({ length: task.uploads }, (_, index) => limit(() => send(hostOf(index)))));
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(before);
const mebibytes = peakMebibytes();
console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6, seconds, mebibytes, emptyMebibytes }));
process.exit(0);

/** Where Linux tells it: what `getrusage` calls the peak begins with that of the process which started this one. */
function peakMebibytes(): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

async function loadOurs(): Promise<(host: string) => Promise<void>> {
  const { createTransport } = await import('../../src/azure/transport-node.ts');
  const { openSession } = await import('../../src/azure/scm-session.ts');
  const { uploadOnce } = await import('../../src/azure/scm-upload.ts');
  const { createUploads } = await import('../../src/azure/uploads.ts');
  const { systemClock } = await import('../../src/clock.ts');
  const clock = systemClock();
  const { send: transport } = createTransport({ clock, ca: readFileSync(task.caFile, 'utf8') });
  const digest = 'd'.repeat(64);
  const { file: path, bytes } = task;
  const release: Release = { id: 'r.0123456789ab', contentDigest: digest, digest, path, bytes, files: 1 };
  const tokens = { current: async () => 'a-token', drop: () => {} };
  const uploads = createUploads(clock);
  const pass = { answered: () => {} };
  return async (host) => {
    const hostName = `${host}:${task.port}`;
    const enter = async () => pass;
    const session = openSession({ hostName, transport, tokens, now: () => clock.now(), enter });
    const asked = { act: 'read', what: 'deploy', where: host, site: host } as const;
    const slot = { scmHostName: hostName, operatingSystem: 'windows' } as const;
    const untilMs = clock.now() + 3_600_000;
    const course = { release, slot, asked, clock, untilMs, onProgress: () => {} };
    const sent = await uploadOnce(course as unknown as Parameters<typeof uploadOnce>[0], session, uploads);
    if (sent.is !== 'taken') throw new Error(`${host} did not take it: ${JSON.stringify(sent)}`);
  };
}

async function loadPipe(): Promise<(host: string) => Promise<void>> {
  const ca = readFileSync(task.caFile);
  const { port, file, bytes, mode } = task;
  return (host) =>
    new Promise((resolve, reject) => {
      const outgoing = httpsRequest(
        {
          host: '127.0.0.1',
          servername: host,
          port,
          ca,
          method: 'POST',
          path: '/api/zipdeploy',
          headers: { host, 'content-length': bytes },
        },
        (incoming) => {
          incoming.resume();
          incoming.on('end', () => (incoming.statusCode === 202 ? resolve() : reject(new Error(host))));
        },
      );
      outgoing.on('error', reject);
      createReadStream(file, mode === 'wide' ? { highWaterMark: 1024 * 1024 } : {}).pipe(outgoing);
    });
}
