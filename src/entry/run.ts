/** Where the parts are joined: an engine with a journal on disk, a fleet in Azure, and somebody who is told. */
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { plainPush, settingsFor } from '../azure/delivery.ts';
import type { PackageStore } from '../azure/package-store.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/load.ts';
import type { Plan, SwapRequest } from '../plan/plan.ts';
import { diagnose } from '../probe/diagnose.ts';
import type { Release } from '../release/release.ts';
import type { Ended } from '../rollout/ending.ts';
import type { Notice } from '../rollout/events.ts';
import type { Experience } from '../rollout/expected.ts';
import type { Assignment } from '../rollout/ports.ts';
import { type Interrupted, rollBackRollout, rollOut } from '../rollout/rollout.ts';
import type { SettingsKeep } from '../target/settings-keep.ts';
import { createSlotSwap } from '../target/slot-swap.ts';
import type { Strategy } from '../target/strategy.ts';
import type { Connection } from './connect.ts';
import { BrokenOff, exitCodeOfOutcome, exitCodes } from './errors.ts';
import { openJournal } from './journal-file.ts';
import type { Looking } from './open-look.ts';
import type { Outside } from './outside.ts';
import { redactRecord } from './secrets.ts';
import { createFileKeep } from './settings-file.ts';
import { openShelves } from './shelves.ts';
import { startShow } from './show.ts';
import type { RolloutPlace } from './state.ts';
import type { Vantages } from './vantages.ts';

export interface RunRequest {
  readonly what: { readonly verb: 'roll-out' } | { readonly verb: 'roll-back'; readonly why: string };
  readonly place: RolloutPlace;
  readonly plan: Plan;
  readonly release: Release;
  /** Null: what the journal knows is enough, because nothing new is shipped. */
  readonly config: Config | null;
  /** What earlier rollouts took; absent where none begins. */
  readonly experience?: Experience | undefined;
  readonly connection: Connection;
  /** Opened before anything is laid down: what it lacks is no beginning of a rollout. */
  readonly looking: Looking;
  readonly clock: Clock;
  readonly outside: Outside;
  readonly json: boolean;
  readonly stop: AbortSignal;
  /** Against an Azure that is gone when this ends. */
  readonly rehearsal?: boolean;
}

/** Carries a rollout to its end, or as far as it may go. Returns the exit code. */
export async function run(request: RunRequest): Promise<number> {
  const { what, place, clock, outside, json } = request;
  const { look, roadFor, gather } = request.looking;
  let show: ReturnType<typeof startShow> | null = null;
  const journal = await openJournal(place.folder, clock, { onRecorded: (event) => show?.tell(event) });
  const { rehearsal = false } = request;
  show = startShow({ outside, json, clock, history: [...journal.entries], rehearsal });
  const told = show;
  const keep = createFileKeep(place.folder);
  const { store, shelves } = openShelves(request);
  const tell = (notice: Notice) =>
    told.tell({ ...redactRecord(notice), at: new Date(clock.now()).toISOString() });
  request.connection.listen(({ target, what }) => {
    if (target !== null) tell({ type: 'operation.waited', target, what });
  });
  try {
    const assignment: Assignment = {
      plan: request.plan,
      release: request.release,
      experience: request.experience,
      settingsDigest: await digestSettings(request.config?.settings ?? {}, place.id),
      ports: {
        strategy: createStrategy({ ...request, keep, roadFor, store }, tell),
        look,
        diagnose: async (failed, signal) =>
          redactRecord(diagnose(await gather({ ...failed, door: 'app' }, signal))),
        journal,
        shelves,
        clock,
        tell,
        stop: request.stop,
      },
    };
    const result =
      what.verb === 'roll-out' ? await rollOut(assignment) : await rollBackRollout(assignment, what.why);
    // Only a rollout that goes on can still need what was there before.
    if (result.kind === 'ended') await keep.forget();
    if (what.verb === 'roll-out') return exitCodeOf(result);
    // Who asks for a rollback and gets it has succeeded.
    return result.kind === 'ended' && result.outcome === 'rolled-back'
      ? exitCodes.settled
      : exitCodeOf(result);
  } catch (error) {
    throw journal.entries.some(({ type }) => type === 'promote.begun') ? new BrokenOff(error) : error;
  } finally {
    await show.finish();
    await journal.close();
  }
}

export interface StrategyRequest extends Pick<RunRequest, 'connection' | 'config' | 'clock'> {
  /** What was planned is what is done, also when the config says something else by now. */
  readonly plan?: Plan | undefined;
  readonly keep?: SettingsKeep | undefined;
  /** Absent: packages go to every SCM site the usual way. */
  readonly roadFor?: Vantages['roadFor'] | undefined;
  readonly store?: PackageStore | null | undefined;
}

export function createStrategy(
  { connection, config, clock, plan, keep, roadFor, store = null }: StrategyRequest,
  tell: (notice: Notice) => void = () => {},
): Strategy {
  const { delivery, settings } = config ?? { delivery: plainPush, settings: {} };
  return createSlotSwap({
    client: connection.azure.slotsFor({
      delivery,
      store,
      deadlineMs: plan?.strategy.progressDeadlineMs,
      // A release is uploaded to the staging slot, and nowhere else.
      roadFor: roadFor && ((target) => roadFor(target, 'beside')),
      onNotice: (target, what) => tell({ type: 'delivery.turned', target: target.name, what }),
    }),
    settings: { ...warmUpSettings(plan?.swap), ...settingsFor(delivery), ...settings },
    swap: plan?.swap,
    stagingTriggers: plan?.stagingTriggers,
    keep,
    clock,
    onProgress: (target, progress) => tell({ type: 'upload.progressed', target: target.name, ...progress }),
    onWait: (target, what) => tell({ type: 'operation.waited', target: target.name, what }),
  });
}

/** What Azure must hear from every instance before it routes to it (azure-platform.md §0.6, §3.2). */
function warmUpSettings(swap: SwapRequest | undefined): Readonly<Record<string, string>> {
  if (!swap?.warmUp) return {};
  return {
    WEBSITE_SWAP_WARMUP_PING_PATH: swap.warmUp.path,
    WEBSITE_SWAP_WARMUP_PING_STATUSES: swap.warmUp.statuses.join(','),
  };
}

/**
 * Tells equal settings from others without telling them: a value may be short, and a journal may be shared, so
 * guessing must be dear, and is done on a thread beside. Salted with the rollout, so that two journals cannot be
 * compared.
 */
export async function digestSettings(
  settings: Readonly<Record<string, string>>,
  rollout: string,
): Promise<string> {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return (await digest(JSON.stringify(sorted), rollout, 32)).toString('hex');
}

const digest = promisify<string, string, number, Buffer>(scrypt);

function exitCodeOf(result: Ended | Interrupted): number {
  return result.kind === 'ended' ? exitCodeOfOutcome(result.outcome) : exitCodes.interrupted;
}
