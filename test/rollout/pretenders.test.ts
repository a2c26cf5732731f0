/** Releases that seem to be well: carried out by the whole engine against the emulator, on one clock. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HostRuntime, HostStart, RunningHost } from '../../src/emulator/host/runtime.ts';
import { type Engine, loadEngine } from '../storm/engine.ts';
import { calm, play } from '../storm/play.ts';
import { settledSmall } from '../storm/scenarios.ts';
import { type Baggage, packBaggage } from '../storm/stage.ts';

let engine: Engine;
let baggage: Baggage;

beforeAll(async () => {
  engine = await loadEngine(`${process.cwd()}/src`);
  baggage = await packBaggage();
});
afterAll(() => baggage.close());

type Pretence = (path: string, usual: () => Promise<Response>) => Response | Promise<Response>;

/** Hosts of the new release answer as `pretend` says; the others as they are. */
function withPretence(pretend: Pretence): (usual: HostRuntime) => HostRuntime {
  return (usual) => ({
    ...usual,
    start(start: HostStart): RunningHost {
      const host = usual.start(start);
      if (start.content?.digest !== baggage.release.digest) return host;
      return {
        ...host,
        fetch: async (request) => pretend(new URL(request.url).pathname, () => host.fetch(request)),
      };
    },
  });
}

describe('a release that seems to be well', () => {
  it.each<[string, Pretence, RegExp]>([
    [
      'answers 200 on every path as it should, and lists no functions',
      async (path, usual) => {
        if (path === '/admin/functions') return Response.json([]);
        return path.startsWith('/admin/')
          ? usual()
          : Response.json({ status: 'ok', release: baggage.release.id });
      },
      /lists no functions/,
    ],
    [
      "answers everything, with yesterday's stamp",
      async (path, usual) =>
        path.startsWith('/admin/vfs/') ? Response.json({ release: baggage.incumbentId }) : usual(),
      /r-old\.\w+ answers, expected r-new/,
    ],
    [
      'lists one function less than it should',
      async (path, usual) => (path === '/admin/functions' ? Response.json([{ name: 'after' }]) : usual()),
      /not listed: health/,
    ],
  ])('is refused when it %s', async (_how, pretend, why) => {
    const scenario = { ...settledSmall, runtime: withPretence(pretend) };
    const { outcome, entries, mutations, stage } = await play(engine, scenario, baggage, calm);
    expect(outcome).toBe('refused');
    const last = entries.at(-1);
    expect(last).toMatchObject({ type: 'rollout.ended', why: expect.stringMatching(why) });
    expect(mutations.filter((each) => /slotsswap/i.test(each))).toEqual([]);
    for (const { name } of scenario.sites)
      expect(stage.emulator.snapshot().sites[name]?.slots['production']?.release).toBe(baggage.incumbentId);
  });

  it('is promoted when it is what it seems', async () => {
    const scenario = { ...settledSmall, runtime: withPretence((_path, usual) => usual()) };
    expect((await play(engine, scenario, baggage, calm)).outcome).toBe('settled');
  });
});

describe('a release that is well and does not stand where it should', () => {
  const reaching = (host: string) => ({
    ...settledSmall,
    world: { network: { hosts: { 'sql.internal': { addresses: ['10.2.0.7'], ports: [1433] } } } },
    probes: { dependencies: [{ host, port: 1433 }] },
  });

  it('is taken back when strangers get in', async () => {
    const exposure = { expect: 'closed', from: { via: 'direct' } } as const;
    const scenario = { ...settledSmall, probes: { exposure } };
    const { outcome, entries, stage } = await play(engine, scenario, baggage, calm);
    expect(outcome).toBe('rolled-back');
    expect(entries.some((entry) => entry.type === 'promote.done')).toBe(true);
    expect(JSON.stringify(entries)).toMatch(/the public way is open/);
    for (const { name } of scenario.sites)
      expect(stage.emulator.snapshot().sites[name]?.slots['production']?.release).toBe(baggage.incumbentId);
  });

  it('is refused when its slot does not reach what it needs', async () => {
    const { outcome, entries, mutations } = await play(engine, reaching('none.internal'), baggage, calm);
    expect(outcome).toBe('refused');
    expect(entries.at(-1)).toMatchObject({ why: expect.stringMatching(/dependency none\.internal:1433/) });
    expect(mutations.filter((each) => /slotsswap/i.test(each))).toEqual([]);
  });

  it('is promoted when it does', async () => {
    expect((await play(engine, reaching('sql.internal'), baggage, calm)).outcome).toBe('settled');
  });
});
