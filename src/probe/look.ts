/** One look at one slot: who are you, and are you well. */
import type { Clock } from '../clock.ts';
import { SlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import type { Check, ProbeRequest } from '../plan/plan.ts';
import { compareCheck, shorten } from './expect.ts';
import { readTriggers } from './triggers.ts';
import { type Answer, NoAnswer, type Vantage } from './vantage.ts';
import { type Condition, type Finding, keyNotYetCode, type Reading, type Side } from './verdict.ts';

export interface Question {
  readonly target: Target;
  readonly side: Side;
  readonly hostName: string;
  /** The release that should answer; null: one without a stamp. */
  readonly expected: string | null;
  /** Functions that must be listed; empty: at least one. */
  readonly functions: readonly string[];
  readonly checks: readonly Check[];
}

/** A reading, and what was learnt on the way. */
export interface Sight {
  readonly reading: Reading;
  readonly functions: readonly string[];
  readonly passed: readonly string[];
  /** Functions that are started by something other than HTTP and are not switched off. */
  readonly triggers?: readonly { readonly name: string; readonly type: string }[] | undefined;
}

export type Look = (question: Question, signal?: AbortSignal) => Promise<Sight>;

export interface LookParts {
  /** From where a target is looked at. */
  readonly vantageFor: (target: Target) => Vantage;
  /**
   * The master key of the host in this slot; asked again when the host refuses the one it had. Listing keys goes
   * through the host's runtime and fails while that is down (azure-platform.md §4.2): a SlotwaveError other than
   * a defect is read as a missing answer.
   */
  readonly hostKey: (target: Target, side: Side, refused: boolean) => Promise<string>;
  readonly probes: Pick<ProbeRequest, 'timeoutMs'>;
  /** The stamp's file name at the package's root, and how to read it. */
  readonly stampFile: string;
  readonly clock: Clock;
  /** The check with all that it needs to be let in; a plan keeps none of that. The check itself when absent. */
  readonly reveal?: (check: Check) => Check;
}

export function createLook(parts: LookParts): Look {
  return async (question, signal) => {
    const startedMs = parts.clock.now();
    const seen = await see(parts, question, signal);
    const condition = worst(seen.findings);
    const reading: Reading = {
      target: question.target.name,
      side: question.side,
      expected: question.expected,
      vantage: parts.vantageFor(question.target).name,
      atMs: startedMs,
      tookMs: parts.clock.now() - startedMs,
      condition,
      findings: seen.findings,
    };
    const passed = seen.findings.filter((each) => each.condition === 'healthy').map((each) => each.check);
    return { reading, functions: seen.functions, passed, triggers: seen.triggers };
  };
}

interface Seen {
  readonly findings: readonly Finding[];
  readonly functions: readonly string[];
  readonly triggers: NonNullable<Sight['triggers']>;
}

/**
 * Host, then release, then the rest: an answer of the wrong release says nothing about the right one, good or
 * bad, so nothing more is asked of it.
 */
async function see(parts: LookParts, question: Question, signal?: AbortSignal): Promise<Seen> {
  const ask = (path: string, keyed: boolean, check?: Check) =>
    askHost(parts, question, path, keyed, check, signal);
  const host = await find('host', () => ask('/admin/host/status', true), readHost);
  if (host.condition !== 'healthy') return { findings: [host], functions: [], triggers: [] };
  const release = await find(
    'release',
    () => ask(`/admin/vfs/${parts.stampFile}?relativePath=1`, true),
    (answer) => readRelease(answer, question.expected),
  );
  if (release.condition !== 'healthy') return { findings: [host, release], functions: [], triggers: [] };
  let names: readonly string[] = [];
  let triggers: Seen['triggers'] = [];
  const functions = find(
    'functions',
    () => ask('/admin/functions', true),
    (answer) => {
      const found = readFunctions(answer, question.functions);
      names = found.names;
      triggers = readTriggers(answer);
      return found;
    },
  );
  const checks = question.checks.map((check) =>
    find(
      check.name,
      () => {
        const whole = parts.reveal?.(check) ?? check;
        return ask(whole.path, false, whole);
      },
      (answer) => compareCheck(answer, check, question.expected),
    ).then(blameHanging),
  );
  const rest = await Promise.all([functions, ...checks]);
  return { findings: [host, release, ...rest], functions: names, triggers };
}

/**
 * The host has just answered from the same place: a check that gets none is an app that hangs, not a network
 * that is gone. Halting for want of data would leave it live.
 */
function blameHanging(finding: Finding): Finding {
  return finding.code === 'ETIMEDOUT' ? { ...finding, condition: 'starting' } : finding;
}

type Remark = Omit<Finding, 'check'>;

async function find(
  check: string,
  ask: () => Promise<Answer>,
  read: (answer: Answer) => Remark,
): Promise<Finding> {
  try {
    const { condition, said, code } = read(await ask());
    return code === undefined ? { check, condition, said } : { check, condition, said, code };
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

async function askHost(
  parts: LookParts,
  question: Question,
  path: string,
  keyed: boolean,
  check: Check | undefined,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const send = async (refused: boolean) => {
    const headers: Record<string, string> = { accept: 'application/json, */*', ...check?.headers };
    if (keyed) headers['x-functions-key'] = await parts.hostKey(question.target, question.side, refused);
    const url = new URL(path, `https://${question.hostName}`);
    const method = check?.method ?? 'GET';
    return parts
      .vantageFor(question.target)
      .ask({ url, method, headers, timeoutMs: parts.probes.timeoutMs, signal });
  };
  const first = await send(false);
  // Keys can be renewed, and with files as their store they travel in a swap (azure-platform.md §3.3).
  const answer = keyed && first.status === 401 ? await send(true) : first;
  if (isBlocked(answer))
    throw new NoAnswer('IP_FORBIDDEN', '403: the network of the app blocks this address');
  return answer;
}

/**
 * The front end's own 403, sent when the app's network lets nobody in from here (azure-platform.md §5.2). The app
 * never saw the request, so it says nothing about the app.
 */
function isBlocked({ status, headers, body }: Answer): boolean {
  if (status !== 403) return false;
  return 'x-ms-forbidden-ip' in headers || /has blocked your access|ip forbidden/i.test(body);
}

const notUpStates = new Set(['Default', 'Starting', 'Initialized']);

/** 200 comes with every state, Error included (azure-platform.md §4.1): the body tells. */
function readHost(answer: Answer): Remark {
  const notUp = readNotUp(answer);
  if (notUp) return notUp;
  if (answer.status !== 200)
    return { condition: 'unhealthy', said: `${answer.status} for the host's status` };
  const body = parseObject(answer.body);
  const state = typeof body?.['state'] === 'string' ? body['state'] : null;
  if (!state) return { condition: 'unhealthy', said: '200, but what answered is not a function host' };
  const errors = Array.isArray(body?.['errors']) ? body['errors'] : [];
  if (errors.length > 0)
    return { condition: 'unhealthy', said: `${state}, with the error "${shorten(String(errors[0]), 200)}"` };
  if (notUpStates.has(state)) return { condition: 'starting', said: state };
  return state === 'Running'
    ? { condition: 'healthy', said: state }
    : { condition: 'unhealthy', said: state };
}

/** Another release is no verdict on ours: it is not up yet, or not here. */
function readRelease(answer: Answer, expected: string | null): Remark {
  const notUp = readNotUp(answer);
  if (notUp) return notUp;
  if (answer.status !== 200 && answer.status !== 404) {
    return { condition: 'unhealthy', said: `${answer.status} for the release stamp` };
  }
  const release = answer.status === 200 ? parseObject(answer.body)?.['release'] : null;
  if (answer.status === 200 && typeof release !== 'string')
    return { condition: 'starting', said: 'what answers for the release stamp is none' };
  const found = typeof release === 'string' ? release : null;
  if (found === expected) return { condition: 'healthy', said: found ?? 'no stamp, as expected' };
  const name = found === null ? 'a release without a stamp' : `release ${shorten(found, 120)}`;
  return { condition: 'starting', said: `${name} answers, expected ${expected ?? 'one without a stamp'}` };
}

function readFunctions(
  answer: Answer,
  expected: readonly string[],
): Remark & { readonly names: readonly string[] } {
  const notUp = readNotUp(answer);
  if (notUp) return { ...notUp, names: [] };
  if (answer.status !== 200)
    return { condition: 'unhealthy', said: `${answer.status} for the list of functions`, names: [] };
  const list = parseJson(answer.body);
  const names = Array.isArray(list) ? list.map(nameOf).filter((name) => name !== null) : [];
  if (names.length === 0)
    return { condition: 'unhealthy', said: 'the host is up, and lists no functions', names };
  const missing = expected.filter((name) => !names.includes(name));
  if (missing.length > 0) return { condition: 'unhealthy', said: `not listed: ${missing.join(', ')}`, names };
  return { condition: 'healthy', said: `${names.length} functions`, names };
}

/** 502, 503, 504: the front end or the host says that nobody is home yet. */
function readNotUp(answer: Answer): Remark | null {
  if (answer.status !== 503 && answer.status !== 502 && answer.status !== 504) return null;
  return { condition: 'starting', said: `${answer.status}` };
}

function nameOf(entry: unknown): string | null {
  const name =
    typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>)['name'] : null;
  return typeof name === 'string' ? name : null;
}

/** What is wrong outweighs what is silent, what is silent outweighs what is late. */
function worst(findings: readonly Finding[]): Condition {
  const order: readonly Condition[] = ['unhealthy', 'unreachable', 'starting'];
  return order.find((condition) => findings.some((finding) => finding.condition === condition)) ?? 'healthy';
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function parseJson(text: string): unknown {
  try {
    // PowerShell and .NET write a byte order mark in front of JSON.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return null;
  }
}
