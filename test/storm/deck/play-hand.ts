/** Plays a hand to its end: processes that come and go, strangers, and a last look when all is quiet. */
import type { WorldSnapshot } from '../../../src/emulator/snapshot.ts';
import type { WorldEvent } from '../../../src/emulator/world/history.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Outcome, Recorded } from '../../../src/rollout/events.ts';
import type { Engine } from '../engine.ts';
import { issueToken } from '../engine.ts';
import { live, makePlan, type Scene } from '../life.ts';
import { createShelf } from '../mortal.ts';
import { afterwardsMs } from '../play.ts';
import { type Baggage, type Stage, setStage } from '../stage.ts';
import { createWire, operationOf, type Sent } from '../wire.ts';
import { createAttribution, type Facts, gatherFacts, type Stand } from './facts.ts';
import type { Hand, Turn } from './hand.ts';
import type { Stranger } from './strangers.ts';

export interface Played {
  readonly hand: Hand;
  readonly plan: Plan;
  readonly entries: readonly Recorded[];
  /** `stuck`: it did not end within its time. `broken`: it threw. */
  readonly outcome: Outcome | 'stuck' | 'broken';
  /** The end of the rollout itself, where somebody took it back afterwards. */
  readonly firstOutcome: Played['outcome'];
  readonly thrown: unknown;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly sent: readonly Sent[];
  readonly secrets: ReadonlySet<string>;
  readonly facts: Facts;
  readonly history: readonly WorldEvent[];
  readonly world: WorldSnapshot;
  /** What strangers did, and when. */
  readonly meddled: readonly { readonly stranger: Stranger; readonly atMs: number }[];
  readonly processes: number;
}

/** Generous: thirty minutes of doubt for each of six targets, one after the other, and as much again on the way back. */
export const lifeLimitMs = 16 * 60 * 60_000;

export async function playHand(engine: Engine, baggage: Baggage, hand: Hand): Promise<Played> {
  const { scenario } = hand;
  const stage = setStage(scenario, baggage);
  const { clock, emulator } = stage;
  const plan = await clock.run(makePlan(engine, scenario, baggage, stage));
  emulator.setFaults(hand.faults);
  const startedMs = clock.now();
  const scene = {
    engine,
    scenario,
    baggage,
    stage,
    plan,
    shelf: createShelf(),
    sent: [],
    secrets: new Set<string>([emulator.identity.clientSecret]),
    keep: engine.createKeep(),
  } satisfies Scene;
  const meddling = meddle(engine, stage, baggage, hand.strangers);
  const first = await runProcesses(scene, hand.turns, false);
  const course = hand.regret && isOutcome(first.outcome) ? await regret(scene, hand.regret, first) : first;
  meddling.stop();
  const endedMs = clock.now();
  await clock.run(clock.sleep(afterwardsMs));
  const starts = new Map<string, Stand>(
    scenario.sites.map(({ name, stampless }) => [
      name,
      { atMs: 0, live: stampless ? null : baggage.incumbentId, beside: null },
    ]),
  );
  const history = [...emulator.history];
  const world = emulator.snapshot();
  const closed = await emulator.close().catch((thrown: unknown) => thrown);
  return {
    hand,
    plan,
    entries: scene.shelf.entries,
    ...course,
    firstOutcome: first.outcome,
    thrown: course.thrown ?? closed ?? null,
    startedMs,
    endedMs,
    sent: scene.sent,
    secrets: scene.secrets,
    facts: gatherFacts(history, starts, createAttribution(scene.sent, meddling.operations, meddling.done)),
    history,
    world,
    meddled: meddling.done,
  };
}

type Course = Pick<Played, 'outcome' | 'thrown' | 'processes'>;

function isOutcome(outcome: Played['outcome']): boolean {
  return outcome !== 'stuck' && outcome !== 'broken';
}

async function regret(scene: Scene, turns: readonly Turn[], first: Course): Promise<Course> {
  await scene.stage.clock.run(scene.stage.clock.sleep(5 * 60_000));
  const second = await runProcesses(scene, turns, true);
  return { ...second, processes: first.processes + second.processes };
}

const answers: readonly Recorded['type'][] = ['rollback.decided', 'halt.decided', 'rollout.ended'];

/** Whether the wish to go back was answered since the rollout itself came to its end: decided on, or ended at once. */
function isAnswered(entries: readonly Recorded[]): boolean {
  const ended = entries.findIndex(({ type }) => type === 'rollout.ended');
  return entries.slice(ended + 1).some(({ type }) => answers.includes(type));
}

async function runProcesses(scene: Scene, turns: readonly Turn[], takesBack: boolean): Promise<Course> {
  const { clock } = scene.stage;
  for (let at = 0; ; at++) {
    const turn = turns[at] ?? null;
    // Once it was answered, whoever comes next resumes: also one whose process died with the end already written.
    const asks = takesBack && !isAnswered(scene.shelf.entries);
    const life = { ending: turn, loss: null, limitMs: lifeLimitMs, takesBack: asks };
    const processes = at + 1;
    try {
      const { end } = await live(scene, life);
      if (end.kind === 'ended') return { outcome: end.outcome, thrown: null, processes };
      if (end.kind === 'stuck') return { outcome: 'stuck', thrown: null, processes };
    } catch (thrown) {
      return { outcome: 'broken', thrown, processes };
    }
    await clock.run(clock.sleep(turn?.absenceMs ?? 0));
  }
}

function meddle(engine: Engine, stage: Stage, baggage: Baggage, strangers: readonly Stranger[]) {
  const operations = new Set<string>();
  const done: { stranger: Stranger; atMs: number }[] = [];
  const leaving = new AbortController();
  const { clock, emulator } = stage;
  const transport = createWire(stage, { sent: [], loss: null, TransportError: engine.TransportError });
  const act = async (stranger: Stranger) => {
    await clock.sleep(stranger.atMs, leaving.signal);
    done.push({ stranger, atMs: clock.now() });
    const { value } = await issueToken(transport, emulator.identity);
    const answer = await transport({ ...ask(stranger, baggage), ...signed(value) });
    const operation = operationOf(answer);
    if (operation) operations.add(operation);
  };
  // Whether they succeed is their own affair.
  for (const stranger of strangers) void act(stranger).catch(() => {});
  return { operations, done, stop: () => leaving.abort(null) };
}

const signed = (token: string) => ({
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  timeoutMs: 60_000,
});

function ask({ kind, site }: Stranger, baggage: Baggage) {
  const app = `https://localhost/subscriptions/51075a1e-0000-4000-8000-000000000001/resourceGroups/slotwave/providers/Microsoft.Web/sites/${site}`;
  const slot = `${app}/slots/staging`;
  switch (kind) {
    case 'swap':
      return {
        method: 'POST',
        url: `${slot}/slotsswap?api-version=2022-03-01`,
        body: JSON.stringify({ targetSlot: 'production', preserveVnet: true }),
      };
    case 'stamp':
      return {
        method: 'PUT',
        url: `${slot}/config/appsettings?api-version=2022-03-01`,
        body: JSON.stringify({
          properties: {
            FUNCTIONS_WORKER_RUNTIME: 'node',
            SECRET: 'secret-of-staging',
            WEBSITE_RUN_FROM_PACKAGE: '1',
            SLOTWAVE_RELEASE_ID: 'r-other',
          },
        }),
      };
    case 'restart':
      return { method: 'POST', url: `${slot}/restart?api-version=2022-03-01` };
    case 'deploy':
      return {
        method: 'POST',
        url: `https://${site}-staging.scm.azurewebsites.localhost/api/publish?type=zip&async=true`,
        body: baggage.incumbent,
      };
    default:
      return kind satisfies never;
  }
}
