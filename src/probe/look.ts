/** One look at one slot: who are you, and are you well. */
import type { Clock } from '../clock.ts';
import { SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Check, ProbeRequest } from '../plan/plan.ts';
import { type Asker, createAsker } from './ask-host.ts';
import { compareCheck } from './expect.ts';
import { askOnce, keepSettled, type Once, type OnceParts } from './once.ts';
import { type NamesFrom, readFunctions, readHost, readRelease } from './read-host.ts';
import type { RoadFacts } from './road.ts';
import { readRoads } from './road-findings.ts';
import { readTriggers } from './triggers.ts';
import { type Answer, NoAnswer, type Vantage } from './vantage.ts';
import {
  type Condition,
  type Finding,
  keyNotYetCode,
  type Reading,
  type Remark,
  type Side,
} from './verdict.ts';

export interface Question {
  readonly target: Target;
  readonly side: Side;
  readonly hostName: string;
  /** The release that should answer; null: one without a stamp. */
  readonly expected: string | null;
  /** Functions that must be listed; empty: at least one. */
  readonly functions: readonly string[];
  /** Who named them; the config when absent. */
  readonly functionsFrom?: NamesFrom | undefined;
  readonly checks: readonly Check[];
  /** Of what is asked beside the app itself, that which is not asked now: `private`, `certificate`, `references`. */
  readonly spared?: readonly string[] | undefined;
  /** What is to be asked beside, once in a watch. */
  readonly once?: readonly Once[] | undefined;
  /** Answers to that from an earlier look of this watch. */
  readonly kept?: readonly Finding[] | undefined;
}

/** A reading, and what was learnt on the way. */
export interface Sight {
  readonly reading: Reading;
  readonly functions: readonly string[];
  readonly passed: readonly string[];
  /** Functions that are started by something other than HTTP and are not switched off. */
  readonly triggers?: readonly { readonly name: string; readonly type: string }[] | undefined;
  /** For the next look's `kept`. */
  readonly kept?: readonly Finding[] | undefined;
  /** The road of the answer, or of the silence, that came last. */
  readonly road?: RoadFacts | undefined;
}

export type Look = (question: Question, signal?: AbortSignal) => Promise<Sight>;

export interface LookParts extends OnceParts {
  /** From where a target is looked at. */
  readonly vantageFor: (target: Target) => Vantage;
  /**
   * The master key of the host in this slot; asked again when the host refuses the one it had. Listing keys goes
   * through the host's runtime and fails while that is down (azure-platform.md §4.2): a SlotwaveError other than
   * a defect is read as a missing answer.
   */
  readonly hostKey: (target: Target, side: Side, refused: boolean) => Promise<string>;
  readonly probes: Pick<
    ProbeRequest,
    'timeoutMs' | 'requirePrivate' | 'certificate' | 'dependencies' | 'exposure'
  >;
  /** The stamp's file name at the package's root, and how to read it. */
  readonly stampFile: string;
  readonly clock: Clock;
  /** Milliseconds of the wall's time, in which requests end, also where the clock runs faster; the clock when absent. */
  readonly stopwatch?: (() => number) | undefined;
  /** The check with all that it needs to be let in; a plan keeps none of that. The check itself when absent. */
  readonly reveal?: (check: Check) => Check;
}

export function createLook(parts: LookParts): Look {
  return async (question, signal) => {
    const startedMs = parts.clock.now();
    const vantage = parts.vantageFor(question.target);
    const asker = createAsker(parts, vantage, question, signal);
    const seen = await see({ parts, question, vantage, asker, signal });
    const road = asker.roads.at(-1);
    const findings = sortForTelling([...seen.findings, ...askRoads(parts, question, vantage, asker)]);
    const reading: Reading = {
      target: question.target.name,
      side: question.side,
      expected: question.expected,
      vantage: vantage.name,
      ...(road === undefined ? {} : { address: road.address, isPrivate: road.isPrivate }),
      atMs: startedMs,
      tookMs: parts.clock.now() - startedMs,
      condition: worst(findings),
      findings,
    };
    const passed = findings.filter((each) => each.condition === 'healthy').map((each) => each.check);
    const { functions, triggers, kept } = seen;
    return { reading, functions, passed, triggers, kept: kept ?? question.kept, road };
  };
}

interface Looking {
  readonly parts: LookParts;
  readonly question: Question;
  readonly vantage: Vantage;
  readonly asker: Asker;
  readonly signal: AbortSignal | undefined;
}

interface Seen {
  readonly findings: readonly Finding[];
  readonly functions: readonly string[];
  readonly triggers: NonNullable<Sight['triggers']>;
  readonly kept?: readonly Finding[];
}

/**
 * Host, then release, then the rest: an answer of the wrong release says nothing about the right one, good or
 * bad, so nothing more is asked of it.
 */
async function see(looking: Looking): Promise<Seen> {
  const { parts, question, vantage, asker, signal } = looking;
  const host = await find('host', () => asker.askHost('/admin/host/status'), readHost);
  if (host.condition !== 'healthy') return { findings: [host], functions: [], triggers: [] };
  const release = await find(
    'release',
    () => asker.askHost(`/admin/vfs/${parts.stampFile}?relativePath=1`),
    (answer) => readRelease(answer, question.expected),
  );
  if (release.condition !== 'healthy') return { findings: [host, release], functions: [], triggers: [] };
  let names: readonly string[] = [];
  let triggers: Seen['triggers'] = [];
  const functions = find(
    'functions',
    () => asker.askHost('/admin/functions'),
    (answer) => {
      const found = readFunctions(answer, question.functions, question.functionsFrom);
      names = found.names;
      triggers = readTriggers(answer);
      return found;
    },
  );
  const checks = question.checks.map((check) => askCheck(looking, check));
  const once = askOnce(parts, question, signal);
  const spared = new Set(question.spared);
  const also = async () =>
    spared.has('references') ? [] : ((await vantage.also?.(question.side, signal)) ?? []);
  const [listed, checked, beside, asked] = await Promise.all([functions, Promise.all(checks), also(), once]);
  const findings = [host, release, listed, ...checked, ...beside, ...asked];
  return { findings, functions: names, triggers, kept: keepSettled(asked) };
}

async function askCheck({ parts, question, vantage, asker }: Looking, check: Check): Promise<Finding> {
  if (vantage.isHearsay)
    return { check: check.name, condition: 'unasked', said: 'Azure has no way to ask this of the app' };
  const readMs = parts.stopwatch ?? (() => parts.clock.now());
  let sentMs = 0;
  const finding = await find(
    check.name,
    () => {
      const whole = parts.reveal?.(check) ?? check;
      sentMs = readMs();
      return asker.askCheck(whole);
    },
    (answer) =>
      compareCheck(answer, check, { releaseId: question.expected, tookMs: Math.round(readMs() - sentMs) }),
  );
  return blameHanging(finding);
}

/**
 * The host has just answered from the same place: a check that gets none is an app that hangs, not a network
 * that is gone. Halting for want of data would leave it live.
 */
function blameHanging(finding: Finding): Finding {
  return finding.code === 'ETIMEDOUT' ? { ...finding, condition: 'starting' } : finding;
}

async function find(
  check: string,
  ask: () => Promise<Answer>,
  read: (answer: Answer) => Remark,
): Promise<Finding> {
  try {
    const { condition, said, code, status } = read(await ask());
    return { check, condition, said, ...(code && { code }), ...(status && { status }) };
  } catch (error) {
    if (error instanceof NoAnswer)
      return { check, condition: 'unreachable', said: error.message, code: error.code };
    if (!(error instanceof SlotwaveError) || error.kind === 'defect') throw error;
    if (error.kind === 'transient')
      return { check, condition: 'unreachable', said: `no host key: ${error.message}`, code: keyNotYetCode };
    // No later look will see more: what would help is told with it, or the verdict would only say "no answer".
    const next = error.next === undefined ? '' : `${/[.!?]$/.test(error.message) ? '' : '.'} ${error.next}`;
    return {
      check,
      condition: 'unreachable',
      said: `no host key: ${error.message}${next}`,
      code: 'KEY_REFUSED',
    };
  }
}

function askRoads(
  { probes, clock }: LookParts,
  { spared = [] }: Question,
  vantage: Vantage,
  { roads }: Asker,
): readonly Finding[] {
  return readRoads({ asked: probes, vantage, roads, spared, nowMs: clock.now() });
}

/** What could not be asked comes last: whoever shows one finding shows the first that is not well. */
function sortForTelling(findings: readonly Finding[]): readonly Finding[] {
  const unasked = findings.filter(({ condition }) => condition === 'unasked');
  return [...findings.filter(({ condition }) => condition !== 'unasked'), ...unasked];
}

/** What is wrong outweighs what is silent, what is silent outweighs what is late. */
function worst(findings: readonly Finding[]): Condition {
  const order: readonly Condition[] = ['unhealthy', 'unreachable', 'starting'];
  return order.find((condition) => findings.some((finding) => finding.condition === condition)) ?? 'healthy';
}
