/** Storms of one kind, whole: each returns its violations, named so that one can be played again alone. */
import { audit } from './audit.ts';
import type { Engine } from './engine.ts';
import { calm, play, type Script } from './play.ts';
import type { Storm } from './scenarios.ts';
import type { Baggage } from './stage.ts';

export interface Report {
  readonly rollouts: number;
  readonly violations: readonly string[];
}

export interface Sky {
  readonly engine: Engine;
  readonly baggage: Baggage;
  readonly storm: Storm;
}

/** At which of its own moments a resumed process dies, whose predecessor died at `first`. */
export type Again = (first: number, moments: number) => readonly number[];

export const never: Again = () => [];

export const everyTenth: Again = (_first, moments) => tens(moments);

/** A quarter of the tenth moments, and after the next first death the next quarter: together they are all of them. */
export const aQuarter: Again = (first, moments) => tens(moments).filter((_, at) => at % 4 === first % 4);

const tens = (moments: number) => Array.from({ length: Math.floor(moments / 10) }, (_, at) => (at + 1) * 10);

/** The process dies at every moment, and the resumed one again where `again` says so. */
export async function dieEverywhere(sky: Sky, again: Again): Promise<Report> {
  const report = createReport(sky);
  const { moments } = await report.play('calm', calm);
  for (let first = 1; first <= moments; first++) {
    // Both are hard: somebody who comes at once meets what is still under way, a late one finds it done.
    const absenceMs = first % 2 === 0 ? 0 : 20 * 60_000;
    const once = { ...calm, deaths: [{ atMoment: first }], absenceMs };
    const resumed = await report.play(`death at ${first}`, once);
    for (const second of again(first, resumed.moments)) {
      const twice = { ...once, deaths: [{ atMoment: first }, { atMoment: second }] };
      await report.play(`death at ${first}, then at ${second}`, twice);
    }
  }
  return report;
}

/** Every answer of every mutating request is lost once: carried out, and not carried out. */
export async function loseEverything(sky: Sky): Promise<Report> {
  const report = createReport(sky);
  const { mutations } = await report.play('calm', calm);
  for (const [at, mutation] of mutations.entries()) {
    for (const effect of ['none', 'done'] as const) {
      await report.play(`answer ${at + 1} (${mutation}) lost, effect ${effect}`, {
        ...calm,
        loss: { nth: at + 1, effect },
      });
    }
  }
  return report;
}

function createReport({ engine, baggage, storm }: Sky) {
  const violations: string[] = [];
  let rollouts = 0;
  return {
    violations,
    get rollouts() {
      return rollouts;
    },
    async play(what: string, script: Script) {
      rollouts++;
      const played = await play(engine, storm, baggage, script);
      const wrong = audit(played, baggage, storm.expected);
      violations.push(...wrong.map((each) => `${storm.name}, ${what}: ${each}`));
      return played;
    },
  };
}
