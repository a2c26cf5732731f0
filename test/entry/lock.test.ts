import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/clock.ts';
import { exitCodeOfError } from '../../src/entry/errors.ts';
import { findHolder, type Holder, lockFleet } from '../../src/entry/lock.ts';
import { SlotwaveError } from '../../src/errors.ts';
import { inTempFolder } from './temp-folder.ts';

const request = (stateFolder: string, rollout = 'mine') => ({
  stateFolder,
  app: 'orders',
  cloud: 'https://management.azure.com',
  rollout,
  clock: systemClock(),
});

const module = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
const childScript = `
  import { lockFleet } from ${module('entry/lock.ts')};
  import { systemClock } from ${module('clock.ts')};
  const [stateFolder, rollout] = process.argv.slice(1);
  try {
    const lock = await lockFleet({ stateFolder, app: 'orders', cloud: 'https://management.azure.com', rollout, clock: systemClock() });
    console.log('held');
    process.stdin.once('data', async () => { await lock.release(); process.exit(0); });
  } catch (error) {
    console.log('refused ' + error.code);
    process.exit(14);
  }`;

async function startHolder(
  stateFolder: string,
  rollout: string,
): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', childScript, stateFolder, rollout], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [said] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function onlyLock(stateFolder: string): Promise<string> {
  const names = await readdir(join(stateFolder, 'locks'));
  expect(names).toHaveLength(1);
  return join(stateFolder, 'locks', names[0]!);
}

describe('the lock of a fleet', () => {
  it('is refused to a second process, with who holds it and exit code 14', () =>
    inTempFolder(async (folder) => {
      const { child, said } = await startHolder(folder, '20261120-135812-k3f9');
      expect(said).toBe('held');
      const refused: unknown = await lockFleet(request(folder)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(SlotwaveError);
      expect(refused).toMatchObject({
        code: 'fleet-locked',
        message: expect.stringContaining(`process ${child.pid}`),
      });
      expect(String(refused)).toContain('20261120-135812-k3f9');
      expect(exitCodeOfError(refused as SlotwaveError)).toBe(14);
      expect(await findHolder(folder, 'orders', request(folder).cloud)).toMatchObject({ pid: child.pid });
      await kill(child);
    }));

  it('is free again when its holder gives it back', () =>
    inTempFolder(async (folder) => {
      const first = await lockFleet(request(folder, 'first'));
      await first.release();
      const second = await lockFleet(request(folder, 'second'));
      expect(second.tookOverFrom).toBeNull();
      await second.release();
      expect(await readdir(join(folder, 'locks'))).toEqual([]);
    }));

  it('of a process that was killed is taken over', () =>
    inTempFolder(async (folder) => {
      const { child } = await startHolder(folder, 'killed');
      await kill(child);
      const lock = await lockFleet(request(folder));
      expect(lock.tookOverFrom).toMatchObject({ rollout: 'killed', pid: child.pid });
      await lock.release();
    }));

  it('of a dead process goes to exactly one of many that want it at once', () =>
    inTempFolder(async (folder) => {
      const { child } = await startHolder(folder, 'killed');
      await kill(child);
      const contenders = await Promise.all(
        Array.from({ length: 6 }, (_, index) => startHolder(folder, `c${index}`)),
      );
      expect(contenders.map(({ said }) => said).sort()).toEqual([
        'held',
        ...Array<string>(5).fill('refused fleet-locked'),
      ]);
      await Promise.all(contenders.filter(({ said }) => said === 'held').map((each) => kill(each.child)));
    }));

  // Only Linux tells when a process was started.
  (process.platform === 'linux' ? it : it.skip)(
    'is not fooled by a pid that came back for another process',
    () =>
      inTempFolder(async (folder) => {
        const lock = await lockFleet(request(folder, 'old'));
        const path = await onlyLock(folder);
        const holder = JSON.parse(await readFile(path, 'utf8')) as Holder;
        await writeFile(path, JSON.stringify({ ...holder, started: 'another-boot/1' }));
        const next = await lockFleet(request(folder, 'new'));
        expect(next.tookOverFrom).toMatchObject({ rollout: 'old' });
        await next.release();
        await lock.release();
      }),
  );

  it('of another machine is never judged dead; the error says what to remove', () =>
    inTempFolder(async (folder) => {
      await (await lockFleet(request(folder))).release();
      const foreign: Holder = {
        pid: 1,
        host: `not-${hostname()}`,
        started: null,
        rollout: 'far',
        since: '2026-01-01',
      };
      const lock = await lockFleet(request(folder, 'probe'));
      const path = lock.path;
      await lock.release();
      await writeFile(path, JSON.stringify(foreign));
      await expect(lockFleet(request(folder))).rejects.toMatchObject({
        code: 'fleet-locked',
        next: expect.stringContaining(`rm '${path}'`),
      });
    }));

  it('that cannot be read is taken as held', () =>
    inTempFolder(async (folder) => {
      const lock = await lockFleet(request(folder));
      await writeFile(lock.path, 'garbage');
      await expect(lockFleet(request(folder))).rejects.toMatchObject({ code: 'fleet-locked' });
    }));

  it('of one app or cloud does not hold up another', () =>
    inTempFolder(async (folder) => {
      await mkdir(join(folder, 'locks'), { recursive: true });
      const locks = await Promise.all([
        lockFleet(request(folder)),
        lockFleet({ ...request(folder), app: 'billing' }),
        lockFleet({ ...request(folder), cloud: 'https://localhost:8443' }),
      ]);
      expect(new Set(locks.map(({ path }) => path)).size).toBe(3);
      for (const lock of locks) await lock.release();
    }));
});
