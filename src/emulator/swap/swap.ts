/** The swap as a state machine over the clock: apply, warm up, route, post (azure-platform.md §3.2). */
import type { AppServiceRefusal } from '../arm/answer.ts';
import type { SwapFailure } from '../faults/faults.ts';
import type { OperationTwist, SwapFailureReason } from '../faults/schema.ts';
import { restartWorker } from '../hosts.ts';
import { latenciesOf, type Platform, spotOf } from '../platform.ts';
import type { Operation, Slot } from '../world/state.ts';
import { exchange } from './exchange.ts';
import { describeFailure } from './failure.ts';
import { combineSettings, createStickiness, ownSettings } from './travel.ts';
import { warmUp } from './warm-up.ts';

/** What is special about a swap. */
export interface SwapManner {
  readonly failure?: SwapFailure | null;
  readonly twist?: OperationTwist | null;
  readonly automatic?: boolean;
}

/**
 * Begins to exchange `source` with `target` and returns at once; the operation's outcome says how it ends. The
 * caller has made sure that nothing else runs on the site.
 */
export function beginSwap(
  platform: Platform,
  source: Slot,
  target: Slot,
  { failure = null, twist = null, automatic = false }: SwapManner = {},
): Operation {
  const { site } = source;
  const operation: Operation = {
    id: platform.random.guid(),
    name: 'SwapSiteSlots',
    slot: source,
    createdMs: platform.clock.now(),
    twist,
    automatic,
    outcome: null,
  };
  site.operation = operation;
  site.operations.set(operation.id, operation);
  platform.record({ type: 'swap.begun', ...spotOf(source), operation: operation.id, target: target.name });
  platform.inBackground(() => carryOut(platform, operation, source, target, failure));
  return operation;
}

/**
 * Puts the target's sticky settings on the source, which restarts with them. The first step of a swap, and all
 * of its preview (`applySlotConfig`).
 */
export function prepareSource(platform: Platform, source: Slot, target: Slot): void {
  const own = source.settings;
  source.prepared = { target, ownSettings: own };
  writeWithoutTrace(
    platform,
    source,
    combineSettings(own, ownSettings(target), createStickiness(source.site)),
  );
  restartWorker(platform, source, 'swap: the settings of the other slot were applied');
}

/** Gives a prepared slot its own settings back. */
export function releaseSource(platform: Platform, source: Slot): void {
  if (!source.prepared) return;
  const { ownSettings: own } = source.prepared;
  source.prepared = null;
  writeWithoutTrace(platform, source, own);
  restartWorker(platform, source, 'swap: the slot got its own settings back');
}

async function carryOut(
  platform: Platform,
  operation: Operation,
  source: Slot,
  target: Slot,
  failure: SwapFailure | null,
): Promise<void> {
  const { swapApply, swapRoute, swapPost } = latenciesOf(platform, source);
  const swap = { operation: operation.id, target: target.name } as const;
  await platform.sleep(swapApply);
  const refuse = (reason: SwapFailureReason) =>
    fail(platform, operation, target, describeFailure(platform, reason, source, target));
  if (failure?.failAt === 'apply') return refuse(failure.as);
  if (!source.prepared) prepareSource(platform, source, target);
  const cold = failure?.failAt === 'warmup' ? failure.as : await warmUp(platform, source);
  if (cold) return refuse(cold);
  platform.record({ type: 'swap.warmed', ...spotOf(source), ...swap });
  await platform.sleep(swapRoute);
  if (failure?.failAt === 'route') return refuse(failure.as);
  exchange(platform, source, target);
  platform.record({ type: 'swap.routed', ...spotOf(source), ...swap });
  await platform.sleep(swapPost);
  restartWorker(platform, source, 'swap: the old production got the settings of its new slot');
  end(operation, { status: 'succeeded', atMs: platform.clock.now() });
  source.site.lastSwap = { atMs: platform.clock.now(), source: source.name, destination: target.name };
  platform.record({ type: 'swap.done', ...spotOf(source), ...swap });
  if (operation.twist?.takenBack !== undefined) await takeBack(platform, operation, target);
}

/** A deployment or a swap that began meanwhile is left alone: then there is nothing to go back to. */
async function takeBack(
  platform: Platform,
  { id, slot: source, twist }: Operation,
  target: Slot,
): Promise<void> {
  await platform.sleep(twist?.takenBack ?? 0);
  const { site } = source;
  if (site.operation !== null || source.prepared || target.prepared) return;
  exchange(platform, source, target);
  restartWorker(platform, source, 'swap: the platform took it back');
  platform.record({ type: 'swap.taken-back', ...spotOf(source), operation: id, target: target.name });
}

function fail(platform: Platform, operation: Operation, target: Slot, refusal: AppServiceRefusal): void {
  const source = operation.slot;
  // After a 500 the slots can stay prepared until somebody resets them (azure-platform.md §3.4).
  if (refusal.http !== 500) releaseSource(platform, source);
  end(operation, { status: 'failed', atMs: platform.clock.now(), refusal });
  const { id } = operation;
  const { message: why } = refusal;
  platform.record({ type: 'swap.failed', ...spotOf(source), operation: id, target: target.name, why });
}

function end(operation: Operation, outcome: NonNullable<Operation['outcome']>): void {
  operation.outcome = outcome;
  const { site } = operation.slot;
  if (site.operation === operation) site.operation = null;
}

/** The platform's own writes show in ARM at once, and do not count as a change made by somebody. */
function writeWithoutTrace(platform: Platform, slot: Slot, settings: Slot['settings']): void {
  slot.settingsBefore = settings;
  slot.settings = settings;
  slot.lastModifiedMs = platform.clock.now();
}
