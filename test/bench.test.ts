/** The bench is for people; here only: that it measures, that it can be extended, and that requests stay few. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type * as Makespan from '../scripts/bench/makespan.ts';
import type * as MovingBytes from '../scripts/bench/moving-bytes.ts';
import type * as MovingUploads from '../scripts/bench/moving-uploads.ts';
import type * as Probing from '../scripts/bench/probing.ts';
import type { BenchRow } from '../scripts/bench-kit/row.ts';
import { openWaitingFleet } from '../scripts/bench-kit/waits.ts';
import { root } from './entry/start-cli.ts';
import { packBaggage } from './storm/stage.ts';

const folder = join(root, 'scripts/bench');

describe('npm run bench', () => {
  it('has a row for each file, and each its own name', async () => {
    const files = await readdir(folder);
    const rows = await Promise.all(
      files.map(async (file) => ((await import(join(folder, file))) as { row: BenchRow }).row),
    );
    const names = rows.map(({ name }) => name);
    expect(new Set(names).size).toBe(files.length);
    expect(names).toEqual(expect.arrayContaining(['requests', 'cpu']));
  });

  it('measures one row, says the machine, and what each number is held against', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(root, 'scripts/bench.ts'),
      '--row',
      'requests',
    ]);
    expect(stdout).toMatch(/ × \d+, \d+ GiB, .*Node v\d+/);
    expect(stdout).toMatch(/^row +ours +peer +limit +ratio/m);
    expect(stdout).toMatch(/^requests +ARM reads, per target +\d/m);
    expect(stdout).not.toContain('could not be measured');
  }, 60_000);

  it('ends well and names the rows when there is none of that name', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(root, 'scripts/bench.ts'),
      '--row',
      'nothing',
    ]);
    expect(stdout).toMatch(/no row "nothing"\. Rows: .*requests/);
  });
});

describe('looking at many apps', () => {
  it('tells what our probes and bare requests cost, and how many each sent', async () => {
    const { measureProbing } = (await import(join(folder, 'probing.ts'))) as typeof Probing;
    const order = ['ours', 'kept', 'fresh'] as const;
    const lines = await measureProbing({ targets: 3, looks: 2, intervalMs: 200, order });
    const compared = lines.filter(({ peer }) => peer !== null);
    expect(compared.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['requests', 'CPU', 'memory at its peak', 'a request, median']),
    );
    // Three apps, looked at twice, by four requests; a busy machine may be late for the second of ours.
    const { ours = 0, peer } = lines.find(({ what }) => what === 'requests') ?? {};
    expect([peer, ours >= 12, ours <= 24]).toEqual([24, true, true]);
    const measured = compared.filter(({ what }) => what !== 'requests that failed');
    expect(measured.filter(({ ours, peer }) => !(ours > 0 && peer! > 0))).toEqual([]);
  });
});

describe('moving a package', () => {
  it('by pull sends it once, and by push to each region', async () => {
    const { measureBytes } = (await import(join(folder, 'moving-bytes.ts'))) as typeof MovingBytes;
    const [packages, sent] = await measureBytes({ bytes: 4e6, regions: 3, atOnce: 3 });
    expect(packages).toMatchObject({ ours: 1, peer: 3 });
    expect(sent!.ours).toBeGreaterThan(1);
    expect(sent!.ours).toBeLessThan(1.05);
    expect(sent!.peer).toBeGreaterThan(3);
  }, 30_000);

  it('tells what an upload costs beside plain pipes, and that all bytes have arrived', async () => {
    const { measureUploads } = (await import(join(folder, 'moving-uploads.ts'))) as typeof MovingUploads;
    const order = ['ours', 'pipe', 'wide'] as const;
    const lines = await measureUploads({ bytes: 3e6, uploads: 3, atOnce: 2, order });
    expect(lines.map(({ what }) => what)).toEqual(expect.arrayContaining(['peak memory']));
    expect(lines.filter(({ ours, peer }) => !(ours > 0 && peer! > 0))).toEqual([]);
  }, 30_000);
});

describe('a clean rollout', () => {
  it('asks no more of Azure for each target than it allows itself', async () => {
    const { row } = (await import(join(folder, 'requests.ts'))) as { row: BenchRow };
    const lines = await row.measure();
    const over = lines.filter(({ ours, limit }) => limit !== null && ours > limit);
    expect(over).toEqual([]);
    const oursOf = (name: string) => lines.find(({ what }) => what === name)?.ours ?? 0;
    // One package, and as many writes as a person would make: settings, the swap.
    expect(oursOf('packages sent')).toBe(1);
    expect(oursOf('· POST slot/slotsswap') + oursOf('· PUT slot/config/appsettings')).toBe(2);
    // Each is told by kind and step, and none is left out.
    const asks = lines.filter(({ what }) => what.startsWith('· ') && !what.startsWith('· scm'));
    const sum = asks.reduce((all, { ours }) => all + ours, 0);
    expect(sum).toBeCloseTo(oursOf('ARM reads') + oursOf('ARM writes'));
  }, 60_000);
});

describe('the time of a rollout', () => {
  it('is within a twentieth of the shortest that it could be, with and without a journal of before', async () => {
    const { measureMakespan } = (await import(join(folder, 'makespan.ts'))) as typeof Makespan;
    const shape = { targets: 12, waves: [1, 3, 8], concurrency: 12, bakeMs: 0 };
    const baggage = await packBaggage();
    try {
      const fleet = await openWaitingFleet(baggage, shape);
      const { boundMs, first, known, matrix, serial } = await measureMakespan(fleet, shape, 1);
      expect(boundMs).toBeGreaterThan(300_000);
      for (const ours of [first, known]) {
        expect(ours).toBeGreaterThan(1);
        expect(ours).toBeLessThan(1.05);
      }
      expect(matrix).toBeGreaterThan(1.3);
      expect(serial).toBeGreaterThan(matrix);
    } finally {
      await baggage.close();
    }
  });
});
