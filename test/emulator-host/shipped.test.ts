/** The host as it is shipped: its worker in one bundled file, a release as slotwave packs and seals it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { loadConfig } from '../../src/config/load.ts';
import { packRelease } from '../../src/release/pack.ts';
import { sealRelease } from '../../src/release/stamp.ts';
import { asAdmin, ask, askJson, openStage, repository, type Stage, workerPath } from './kit.ts';

let folder: string;
let stage: Stage;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'slotwave-shipped-'));
  const bundled = path.join(folder, 'host-worker.mjs');
  const options = {
    platform: 'node',
    format: 'esm',
    target: 'node20',
    bundle: true,
    logLevel: 'silent',
  } as const;
  await build({ ...options, entryPoints: [workerPath], outfile: bundled, packages: 'bundle' });
  stage = openStage({ funcPath: null, workerPath: bundled });
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

it('runs the example as its slotwave.yml packs it: with its modules and its stamp, without its secrets', async () => {
  const config = await loadConfig(path.join(repository, 'examples/orders/slotwave.yml'));
  const packed = await packRelease(config.packagePath, { outPath: path.join(folder, 'app.zip') });
  const paths = packed.entries.map((entry) => entry.path);
  expect(paths).toEqual(
    expect.arrayContaining(['host.json', 'src/index.js', 'node_modules/@azure/functions/package.json']),
  );
  for (const never of ['local.settings.json', 'slotwave.yml', 'README.md', '.funcignore'])
    expect(paths).not.toContain(never);

  const release = await sealRelease(packed, 'r-20260101', path.join(folder, 'release.zip'));
  const bytes = readFileSync(release.path);
  expect(bytes.includes('fake-secret')).toBe(false);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const settings = { ...config.settings, FUNCTIONS_WORKER_RUNTIME: 'node', SLOTWAVE_RELEASE_ID: release.id };
  const host = stage.start({ bytes, digest }, { settings });
  expect(await askJson(host, '/api/health')).toMatchObject({
    status: 'ok',
    release: release.id,
    version: '1.0.0',
  });
  expect(await askJson(host, '/admin/functions', asAdmin)).toHaveLength(6);
  const stamp = await ask(host, '/admin/vfs/slotwave.release.json?relativePath=1', asAdmin);
  expect(await stamp.json()).toMatchObject({ release: release.id });
});
