/** Why a place is not well, found out beside the watch: nothing waits for it but the end of the rollout. */
import type { CauseCode } from '../probe/causes.ts';
import { decisiveFinding } from '../probe/diagnosis.ts';
import type { Question, Sight } from '../probe/look.ts';
import type { RoadFacts } from '../probe/road.ts';
import { type Finding, keyNotYetCode, type Verdict } from '../probe/verdict.ts';
import type { Cause, Happening, Recorded } from './events.ts';
import type { Run } from './run.ts';

export interface Diagnosing {
  /** Called with each look: the first one that fails is looked into. */
  see(sight: Sight): void;
  /** Called with the verdict: when what decided it is something else than what was looked into, that is as well. */
  conclude(verdict: Verdict): void;
}

type Occasion = Extract<Happening, { type: 'look.diagnosed' }>['during'];

/** For one watch. Does nothing where nobody can diagnose. */
export function startDiagnosing(run: Run, question: Question, during: Occasion): Diagnosing {
  const { diagnose, stop } = run.ports;
  let asked = '';
  let hasWondered = false;
  let hasHealed = false;
  let road: RoadFacts | undefined;
  const ask = (findings: readonly Finding[], mayStart = false) => {
    const signature = signatureOf(findings);
    if (!diagnose || signature === asked) return;
    if (!mayStart) asked = signature;
    const { target, side, hostName } = question;
    run.later(async () => {
      const found = await diagnose({ target, side, hostName, findings, road }, stop);
      // Nothing is written behind an end, and nothing of what is over.
      if (run.isEnding() || hasHealed) return;
      if (mayStart) {
        if (startingCauses.has(found.code) || signature === asked) return;
        asked = signature;
      }
      const { code, certainty, door, host, said, next, docs } = found;
      const cause: Cause = { target: target.name, side, code, certainty, door, host, said, next, docs };
      await run.note({ type: 'look.diagnosed', ...cause, during });
    });
  };
  return {
    see(sight) {
      road = sight.road;
      if (asked !== '') return;
      const { findings } = sight.reading;
      if (isNews(sight)) return ask(findings);
      // The app itself has not been asked then: the key comes first, and what is in its way is not seen yet.
      if (hasWondered || decisiveFinding({ findings })?.code !== keyNotYetCode) return;
      hasWondered = true;
      ask(findings, true);
    },
    conclude({ conclusion, readings }) {
      if (conclusion === 'healthy') {
        hasHealed = true;
        return;
      }
      const decisive = readings.findLast(({ condition }) => condition !== 'healthy');
      if (decisive) ask(decisive.findings);
    },
  };
}

/** The codes of a place that only starts: from outside that is a time-out or a cut connection. */
const coldCodes = new Set(['ETIMEDOUT', 'ECONNRESET']);

/** What a place that only starts may look like: a cause for the verdict, when it does not come up. */
const startingCauses: ReadonlySet<string> = new Set<CauseCode>([
  'host-starting',
  'host-down',
  'no-answer',
  'connection-cut',
  'unexplained',
]);

/** A cold start is no failure, and a fleet of them would fill the journal with causes that are none. */
function isNews({ reading, road }: Sight): boolean {
  if (reading.condition === 'unhealthy') return true;
  if (reading.condition !== 'unreachable') return false;
  const code = decisiveFinding(reading)?.code ?? '';
  if (code === keyNotYetCode) return false;
  const isThere = road?.stage === 'request' || road?.stage === 'answered';
  return !(isThere && coldCodes.has(code));
}

function signatureOf(findings: readonly Finding[]): string {
  const finding = decisiveFinding({ findings });
  return finding === null ? '' : `${finding.check} ${finding.condition} ${finding.code} ${finding.status}`;
}

/** What a diagnosis was about, and what says that it is over. */
const healedBy: Readonly<Record<Occasion, Happening['type']>> = {
  clear: 'target.cleared',
  preview: 'target.cleared',
  proof: 'target.cleared',
  observe: 'target.observed',
  bake: 'wave.baked',
  revert: 'target.reverted',
};

/**
 * The causes that a rollout ends with: the newest of each target, without those that healed, and without those of
 * a look ahead, which decides nothing.
 */
export function recallCauses(entries: readonly Recorded[]): readonly Cause[] {
  const causes = new Map<string, Cause>();
  for (const entry of entries) {
    if (entry.type !== 'look.diagnosed' || isAhead(entries, entry) || isHealed(entries, entry)) continue;
    const { target, side, code, certainty, door, host, said, next, docs } = entry;
    causes.set(target, { target, side, code, certainty, door, host, said, next, docs });
  }
  return [...causes.values()];
}

/** Seen while the wave before baked (prove-next.ts). */
function isAhead(entries: readonly Recorded[], { seq, target, during }: Diagnosed): boolean {
  if (during !== 'proof') return false;
  const before = entries.filter((entry) => entry.seq < seq);
  return wavesOf(before, target).length === 0;
}

type Diagnosed = Extract<Recorded, { type: 'look.diagnosed' }>;

function isHealed(entries: readonly Recorded[], { seq, target, during }: Diagnosed): boolean {
  return entries.some((later) => {
    if (later.seq <= seq || later.type !== healedBy[during]) return false;
    if (later.type === 'target.observed')
      return later.target === target && later.verdict.conclusion === 'healthy';
    if (later.type === 'wave.baked') return wavesOf(entries, target).includes(later.wave);
    return 'target' in later && later.target === target;
  });
}

function wavesOf(entries: readonly Recorded[], target: string): readonly string[] {
  return entries.flatMap((entry) =>
    entry.type === 'wave.opened' && entry.targets.includes(target) ? [entry.wave] : [],
  );
}
