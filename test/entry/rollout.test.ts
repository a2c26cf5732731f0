import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Recorded } from '../../src/rollout/events.ts';
import { end, openSmallFleet, type SmallFleet } from './small-fleet.ts';
import { inTempFolder } from './temp-folder.ts';

function onFleet(
  work: (fleet: SmallFleet, folder: string) => Promise<void>,
  faults: readonly object[] = [],
): Promise<void> {
  return inTempFolder(async (folder) => {
    const fleet = await openSmallFleet(folder, faults);
    try {
      await work(fleet, folder);
    } finally {
      await fleet.stop();
    }
  });
}

async function readOnlyJournal(folder: string): Promise<readonly Recorded[]> {
  const rollouts = join(folder, '.slotwave/rollouts');
  const [id = '', ...others] = await readdir(rollouts);
  expect(others).toEqual([]);
  const text = await readFile(join(rollouts, id, 'journal.ndjson'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
}

/** From now on the newest rollout looks at a target through a private endpoint, and there is none. */
async function hideEndpoint(folder: string, name: string): Promise<void> {
  const state = join(folder, '.slotwave');
  const newest = (await readFile(join(state, 'latest'), 'utf8')).trim();
  const path = join(state, 'rollouts', newest, 'journal.ndjson');
  const text = await readFile(path, 'utf8');
  const vantage = '"vantage":{"via":"private-endpoint","addresses":null}';
  await writeFile(
    path,
    text.replace(`"target":{"name":"${name}",`, (start) => `${start}${vantage},`),
  );
}

const count = (entries: readonly Recorded[], type: Recorded['type']) =>
  entries.filter((entry) => entry.type === type).length;

const sickInProduction = {
  when: { site: 'orders-eus' },
  // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
  then: { app: { sick: { in: 'production', status: 500, after: '1s', content: 'arrived' } } },
};

describe('a rollout from the command line, on an emulated Azure', () => {
  it.concurrent(
    'is planned, carried out as planned, told, and nothing is left to do afterwards',
    () =>
      onFleet(async (fleet, folder) => {
        const planned = await fleet.run(['plan', '--out', 'plan.json', '--detailed-exitcode']);
        expect(planned).toMatchObject({ code: 2, err: '' });
        expect(planned.out).toContain('2 to promote');

        const deployed = await fleet.run(['deploy', 'plan.json']);
        expect(deployed).toMatchObject({ code: 0, err: '' });
        expect(deployed.out).toMatch(/Settled: the release is live wherever it was planned/);
        expect(deployed.out).not.toContain('a-secret-in-a-setting');
        const entries = await readOnlyJournal(folder);
        expect(JSON.stringify(entries)).not.toContain('a-secret-in-a-setting');
        expect(count(entries, 'promote.done')).toBe(2);
        // What was asked beside: on loopback every answer is private, and the public way cannot be tried.
        const said = (side: 'beside' | 'live') =>
          entries
            .flatMap((entry) =>
              entry.type === 'reading.taken' && entry.reading.side === side ? [entry.reading] : [],
            )
            .flatMap(({ findings }) => findings.map(({ check, condition }) => `${check} ${condition}`));
        expect(said('beside')).toEqual(
          expect.arrayContaining([
            'private healthy',
            'certificate healthy',
            'dependency sql.internal:1433 healthy',
          ]),
        );
        expect(said('live')).toContain('exposure unasked');

        const status = await fleet.run(['status', '--json']);
        const told = JSON.parse(status.out) as {
          stands: string;
          release: string;
          targets: { live: string }[];
        };
        expect(told.stands).toBe('settled');
        expect(told.targets.map(({ live }) => live)).toEqual([told.release, told.release]);

        expect(await fleet.run(['plan', '--detailed-exitcode'])).toMatchObject({ code: 0 });
        expect(await fleet.run(['deploy', 'plan.json'])).toMatchObject({
          code: 2,
          err: expect.stringContaining('[plan-stale]'),
        });
        expect((await fleet.run(['deploy'])).err).toContain('Nothing to do');

        // One that lacks what its looks need leaves nothing behind that would stand in front of the one before.
        const written = await readFile(join(folder, 'slotwave.yml'), 'utf8');
        const keyed = written.replace('path: /api/health', '$&, headers: { x-key: "$${env:NOBODY_SET_IT}" }');
        await writeFile(join(folder, 'keyed.yml'), keyed);
        expect(await fleet.run(['deploy', '--force', '--config', 'keyed.yml'])).toMatchObject({
          code: 2,
          err: expect.stringContaining('[env-missing]'),
        });

        const back = await fleet.run(['rollback']);
        expect(back).toMatchObject({ code: 0 });
        expect(count(await readOnlyJournal(folder), 'revert.done')).toBe(2);
      }),
    120_000,
  );

  it.concurrent(
    'planned with --force is carried out as planned; --force beside a plan that has none of it is refused',
    () =>
      onFleet(async (fleet, folder) => {
        await fleet.run(['plan', '--force', '--out', 'first.json']);
        expect(await fleet.run(['deploy', 'first.json'])).toMatchObject({ code: 0 });

        await fleet.run(['plan', '--out', 'nothing.json']);
        const refused = await fleet.run(['deploy', '--force', 'nothing.json']);
        expect(refused).toMatchObject({ code: 2, out: '' });
        expect(refused.err).toMatch(/\[plan-stale\]/);
        expect(refused.err).toMatch(/ eus: would be promoted; the plan leaves it alone/);
        expect((await fleet.run(['deploy', 'nothing.json'])).err).toContain('Nothing to do');

        const forced = await fleet.run(['plan', '--force', '--out', 'forced.json']);
        expect(forced.out).toContain('2 to promote');
        expect(await fleet.run(['deploy', 'forced.json'])).toMatchObject({
          code: 0,
          err: expect.stringContaining('[staging-triggers-live]'),
        });
        expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 2, 'orders-eus': 2 });

        // Taken back where it can be: that nobody knows the way to one target any more is no reason to leave the others.
        await hideEndpoint(folder, 'eus');
        const back = await fleet.run(['rollback']);
        expect([back.code, back.out]).toEqual([12, expect.stringMatching(/weu .*reverted; live/)]);
        expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 3, 'orders-eus': 2 });
        // What the first one took is known to it, and makes no plan stale.
        const latest = (await readFile(join(folder, '.slotwave/latest'), 'utf8')).trim();
        const journal = await readFile(join(folder, '.slotwave/rollouts', latest, 'journal.ndjson'), 'utf8');
        const [begun = '{}'] = journal.split('\n');
        const took = { stageMs: expect.any(Number), promoteMs: expect.any(Number) };
        expect(JSON.parse(begun)).toMatchObject({ experience: { weu: took, eus: took } });
      }),
    120_000,
  );

  it.concurrent(
    'stopped by SIGINT writes it down, says how to go on, and is finished by resume',
    () =>
      onFleet(async (fleet, folder) => {
        const child = await fleet.startUntil(['deploy'], /Wave first is live/);
        expect(await end(child, 'SIGINT')).toBe(130);
        const last = (await readOnlyJournal(folder)).at(-1);
        expect(last).toMatchObject({ type: 'rollout.interrupted', signal: 'SIGINT' });

        expect((await fleet.run(['status'])).out).toMatch(/interrupted[\s\S]*slotwave resume/);
        const resumed = await fleet.run(['resume']);
        expect(resumed).toMatchObject({ code: 0, err: '' });
        expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 1, 'orders-eus': 1 });
        expect(await fleet.run(['resume'])).toMatchObject({
          code: 0,
          err: expect.stringContaining('has ended already'),
        });
      }),
    120_000,
  );

  it.concurrent(
    'killed in the middle of a swap is finished by resume without a second swap; nobody else gets in meanwhile',
    () =>
      onFleet(async (fleet, folder) => {
        const child = await fleet.startUntil(['deploy'], /promoting/);
        // It stands still there, so that it cannot have ended before the second one has found its way.
        child.kill('SIGSTOP');
        const second = await fleet.run(['deploy']);
        expect(second).toMatchObject({ code: 14, err: expect.stringContaining(`process ${child.pid}`) });
        await end(child, 'SIGKILL');
        expect(await fleet.run(['resume'])).toMatchObject({ code: 0, err: '' });
        const entries = await readOnlyJournal(folder);
        expect(entries.at(-1)).toMatchObject({ type: 'rollout.ended', outcome: 'settled' });
        expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 1, 'orders-eus': 1 });
      }),
    120_000,
  );

  it.concurrent(
    'of a release that is sick in production of one region is taken back everywhere, with exit 11',
    () =>
      onFleet(
        async (fleet) => {
          const ran = await fleet.run(['deploy', '--json']);
          expect(ran.code).toBe(11);
          const entries = ran.out
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Recorded);
          expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
          const ended = entries.at(-1);
          expect(ended).toMatchObject({ type: 'rollout.ended', outcome: 'rolled-back' });
          expect(count(entries, 'revert.done')).toBe(2);
          expect(await fleet.countSwaps()).toEqual({ 'orders-weu': 2, 'orders-eus': 2 });
        },
        [sickInProduction],
      ),
    120_000,
  );
});
