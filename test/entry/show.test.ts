import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../src/clock.ts';
import { createFeed } from '../../src/entry/feed.ts';
import type { Outside } from '../../src/entry/outside.ts';
import { startShow } from '../../src/entry/show.ts';
import { tellPacking } from '../../src/entry/tell-packing.ts';
import type { Shown } from '../../src/rollout/events.ts';
import { rolledBack } from '../report/events.ts';
import { root } from './start-cli.ts';

function openScreen(columns: number | null) {
  const written = { out: '', error: '' };
  const outside: Outside = {
    environment: {},
    write: (text) => {
      written.out += text;
    },
    writeError: (text) => {
      written.error += text;
    },
    hide: () => {},
    size: columns === null ? null : () => ({ columns, rows: 24 }),
    colour: false,
    nameInput: (name) => name,
  };
  return { written, outside };
}

async function show(json: boolean, columns: number | null): Promise<string> {
  const { written, outside } = openScreen(columns);
  const shown = startShow({ outside, json, clock: new VirtualClock(), history: [] });
  for (const event of rolledBack) shown.tell(event);
  await shown.finish();
  return written.out;
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

describe('packing', () => {
  function pack(columns: number | null, seconds: number) {
    const { written, outside } = openScreen(columns);
    const clock = new VirtualClock();
    const packing = tellPacking(outside, clock);
    for (let files = 1; files <= seconds; files++) {
      clock.advance(1000);
      packing.onProgress({ files, totalFiles: seconds, bytes: files * 1_500_000, totalBytes: 45_000_000 });
    }
    packing.end();
    return written;
  }

  it('is told by every command that packs', () => {
    const packing = readdirSync(join(root, 'src/entry'))
      .map((name) => [name, readFileSync(join(root, 'src/entry', name), 'utf8')] as const)
      .filter(([, text]) => /\b(packRelease|openParcel)\(/.test(text));
    expect(packing.map(([name]) => name)).toEqual(expect.arrayContaining(['rehearse-command.ts']));
    const calls = packing.filter(([name]) => name !== 'parcel.ts');
    expect(calls.filter(([, text]) => !/whilePacking\([\s\S]*onProgress/.test(text))).toEqual([]);
  });

  it('is a plain line every ten seconds where nobody watches, beside the results', () => {
    expect(pack(null, 30)).toEqual({
      out: '',
      error: [
        'Packing: 10 of 30 files, 15 MB of 45 MB\n',
        'Packing: 20 of 30 files, 30 MB of 45 MB\n',
        'Packing: 30 of 30 files, 45 MB of 45 MB\n',
      ].join(''),
    });
  });

  it('is one line on a terminal, no wider than that, and gone in the end', () => {
    const { out, error } = pack(30, 2);
    expect(error).toBe('');
    expect(out.split('\r')).toEqual([
      '',
      'Packing: 1 of 2 files, 1.5 MB',
      'Packing: 2 of 2 files, 3.0 MB',
      ' '.repeat(29),
      '',
    ]);
  });

  it('that is quick is not told', () => {
    expect(pack(null, 9)).toEqual({ out: '', error: '' });
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
