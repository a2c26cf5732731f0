/** A rollout as the log of a build: sentences in groups that fold, and a few that must not be missed. */
import type { Recorded, Shown } from '../rollout/events.ts';
import { reportLines } from './lines.ts';
import { neutralise } from './neutralise.ts';
import { tellReading } from './sentence.ts';
import { emptyView } from './view.ts';

export type LogItem =
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'group'; readonly title: string }
  | { readonly type: 'end-group' }
  | { readonly type: 'error' | 'warning'; readonly title: string; readonly text: string }
  /** How much is done, in hundredths. */
  | { readonly type: 'progress'; readonly percent: number; readonly what: string };

/** Runners keep ten annotations of a kind; the last must be how it ended. */
const maxWarnings = 9;

export async function* reportBuildLog(
  events: AsyncIterable<Shown>,
  history: readonly Recorded[] = [],
): AsyncGenerator<LogItem> {
  const before: Shown[] = [];
  const lines = reportLines(watch(events, before), history);
  const state = createState(history);
  // `reportLines` pulls an event, then tells it: what it pulled last is what the line is about.
  for await (const text of lines) {
    for (const event of before.splice(0)) yield* tellAround(event, state);
    yield { type: 'line', text };
  }
  for (const event of before) yield* tellAround(event, state);
  if (state.group !== null) yield { type: 'end-group' };
}

async function* watch(events: AsyncIterable<Shown>, before: Shown[]): AsyncGenerator<Shown> {
  for await (const event of events) {
    before.push(event);
    yield event;
  }
}

interface State {
  group: string | null;
  warnings: number;
  percent: number;
  readonly done: Set<string>;
  targets: number;
}

function createState(history: readonly Recorded[]): State {
  const state: State = { group: null, warnings: 0, percent: 0, done: new Set(), targets: 0 };
  for (const event of history) count(event, state);
  return state;
}

/** What stands before the sentence about an event. */
function* tellAround(event: Shown, state: State): Generator<LogItem> {
  const title = titleOf(event);
  if (title !== null && title !== state.group) {
    if (state.group !== null) yield { type: 'end-group' };
    if (title !== '') yield { type: 'group', title: neutralise(title) };
    state.group = title === '' ? null : title;
  }
  const alarm = alarmOf(event);
  if (alarm !== null && state.warnings < maxWarnings) {
    state.warnings += 1;
    yield { type: 'warning', title: neutralise(alarm.title), text: neutralise(alarm.text) };
  }
  const percent = count(event, state);
  if (percent > state.percent) {
    state.percent = percent;
    yield { type: 'progress', percent, what: title ?? state.group ?? '' };
  }
}

/** The group that an event begins; an empty title ends the one that is open; null: none of this. */
function titleOf(event: Shown): string | null {
  switch (event.type) {
    case 'rollout.begun':
      return 'Staging and looking, beside production';
    case 'rollout.resumed':
      return 'Going on';
    case 'wave.opened':
      return `Wave ${event.wave}`;
    case 'rollback.decided':
      return 'Taking back';
    case 'halt.decided':
    case 'tidy.begun':
    case 'tidy.done':
    case 'rollout.ended':
    case 'rollout.interrupted':
      return '';
    default:
      return null;
  }
}

function alarmOf(event: Shown): { readonly title: string; readonly text: string } | null {
  switch (event.type) {
    case 'target.failed':
    case 'target.stranded':
      return {
        title: `${event.target}: ${event.type === 'target.failed' ? 'failed' : 'stranded'}`,
        text: event.why,
      };
    case 'target.refused': {
      const seen = event.verdict.readings.findLast(({ condition }) => condition !== 'healthy');
      const said = seen ? ` ${tellReading(seen, emptyView())}` : '';
      return { title: `${event.target}: refused`, text: `${event.verdict.why}${said}` };
    }
    case 'stage.failed':
      return { title: `${event.target}: staging failed`, text: event.failure.message };
    case 'revert.failed':
      return { title: `${event.target}: could not be taken back`, text: event.failure.message };
    case 'target.drifted':
      return { title: `${event.target}: drift`, text: 'Somebody else changed it.' };
    case 'tidy.done': {
      const said = event.troubles.map(({ message, next = '' }) => `${message} ${next}`.trim());
      return said.length === 0 ? null : { title: 'Old packages stay there', text: said.join(' ') };
    }
    default:
      return null;
  }
}

const steps: ReadonlySet<string> = new Set([
  'stage.done',
  'target.cleared',
  'promote.done',
  'target.observed',
]);

/** Four steps a target; nothing is finished before the end says so. */
function count(event: Shown, state: State): number {
  if (event.type === 'rollout.begun')
    state.targets = event.plan.targets.filter(({ action }) => action === 'promote').length;
  if (event.type === 'rollout.ended') return 100;
  if (steps.has(event.type) && 'target' in event) state.done.add(`${event.type} ${event.target}`);
  return state.targets === 0 ? 0 : Math.min(99, Math.floor((state.done.size / (state.targets * 4)) * 100));
}
