/** The page that a build shows of a rollout: what happened, in ten seconds, and what to do next. */
import { groupBy } from '../plan/layout.ts';
import type { Reading } from '../probe/verdict.ts';
import type { Outcome, Recorded } from '../rollout/events.ts';
import { bytesOf, code, folded, plain, table } from './markdown.ts';
import { drawGantt, type MermaidPlace } from './mermaid.ts';
import { type Decider, type Story, type TargetStory, tellStory } from './story.ts';
import { layBars } from './story-bars.ts';
import { nameSide } from './view.ts';
import { count, writeBytes, writeElapsed, writeShortRelease } from './words.ts';

export interface SummaryOptions {
  readonly place: MermaidPlace;
  /** GitHub takes 1 MiB a step, and nothing of what is longer. */
  readonly maxBytes?: number;
  /** How this door is asked for a command: YAML, without its indent. */
  step(command: string, rollout: string): readonly string[];
}

export const maxSummaryBytes = 1024 * 1024;

/** Beyond these many, what is well is folded away. */
const maxOpenRows = 24;

/** Markdown; an empty text for a journal that begins no rollout. */
export function writeSummary(entries: readonly Recorded[], options: SummaryOptions): string {
  const story = tellStory(entries);
  if (story === null) return '';
  const { maxBytes = maxSummaryBytes } = options;
  for (let maxRows = story.targets.length; ; maxRows = Math.floor(maxRows / 2)) {
    const text = writePage(story, maxRows, options);
    if (bytesOf(text) <= maxBytes || maxRows === 0) return text;
  }
}

function writePage(story: Story, maxRows: number, options: SummaryOptions): string {
  const parts = [
    tellHeading(story),
    tellFacts(story),
    tellTurn(story, Math.min(maxRows, 12)),
    tellCauses(story, Math.min(maxRows, 12)),
    tellTargets(story, maxRows),
    story.spans.length === 0 ? '' : drawGantt(layBars(story), options.place),
    tellTidied(story),
    tellNext(story, options),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const headings: Readonly<Record<Outcome | 'interrupted', readonly [mark: string, said: string]>> = {
  settled: ['✅', 'settled: the release is live wherever it was planned'],
  refused: ['⛔', 'refused: nothing live was touched'],
  'rolled-back': ['↩️', 'rolled back: the releases from before are live again'],
  stranded: ['🆘', 'stranded: not every target could be taken back'],
  halted: ['✋', 'halted: nothing more is done until somebody has looked'],
  interrupted: ['⏸️', 'interrupted: it can be resumed'],
};

function tellHeading({ app, outcome, why, interruptedBy, deciders, targets }: Story): string {
  const [mark, said] = headings[outcome ?? 'interrupted'];
  const reason = outcome === null ? `Stopped by ${interruptedBy ?? 'the end of its process'}` : why;
  // What the first sick target showed says more than how many there are.
  const seen = deciders[0]?.readings.at(-1);
  const isTold = seen?.findings.some(({ said }) => reason.includes(said.replace(/[.\s]+$/, '')));
  const evidence = seen && !isTold && outcome !== 'settled' ? ` Last seen: ${tellSeen(seen)}.` : '';
  return `## ${mark} ${plain(app)} ${said}\n\n${endSentence(plain(capital(reason, targets), 500))}${evidence}`;
}

function endSentence(text: string): string {
  return `${text.replace(/[.\s]+$/, '')}.`;
}

/** A reason as a sentence; the name of a target is written as it is. */
function capital(text: string, targets: Story['targets']): string {
  const [first = ''] = text.split(/[\s:,;]/, 1);
  if (targets.some(({ name }) => name === first)) return text;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function tellFacts({ release, rollout, targets, waves, fromMs, untilMs }: Story): string {
  const promoted = targets.filter(({ action }) => action === 'promote').length;
  const facts = [
    `Release ${code(release)}`,
    `${count(promoted, 'target')} in ${count(waves.length, 'wave')}`,
    `took ${writeElapsed(untilMs - fromMs)}`,
    `rollout ${code(rollout)}`,
  ];
  return facts.join(' · ');
}

/** What was rolled back or refused, and why, with the readings that decided. The reason itself is in the heading. */
function tellTurn({ rollback, deciders, outcome }: Story, maxRows: number): string {
  if (rollback === null && deciders.length === 0) return '';
  const title = rollback ? 'Why it was taken back' : outcome === 'settled' ? 'Tolerated' : 'Why';
  const shown = deciders.slice(0, maxRows);
  const rows = shown.flatMap((decider) => tellDecider(decider));
  const rest = deciders.length - shown.length;
  return [
    `### ${title}`,
    ...(rows.length > 0
      ? [table(['Target', 'What was decided', 'Where', 'When (UTC)', 'What was seen'], rows)]
      : []),
    ...(rest > 0 ? [`And ${count(rest, 'more target')}: the journal has them all.`] : []),
    ...tellHelp(shown),
    ...(rollback ? [`Taken back: ${plain(listed(rollback.targets))}.`] : []),
  ].join('\n\n');
}

/** What failed knows best what to do about it; the same is told once. */
function tellHelp(deciders: readonly Decider[]): readonly string[] {
  const groups = groupBy(
    deciders.filter(({ next }) => next !== ''),
    ({ next }) => next,
  );
  const lines = [...groups].map(
    ([next, group]) => `- **${plain(listed(group.map(({ target }) => target)))}**: ${plain(next, 500)}`,
  );
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** The same cause is told once, with all whom it befell. */
function tellCauses({ causes }: Story, maxRows: number): string {
  const groups = groupBy(causes, ({ code, next }) => JSON.stringify([code, next]));
  const told = [...groups.values()].slice(0, maxRows).flatMap(([cause, ...others]) => {
    if (cause === undefined) return [];
    const { target, said, next, code: name, certainty, docs } = cause;
    const names = listed([target, ...others.map((each) => each.target)]);
    const likely = certainty === 'likely' ? 'Likely: ' : '';
    return [
      `- **${plain(names)}**: ${likely}${plain(said, 500)} ${plain(next, 500)} (${code(name)}, ${plain(docs)})`,
    ];
  });
  return told.length === 0 ? '' : `### What is behind it\n\n${told.join('\n')}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown || 'nothing';
}

/** Looks that saw the same stand in one row, with their times. */
function tellDecider({ target, why, readings }: Decider): readonly (readonly string[])[] {
  const head = [plain(target), plain(why)];
  if (readings.length === 0) return [[...head, '', '', '']];
  const groups = groupBy(readings, (reading) => `${reading.side} ${tellSeen(reading)}`);
  return [...groups.values()].flatMap((group, at) => {
    const [first] = group;
    if (first === undefined) return [];
    const times = group.map(({ atMs }) => new Date(atMs).toISOString().slice(11, 19));
    return [[...(at === 0 ? head : ['', '']), nameSide(first.side), times.join(', '), tellSeen(first)]];
  });
}

function tellSeen({ findings, condition }: Reading): string {
  const notable = findings.filter((finding) => finding.condition !== 'healthy');
  if (notable.length === 0) return condition;
  return notable
    .slice(0, 4)
    .map(({ check, said }) => `${plain(check)}: ${plain(said.replace(/[.\s]+$/, ''), 240)}`)
    .join('; ');
}

/** Targets with trouble stand in front; of a large fleet the others are folded away. */
function tellTargets({ targets }: Story, maxRows: number): string {
  const head = ['Target', 'Region', 'Wave', 'Was', 'Is', '', 'Last seen', 'Time'];
  const troubled = targets.filter((target) => isTroubled(target));
  const ordered = [...troubled, ...targets.filter((target) => !isTroubled(target))].slice(0, maxRows);
  const open = ordered.length <= maxOpenRows ? ordered : troubled.slice(0, Math.min(maxOpenRows, maxRows));
  const rest = ordered.slice(open.length);
  const left = targets.length - ordered.length;
  return [
    '### Targets',
    ...(open.length > 0 ? [table(head, open.map(tellRow))] : []),
    ...(rest.length > 0
      ? [
          folded(
            `${count(rest.length, 'target')}${open.length > 0 ? ' more' : ''}`,
            table(head, rest.map(tellRow)),
          ),
        ]
      : []),
    ...(left > 0 ? [`And ${count(left, 'more target')}: the journal has them all.`] : []),
  ].join('\n\n');
}

function isTroubled({ phase, trouble }: TargetStory): boolean {
  return trouble !== null || phase === 'stranded' || phase === 'reverted' || phase === 'refused';
}

function tellRow({
  name,
  region,
  wave,
  was,
  is,
  phase,
  reading,
  trouble,
  tookMs,
}: TargetStory): readonly string[] {
  const seen = trouble === null && reading ? reading.condition : (trouble ?? '');
  return [
    `**${plain(name)}**`,
    plain(region),
    plain(wave ?? ''),
    code(writeShortRelease(was)),
    was === is ? 'unchanged' : code(writeShortRelease(is)),
    `${trouble === null ? '' : '❌ '}${marksOfPhase[phase] ?? ''} ${phase}`.trim(),
    plain(seen, 160),
    tookMs === null ? '' : writeElapsed(tookMs),
  ];
}

const marksOfPhase: Readonly<Partial<Record<TargetStory['phase'], string>>> = {
  settled: '✅',
  reverted: '↩️',
  stranded: '🆘',
  refused: '⛔',
};

/** What was deleted in one line; what could not be, with the way out. */
function tellTidied({ tidied }: Story): string {
  if (tidied === null) return '';
  const { removed, troubles } = tidied;
  const bytes = removed.reduce((sum, each) => sum + each.bytes, 0);
  return [
    ...(removed.length > 0
      ? [`Deleted ${count(removed.length, 'package')} of earlier rollouts (${writeBytes(bytes)}).`]
      : []),
    ...troubles.map(
      ({ message, next = '', code: name }) =>
        `⚠️ Old packages stay there: ${plain(message, 500)} ${plain(next, 500)} (${code(name)})`,
    ),
  ].join('\n\n');
}

function tellNext({ outcome, rollout }: Story, { step }: SummaryOptions): string {
  const yaml = (command: string) => ['```yaml', ...step(command, rollout), '```'].join('\n');
  if (outcome === 'settled') return folded('To take it back', yaml('rollback'));
  if (outcome === 'rolled-back' || outcome === 'refused')
    return '### Next\n\nNothing has to be put right in Azure. Mend what was seen above and deploy again.';
  if (outcome === null) return `### Next\n\nFinish it; what is done is not done again:\n\n${yaml('resume')}`;
  const look = 'Look at what runs where, then take back what can be, or put it right by hand:';
  return `### Next\n\n${look}\n\n${yaml('status')}\n\n${yaml('rollback')}`;
}
