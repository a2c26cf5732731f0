/**
 * The staging slots' settings from before, for a rollout that is refused by another process than the one that began
 * it. Only values that the config's `settings` replaced are here, and only until the rollout has ended. They may be
 * secrets all the same: the file is for its owner alone and never leaves the rollout's folder.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SettingsKeep } from '../target/settings-keep.ts';

export interface FileKeep extends SettingsKeep {
  /** Takes the file away: the rollout has ended. */
  forget(): Promise<void>;
}

type Values = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function createFileKeep(folder: string): FileKeep {
  const path = join(folder, 'settings-before.json');
  let kept: Values | null = null;
  let writing: Promise<void> = Promise.resolve();
  const read = async (): Promise<Values> => {
    kept ??= await readValues(path);
    return kept;
  };
  const write = async (target: string, values: Readonly<Record<string, string>>) => {
    kept = { ...(await read()), [target]: values };
    await rm(`${path}.new`, { force: true });
    await writeFile(`${path}.new`, JSON.stringify(kept), { mode: 0o600, flag: 'wx' });
    await rename(`${path}.new`, path);
  };
  return {
    load: async (target) => (await read())[target] ?? null,
    save(target, values) {
      // One after the other: targets are staged at the same time, and all of them are in one file.
      const written = writing.then(() => write(target, values));
      writing = written.catch(() => {});
      return written;
    },
    async forget() {
      await writing;
      kept = {};
      await rm(path, { force: true });
      await rm(`${path}.new`, { force: true });
    },
  };
}

/** Nothing is known when there is no file, or half of one: what cannot be put back is told. */
async function readValues(path: string): Promise<Values> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Values) : {};
  } catch {
    return {};
  }
}
