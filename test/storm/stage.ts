/** The scene of a storm: a small fleet on the emulator, a release to ship, and the clock that all of it runs on. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../src/clock.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import type { FaultInput } from '../../src/emulator/faults/schema.ts';
import type { HostRuntime } from '../../src/emulator/host/runtime.ts';
import type { WorldInput } from '../../src/emulator/world/schema.ts';
import type { ProbeRequest, StrategyRequest, SwapRequest, WaveRequest } from '../../src/plan/plan.ts';
import { packRelease } from '../../src/release/pack.ts';
import type { Package } from '../../src/release/package.ts';
import type { Release } from '../../src/release/release.ts';
import { sealRelease } from '../../src/release/stamp.ts';
import type { Engine } from './engine.ts';
import { createPlayedRuntime } from './played-runtime.ts';

type SiteInput = WorldInput['sites'][number];

export interface StormSite
  extends Pick<
    SiteInput,
    'name' | 'region' | 'os' | 'plan' | 'sticky' | 'settings' | 'scmCold' | 'triggerSyncRefusals'
  > {
  /** The staging slot's own settings from before, beside those that every slot has. */
  readonly staging?: Readonly<Record<string, string>>;
  /** Production was never deployed by us: no stamp in its settings, and none in its files. */
  readonly stampless?: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly sites: readonly StormSite[];
  readonly waves: readonly WaveRequest[];
  readonly strategy?: Partial<StrategyRequest>;
  readonly faults?: readonly FaultInput[];
  readonly checks?: ProbeRequest['checks'];
  readonly probes?: Partial<ProbeRequest>;
  /** Previews, observation: what the config may ask of a swap. */
  readonly swap?: SwapRequest;
  /** Throttling, token lifetimes, latencies. */
  readonly world?: Omit<WorldInput, 'sites'>;
  readonly seed?: number;
  /** Packages of earlier rollouts lie about, to be tidied up. */
  readonly isStocked?: boolean;
  /** Hosts that are other than they should be, made from those that are as they should. */
  readonly runtime?: (usual: HostRuntime) => HostRuntime;
  /** Somebody else who works on the same slots meanwhile. */
  readonly meddle?: (engine: Engine, stage: Stage, baggage: Baggage) => Promise<void>;
}

export interface Baggage {
  readonly folder: string;
  readonly pkg: Package;
  readonly incumbent: Uint8Array<ArrayBuffer>;
  readonly incumbentId: string;
  /** What production runs where nobody of us was before. */
  readonly stampless: Uint8Array<ArrayBuffer>;
  readonly release: Release;
  /** The bytes of the release. */
  readonly sealed: Uint8Array<ArrayBuffer>;
  close(): Promise<void>;
}

export const newRollout = 'r-new';

export const stormSettings = { ORDERS_VERSION: '2' };

/** Packed and sealed once: every rollout of a storm ships the same bytes under the same id, each in its own world. */
export async function packBaggage(): Promise<Baggage> {
  const folder = await mkdtemp(join(tmpdir(), 'slotwave-storm-'));
  const pack = async (name: string, rollout: string, functions: readonly string[]) => {
    const app = join(folder, name);
    await mkdir(app);
    await writeFile(join(app, 'host.json'), '{"version":"2.0"}');
    await writeFile(join(app, 'played.json'), JSON.stringify({ functions }));
    const pkg = await packRelease(app, { outPath: join(folder, `${name}.zip`) });
    const bare = new Uint8Array(await readFile(pkg.path));
    const release = await sealRelease(pkg, rollout, join(folder, `${name}.sealed.zip`));
    return { pkg, release, bare, sealed: new Uint8Array(await readFile(release.path)) };
  };
  // The new release brings a function, and loses none: one that did would be refused.
  const before = await pack('before', 'r-old', ['health']);
  const after = await pack('after', newRollout, ['health', 'after']);
  return {
    folder,
    pkg: after.pkg,
    release: after.release,
    incumbent: before.sealed,
    incumbentId: before.release.id,
    stampless: before.bare,
    sealed: after.sealed,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface Stage {
  readonly clock: VirtualClock;
  readonly emulator: Emulator;
}

export function setStage(scenario: Scenario, baggage: Baggage): Stage {
  const clock = new VirtualClock();
  const emulator = createEmulator({
    clock,
    seed: scenario.seed ?? 1,
    runtime: (scenario.runtime ?? ((usual) => usual))(createPlayedRuntime(4_000)),
    faults: scenario.faults ?? [],
    world: {
      ...scenario.world,
      sites: scenario.sites.map(({ stampless = false, staging = {}, ...site }) => ({
        ...site,
        settings: { FUNCTIONS_WORKER_RUNTIME: 'node', SECRET: `secret-of-${site.name}`, ...site.settings },
        sticky: ['SECRET', ...(site.sticky ?? [])],
        ...(stampless
          ? { package: baggage.stampless }
          : { package: baggage.incumbent, release: baggage.incumbentId }),
        slots: [
          {
            name: 'staging',
            settings: { FUNCTIONS_WORKER_RUNTIME: 'node', SECRET: 'secret-of-staging', ...staging },
          },
        ],
      })),
    },
  });
  return { clock, emulator };
}

export const stormStrategy = (scenario: Scenario): StrategyRequest => ({
  maxConcurrency: 4,
  maxConcurrencyPer: { region: 2, plan: 1 },
  regionPairs: 'never-together',
  failureTolerance: 0,
  progressDeadlineMs: 30 * 60_000,
  onFailure: { action: 'rollback', scope: 'all' },
  ...scenario.strategy,
  waves: scenario.waves,
});

export const stormProbes = (scenario: Scenario): ProbeRequest => ({
  vantage: { via: 'direct' },
  checks: scenario.checks ?? [
    {
      name: 'health',
      method: 'GET',
      path: '/api/health',
      headers: {},
      expect: { status: 200, json: { release: '{releaseId}' } },
    },
  ],
  functions: [],
  initialDelayMs: 0,
  intervalMs: 10_000,
  timeoutMs: 5_000,
  consecutiveSuccessLimit: 2,
  failureLimit: 1,
  consecutiveErrorLimit: 4,
  deadlineMs: 300_000,
  ...scenario.probes,
});
