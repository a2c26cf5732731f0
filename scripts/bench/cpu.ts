/** What the engine itself computes for each target, at a fleet of 500. */
import type { HttpAnswer, HttpRequest, Transport } from '../../src/azure/transport.ts';
import { VirtualClock } from '../../src/clock.ts';
import { openFleet, openWorld, rollOutCleanly, wireTo } from '../bench-kit/fleet.ts';
import type { BenchRow } from '../bench-kit/row.ts';

const targets = 500;

export const row: BenchRow = {
  name: 'cpu',
  about: `CPU of engine, Azure client and probes, a clean rollout of ${targets}: played once against the emulator, then measured against what it answered`,
  async measure() {
    const fleet = await openFleet(targets);
    try {
      const world = openWorld(fleet);
      const tape = record(wireTo(world, fleet), world.clock);
      await rollOutCleanly(fleet, tape.transport, world.clock, world.emulator.identity);
      const { identity } = world.emulator;
      await world.emulator.close();

      const clock = new VirtualClock();
      const startedMs = clock.now();
      const before = process.cpuUsage();
      const entries = await rollOutCleanly(fleet, replay(tape.answers, clock), clock, identity);
      const { user, system } = process.cpuUsage(before);
      const minutes = (clock.now() - startedMs) / 60_000;
      return [
        {
          what: 'CPU',
          unit: 'ms per target',
          ours: (user + system) / 1000 / targets,
          peer: null,
          limit: 30,
        },
        {
          what: 'journal',
          unit: 'entries per target',
          ours: entries.length / targets,
          peer: null,
          limit: null,
        },
        { what: 'played time', unit: 'minutes in all', ours: minutes, peer: null, limit: null },
      ];
    } finally {
      await fleet.close();
    }
  },
};

interface Taped {
  readonly answer: HttpAnswer | Error;
  readonly tookMs: number;
}

/** Answers in the order in which the same thing was asked. */
type Answers = Map<string, Taped[]>;

function record(
  send: Transport,
  clock: VirtualClock,
): { readonly transport: Transport; readonly answers: Answers } {
  const answers: Answers = new Map();
  const transport: Transport = async (request) => {
    const key = keyOf(request);
    const list = answers.get(key) ?? [];
    answers.set(key, list);
    const at = list.length;
    const startedMs = clock.now();
    // Its place is taken when it is asked: what is asked next may be answered first.
    list.push({ answer: new Error('never answered'), tookMs: 0 });
    const answer = await send(request).catch((error: unknown) => error as Error);
    list[at] = { answer, tookMs: clock.now() - startedMs };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { transport, answers };
}

/** Takes as long as Azure took, on the same clock, so that the engine does the same in the same order. */
function replay(answers: Answers, clock: VirtualClock): Transport {
  const next = new Map<string, number>();
  return async (request) => {
    const key = keyOf(request);
    const at = next.get(key) ?? 0;
    next.set(key, at + 1);
    const taped = answers.get(key)?.[at];
    if (!taped) throw new Error(`the rollout went another way: ${key} was asked ${at + 1} times`);
    if (typeof request.body === 'object' && 'bytes' in request.body) request.onSent?.(request.body.bytes);
    if (taped.tookMs > 0) await clock.sleep(taped.tookMs);
    if (taped.answer instanceof Error) throw taped.answer;
    return taped.answer;
  };
}

function keyOf({ method, url }: HttpRequest): string {
  return `${method} ${url}`;
}
