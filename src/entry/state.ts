/**
 * The state folder: what must outlive the process.
 *
 *     .slotwave/rollouts/<rollout id>/{journal.ndjson,release.zip,plan.json}
 *     .slotwave/latest                  the id of the newest rollout
 *     .slotwave/locks/                  see lock.ts
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { InputError } from '../errors.ts';
import { codeOf, isMissing, tellFileError } from './file-errors.ts';

export interface RolloutPlace {
  readonly id: string;
  readonly folder: string;
  readonly journalPath: string;
  readonly releasePath: string;
  readonly planPath: string;
}

const idPattern = /^[0-9]{8}-[0-9]{6}-[a-z0-9]{4}$/;

/** `20261120-135812-k3f9`: sorts by time, fits a file name, a setting's value and a sentence. */
export function newRolloutId(clock: Clock): string {
  const instant = new Date(clock.now()).toISOString();
  const [date, time] = [instant.slice(0, 10).replaceAll('-', ''), instant.slice(11, 19).replaceAll(':', '')];
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const tail = [...randomBytes(4)].map((byte) => letters[byte % letters.length]).join('');
  return `${date}-${time}-${tail}`;
}

export function placeRollout(stateFolder: string, id: string): RolloutPlace {
  const folder = join(stateFolder, 'rollouts', id);
  return {
    id,
    folder,
    journalPath: join(folder, 'journal.ndjson'),
    releasePath: join(folder, 'release.zip'),
    planPath: join(folder, 'plan.json'),
  };
}

/** Makes the folder of a new rollout. The state folder ignores itself in git: packages do not belong there. */
export async function createRollout(stateFolder: string, id: string): Promise<RolloutPlace> {
  const place = placeRollout(stateFolder, id);
  try {
    await mkdir(place.folder, { recursive: true });
    await writeFile(join(stateFolder, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting);
  } catch (error) {
    throw new InputError(`The state folder cannot be written: ${tellFileError(error)}`, {
      code: 'state-unwritable',
      where: stateFolder,
      next: 'Give a folder that can be written: --state <folder>',
      cause: error,
    });
  }
  return place;
}

/** Replaced in one step, so that a crash leaves the old name or the new one and never half of it. */
export async function rememberLatest(stateFolder: string, id: string): Promise<void> {
  const path = join(stateFolder, 'latest');
  await writeFile(`${path}.new`, `${id}\n`);
  await rename(`${path}.new`, path);
}

/** The rollout that `id` names (its beginning is enough when only one has it), or the newest one. */
export async function findRollout(stateFolder: string, id: string | undefined): Promise<RolloutPlace> {
  const known = await listRollouts(stateFolder);
  if (id === undefined) {
    const latest = await findLatest(stateFolder, known);
    if (latest !== null) return placeRollout(stateFolder, latest);
    throw new InputError('There is no rollout in the state folder.', {
      code: 'rollout-not-found',
      where: stateFolder,
      next: 'Start one with "slotwave deploy", or name the folder that holds it: --state <folder>',
    });
  }
  const matching = known.filter((each) => each === id || each.startsWith(id));
  const exact = matching.find((each) => each === id) ?? (matching.length === 1 ? matching[0] : undefined);
  if (exact !== undefined) return placeRollout(stateFolder, exact);
  const several = matching.length > 1;
  throw new InputError(several ? `Several rollouts begin with "${id}".` : `There is no rollout "${id}".`, {
    code: several ? 'rollout-ambiguous' : 'rollout-not-found',
    where: stateFolder,
    next:
      known.length === 0
        ? 'There is none at all in this state folder; name the one that holds it: --state <folder>'
        : `Known here: ${(several ? matching : known).slice(-5).reverse().join(', ')}`,
  });
}

/** The one that was begun last. One that was laid down and killed before its journal began has done nothing. */
async function findLatest(stateFolder: string, known: readonly string[]): Promise<string | null> {
  const latest = await readLatest(stateFolder);
  const newestFirst = known.toReversed();
  const tried = latest !== null && known.includes(latest) ? [latest, ...newestFirst] : newestFirst;
  for (const id of tried) if (await hasBegun(placeRollout(stateFolder, id))) return id;
  return tried[0] ?? null;
}

async function hasBegun({ journalPath }: RolloutPlace): Promise<boolean> {
  const stats = await stat(journalPath).catch(() => null);
  return stats !== null && stats.size > 0;
}

export async function listRollouts(stateFolder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(join(stateFolder, 'rollouts'));
    return names.filter((name) => idPattern.test(name)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw new InputError(`The state folder cannot be read: ${tellFileError(error)}`, {
      code: 'state-unreadable',
      where: stateFolder,
      next: 'Give a folder that can be read: --state <folder>',
      cause: error,
    });
  }
}

async function readLatest(stateFolder: string): Promise<string | null> {
  try {
    const id = (await readFile(join(stateFolder, 'latest'), 'utf8')).trim();
    return idPattern.test(id) ? id : null;
  } catch {
    return null;
  }
}

function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}
