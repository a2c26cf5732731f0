/** Decides what goes wrong: faults are asked at each request, host start, swap, and answer of an app. */
import type { Random } from '../random.ts';
import type { Change } from '../world/history.ts';
import { shortRegion } from '../world/regions.ts';
import type { Slot } from '../world/state.ts';
import { matchesGlob, matchesRequest } from './match.ts';
import type {
  DeploymentEnd,
  Fault,
  OperationTwist,
  Sickness,
  SwapFailureReason,
  Throttled,
} from './schema.ts';

/** What a fault can see of a request. */
export interface RequestFacts {
  readonly door: 'arm' | 'scm' | 'app' | 'login';
  readonly method: string;
  readonly path: string;
  /** Whose request it is; null when it is about no slot. */
  readonly slot: Slot | null;
}

export type Blow =
  /** `laterMs`: the effect comes so long after the connection was lost; null: before it is. */
  | { readonly kind: 'lost'; readonly effect: 'before' | 'after'; readonly laterMs: number | null }
  | ({ readonly kind: 'throttled' } & Throttled)
  | { readonly kind: 'reset'; readonly afterBytes: number }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code: string | null;
      readonly message: string | null;
      readonly body: string | null;
      readonly headers: Readonly<Record<string, string>>;
      readonly dialect: 'front-door' | 'app-service';
      readonly effect: 'none' | 'before' | 'after';
      readonly laterMs: number;
    };

export interface Strike {
  readonly delayMs: number;
  readonly blow: Blow | null;
  /** Every token that was issued until now has expired. */
  readonly expireTokens: boolean;
}

export interface SwapFailure {
  readonly failAt: 'request' | 'apply' | 'warmup' | 'route';
  readonly as: SwapFailureReason;
}

export interface Faults {
  /** What happens to this request. Asked once for each. */
  strike(facts: RequestFacts): Strike;
  /** How much longer than usual this start takes. */
  hostDelayMs(slot: Slot): number;
  /** Whether the swap that begins with this request will fail. A preview can only fail at its request. */
  swapFailure(facts: RequestFacts, only?: 'request'): SwapFailure | null;
  /** How the operation that begins with this request will be told. */
  operationTwist(facts: RequestFacts): OperationTwist | null;
  /** How the deployment that begins in this slot will end; null: as it should. */
  deploymentEnd(slot: Slot): DeploymentEnd | null;
  /** Whether the app in this slot is sick for this path. */
  sickness(slot: Slot, path: string): Sickness | null;
  /** Forgets all faults and their counts, and takes these. */
  replace(faults: readonly Fault[]): void;
}

export interface FaultTools {
  readonly nowMs: () => number;
  readonly startedMs: number;
  readonly random: Random;
  readonly record: (change: Change) => void;
}

interface Rule {
  readonly index: number;
  readonly fault: Fault;
  /** How often all else of `when` was true. */
  seen: number;
}

const unharmed: Strike = { delayMs: 0, blow: null, expireTokens: false };

/** These are asked for where they belong, and not at every request. */
const elsewhere = ['swap', 'operation', 'deploymentEnds', 'host', 'app'] as const;

export function createFaults(faults: readonly Fault[], tools: FaultTools): Faults {
  let rules = number(faults);
  return {
    // Nearly every request of nearly every run: no rules, no work.
    strike: (facts) => (rules.length === 0 ? unharmed : strikeRequest(rules, facts, tools)),
    hostDelayMs: (slot) => sumHostDelays(rules, slot, tools),
    swapFailure: (facts, only) => findSwapFailure(rules, facts, tools, only),
    operationTwist: (facts) => findOperationTwist(rules, facts, tools),
    deploymentEnd: (slot) => findDeploymentEnd(rules, slot, tools),
    sickness: (slot, path) => findSickness(rules, slot, path, tools),
    replace: (next) => {
      rules = number(next);
    },
  };
}

function strikeRequest(rules: readonly Rule[], facts: RequestFacts, tools: FaultTools): Strike {
  let strike = unharmed;
  for (const rule of rules) {
    const { then } = rule.fault;
    if (elsewhere.some((key) => then[key] !== undefined) || !strikesRequest(rule, facts, tools)) continue;
    tell(tools, rule, Object.keys(then)[0]!, `${facts.method} ${facts.path}`, facts.slot);
    if (then.delay !== undefined) strike = { ...strike, delayMs: strike.delayMs + then.delay };
    else if (then.token !== undefined) strike = { ...strike, expireTokens: true };
    else strike = { ...strike, blow: strike.blow ?? asBlow(rule.fault) };
  }
  return strike;
}

function sumHostDelays(rules: readonly Rule[], slot: Slot, tools: FaultTools): number {
  let delayMs = 0;
  for (const rule of rules) {
    const { host } = rule.fault.then;
    if (!host || !concerns(rule, slot, tools) || !isTurn(rule, tools)) continue;
    tell(tools, rule, 'host', 'host start', slot);
    delayMs += host.startDelay;
  }
  return delayMs;
}

function findSwapFailure(
  rules: readonly Rule[],
  facts: RequestFacts,
  tools: FaultTools,
  only?: 'request',
): SwapFailure | null {
  for (const rule of rules) {
    const { swap } = rule.fault.then;
    if (!swap || (only && swap.failAt !== only) || !strikesRequest(rule, facts, tools)) continue;
    tell(tools, rule, 'swap', `${facts.method} ${facts.path}`, facts.slot);
    return swap;
  }
  return null;
}

function findOperationTwist(
  rules: readonly Rule[],
  facts: RequestFacts,
  tools: FaultTools,
): OperationTwist | null {
  for (const rule of rules) {
    const { operation } = rule.fault.then;
    if (!operation || !strikesRequest(rule, facts, tools)) continue;
    tell(tools, rule, 'operation', `${facts.method} ${facts.path}`, facts.slot);
    return operation;
  }
  return null;
}

function findDeploymentEnd(rules: readonly Rule[], slot: Slot, tools: FaultTools): DeploymentEnd | null {
  for (const rule of rules) {
    const { deploymentEnds } = rule.fault.then;
    if (!deploymentEnds || !concerns(rule, slot, tools) || !isTurn(rule, tools)) continue;
    tell(tools, rule, 'deploymentEnds', 'deployment', slot);
    return deploymentEnds;
  }
  return null;
}

function findSickness(rules: readonly Rule[], slot: Slot, path: string, tools: FaultTools): Sickness | null {
  for (const rule of rules) {
    const sick = rule.fault.then.app?.sick;
    if (!sick || !concerns(rule, slot, tools) || !isSick(sick, slot, path, tools.nowMs())) continue;
    if (!isTurn(rule, tools)) continue;
    tell(tools, rule, 'app', path, slot);
    return sick;
  }
  return null;
}

function tell(tools: FaultTools, rule: Rule, what: string, request: string, slot: Slot | null): void {
  const spot = { site: slot?.site.name ?? null, slot: slot?.name ?? null };
  tools.record({ type: 'fault.struck', fault: rule.index, what, request, ...spot });
}

function number(faults: readonly Fault[]): readonly Rule[] {
  return faults.map((fault, index) => ({ index, fault, seen: 0 }));
}

function strikesRequest(rule: Rule, facts: RequestFacts, tools: FaultTools): boolean {
  const { when } = rule.fault;
  if (when.door !== undefined && when.door !== facts.door) return false;
  if (when.request !== undefined && !matchesRequest(when.request, facts.method, facts.path)) return false;
  return concerns(rule, facts.slot, tools) && isTurn(rule, tools);
}

/** True when place and time fit. */
function concerns(rule: Rule, slot: Slot | null, tools: FaultTools): boolean {
  const { site, slot: slotName, region, after } = rule.fault.when;
  if (after !== undefined && tools.nowMs() - tools.startedMs < after) return false;
  if (site === undefined && slotName === undefined && region === undefined) return true;
  if (slot === null) return false;
  if (site !== undefined && !matchesGlob(site, slot.site.name)) return false;
  if (slotName !== undefined && !matchesGlob(slotName, slot.name)) return false;
  return region === undefined || shortRegion(region) === shortRegion(slot.site.region);
}

/** Counts, and says whether it is this one's turn. Asked only when all else is true. */
function isTurn(rule: Rule, tools: FaultTools): boolean {
  rule.seen += 1;
  const { occurrence, probability } = rule.fault.when;
  if (typeof occurrence === 'number' && occurrence !== rule.seen) return false;
  if (Array.isArray(occurrence) && !occurrence.includes(rule.seen)) return false;
  return probability === undefined || tools.random.next() < probability;
}

function isSick(sick: Sickness, slot: Slot, path: string, nowMs: number): boolean {
  if (!matchesGlob(sick.in, slot.name) || !matchesGlob(sick.path, path)) return false;
  if (nowMs - slot.cargo.sinceMs < sick.after) return false;
  if (sick.content === 'arrived' && slot.cargo.arrivedBy === 'world') return false;
  if (sick.release === undefined) return true;
  const release = slot.settings['SLOTWAVE_RELEASE_ID'] ?? '';
  return sick.release.startsWith('!')
    ? !matchesGlob(sick.release.slice(1), release)
    : matchesGlob(sick.release, release);
}

function asBlow({ then }: Fault): Blow | null {
  if (then.lost) return { kind: 'lost', effect: then.lost, laterMs: then.later ?? null };
  if (then.reset) return { kind: 'reset', afterBytes: then.reset.afterBytes };
  if (then.throttled) return { kind: 'throttled', ...then.throttled };
  if (then.status === undefined) return null;
  return {
    kind: 'status',
    status: then.status,
    code: then.code ?? null,
    message: then.message ?? null,
    body: then.body ?? null,
    headers: then.headers ?? {},
    dialect: then.dialect ?? 'front-door',
    effect: then.effect ?? 'none',
    laterMs: then.later ?? 0,
  };
}
