/** A clean rollout to as many targets as asked for, in this process, on a clock that is moved by hand. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HttpRequest, Transport } from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import { type Config, loadConfig } from '../../src/config/load.ts';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { planRollout } from '../../src/plan/plan.ts';
import { sameContent, stampFile } from '../../src/release/release.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import type { Experience } from '../../src/rollout/expected.ts';
import { type Engine, loadEngine } from '../../test/storm/engine.ts';
import { createPlayedRuntime } from '../../test/storm/played-runtime.ts';
import { type Baggage, newRollout, packBaggage } from '../../test/storm/stage.ts';
import { createWire } from '../../test/storm/wire.ts';

export const subscription = '51075a1e-0000-4000-8000-000000000001';
const regions = ['westeurope', 'northeurope', 'eastus', 'westus', 'southeastasia', 'eastasia'] as const;
/** How long a small app starts; the emulator's own times are Azure's. */
const hostStartMs = 8_000;

export interface BenchFleet {
  readonly engine: Engine;
  readonly baggage: Baggage;
  readonly config: Config;
  close(): Promise<void>;
}

export interface World {
  readonly clock: VirtualClock;
  readonly emulator: Emulator;
}

/** Everything that is not said here is as the config has it when nobody says anything. */
export async function openFleet(targets: number): Promise<BenchFleet> {
  const baggage = await packBaggage();
  const file = join(baggage.folder, 'slotwave.yml');
  await writeFile(file, writeConfig(targets, join(baggage.folder, 'after')));
  const engine = await loadEngine(join(import.meta.dirname, '../../src'));
  return { engine, baggage, config: await loadConfig(file), close: baggage.close };
}

export function openWorld({ baggage, config }: BenchFleet): World {
  const clock = new VirtualClock();
  const emulator = createEmulator({
    clock,
    seed: 1,
    runtime: createPlayedRuntime(hostStartMs),
    world: {
      subscription,
      sites: config.targets.map(({ site }, index) => ({
        name: site,
        region: regions[index % regions.length] ?? regions[0],
        os: 'windows' as const,
        settings: config.settings,
        package: baggage.incumbent,
        release: baggage.incumbentId,
      })),
    },
  });
  return { clock, emulator };
}

/** Azure behind the same wire that the storm tests use, with nothing going wrong on it. */
export function wireTo(world: World, { engine }: BenchFleet): Transport {
  return createWire(world, { sent: [], loss: null, TransportError: engine.TransportError });
}

/** From reading the fleet to the end, which must be `settled`. */
export async function rollOutCleanly(
  fleet: BenchFleet,
  transport: Transport,
  clock: VirtualClock,
  identity: Emulator['identity'],
  experience?: Experience,
  noticed: (entry: Recorded) => void = () => {},
): Promise<readonly Recorded[]> {
  const { engine, baggage, config } = fleet;
  const azure = engine.createAzure(transport, clock, identity, () => {});
  const { digest, bytes, files } = baggage.pkg;
  const plan = planRollout({
    config,
    fleet: await clock.run(azure.survey({ ...config, surroundings: { nowMs: clock.now() } })),
    package: { source: config.packagePath, digest, bytes, files },
    cloud: 'https://localhost',
    nowMs: clock.now(),
    sameContent,
  });
  const strategy = engine.createSlotSwap({
    client: azure.slots,
    settings: config.settings,
    swap: plan.swap,
    stagingTriggers: plan.stagingTriggers,
    clock,
    onProgress: () => {},
    onWait: () => {},
  });
  const look = engine.createLook({
    vantageFor: () => engine.createVantage(transport),
    hostKey: azure.hostKey,
    probes: plan.probes,
    stampFile,
    clock,
  });
  const journal = createJournal(clock, noticed);
  const stop = new AbortController().signal;
  const ports = { strategy, look, journal, clock, tell: () => {}, stop };
  const end = await clock.run(
    engine.rollOut({ plan, release: baggage.release, settingsDigest: 'the same', experience, ports }),
  );
  if (end.kind === 'ended' && end.outcome === 'settled') return journal.entries;
  throw new Error(`the rollout was to be clean: ${JSON.stringify(end)}`);
}

function createJournal(clock: VirtualClock, noticed: (entry: Recorded) => void): Journal {
  const entries: Recorded[] = [];
  return {
    entries,
    async append(event) {
      const at = new Date(clock.now()).toISOString();
      const entry: Recorded = { seq: entries.length + 1, at, rollout: newRollout, ...event };
      entries.push(entry);
      noticed(entry);
    },
  };
}

type Journal = Parameters<Engine['rollOut']>[0]['ports']['journal'];

/** Who is asked, and whether it changes anything there. */
export type RequestKind =
  | 'ARM reads'
  | 'ARM writes'
  | 'SCM reads'
  | 'packages sent'
  | 'looks at apps'
  | 'tokens';

export function kindOf({ method, url }: Pick<HttpRequest, 'method' | 'url'>): RequestKind {
  const { hostname, pathname } = new URL(url);
  if (hostname.includes('.scm.')) return method === 'GET' ? 'SCM reads' : 'packages sent';
  if (hostname !== 'localhost') return 'looks at apps';
  if (pathname.endsWith('/token')) return 'tokens';
  // ARM reads secrets, and compares slots, by POST; its buckets count by method, ours by what it does.
  return method === 'GET' || /\/(list(keys)?|slotsdiffs)$/i.test(pathname) ? 'ARM reads' : 'ARM writes';
}

/** The targets of a fleet of so many sites, as a config lists them. */
export function writeTargets(targets: number): string {
  const names = Array.from({ length: targets }, (_, index) => `orders-${String(index).padStart(4, '0')}`);
  const id = (site: string) =>
    `/subscriptions/${subscription}/resourceGroups/slotwave/providers/Microsoft.Web/sites/${site}`;
  return names.map((name) => `    - { name: ${name}, resourceId: ${id(name)} }`).join('\n');
}

function writeConfig(targets: number, packagePath: string): string {
  return `app: orders
package: ${packagePath}
fleet:
  targets:
${writeTargets(targets)}
strategy:
  waves:
    - { name: canary, count: 1, bakeTime: 10m }
    - { name: rest, bakeTime: 5m }
  progressDeadline: 6h
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200, json: { release: "{releaseId}" } } }]
settings: { ORDERS_VERSION: "2" }
`;
}
