import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openSmallFleet, type SmallFleet } from './small-fleet.ts';
import type { Ran } from './start-cli.ts';

const refuse = (request: string) => ({
  when: { request, occurrence: 1 },
  // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nothing here is awaited.
  then: { status: 429, code: 'TooManyRequests', message: 'Slow down.', headers: { 'retry-after': '17' } },
});

/** The same rollout, told of by lines. Tokens live for three seconds of ours, and it takes longer. */
describe('a rollout that Azure slows down, and whose tokens end on the way', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slotwave-throttled-'));
  let fleet: SmallFleet;
  let deployed: Ran;

  beforeAll(async () => {
    const faults = [
      refuse('GET */sites/orders-weu'),
      refuse('POST */sites/orders-eus/slots/staging/slotsswap'),
    ];
    fleet = await openSmallFleet(folder, faults, {}, { world: { identity: { tokenLifetime: '3s' } } });
    deployed = await fleet.run(['deploy']);
  }, 120_000);
  afterAll(async () => {
    await fleet.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('settles, with one swap each', async () => {
    expect(deployed.err).not.toMatch(/error/i);
    expect(deployed.code).toBe(0);
    expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 1, 'orders-eus': 1 });
  });

  it('says who it is before anything else, without what proves it', () => {
    expect(deployed.signedIn).toMatch(
      /^Azure: .*, as service principal [0-9a-f-]{36} with the secret in AZURE_CLIENT_SECRET\.$/,
    );
  });

  it('says once what it waits for: before the rollout on standard error, during it in its story', () => {
    const asks = /ARM asks for 17 s \((reads|writes) of subscription [0-9a-f-]{36}\)/;
    expect(deployed.err.split('\n').filter((line) => asks.test(line))).toHaveLength(1);
    expect(deployed.out.split('\n').filter((line) => asks.test(line))).toEqual([
      expect.stringMatching(/eus.*: waiting: ARM asks for 17 s \(writes of/),
    ]);
  });
});
