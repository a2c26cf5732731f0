/** One plain sentence for each happening. The wording is not a contract; the journal is. */
import type { Finding, Reading, Verdict } from '../probe/verdict.ts';
import type { Cause, Happening, Outcome, Recorded, ShelvedPackage, Verb } from '../rollout/events.ts';
import type { Standing } from '../target/strategy.ts';
import { nameSide, type View } from './view.ts';
import { count, list, writeBytes, writeElapsed, writeRelease, writeSpan } from './words.ts';

type Told<K extends Happening['type']> = Extract<Recorded, { readonly type: K }>;
type Sentences = { readonly [K in Happening['type']]: (event: Told<K>, view: View) => string };

/** The sentence for one entry of the journal, given what was known before it. Not neutralised yet. */
export function sentence<K extends Happening['type']>(event: Told<K>, view: View): string {
  const tell = sentences[event.type as K] as (event: Told<K>, view: View) => string;
  return tell(event, view);
}

/** `weu (westeurope, wave canary)`. */
export function place(name: string, view: View): string {
  const row = view.rows.get(name);
  if (!row) return name;
  return row.wave ? `${name} (${row.region}, wave ${row.wave})` : `${name} (${row.region})`;
}

/** What a reading saw; a healthy one needs no detail, any other says which check said what. */
export function tellReading(reading: Reading, view: View): string {
  const told = `${place(reading.target, view)}: ${nameSide(reading.side)} is ${reading.condition}`;
  const notable = reading.findings.filter(({ condition }) => condition !== 'healthy');
  return notable.length === 0 ? `${told}.` : `${told}: ${notable.map(tellFinding).join('; ')}.`;
}

function tellFinding({ check, said }: Finding): string {
  return `${check}: ${trimPeriod(said)}`;
}

/** What to say at the end, for each outcome; the laws promise that it is one of these. */
const endings: Readonly<Record<Outcome, string>> = {
  settled: 'Settled: the release is live wherever it was planned',
  refused: 'Refused: nothing live was touched',
  'rolled-back': 'Rolled back: the releases from before are live again',
  stranded: 'Stranded: not every target could be taken back, and somebody has to look',
  halted: 'Halted: nothing more is done until somebody has looked',
};

/** Ends after which nothing goes on by itself. */
function needsPeople(outcome: Outcome): boolean {
  return outcome === 'halted' || outcome === 'stranded';
}

export function tellTakingBack(rollout: string): string {
  return `take back what can be: slotwave rollback ${rollout}`;
}

const verbs: Readonly<Record<Verb, string>> = {
  stage: 'staging',
  promote: 'the promotion',
  revert: 'the reversal',
};

const sentences: Sentences = {
  'rollout.begun': ({ plan, release, rollout }) =>
    `Rollout ${rollout} of ${plan.app} begins: release ${release.id} (${count(release.files, 'file')}, ` +
    `${writeBytes(release.bytes)}) for ${count(plan.targets.filter((t) => t.action === 'promote').length, 'target')} ` +
    `in ${count(plan.waves.length, 'wave')}: ` +
    `${plan.waves.map((wave) => `${wave.name} (${wave.targets.length})`).join(', ')}.`,
  'rollout.resumed': ({ rollout }) => `Rollout ${rollout} goes on from where its journal ends.`,
  'rollout.interrupted': ({ signal, rollout }, { rehearsal }) =>
    `Interrupted by ${signal}: nothing new is started. ` +
    (rehearsal
      ? 'A rehearsal cannot be resumed; start again: slotwave rehearse'
      : `Go on with: slotwave resume ${rollout}`),
  'rollout.ended': ({ outcome, why, at, rollout }, view) =>
    `${endings[outcome]}. ${tellWhy(why, view)} ` +
    `It took ${writeElapsed(Date.parse(at) - (view.begunMs ?? Date.parse(at)))}.` +
    (view.rehearsal || !needsPeople(outcome)
      ? ''
      : ` Look: slotwave status ${rollout} · ${tellTakingBack(rollout)}`),
  'stage.begun': ({ target }, view) => `${place(target, view)}: staging the release beside production.`,
  'stage.done': ({ target, incumbentId, bytes }, view) =>
    `${place(target, view)}: staged (${writeBytes(bytes)}); live there now: ${writeRelease(incumbentId)}.`,
  'stage.failed': ({ target, failure }, view) =>
    `${place(target, view)}: staging failed. ${tellFailure(failure)}`,
  'incumbent.looked': ({ target, passed, functions }, view) =>
    `${place(target, view)}: the live release was looked at before anything moves: ` +
    `${count(functions.length, 'function')}, passes ${list(passed)}.`,
  'look.diagnosed': (cause, view) => `${place(cause.target, view)}: ${tellCause(cause)}`,
  'settings.kept': ({ target, changed, added }, view) =>
    `${place(target, view)}: settings that staging overwrites are taken down by name: ${list([...changed, ...added])}.`,
  'settings.restored': ({ target, restored, left, why }, view) =>
    `${place(target, view)}: ` +
    [
      ...(restored.length > 0 ? [`settings of the staging slot are as they were: ${list(restored)}.`] : []),
      ...(left.length > 0 ? [`Settings that could not be put back: ${list(left)}.`] : []),
      ...(why === undefined ? [] : [endWith(why)]),
    ].join(' '),
  'triggers.found': ({ target, triggers }, view) =>
    `${place(target, view)}: run in the staging slot beside production's own: ` +
    `${list(triggers.map(({ name, type }) => `${name} (${type})`))}. ` +
    'To keep them quiet there: stagingTriggers: disable.',
  'preview.begun': ({ target }, view) =>
    `${place(target, view)}: production's settings are put on the staging slot for a preview.`,
  'preview.done': ({ target }, view) =>
    `${place(target, view)}: the release runs in the staging slot with production's settings.`,
  'reset.begun': ({ target, why }, view) =>
    `${place(target, view)}: cancelling the prepared swap. ${endWith(why)}`,
  'reset.done': ({ target }, view) => `${place(target, view)}: no swap is prepared any more.`,
  'reset.failed': ({ target, failure }, view) =>
    `${place(target, view)}: the prepared swap could not be cancelled. ${tellFailure(failure)}`,
  'reading.taken': ({ reading }, view) => tellReading(reading, view),
  'target.cleared': ({ target, during, verdict }, view) =>
    during === 'clear'
      ? `${place(target, view)}: cleared for promotion: ${endWith(verdict.why)}`
      : during === 'preview'
        ? `${place(target, view)}: well with production's settings: ${endWith(verdict.why)}`
        : `${place(target, view)}: still well right before its promotion: ${endWith(verdict.why)}`,
  'target.refused': ({ target, verdict }, view) =>
    `${place(target, view)}: refused in staging (${verdict.conclusion}). ${tellVerdict(verdict)}`,
  'wave.opened': ({ wave, targets }) => `Wave ${wave} opens: ${list(targets)}.`,
  'promote.begun': ({ target, before }, view) =>
    `${place(target, view)}: promoting ${writeRelease(before.beside)} over ${writeRelease(before.live)}.`,
  'promote.done': ({ target, standing }, view) =>
    `${place(target, view)}: promoted; ${tellStanding(standing)}.`,
  'promote.failed': ({ target, failure }, view) =>
    `${place(target, view)}: the promotion failed. ${tellFailure(failure)}`,
  'target.observed': ({ target, verdict }, view) =>
    verdict.conclusion === 'healthy'
      ? `${place(target, view)}: well in production: ${endWith(verdict.why)}`
      : `${place(target, view)}: not well in production (${verdict.conclusion}). ${tellVerdict(verdict)}`,
  'wave.promoted': ({ wave, bakeUntilMs, at }) => {
    const leftMs = bakeUntilMs - Date.parse(at);
    return leftMs > 0
      ? `Wave ${wave} is live; it bakes for ${writeSpan(leftMs)} before anything else moves.`
      : `Wave ${wave} is live.`;
  },
  'wave.baked': ({ wave }, { waves }) =>
    waves.find(({ name }) => name === wave)?.bakes === false
      ? `Wave ${wave} is done.`
      : `Wave ${wave} stayed well.`,
  'target.failed': ({ target, why }, view) => `${place(target, view)}: counts as failed. ${endWith(why)}`,
  'target.drifted': ({ target, expected, found, how }, view) =>
    `${place(target, view)}: ${how === 'taken-back' ? 'Azure took the swap back, or somebody swapped' : 'somebody else changed it'}. Expected: ${tellStanding(expected)}. Found: ${tellStanding(found)}.`,
  'doubt.raised': ({ target, verb, failure }, view) =>
    `${place(target, view)}: whether ${verbs[verb]} happened is in doubt, so it is not repeated; looking. ` +
    tellFailure(failure),
  'doubt.settled': ({ target, verb, standing, happened }, view) =>
    `${place(target, view)}: doubt settled by looking: ${verbs[verb]} ${happened ? 'happened' : 'did not happen'}; ` +
    `${tellStanding(standing)}.`,
  'rollback.decided': ({ why, targets, failing }, view) =>
    targets.length === 0
      ? `There is nothing left to take back. ${tellWhy(why, view)}`
      : `Rolling back ${list(targets)}${failing.length > 0 ? `, first ${list(failing)}` : ''}. ${tellWhy(why, view)}`,
  'revert.begun': ({ target, before }, view) =>
    `${place(target, view)}: bringing back ${writeRelease(before.beside)} in place of ${writeRelease(before.live)}.`,
  'revert.done': ({ target, standing }, view) =>
    `${place(target, view)}: taken back; ${tellStanding(standing)}.`,
  'revert.failed': ({ target, failure }, view) =>
    `${place(target, view)}: could not be taken back. ${tellFailure(failure)}`,
  'target.reverted': ({ target, verdict }, view) =>
    `${place(target, view)}: the release from before is live again: ${endWith(verdict.why)}`,
  'target.stranded': ({ target, why }, view) => `${place(target, view)}: stranded. ${endWith(why)}`,
  'halt.decided': ({ why }, view) => `Halting. ${tellWhy(why, view)}`,
  'tidy.begun': ({ packages }) =>
    `Deleting ${tellShelved(packages)}: nothing runs them, and newer ones are kept for going back to.`,
  'tidy.done': ({ removed, troubles }) =>
    [
      ...(removed.length > 0 ? [`Deleted ${tellShelved(removed)}.`] : []),
      ...troubles.map(
        (trouble) => `Warning: old packages ${shelves[trouble.place]} stay there. ${tellFailure(trouble)}`,
      ),
    ].join(' ') || 'No package was deleted.',
};

const shelves: Readonly<Record<ShelvedPackage['place'], string>> = {
  store: 'in the store',
  disk: 'in the state folder',
};

/** `2 packages of earlier rollouts in the store (20 MB) and 1 in the state folder (10 MB)`. */
function tellShelved(packages: readonly ShelvedPackage[]): string {
  const told = (['store', 'disk'] as const).flatMap((place) => {
    const there = packages.filter((each) => each.place === place);
    const bytes = there.reduce((sum, each) => sum + each.bytes, 0);
    return there.length === 0 ? [] : [`${there.length} ${shelves[place]} (${writeBytes(bytes)})`];
  });
  return `packages of earlier rollouts: ${list(told)}`;
}

/** `why production is not well: … What to do: … (docs/diagnosis/no-route.md)` */
export function tellCause({ side, door, certainty, said, next, docs }: Omit<Cause, 'target'>): string {
  const where = door === 'scm' ? `the SCM site of ${nameSide(side)}` : nameSide(side);
  const sure = certainty === 'certain' ? 'why' : 'probably why';
  return `${sure} ${where} is not well: ${endWith(said)} What to do: ${endWith(next)} (${docs})`;
}

function tellStanding({ live, beside }: Standing): string {
  return `live ${writeRelease(live)}, beside it ${writeRelease(beside)}`;
}

function tellFailure(failure: {
  readonly code: string;
  readonly message: string;
  readonly next?: string | undefined;
}): string {
  return [
    endWith(failure.message),
    ...(failure.next ? [endWith(failure.next)] : []),
    `[${failure.code}]`,
  ].join(' ');
}

/** A verdict with the last thing that was really seen: the reason a person needs first. */
function tellVerdict(verdict: Verdict): string {
  const decisive = verdict.readings.findLast(({ condition }) => condition !== 'healthy');
  const seen = decisive?.findings.filter(isAmiss).map(tellFinding) ?? [];
  const fresh = seen.filter((text) => !verdict.why.includes(text));
  return fresh.length === 0
    ? endWith(verdict.why)
    : `${endWith(verdict.why)} Last seen: ${fresh.join('; ')}.`;
}

function isAmiss({ condition }: Finding): boolean {
  return condition !== 'healthy' && condition !== 'unasked';
}

/** A reason as a sentence of its own; the name of a target is written as it is. */
function tellWhy(why: string, view: View): string {
  const [first = ''] = why.split(/[\s:,;]/, 1);
  return endWith(view.rows.has(first) ? why : `${why.charAt(0).toUpperCase()}${why.slice(1)}`);
}

/** Ends a sentence that has no end yet. */
function endWith(text: string): string {
  return /[?!]$/.test(text) ? text : `${trimPeriod(text)}.`;
}

function trimPeriod(text: string): string {
  return text.replace(/[.\s]+$/, '');
}
