/** Azurite's blob service as a process of its own, over HTTPS and with tokens, as user delegation needs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCertificates } from '../../src/emulator/serve/certificates.ts';

const main = fileURLToPath(new URL('../../node_modules/azurite/dist/src/blob/main.js', import.meta.url));

export interface Azurite {
  /** `https://127.0.0.1:<port>/devstoreaccount1` */
  readonly account: string;
  /** PEM. */
  readonly ca: string;
  stop(): Promise<void>;
}

/** In memory, on a free port of 127.0.0.1; ready when this resolves. */
export async function startAzurite(): Promise<Azurite> {
  const folder = mkdtempSync(join(tmpdir(), 'slotwave-azurite-'));
  const { ca, certificate, key } = await makeCertificates(Date.now());
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certPath, certificate);
  writeFileSync(keyPath, key);
  const port = await findFreePort();
  const words = [
    ...['--blobHost', '127.0.0.1', '--blobPort', String(port)],
    ...['--cert', certPath, '--key', keyPath, '--oauth', 'basic'],
    ...['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry'],
  ];
  const child = spawn(process.execPath, [main, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  await untilListening(child);
  return {
    account: `https://127.0.0.1:${port}/devstoreaccount1`,
    ca,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What Azurite takes for a token of Entra's: it reads claims and checks no signature. */
export function makeStorageToken(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    aud: 'https://storage.azure.com',
    iss: 'https://sts.windows.net/11111111-1111-4111-8111-111111111111/',
    tid: '11111111-1111-4111-8111-111111111111',
    oid: '22222222-2222-4222-8222-222222222222',
    iat: seconds - 60,
    nbf: seconds - 60,
    exp: seconds + 3600,
  };
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.c2ln`;
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function untilListening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (/successfully listens/i.test(said)) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`azurite ended with ${code}: ${said}`)));
  });
}
