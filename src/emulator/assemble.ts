/** Puts an emulator's parts together, and takes them apart again. */
import type { Clock } from '../clock.ts';
import { createThrottle } from './arm/throttle.ts';
import type { EmulatorOptions } from './emulator.ts';
import { createFaults } from './faults/faults.ts';
import { readFaults } from './faults/schema.ts';
import { createGraphMemory } from './graph/memory.ts';
import { resourceRows } from './graph/rows.ts';
import { beginWorker } from './hosts.ts';
import { createTokens } from './login/tokens.ts';
import { createAddresses } from './network/addresses.ts';
import type { Identity, Platform, Tenant } from './platform.ts';
import { createRandom, type Random } from './random.ts';
import { buildWorld } from './world/build.ts';
import { createContentStore, sha256 } from './world/content.ts';
import { type Change, historyLimit, type WorldEvent } from './world/history.ts';
import { readWorld, type World } from './world/schema.ts';

export interface Assembled {
  readonly platform: Platform;
  readonly history: readonly WorldEvent[];
  end(): Promise<void>;
}

export function assemble(options: EmulatorOptions): Assembled {
  const { runtime } = options;
  const world = readWorld(options.world);
  const { history, record } = createHistory(options.clock);
  const background = createBackground();
  const platform = makePlatform(options, world, background, record);
  for (const slot of platform.slotsByLabel.values()) beginWorker(platform, slot);
  platform.graph.keep();
  return {
    platform,
    history,
    end: async () => {
      try {
        await background.end();
      } finally {
        await runtime.close();
        platform.contents.clear();
      }
    },
  };
}

function makePlatform(
  options: EmulatorOptions,
  world: World,
  background: Background,
  write: (change: Change) => void,
): Platform {
  const { clock, runtime, seed = 1, origin = 'https://localhost', timeScale = 1 } = options;
  const random = createRandom(seed);
  const startedMs = clock.now();
  const contents = createContentStore();
  const identity = readIdentity(world.identity, random);
  const tenants = [{ ...identity, subscriptions: null }, ...readTenants(world)];
  const addresses = createAddresses(origin, world.network.domain);
  const rows = () => resourceRows(platform);
  const graph = createGraphMemory(clock, world.latencies.graph, world.throttling !== false, rows);
  const record = (change: Change): void => {
    write(change);
    graph.keep();
  };
  const nowMs = () => clock.now();
  const lifetimeMs = world.identity.tokenLifetime;
  const platform: Platform = {
    ...{ world, identity, tenants, clock, random, addresses, contents, runtime, graph, record },
    ...buildWorld(world, { random, contents, nowMs: startedMs }),
    dice: createRandom(seed ^ 0x2545f491),
    fetchPackage: options.fetchPackage ?? refuseToFetch,
    // Faults throw their own dice: a fault more or less must not change every id of the run.
    faults: createFaults(readFaults(options.faults ?? []), {
      ...{ nowMs, startedMs, record, random: createRandom(seed ^ 0x5bd1e995) },
    }),
    throttle: createThrottle(clock, world.throttling),
    tokens: createTokens({ clock, random, home: identity, lifetimeMs, timeScale }),
    sleep: (ms) => (ms > 0 ? clock.sleep(ms, background.signal) : Promise.resolve()),
    inBackground: background.run,
  };
  return platform;
}

/** From dice of their own: a tenant more or less must not change every id of the run. */
function readTenants({ tenants }: World): readonly Tenant[] {
  return tenants.map((tenant, index) => ({
    ...readIdentity(tenant, createRandom(index + 0x7e4a_0001)),
    subscriptions: new Set(tenant.subscriptions.map((id) => id.toLowerCase())),
  }));
}

interface WrittenIdentity {
  readonly tenantId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
}

function readIdentity(written: WrittenIdentity, random: Random): Identity {
  const { tenantId = random.guid(), clientId = random.guid(), clientSecret = random.hex(40) } = written;
  // Not from the dice: one more throw would change every id of every run.
  const digest = sha256(Buffer.from(`object ${clientId}`));
  const objectId = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  return { tenantId, clientId, clientSecret, objectId };
}

function refuseToFetch(): Promise<Uint8Array> {
  return Promise.reject(new Error('this emulator was given no way to fetch packages (fetchPackage)'));
}

interface History {
  readonly history: readonly WorldEvent[];
  record(change: Change): void;
}

function createHistory(clock: Clock): History {
  const history: WorldEvent[] = [];
  const record = (change: Change): void => {
    if (history.length >= historyLimit) history.shift();
    history.push({ atMs: clock.now(), ...change });
  };
  return { history, record };
}

interface Background {
  readonly signal: AbortSignal;
  run(work: () => Promise<void>): void;
  end(): Promise<void>;
}

/** Work without a request has nobody to tell that it failed: what it threw is thrown at the end. */
function createBackground(): Background {
  const controller = new AbortController();
  const running = new Set<Promise<void>>();
  const defects: unknown[] = [];
  return {
    signal: controller.signal,
    run: (work) => {
      const run = work()
        .catch((thrown: unknown) => {
          if (!controller.signal.aborted) defects.push(thrown);
        })
        .finally(() => running.delete(run));
      running.add(run);
    },
    end: async () => {
      controller.abort(new Error('the emulator was closed'));
      await Promise.all(running);
      if (defects.length > 0)
        throw new AggregateError(defects, 'work in the background of the emulator failed');
    },
  };
}
