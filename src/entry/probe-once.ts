/** One look at one slot or at its SCM site, with the cause where it is not well: both within one short time. */
import type { TargetFacts } from '../plan/fleet.ts';
import { diagnose } from '../probe/diagnose.ts';
import type { Diagnosis, DiagnosisFacts } from '../probe/diagnosis.ts';
import type { Question, Sight } from '../probe/look.ts';
import type { RoadFacts } from '../probe/road.ts';
import { lateCode } from '../probe/silence.ts';
import type { Condition, Finding, Side } from '../probe/verdict.ts';
import type { Looking } from './open-look.ts';

export interface Probed {
  readonly target: string;
  readonly region: string;
  readonly side: Side;
  readonly door: 'app' | 'scm';
  readonly host: string;
  readonly vantage: string;
  /** The address that answered, and whether it is private; null: not known. */
  readonly address: string | null;
  readonly isPrivate: boolean | null;
  /** `reached`: an SCM site that can be uploaded to from here. */
  readonly condition: Condition | 'reached';
  readonly tookMs: number;
  readonly findings: readonly Finding[];
  readonly functions: readonly string[];
  /** Null when all is well. */
  readonly diagnosis: Diagnosis | null;
  /** What the diagnosis was made from. */
  readonly facts: DiagnosisFacts | null;
}

export interface ProbeParts extends Looking {
  /** For a look and its diagnosis together. */
  readonly totalMs: number;
  readonly signal: AbortSignal;
  /** Resolves after so much time of the wall. */
  readonly after: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
}

/** A look that takes longer is looked into while it goes on. */
const patienceMs = 3_000;

export async function probeApp(parts: ProbeParts, facts: TargetFacts, question: Question): Promise<Probed> {
  const { target, side, hostName } = question;
  const startedMs = parts.now();
  const calledOff = new AbortController();
  const signal = AbortSignal.any([parts.signal, calledOff.signal]);
  const looking = parts.look(question, signal);
  // A look that fails after we stopped waiting has nobody to tell.
  looking.catch(() => {});
  const leftMs = () => Math.max(1, parts.totalMs - (parts.now() - startedMs));
  try {
    const early = await within(parts, looking, Math.min(patienceMs, parts.totalMs / 2));
    const base = { target: target.name, region: facts.region, side, door: 'app', host: hostName } as const;
    if (early && isWell(early)) return { ...base, ...tellSight(early, parts.now() - startedMs), ...noCause };
    const findings = early?.reading.findings ?? [];
    const inquiry = { target, side, door: 'app', hostName, findings, road: early?.road } as const;
    const gathering = parts.gather(inquiry, parts.signal, leftMs());
    const gathered = await gathering;
    const sight = early ?? (isEnough(gathered) ? null : await within(parts, looking, leftMs()));
    const told = sight
      ? tellSight(sight, parts.now() - startedMs)
      : { ...tellLate(parts, question, startedMs), ...tellAddress(gathered.request?.road) };
    if (sight && isWell(sight)) return { ...base, ...told, ...noCause };
    const known = { ...gathered, findings: told.findings, road: sight?.road ?? gathered.road };
    return { ...base, ...told, diagnosis: diagnose(known), facts: known };
  } finally {
    calledOff.abort('called off');
  }
}

/** Whether the cause is plain without the look: then nobody has to wait for a key that Azure cannot read. */
function isEnough(facts: DiagnosisFacts): boolean {
  return diagnose({ ...facts, findings: [lateFinding('')] }).code !== 'host-starting';
}

const noCause = { diagnosis: null, facts: null } as const;

function isWell({ reading }: Sight): boolean {
  return reading.condition === 'healthy';
}

type Told = Omit<Probed, 'target' | 'region' | 'side' | 'door' | 'host' | 'diagnosis' | 'facts'>;

function tellSight({ reading, functions, road }: Sight, tookMs: number): Told {
  const { vantage, condition, findings } = reading;
  return { vantage, condition, findings, functions, tookMs, ...tellAddress(road) };
}

function tellAddress(road: RoadFacts | null | undefined): Pick<Probed, 'address' | 'isPrivate'> {
  return { address: road?.address ?? null, isPrivate: road?.isPrivate ?? null };
}

function tellLate(
  parts: ProbeParts,
  { target }: Question,
  startedMs: number,
): Omit<Told, 'address' | 'isPrivate'> {
  const tookMs = parts.now() - startedMs;
  const said = `no end after ${(tookMs / 1000).toFixed(1)} s`;
  return {
    vantage: parts.vantageFor(target, 'app').name,
    condition: 'unreachable',
    findings: [lateFinding(said)],
    functions: [],
    tookMs,
  };
}

function lateFinding(said: string): Finding {
  return { check: 'host', condition: 'unreachable', said, code: lateCode };
}

/** Null when it is not there in time. */
async function within<T>({ after, signal }: ProbeParts, work: Promise<T>, ms: number): Promise<T | null> {
  const enough = new AbortController();
  const late = after(ms, AbortSignal.any([signal, enough.signal])).then(() => null);
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    enough.abort('there');
  }
}

/** Any answer but the front end's own refusals will do: who may upload is asked when somebody uploads. */
export async function probeScm(
  parts: ProbeParts,
  { target, region }: TargetFacts,
  side: Side,
  hostName: string,
): Promise<Probed> {
  const startedMs = parts.now();
  const inquiry = { target, side, door: 'scm', hostName, findings: [] } as const;
  const facts = await parts.gather(inquiry, parts.signal, parts.totalMs);
  const { request } = facts;
  const isReached = request?.kind === 'answer' && (request.page === 'app' || request.page === 'sign-in');
  return {
    ...{ target: target.name, region, side, door: 'scm', host: hostName },
    vantage: parts.vantageFor(target, 'scm').name,
    ...tellAddress(request?.road),
    condition: isReached ? 'reached' : request?.kind === 'answer' ? 'unhealthy' : 'unreachable',
    tookMs: parts.now() - startedMs,
    findings: [],
    functions: [],
    ...(isReached ? noCause : { diagnosis: diagnose(facts), facts }),
  };
}

/** Nothing to look at is no good news. */
export function tellMissing({ target, region }: TargetFacts, side: Side): Probed {
  const said = `there is no slot "${target.slot}"`;
  const findings = [{ check: 'slot', condition: 'unhealthy', said, code: 'SLOT_MISSING' }] as const;
  const place = { door: 'app', host: `${target.site}/${target.slot}` } as const;
  const facts = { ...place, findings, road: null, request: null, site: null, names: [] };
  return {
    ...{ target: target.name, region, side, ...place },
    ...{ vantage: 'arm', ...tellAddress(null), condition: 'unhealthy', tookMs: 0 },
    ...{ findings, functions: [], diagnosis: diagnose(facts), facts },
  };
}
