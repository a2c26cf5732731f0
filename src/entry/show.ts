/** Chooses how a rollout is told here, and carries events from the engine to the reader. */
import type { Clock } from '../clock.ts';
import { reportJson } from '../report/json.ts';
import { reportLines } from '../report/lines.ts';
import { reportTerminal } from '../report/terminal.ts';
import type { Tick } from '../report/view.ts';
import type { Recorded, Shown } from '../rollout/events.ts';
import { createFeed } from './feed.ts';
import type { Outside } from './outside.ts';

export interface Show {
  tell(event: Shown): void;
  /** Resolves when everything told so far has been written. */
  finish(): Promise<void>;
}

export interface ShowOptions {
  readonly outside: Outside;
  readonly json: boolean;
  readonly clock: Clock;
  /** What the journal held before; known, and not told again. */
  readonly history: readonly Recorded[];
  /** Played, not real: nothing of it can be gone on with. */
  readonly rehearsal?: boolean;
}

/** Ten frames a second are smooth to the eye and nothing to a processor. */
const frameMs = 100;

export function startShow({ outside, json, clock, history, rehearsal = false }: ShowOptions): Show {
  const feed = createFeed<Shown | Tick>();
  const { size } = outside;
  const ticking =
    size && !json
      ? setInterval(() => feed.push({ type: 'tick', at: new Date(clock.now()).toISOString() }), frameMs)
      : null;
  ticking?.unref();
  const restoreCursor = () => void process.stdout.write('\u001b[?25h');
  if (ticking) process.once('exit', restoreCursor);
  const done = pump();
  return {
    tell: (event) => feed.push(event),
    async finish() {
      if (ticking) clearInterval(ticking);
      feed.end();
      await done;
      process.removeListener('exit', restoreCursor);
    },
  };

  async function pump(): Promise<void> {
    if (size && !json) {
      const frames = reportTerminal(feed.events, { size, colour: outside.colour, history, rehearsal });
      for await (const frame of frames) outside.write(frame);
      return;
    }
    const events = withoutTicks(feed.events);
    const lines = json
      ? reportJson(events)
      : (outside.witness?.report?.(events, history) ?? reportLines(events, history, rehearsal));
    for await (const line of lines) outside.write(`${line}\n`);
  }
}

async function* withoutTicks(events: AsyncIterable<Shown | Tick>): AsyncGenerator<Shown> {
  for await (const event of events) if (event.type !== 'tick') yield event;
}
