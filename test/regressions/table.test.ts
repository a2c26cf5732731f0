/**
 * The table of failures: what Azure does, what the engine concludes, what the user reads. Every row is a whole
 * rollout of two targets in two waves, by the real engine and the real Azure client, on the emulator.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describePackage } from '../../src/release/listing.ts';
import { packFolder } from '../../src/release/pack.ts';
import { isThere, plantTree, readWithPython, useTempFolders } from '../release/trees.ts';
import { type Engine, loadEngine } from '../storm/engine.ts';
import { type Baggage, packBaggage } from '../storm/stage.ts';
import { type Travelled, travel } from './road.ts';
import { deployed, type Row, swapped } from './row.ts';
import { doubtRows } from './rows-doubt.ts';
import { flexRows } from './rows-flex.ts';
import { packingRows } from './rows-packing.ts';
import { peerRows } from './rows-peers.ts';
import { swapRows } from './rows-swap.ts';
import { swapRefusalRows } from './rows-swap-refused.ts';
import { uploadRows } from './rows-upload.ts';
import { verdictRows } from './rows-verdict.ts';
import { strangersOf } from './spots.ts';

const rows: readonly Row[] = [
  ...uploadRows,
  ...verdictRows,
  ...flexRows,
  ...swapRows,
  ...swapRefusalRows,
  ...peerRows,
  ...doubtRows,
];

let engine: Engine;
let baggage: Baggage;
beforeAll(async () => {
  engine = await loadEngine(`${process.cwd()}/src`);
  baggage = await packBaggage();
});
afterAll(() => baggage.close());

const all = rows.length + packingRows.length;

describe(`the table of failures, ${all} rows: ${rows.length} rollouts`, () => {
  it.each(rows)('$section $azure → $engine', async (row) => {
    const travelled = await travel(engine, baggage, row.trouble);
    const [least = 1, most = least] = [row.uploads ?? 1].flat();
    expect(gist(travelled)).toEqual({
      outcome: row.outcome,
      concludes: row.concludes,
      swaps: row.swaps ?? (row.outcome === 'settled' ? 1 : 0),
      strangers: [],
    });
    expect(travelled.uploads[deployed]).toBeGreaterThanOrEqual(least);
    expect(travelled.uploads[deployed]).toBeLessThanOrEqual(most);
    expect(travelled.told).toMatch(row.reads);
    row.holds?.(travelled);
  });
});

describe(`the table of failures, ${all} rows: ${packingRows.length} packages`, () => {
  const tempFolder = useTempFolders();
  it.each(packingRows)('peers $folder → $package', async ({ tree, packed, reads }) => {
    const folder = plantTree(tempFolder(), tree);
    const pkg = await packFolder(folder, join(tempFolder(), 'out.zip'));
    expect(pkg.entries.map(({ path }) => path).sort()).toEqual(Object.keys(packed).sort());
    expect(describePackage(pkg, { list: true }).join('\n')).toMatch(reads);
    for (const path of Object.keys(tree)) expect(existsSync(join(folder, path))).toBe(true);
    if (!isThere('python3')) return;
    const read = readWithPython(pkg.path).map(({ path, mode }) => [path, mode]);
    expect(Object.fromEntries(read)).toEqual(packed);
  });
});

function gist(travelled: Travelled) {
  return {
    outcome: travelled.outcome,
    concludes: travelled.concluded,
    swaps: travelled.swapRequests[swapped],
    strangers: strangersOf(travelled),
  };
}
