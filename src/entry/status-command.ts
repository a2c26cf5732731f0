import { resolve } from 'node:path';
import pLimit from 'p-limit';
import { asSlotwaveError } from '../errors.ts';
import type { Target } from '../plan/fleet.ts';
import { neutralise, neutraliseJson } from '../report/neutralise.ts';
import { tellTakingBack } from '../report/sentence.ts';
import { writeRelease } from '../report/words.ts';
import { progressOf } from '../rollout/progress.ts';
import { recall, recallDecision } from '../rollout/recall.ts';
import type { Strategy } from '../target/strategy.ts';
import { connect, openClock } from './connect.ts';
import { exitCodes } from './errors.ts';
import { findHolder, type Holder } from './lock.ts';
import type { CommonOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { readConfig } from './read-config.ts';
import { readBegun } from './resume-command.ts';
import { createStrategy } from './run.ts';
import { redactRecord } from './secrets.ts';
import { findRollout } from './state.ts';

/** What is told of one target: what the journal knows, and what Azure says now. */
export interface TargetStatus {
  readonly target: string;
  readonly region: string;
  readonly phase: string;
  readonly live: string | null;
  readonly beside: string | null;
  /** Why Azure could not be asked; null when it could. */
  readonly unreadable: string | null;
}

export interface Status {
  readonly rollout: string;
  readonly release: string;
  /** `running`, `interrupted`, or how it ended. */
  readonly stands: string;
  readonly why: string;
  readonly holder: Holder | null;
  readonly targets: readonly TargetStatus[];
}

const maxReads = 16;

/** `slotwave status [id]`: on a transport that refuses every write. */
export async function commandStatus(
  id: string | undefined,
  options: CommonOptions,
  outside: Outside = openOutside(options),
): Promise<number> {
  const clock = openClock(options);
  const stateFolder = resolve(options.state);
  const place = await findRollout(stateFolder, id);
  const { begun, entries } = await readBegun(place);
  outside.witness?.placed?.(place);
  // Only for the values of settings in it, which nobody may read in what Azure says; the journal knows the rest.
  await readConfig(options, outside).catch(() => null);
  const connection = await connect({ options, outside, clock, cloud: begun.plan.cloud, looksOnly: true });
  try {
    const holder = await findHolder(stateFolder, begun.plan.app, connection.azure.cloud.resourceManager);
    const mine = holder?.rollout === place.id ? holder : null;
    const strategy = createStrategy({ connection, config: null, clock });
    const { phases } = progressOf(entries);
    const limit = pLimit(maxReads);
    const targets = await Promise.all(
      begun.plan.targets.map(({ facts: { target, region } }) =>
        limit(async () => ({
          target: target.name,
          region,
          phase: phases.get(target.name) ?? 'pending',
          ...(await look(strategy, target)),
        })),
      ),
    );
    const status: Status = redactRecord({
      rollout: place.id,
      release: begun.release.id,
      holder: mine,
      targets,
      ...stand(entries, mine),
    });
    const lines = options.json
      ? [neutraliseJson(JSON.stringify(status))]
      : tellStatus(status).map((line) => neutralise(line));
    outside.write(`${lines.join('\n')}\n`);
    return targets.some(({ unreadable }) => unreadable !== null) ? exitCodes.halted : exitCodes.settled;
  } finally {
    connection.close();
  }
}

async function look(
  strategy: Strategy,
  target: Target,
): Promise<Pick<TargetStatus, 'live' | 'beside' | 'unreadable'>> {
  try {
    return { ...(await strategy.inspect(target)), unreadable: null };
  } catch (error) {
    return { live: null, beside: null, unreadable: asSlotwaveError(error).message };
  }
}

function stand(
  entries: Parameters<typeof recallDecision>[0],
  holder: Holder | null,
): Pick<Status, 'stands' | 'why'> {
  const decision = recallDecision(entries);
  if (decision.kind === 'ended') return { stands: decision.outcome, why: decision.why };
  if (holder)
    return { stands: 'running', why: `Process ${holder.pid} on ${holder.host} since ${holder.since}` };
  const signal = recall(entries, 'rollout.interrupted')?.signal;
  return { stands: 'interrupted', why: signal ? `Stopped by ${signal}` : 'Its process is gone' };
}

/** For people; not neutralised yet. */
export function tellStatus({ rollout, release, stands, why, targets }: Status): readonly string[] {
  const width = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const names = width(targets.map(({ target }) => target));
  const regions = width(targets.map(({ region }) => region));
  const phases = width(targets.map(({ phase }) => phase));
  return [
    `Rollout ${rollout}: ${stands}. ${why}`,
    `Release ${release}`,
    ...tellNext(stands, rollout),
    '',
    ...targets.map(({ target, region, phase, live, beside, unreadable }) => {
      const head = `  ${target.padEnd(names)}  ${region.padEnd(regions)}  ${phase.padEnd(phases)}`;
      if (unreadable !== null) return `${head}  cannot be read: ${unreadable}`;
      const mark = live === release ? ' (this release)' : '';
      return `${head}  live ${writeRelease(live)}${mark}, beside it ${writeRelease(beside)}`;
    }),
  ];
}

function tellNext(stands: string, rollout: string): readonly string[] {
  if (stands === 'interrupted') return [`Go on: slotwave resume ${rollout} · ${tellTakingBack(rollout)}`];
  return stands === 'halted' || stands === 'stranded' ? [`Next: ${tellTakingBack(rollout)}`] : [];
}
