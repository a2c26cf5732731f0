/** The example app, as it is deployed: installed modules, a stamp in the package and in the settings. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeVariant, type VariantKind } from '../../scripts/demo-variants.ts';
import type { RunningHost } from '../../src/emulator/host/runtime.ts';
import {
  asAdmin,
  ask,
  askJson,
  functionKey,
  functionsLibrary,
  openStage,
  pack,
  readFolder,
  repository,
  type Stage,
} from './kit.ts';

const example = path.join(repository, 'examples/orders');
const releaseId = 'r-1.0123456789ab';
const settings = {
  FUNCTIONS_WORKER_RUNTIME: 'node',
  ORDERS_VERSION: '1.2.3',
  SLOTWAVE_RELEASE_ID: releaseId,
};

let stage: Stage;
let folder: string;
beforeAll(() => {
  stage = openStage();
  folder = mkdtempSync(path.join(tmpdir(), 'slotwave-orders-'));
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

function startOrders(from: string, with_: typeof settings = settings): RunningHost {
  const app = Object.entries(readFolder(from)).filter(([name]) => !name.startsWith('node_modules/'));
  const stamp = JSON.stringify({ release: releaseId, content: '0'.repeat(64) });
  const content = pack({ ...functionsLibrary(), ...Object.fromEntries(app), 'slotwave.release.json': stamp });
  return stage.start(content, { settings: with_ });
}

describe('the orders app', () => {
  let host: RunningHost;
  beforeAll(() => {
    host = startOrders(example);
  });

  it('has its six functions', async () => {
    const list = (await askJson(host, '/admin/functions', asAdmin)) as { name: string }[];
    expect(list.map((fn) => fn.name).sort()).toEqual([
      'health',
      'order',
      'orders',
      'placeOrder',
      'sweep',
      'whoami',
    ]);
  });

  it('says who it is and that it is well', async () => {
    const answer = await ask(host, '/api/health');
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { status: 'ok', release: releaseId, region: 'West Europe', version: '1.2.3', code: 'orders 1' },
    ]);
    expect(await askJson(host, '/api/whoami')).toMatchObject({
      site: 'orders-weu',
      slot: 'staging',
      release: releaseId,
    });
  });

  it('is not well when code and settings are of two releases', async () => {
    const mixed = startOrders(example, { ...settings, SLOTWAVE_RELEASE_ID: 'another' });
    const answer = await ask(mixed, '/api/health');
    expect([answer.status, await answer.json()]).toEqual([
      503,
      expect.objectContaining({ status: 'unwell' }),
    ]);
    await mixed.stop();
  });

  it('takes an order from who has a key, shows it, and refuses a bad one', async () => {
    const order = (body: string) => ({ method: 'POST', body, headers: { 'x-functions-key': functionKey } });
    expect((await ask(host, '/api/orders', { method: 'POST', body: '{}' })).status).toBe(401);
    expect((await ask(host, '/api/orders', order('{"item":"","quantity":1}'))).status).toBe(400);
    expect((await ask(host, '/api/orders', order('no json'))).status).toBe(400);
    const placed = await ask(host, '/api/orders', order('{"item":"tea","quantity":3}'));
    expect([placed.status, placed.headers.get('location')]).toEqual([201, '/api/orders/4']);
    expect(await askJson(host, '/api/orders/4')).toMatchObject({ item: 'tea', quantity: 3, state: 'open' });
    expect(await askJson(host, '/api/orders?state=open')).toMatchObject({
      orders: [{ id: 2 }, { id: 3 }, { id: 4 }],
    });
    expect((await ask(host, '/api/orders/99')).status).toBe(404);
  });

  it('sweeps at night', async () => {
    expect((await ask(host, '/admin/functions/sweep', { method: 'POST', ...asAdmin })).status).toBe(202);
  });
});

describe('the variants of the demo', () => {
  it.each<[VariantKind, number, number, string | undefined]>([
    ['good', 6, 200, 'orders 2'],
    ['broken', 0, 404, undefined],
    ['throws', 0, 404, undefined],
    ['unwell', 6, 503, 'orders 2'],
  ])('%s: %i functions, health %i, and the host says Running', async (kind, functions, status, code) => {
    const from = path.join(folder, kind);
    await makeVariant(kind, example, from);
    const host = startOrders(from);
    expect(await askJson(host, '/admin/host/status', asAdmin)).toMatchObject({ state: 'Running' });
    expect(await askJson(host, '/admin/functions', asAdmin)).toHaveLength(functions);
    expect((await ask(host, '/')).status).toBe(200);
    const answer = await ask(host, '/api/health');
    expect(answer.status).toBe(status);
    if (code !== undefined) expect(await answer.json()).toMatchObject({ code });
    await host.stop();
  });
});
