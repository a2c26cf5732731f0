import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../src/clock.ts';
import { createFeed } from '../../src/entry/feed.ts';
import type { Outside } from '../../src/entry/outside.ts';
import { startShow } from '../../src/entry/show.ts';
import type { Shown } from '../../src/rollout/events.ts';
import { rolledBack } from '../report/events.ts';

async function show(json: boolean, columns: number | null): Promise<string> {
  let written = '';
  const outside: Outside = {
    environment: {},
    write: (text) => {
      written += text;
    },
    writeError: () => {},
    hide: () => {},
    size: columns === null ? null : () => ({ columns, rows: 24 }),
    colour: false,
    nameInput: (name) => name,
  };
  const shown = startShow({ outside, json, clock: new VirtualClock(), history: [] });
  for (const event of rolledBack) shown.tell(event);
  await shown.finish();
  return written;
}

describe('how a rollout is told', () => {
  it('is lines where nobody watches', async () => {
    const lines = (await show(false, null)).split('\n');
    expect(lines[0]).toMatch(/^\[\+00:00\] Rollout 20261120-135812-k3f9 of orders begins/);
    expect(lines.join('\n')).not.toContain('\u001b');
  });

  it('is a table on a terminal', async () => {
    const text = await show(false, 100);
    expect(text).toContain('\u001b[?2026h');
    expect(text).toContain('last reading');
  });

  it.each([null, 100])('is the journal with --json, on a terminal (%s columns) too', async (columns) => {
    const lines = (await show(true, columns)).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as Shown)).toEqual(
      rolledBack.filter((event) => 'seq' in event),
    );
  });
});

describe('the feed', () => {
  it('brings everything in order, what was told before anybody listened and what was told while they did', async () => {
    const feed = createFeed<number>();
    feed.push(1);
    feed.push(2);
    const heard: number[] = [];
    const listening = (async () => {
      for await (const event of feed.events) {
        heard.push(event);
        if (event === 2) feed.push(3);
      }
    })();
    await Promise.resolve();
    feed.push(4);
    feed.end();
    await listening;
    expect([...heard].sort()).toEqual([1, 2, 3, 4]);
    expect(heard.slice(0, 2)).toEqual([1, 2]);
  });
});
