/** Sinks in a process of their own, and a package to send to them. */
import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Received } from './sinks.ts';

export interface SinkHouse {
  readonly folder: string;
  readonly port: number;
  readonly caFile: string;
  /** Since it was asked last. */
  received(): Promise<Received>;
  stop(): Promise<void>;
}

export async function openSinkHouse(): Promise<SinkHouse> {
  const { makeCertificates } = await import('../../src/emulator/serve/certificates.ts');
  const folder = await mkdtemp(join(tmpdir(), 'slotwave-moving-'));
  const { ca, certificate, key } = await makeCertificates(Date.now());
  const [caFile, certFile, keyFile] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => join(folder, name));
  await Promise.all([writeFile(caFile!, ca), writeFile(certFile!, certificate), writeFile(keyFile!, key)]);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'sinks.ts'), certFile!, keyFile!], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const told = createInterface({ input: child.stdout });
  const hear = async () => ((await once(told, 'line')) as [string])[0];
  return {
    folder,
    port: Number(await hear()),
    caFile: caFile!,
    received: async () => {
      const heard = hear();
      child.stdin.write('\n');
      return JSON.parse(await heard) as Received;
    },
    stop: async () => {
      child.stdin.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Random bytes: nothing on the way can make less of them. */
export async function makePackage(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  const piece = Buffer.alloc(Math.min(bytes, 4 * 1024 * 1024));
  for (let at = 0; at < bytes; at += piece.length)
    await file.write(randomFillSync(piece), 0, Math.min(piece.length, bytes - at));
  await file.close();
}
