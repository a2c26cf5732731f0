/** What a step of a build comes to: its outputs, and the page about it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OutputName } from '../config/outputs.ts';
import { asSlotwaveError } from '../errors.ts';
import { describePlan } from '../plan/describe.ts';
import { bytesOf, cutToBytes, fenced, plain } from '../report/markdown.ts';
import { neutralise } from '../report/neutralise.ts';
import { tellStory } from '../report/story.ts';
import { maxSummaryBytes, writeSummary } from '../report/summary.ts';
import type { Recorded } from '../rollout/events.ts';
import { asStep, type Host } from './build-door.ts';
import type { BuildInputs } from './build-inputs.ts';
import type { Known } from './build-witness.ts';
import { exitCodes, renderError } from './errors.ts';
import { readJournal } from './journal-file.ts';
import { redact, redactSaid } from './secrets.ts';

export interface Finished {
  readonly exitCode: number;
  readonly outcome: string;
  readonly outputs: ReadonlyMap<OutputName, string>;
  readonly known: Known;
  /** The journal of the rollout; empty when there is none. */
  readonly entries: readonly Recorded[];
  /** Markdown, made for the place where it is shown. */
  summary(host: Pick<Host, 'place' | 'step' | 'nameInput'>): string;
}

export async function readFinished(
  inputs: BuildInputs | null,
  known: Known,
  exitCode: number,
  error: unknown,
): Promise<Finished> {
  const entries = known.place ? await readJournal(known.place.folder) : [];
  const outcome = outcomeOf(inputs, known, exitCode, entries);
  return {
    exitCode,
    outcome,
    outputs: new Map([
      ['outcome', outcome],
      ['exit-code', String(exitCode)],
      ...listFacts(inputs, known, entries),
    ]),
    known,
    entries,
    summary: (host) => {
      const page = writePage({ inputs, known, entries, error, outcome }, host);
      return cutToBytes(page, maxSummaryBytes, 'Cut here; the log of this step has the rest.');
    },
  };
}

const moving: ReadonlySet<string> = new Set(['deploy', 'resume', 'rollback']);

function outcomeOf(
  inputs: BuildInputs | null,
  { place, plan }: Known,
  exitCode: number,
  entries: readonly Recorded[],
): string {
  if (exitCode === exitCodes.interrupted) return 'interrupted';
  if (inputs === null || exitCode === exitCodes.locked) return 'failed';
  if (moving.has(inputs.command)) {
    const last = entries.at(-1);
    if (last?.type === 'rollout.ended') return last.outcome;
    if (place === null && plan !== null && exitCode === exitCodes.settled) return 'nothing-to-do';
  }
  return exitCode === exitCodes.settled ? 'done' : 'failed';
}

function listFacts(
  inputs: BuildInputs | null,
  known: Known,
  entries: readonly Recorded[],
): readonly (readonly [OutputName, string])[] {
  const { place, plan: foreseen, savedPlan, pkg } = known;
  const story = tellStory(entries);
  const begun = entries.find((entry) => entry.type === 'rollout.begun');
  const plan = begun?.plan ?? foreseen;
  const facts: (readonly [OutputName, string])[] = [];
  if (plan !== null && plan !== undefined) {
    const toPromote = plan.targets.filter(({ action }) => action === 'promote');
    const host = (toPromote[0] ?? plan.targets[0])?.facts.production.hostName;
    if (host !== undefined) facts.push(['app-url', `https://${host}`]);
    facts.push(['targets', String(plan.targets.length)], ['changes', String(toPromote.length > 0)]);
    // Only a plan speaks of what would be: a deployment that did not begin promoted nothing.
    if (story === null) facts.push(['promoted', inputs?.command === 'plan' ? String(toPromote.length) : '0']);
  }
  if (story !== null) {
    const { targets, release } = story;
    const isBad = (phase: string) => phase === 'refused' || phase === 'stranded';
    const failed = targets.filter(({ trouble, phase }) => trouble !== null || isBad(phase));
    facts.push(
      ['release-id', release],
      ['promoted', String(targets.filter(({ is, action }) => action === 'promote' && is === release).length)],
      ['reverted', String(targets.filter(({ phase }) => phase === 'reverted').length)],
      ['failed', String(failed.length)],
    );
  }
  if (place !== null)
    facts.push(
      ['rollout', place.id],
      ['journal', place.journalPath],
      ['package-url', pathToFileURL(place.releasePath).href],
      ['report', join(place.folder, 'summary.md')],
    );
  if (pkg !== null) facts.push(['package-url', pathToFileURL(pkg.path).href]);
  const planFile = savedPlan ?? place?.planPath;
  if (planFile !== undefined) facts.push(['plan', planFile]);
  return facts;
}

interface Page {
  readonly inputs: BuildInputs | null;
  readonly known: Known;
  readonly entries: readonly Recorded[];
  readonly error: unknown;
  readonly outcome: string;
}

function writePage(
  { inputs, known, entries, error, outcome }: Page,
  host: Pick<Host, 'place' | 'step' | 'nameInput'>,
): string {
  const command = inputs?.command ?? 'deploy';
  const failure =
    error === null
      ? ''
      : `## ❌ slotwave ${command}: ${plain(asSlotwaveError(error).message, 500)}\n\n${fenced(renderError(error, { colour: false }).map((line) => asStep(redact(line), host.nameInput)))}\n`;
  if (moving.has(command) && entries.length > 0) {
    const maxBytes = maxSummaryBytes - bytesOf(failure);
    const step = (word: string, rollout: string) => host.step(word, rollout);
    return `${failure}${writeSummary(entries, { place: host.place, step, maxBytes })}`;
  }
  if (failure !== '') return failure;
  if (command === 'plan' && known.plan !== null) return writePlanPage(known, host.nameInput);
  if (outcome === 'nothing-to-do')
    return '## ✅ Nothing to do\n\nEvery target already runs this release with these settings.\n';
  return `## slotwave ${command}\n\n${fenced(known.said.trimEnd().split('\n'))}\n`;
}

/** The plan as the command line tells it, below what most people want to know. */
export function writePlanPage(
  { plan, findings }: Pick<Known, 'plan' | 'findings'>,
  nameInput: Host['nameInput'],
): string {
  if (plan === null) return '';
  const promoted = plan.targets.filter(({ action }) => action === 'promote').length;
  const loud = findings.filter(({ silenced }) => silenced === undefined);
  const errors = loud.filter(({ severity }) => severity === 'error').length;
  const warnings = loud.filter(({ severity }) => severity === 'warning').length;
  const heading =
    errors > 0
      ? `❌ ${plain(plan.app)}: not ready, ${errors} to put right`
      : promoted === 0
        ? `✅ ${plain(plan.app)}: nothing to do`
        : `📋 ${plain(plan.app)}: ${promoted} of ${plan.targets.length} targets would be promoted, in ${plan.waves.length} waves`;
  const warned = warnings > 0 ? `\n\n${warnings} ${warnings === 1 ? 'warning' : 'warnings'}; see below.` : '';
  const lines = describePlan(plan, findings, 110).map((line) => redactSaid(neutralise(line)));
  return `## ${heading}${warned}\n\n${fenced(lines.map((line) => asStep(line, nameInput)))}\n`;
}
