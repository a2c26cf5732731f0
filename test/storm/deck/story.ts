/** One hand as a story: the cards, what was written down, and what Azure did, in the order of time. */
import type { Recorded } from '../../../src/rollout/events.ts';
import type { Played } from './play-hand.ts';

export function* tellStory(played: Played): Generator<string> {
  const { hand, startedMs, entries, history, sent } = played;
  yield `seed ${hand.seed}`;
  for (const card of hand.cards) yield `  ${card}`;
  yield `  allowed: ${hand.allowed ? [...hand.allowed].join(', ') : 'whatever keeps the laws'}`;
  const lines = [
    ...entries.map((entry) => ({ atMs: Date.parse(entry.at), text: `journal  ${tellEntry(entry)}` })),
    ...history
      .filter(({ atMs }) => atMs >= startedMs)
      .map(({ atMs, ...change }) => ({ atMs, text: `azure    ${JSON.stringify(change)}` })),
    ...sent.map(({ atMs, endedMs, method, path, result }) => ({
      atMs,
      text: `sent     ${method} ${path.split('/sites/').at(-1)} → ${result} after ${((endedMs ?? atMs) - atMs) / 1000} s`,
    })),
  ].sort((a, b) => a.atMs - b.atMs);
  for (const { atMs, text } of lines)
    yield `${((atMs - startedMs) / 1000).toFixed(1).padStart(8)} s  ${text}`;
  const { firstOutcome, outcome, processes } = played;
  yield `outcome: ${firstOutcome}${hand.regret ? `, then ${outcome}` : ''}, ${processes} processes`;
}

function tellEntry(entry: Recorded): string {
  if (entry.type === 'rollout.begun') return entry.type;
  if (entry.type === 'reading.taken') {
    const { target, side, condition, findings } = entry.reading;
    const said = findings
      .map(({ check, condition: each, said: what }) => `${check} ${each} (${what})`)
      .join(', ');
    return `reading ${entry.during} ${target} ${side}: ${condition}: ${said}`;
  }
  const { seq: _seq, at: _at, rollout: _rollout, ...rest } = entry;
  return JSON.stringify(rest, (key, value: unknown) => (key === 'readings' ? undefined : value));
}
