import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { end, openSmallFleet, type SmallFleet } from './small-fleet.ts';
import { inTempFolder } from './temp-folder.ts';

/** Every look at a site takes two hours of this Azure's time: two minutes of ours. */
const slow = {
  when: { request: 'GET */sites/*', door: 'arm' },
  // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
  then: { delay: '2h' },
};

/**
 * It takes a few milliseconds, and on a machine that has much else to do a few seconds. What is shown is that nothing
 * is waited for: every request here would have its whole timeout before it.
 */
const waitedForMs = 15_000;

async function inFleet(
  faults: readonly object[],
  work: (fleet: SmallFleet, folder: string) => Promise<void>,
) {
  await inTempFolder(async (folder) => {
    const fleet = await openSmallFleet(folder, faults);
    try {
      await work(fleet, folder);
    } finally {
      await fleet.stop();
    }
  });
}

describe('a stop before anything was begun', () => {
  it(
    'ends a survey that takes its time at once, and says that nothing was done and how to start again',
    () =>
      inFleet([slow], async (fleet, folder) => {
        for (const [command, signal] of [
          ['deploy', 'SIGTERM'],
          ['deploy', 'SIGINT'],
          ['plan', 'SIGTERM'],
        ] as const) {
          const stopped = await fleet.stopWhen([command], signal, /^Azure: /m);
          expect(stopped).toMatchObject({ code: 130 });
          expect(stopped.tookMs).toBeLessThan(waitedForMs);
          expect(stopped.told).toContain(
            `error [stopped] Stopped by ${signal} before anything was begun: nothing was done.\n` +
              `  next:  Start again: slotwave ${command}\n`,
          );
        }
        const json = await fleet.stopWhen(['deploy', '--json'], 'SIGTERM', /^Azure: /m);
        expect(JSON.parse(json.told.trim().split('\n').at(-1) ?? '')).toMatchObject({
          error: { code: 'stopped', exitCode: 130 },
        });
        // No rollout, no lock: the next one finds what this one found.
        const state = await readdir(`${folder}/.slotwave`, { recursive: true });
        expect(state).toEqual(['locks']);
        expect(await fleet.readChanges()).toEqual([]);
        expect((await readdir(folder)).filter((name) => name.startsWith('slotwave-'))).toEqual([]);
      }),
    120_000,
  );

  describe('of a rollout that goes on', () => {
    let silent: Server;
    let cloud = '';
    /** Accepts connections, and never says a word. */
    beforeAll(async () => {
      silent = createServer(() => {}).listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const address = silent.address();
      cloud = `https://localhost:${typeof address === 'object' ? address?.port : ''}`;
    });
    afterAll(() => void silent.close());

    it(
      'ends the wait for an Azure that does not answer, and names the command',
      () =>
        inFleet([], async (fleet) => {
          await end(await fleet.startUntil(['deploy'], /Wave first is live/), 'SIGKILL');
          for (const command of ['resume', 'rollback']) {
            const stopped = await fleet.stopWhen(
              [command, '--cloud', cloud],
              'SIGTERM',
              once(silent, 'connection'),
            );
            expect(stopped).toMatchObject({ code: 130 });
            expect(stopped.tookMs).toBeLessThan(waitedForMs);
            expect(stopped.told).toMatch(
              new RegExp(
                `^error \\[stopped\\] .*nothing was done\\.\\n {2}next: {2}Start again: slotwave ${command} 2`,
              ),
            );
          }
        }),
      120_000,
    );
  });
});
