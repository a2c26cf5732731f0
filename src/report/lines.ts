import type { Reading } from '../probe/verdict.ts';
import type { Cause, Recorded, Shown } from '../rollout/events.ts';
import { isRecorded } from './json.ts';
import { neutralise } from './neutralise.ts';
import { place, sentence, tellCause, tellReading } from './sentence.ts';
import { emptyView, nextView, type View } from './view.ts';
import { list, writeBytes, writeElapsed, writeRelease } from './words.ts';

/**
 * One plain sentence an event, for logs. `history` is what the journal held before (a resumed rollout): it is
 * known, and not told again. Time is counted from the beginning of this run of it. Looks that say what the last one said are left out, or bakes would drown the rest.
 */
export async function* reportLines(
  events: AsyncIterable<Shown>,
  history: readonly Recorded[] = [],
  rehearsal = false,
): AsyncGenerator<string> {
  let view = history.reduce<View>((known, event) => nextView(known, event), emptyView(rehearsal));
  const novelty = createNovelty();
  for await (const event of events) {
    const told = novelty(event) ? tell(event, view) : null;
    view = nextView(view, event);
    const begunMs = view.begunMs ?? view.nowMs;
    if (told !== null) yield neutralise(`[+${writeElapsed(view.nowMs - begunMs)}] ${told}`);
    if (event.type === 'rollout.ended')
      for (const line of [...tellStandings(view), ...tellCauses(view)]) yield neutralise(line);
  }
}

/** What every target runs, one line each: no end without it (law 4). */
export function tellStandings(view: View): readonly string[] {
  const width = Math.max(0, ...[...view.rows.keys()].map((name) => name.length));
  return [...view.rows.values()].map(({ name, region, phase, live, beside }) => {
    const runs =
      live === undefined
        ? 'could not be read'
        : `live ${writeRelease(live)}, beside it ${beside === undefined ? 'nothing known' : writeRelease(beside)}`;
    return `    ${name.padEnd(width)}  ${region}: ${phase}; ${runs}`;
  });
}

/** Why it ended like this, the last thing that people read. A cause that a whole fleet has is told once. */
export function tellCauses(view: View): readonly string[] {
  const groups = new Map<string, Cause[]>();
  for (const cause of view.end?.causes ?? []) {
    const key = `${cause.code} ${cause.door} ${cause.side}`;
    groups.set(key, [...(groups.get(key) ?? []), cause]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    const same = others.length === 0 ? '' : ` The same at ${list(others.map(({ target }) => target))}.`;
    return `    ${first!.target}: ${tellCause(first!)}${same}`;
  });
}

function tell(event: Shown, view: View): string {
  if (isRecorded(event)) return sentence(event, view);
  switch (event.type) {
    case 'upload.progressed':
      return (
        `${place(event.target, view)}: uploaded ${writeBytes(event.sentBytes)} of ${writeBytes(event.totalBytes)} ` +
        `(${percent(event)} %).`
      );
    case 'operation.waited':
      return `${place(event.target, view)}: waiting: ${event.what}`;
    case 'delivery.turned':
      return `${place(event.target, view)}: ${event.what}.`;
    case 'reading.noticed':
      return tellReading(event.reading, view);
    default:
      return event satisfies never;
  }
}

/** Smaller packages are there before a line about them is read. */
const slowUploadBytes = 10_000_000;

function quarterOf(event: Parameters<typeof percent>[0]): string {
  return String(Math.floor(percent(event) / 25));
}

/** Says whether an event brings anything that its predecessor of the same kind did not. */
function createNovelty(): (event: Shown) => boolean {
  const last = new Map<string, string>();
  const isNew = (key: string, said: string): boolean => {
    if (last.get(key) === said) return false;
    last.set(key, said);
    return true;
  };
  return (event) => {
    switch (event.type) {
      case 'upload.progressed':
        return event.totalBytes >= slowUploadBytes && isNew(`upload ${event.target}`, quarterOf(event));
      case 'operation.waited':
        return isNew(`wait ${event.target}`, event.what);
      case 'reading.taken':
      case 'reading.noticed':
        return isNew(`reading ${event.reading.target} ${event.reading.side}`, gist(event.reading));
      default:
        return true;
    }
  };
}

/** Digits change with every look (elapsed times, counters) and are no news by themselves. */
function gist({ condition, expected, findings }: Reading): string {
  const notable = findings.filter((finding) => finding.condition !== 'healthy');
  return JSON.stringify([
    condition,
    expected,
    notable.map(({ check, said }) => [check, said.replace(/\d+ ?m?s\b/g, '')]),
  ]);
}

function percent({
  sentBytes,
  totalBytes,
}: {
  readonly sentBytes: number;
  readonly totalBytes: number;
}): number {
  return totalBytes > 0 ? Math.min(100, Math.floor((sentBytes / totalBytes) * 100)) : 100;
}
