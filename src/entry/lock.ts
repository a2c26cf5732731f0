/**
 * One rollout at a time on a fleet and a state folder.
 *
 * A lock is the file `locks/<fleet>.<generation>.json`, and the highest generation counts. Whoever finds it
 * held by a dead process makes the next generation, which only one can do because names are made exclusively.
 * Nobody ever removes or replaces another one's file: that is what makes a takeover safe when several
 * processes notice the same dead holder, and one of them is slow.
 */
import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { InputError, RefusalError } from '../errors.ts';
import { codeOf, isMissing, tellFileError } from './file-errors.ts';

/** Who holds a lock. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Boot id and start time of the process where the system tells them: a pid alone comes back. */
  readonly started: string | null;
  readonly rollout: string;
  readonly since: string;
}

export interface FleetLock {
  readonly path: string;
  /** The dead holder whose place was taken. */
  readonly tookOverFrom: Holder | null;
  release(): Promise<void>;
}

export interface LockRequest {
  readonly stateFolder: string;
  readonly app: string;
  /** The address of the cloud's ARM: a rehearsal must not wait for a real rollout. */
  readonly cloud: string;
  readonly rollout: string;
  readonly clock: Clock;
}

/** Takes the fleet's lock, or throws RefusalError `fleet-locked` (exit code 14) saying who has it. */
export async function lockFleet(request: LockRequest): Promise<FleetLock> {
  const folder = join(request.stateFolder, 'locks');
  const name = nameFleet(request.app, request.cloud);
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    started: (await readProcess(process.pid))?.started ?? null,
    rollout: request.rollout,
    since: new Date(request.clock.now()).toISOString(),
  };
  await makeFolder(folder);
  // Each round means that somebody else took a generation in between; so many in a row do not happen.
  for (let round = 0; round < 100; round++) {
    const newest = await findNewest(folder, name);
    if (newest && !(await isDead(newest.holder))) throw heldBy(newest.holder, newest.path);
    const path = join(folder, `${name}.${(newest?.generation ?? 0) + 1}.json`);
    if (await createExclusively(path, holder)) {
      return { path, tookOverFrom: newest?.holder ?? null, release: () => removeOwn(path) };
    }
  }
  throw new RefusalError('The lock of this fleet changes hands all the time.', {
    code: 'fleet-locked',
    where: folder,
  });
}

/** Reads who holds the fleet's lock, if anybody alive does. */
export async function findHolder(stateFolder: string, app: string, cloud: string): Promise<Holder | null> {
  const newest = await findNewest(join(stateFolder, 'locks'), nameFleet(app, cloud));
  return newest?.holder && !(await isDead(newest.holder)) ? newest.holder : null;
}

function nameFleet(app: string, cloud: string): string {
  const readable = app.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 40);
  return `${readable}-${createHash('sha256').update(`${cloud.toLowerCase()}\n${app}`).digest('hex').slice(0, 8)}`;
}

interface Found {
  readonly path: string;
  readonly generation: number;
  /** Null: the file is there and cannot be understood, so it must be taken as held. */
  readonly holder: Holder | null;
}

async function findNewest(folder: string, name: string): Promise<Found | null> {
  for (let tries = 0; tries < 5; tries++) {
    const generations = (await readdir(folder).catch(emptyWhenMissing))
      .filter((file) => file.startsWith(`${name}.`) && /^\d+\.json$/.test(file.slice(name.length + 1)))
      .map((file) => Number.parseInt(file.slice(name.length + 1), 10));
    if (generations.length === 0) return null;
    const generation = Math.max(...generations);
    const path = join(folder, `${name}.${generation}.json`);
    try {
      return { path, generation, holder: parseHolder(await readFile(path, 'utf8')) };
    } catch (error) {
      // Released between the listing and the reading: look again.
      if (!isMissing(error)) throw error;
    }
  }
  return null;
}

function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, started, rollout, since } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid !== 'number' || typeof host !== 'string') return null;
    return { pid, host, started: started ?? null, rollout: String(rollout), since: String(since) };
  } catch {
    return null;
  }
}

/** Written aside and then given its name in one step, so that nobody ever reads half a lock. */
async function createExclusively(path: string, holder: Holder): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const text = `${JSON.stringify(holder)}\n`;
  await writeFile(draft, text, { flag: 'wx' });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // Some file systems have no hard links; an exclusive create is the next best.
    return await writeFile(path, text, { flag: 'wx' }).then(
      () => true,
      () => false,
    );
  } finally {
    await unlink(draft);
  }
}

async function removeOwn(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Only a process of this machine can be known to be dead. */
async function isDead(holder: Holder | null): Promise<boolean> {
  if (holder === null || holder.host !== hostname()) return false;
  if (!isRunning(holder.pid)) return true;
  const seen = await readProcess(holder.pid);
  if (seen === null) return false;
  return seen.ended || (holder.started !== null && holder.started !== seen.started);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

interface ProcessSeen {
  readonly started: string;
  /** A zombie: it has ended, and its parent has not noticed. */
  readonly ended: boolean;
}

/** Linux only: boot id and start time in clock ticks, the 22nd field of `stat`, counted after the name's `)`. */
async function readProcess(pid: number): Promise<ProcessSeen | null> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, started] = [fields[0], fields[19]];
    return started === undefined
      ? null
      : { started: `${boot.trim()}/${started}`, ended: state === 'Z' || state === 'X' };
  } catch {
    return null;
  }
}

function heldBy(holder: Holder | null, path: string): RefusalError {
  const who = holder
    ? `rollout ${holder.rollout}, process ${holder.pid} on ${holder.host}, since ${holder.since}`
    : 'a lock file that cannot be read';
  const here = holder?.host === hostname();
  return new RefusalError(`Another rollout holds this fleet: ${who}.`, {
    code: 'fleet-locked',
    where: path,
    next: here
      ? 'Wait until it has ended. "slotwave status" shows how far it is.'
      : `Whether it still runs cannot be seen from this machine. When you are sure that it does not: rm '${path}'`,
  });
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new InputError(`The state folder cannot be written: ${tellFileError(error)}`, {
      code: 'state-unwritable',
      where: folder,
      next: 'Give a folder that can be written: --state <folder>',
      cause: error,
    });
  }
}

function emptyWhenMissing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}
