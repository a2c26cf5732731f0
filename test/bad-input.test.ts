import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPlace, type Place, writeConfig } from './bad-input/place.ts';
import { rows } from './bad-input/rows.ts';
import { expectedProblems, twentyMistakes } from './bad-input/twenty-mistakes.ts';
import type { Ran } from './entry/start-cli.ts';

let place: Place;
beforeAll(async () => {
  place = await openPlace();
}, 60_000);
afterAll(() => place?.close());

/** Adds the flags that lead to the Azure of this test, unless the words lead elsewhere. */
const lead = (words: readonly string[]) =>
  words.includes('--cloud') ? words : [...words, ...place.azure.flags];

/** What no error may show: escape sequences, stacks, values that nobody named, secrets. */
const neverTold =
  /\u001b|\n\s+at |undefined|\[object|NaN|wrong-and-secret|a-secret-in|the-secret-of|hunter2|12345678/;

describe('bad input, from the built command line against an Azure', () => {
  it.each(rows)(
    '$says: [$error], what to do next, and nothing half done',
    async ({ words, prepare, environment, start, code = 2, error, text }) => {
      await prepare?.(place);
      const typed = typeof words === 'function' ? await words(place) : words;
      const before = place.readChanges();
      const ran = await place.run(lead(typed), environment, start);
      expect(ran).toMatchObject({ code, out: '' });
      expect(ran.err.split('\n')[0]).toMatch(new RegExp(`^error \\[${error}\\] \\S.{10,}`));
      for (const part of text) expect(ran.err).toMatch(part);
      expect(ran.err).toMatch(/\n {2}next: {2}\S/);
      expect(ran.err).not.toMatch(neverTold);
      expect(place.readChanges()).toEqual(before);
      // No lock, no journal, no id of a newest rollout: the next run finds what this one found.
      expect(await place.listState()).toEqual([]);
    },
    30_000,
  );

  it('tells more than twenty mistakes of a config at once, each with its file, line and column, in order', async () => {
    await place.write('bad.yml', twentyMistakes);
    const { err } = await place.run(lead(['deploy', '-c', 'bad.yml']));
    // A problem is one line, and a second one further in where there is something to try next.
    const told = err.split(/\n(?= {2}\S)/).filter((part) => part.startsWith('  bad.yml:'));
    expect(expectedProblems.length).toBeGreaterThan(20);
    expect(told.map((line) => line.slice(0, line.indexOf(':', 10) + 1))).toEqual(
      expectedProblems.map(({ head }) => ` ${head}`),
    );
    for (const [index, { path, text }] of expectedProblems.entries()) {
      expect(told[index]).toMatch(new RegExp(`^  bad\\.yml:\\d+:\\d+ ${quote(path)}${path ? ' ' : ''}— `));
      expect(told[index]).toMatch(text);
    }
  });

  it('leaves everything as it was: a good deployment in the same place settles', async () => {
    const ran = await place.run(lead(['deploy']), {}, { timeoutMs: 60_000 });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(place.azure.defects).toEqual([]);
  }, 60_000);
});

describe('a rollout that was interrupted', () => {
  let running: Awaited<ReturnType<Place['startUntil']>>;
  let id = '';
  let second: Ran;
  const slow = ['-c', 'slow.yml', '--state', 'slow'];

  beforeAll(async () => {
    // Other bytes than those that are live; a bake that nobody here waits for.
    await place.write('app/played.json', '{"functions":["health","more"]}');
    await place.write('slow.yml', writeConfig({ 'bakeTime: 30s': 'bakeTime: 12h' }));
    running = await place.startUntil(['deploy', ...slow], /Wave first is live/);
    id = (await readFile(place.path('slow/latest'), 'utf8')).trim();
    second = await place.run(lead(['deploy', ...slow]));
    expect(await running.end('SIGINT')).toBe(130);
  }, 60_000);

  it('held everybody else off, and said who held it', () => {
    expect(second).toMatchObject({ code: 14, out: '' });
    expect(second.err).toMatch(/^error \[fleet-locked\] Another rollout holds this fleet: /);
    expect(second.err).toContain(`rollout ${id}, process ${running.pid} on `);
    expect(second.err).toMatch(/\n {2}next: {2}Wait .*slotwave status/);
  });

  it.each([
    {
      says: 'other settings',
      changes: { 'a-secret-in-a-setting': 'a-secret-in-another' },
      text: /other settings/,
    },
    {
      says: 'another app',
      changes: { 'app: orders': 'app: invoices' },
      text: /the app "invoices" instead of "orders"/,
    },
  ])('is not resumed with $says', async ({ changes, text }) => {
    await place.write('changed.yml', writeConfig({ 'bakeTime: 30s': 'bakeTime: 12h', ...changes }));
    const before = place.readChanges();
    const journal = await readFile(place.path(`slow/rollouts/${id}/journal.ndjson`), 'utf8');
    const ran = await place.run(lead(['resume', '-c', 'changed.yml', '--state', 'slow']));
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^error \[config-of-another-rollout\]/);
    expect(ran.err).toMatch(text);
    expect(ran.err).toMatch(
      /where: .*changed\.yml\n {2}next: {2}Bring back the config file.*slotwave rollback/,
    );
    expect(ran.err).not.toMatch(neverTold);
    expect(place.readChanges()).toEqual(before);
    expect(await readFile(place.path(`slow/rollouts/${id}/journal.ndjson`), 'utf8')).toBe(journal);
  });

  it.each(['resume', 'rollback', 'status'])('is named to who asks %s for another one', async (command) => {
    const ran = await place.run(lead([command, '20990101-000000-none', ...slow]));
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toContain(`next:  Known here: ${id}`);
  });

  it('is told and taken back without the config it began with: the journal knows it all', async () => {
    await place.write('broken.yml', 'app: [');
    const status = await place.run(lead(['status', '-c', 'broken.yml', '--state', 'slow']));
    expect(status).toMatchObject({ code: 0, err: '' });
    expect(status.out).toContain(`take back what can be: slotwave rollback ${id}`);
    const words = ['rollback', '-c', 'gone.yml', '--state', 'slow'];
    const ran = await place.run(lead(words), {}, { timeoutMs: 60_000 });
    expect(ran).toMatchObject({
      code: 0,
      err: 'Without a config, by the journal alone: The config file gone.yml does not exist.\n',
    });
    expect(ran.out).toMatch(/Rolled back: .* Asked for on the command line\./);
  }, 60_000);
});

function quote(text: string): string {
  return text.replaceAll(/[[\].]/g, '\\$&');
}
