/** What must survive a process and nobody else may read: the settings from before. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createFileKeep } from '../../src/entry/settings-file.ts';
import { inTempFolder } from './temp-folder.ts';

describe('the file of settings from before', () => {
  it('is read by the next process, and only by its owner', async () => {
    await inTempFolder(async (folder) => {
      await createFileKeep(folder).save('weu', { MODE: 'old' });
      expect(await createFileKeep(folder).load('weu')).toEqual({ MODE: 'old' });
      expect((await stat(join(folder, 'settings-before.json'))).mode & 0o777).toBe(0o600);
    });
  });

  it('holds all targets that are staged at the same time', async () => {
    await inTempFolder(async (folder) => {
      const keep = createFileKeep(folder);
      const names = Array.from({ length: 20 }, (_, at) => `t${at}`);
      await Promise.all(names.map((name) => keep.save(name, { MODE: name })));
      const next = createFileKeep(folder);
      for (const name of names) expect(await next.load(name)).toEqual({ MODE: name });
      expect(await readdir(folder)).toEqual(['settings-before.json']);
    });
  });

  it('goes when the rollout has ended, and with it every value', async () => {
    await inTempFolder(async (folder) => {
      const keep = createFileKeep(folder);
      await keep.save('weu', { MODE: 'old' });
      await keep.forget();
      expect(await readdir(folder)).toEqual([]);
      expect(await keep.load('weu')).toBeNull();
      await keep.forget();
    });
  });

  it.each(['', '{"weu": {"MO', 'null', '7'])(
    'that reads %j knows nothing, and is written anew',
    async (text) => {
      await inTempFolder(async (folder) => {
        await writeFile(join(folder, 'settings-before.json'), text);
        const keep = createFileKeep(folder);
        expect(await keep.load('weu')).toBeNull();
        await keep.save('weu', { MODE: 'old' });
        expect(JSON.parse(await readFile(join(folder, 'settings-before.json'), 'utf8'))).toEqual({
          weu: { MODE: 'old' },
        });
      });
    },
  );

  it('that a killed process was writing does not stand in the way', async () => {
    await inTempFolder(async (folder) => {
      await writeFile(join(folder, 'settings-before.json.new'), '{', { mode: 0o644 });
      await createFileKeep(folder).save('weu', { MODE: 'old' });
      expect((await stat(join(folder, 'settings-before.json'))).mode & 0o777).toBe(0o600);
    });
  });
});
