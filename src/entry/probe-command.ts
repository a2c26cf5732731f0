import pLimit from 'p-limit';
import type { Config } from '../config/load.ts';
import { InputError } from '../errors.ts';
import type { TargetFacts } from '../plan/fleet.ts';
import { withoutKeys } from '../plan/plan.ts';
import type { Side } from '../probe/verdict.ts';
import { neutralise, neutraliseJson } from '../report/neutralise.ts';
import { connect, openClock } from './connect.ts';
import { exitCodes } from './errors.ts';
import { openLook } from './open-look.ts';
import type { ProbeOptions } from './options.ts';
import { type Outside, openOutside } from './outside.ts';
import { tellProbed } from './probe-lines.ts';
import { type Probed, type ProbeParts, probeApp, probeScm, tellMissing } from './probe-once.ts';
import { readConfig } from './read-config.ts';
import { redactRecord } from './secrets.ts';
import { listenForStop } from './signals.ts';
import { type Stop, untilStopped } from './until-stopped.ts';

/** The whole command; the cause is told before they are over. */
const totalMs = 9_500;
/** Where Azure was slow to say what the fleet is, there is still enough to look. */
const leastMs = 6_000;
/** A check that hangs must not take the whole time: then nobody could say that it is the check. */
const longestRequestMs = 4_000;
/** Slots looked at together: more would measure this machine. */
const maxProbes = 50;

/** `slotwave probe`: looks once, and says why where a place is not well. On a transport that refuses every write. */
export async function commandProbe(
  options: ProbeOptions,
  outside: Outside = openOutside(options),
): Promise<number> {
  const { signal, dispose } = listenForStop();
  try {
    return await probe(options, outside, { signal, again: 'slotwave probe' });
  } finally {
    dispose();
  }
}

async function probe(options: ProbeOptions, outside: Outside, stop: Stop): Promise<number> {
  const startedMs = performance.now();
  const clock = openClock(options);
  const config = narrow(await readConfig(options, outside), options.target ?? []);
  const { signal } = stop;
  const connection = await untilStopped(stop, () =>
    connect({ options, outside, clock, looksOnly: true, stop: signal }),
  );
  try {
    const fleet = await untilStopped(stop, () => connection.azure.survey(config));
    const targets = choose(fleet.targets, options.target ?? []);
    const plan = {
      targets: targets.map((facts) => ({ facts, action: 'leave', wave: null, why: '' }) as const),
      probes: {
        ...config.probes,
        checks: config.probes.checks.map(withoutKeys),
        timeoutMs: Math.min(config.probes.timeoutMs, longestRequestMs),
      },
    };
    const asked = { plan, config, connection, clock, outside, mayLack: true };
    const looking = await untilStopped(stop, () => openLook(asked));
    const leftMs = Math.max(leastMs, totalMs - (performance.now() - startedMs));
    const parts: ProbeParts = { ...looking, totalMs: leftMs, signal, after, now: () => performance.now() };
    const probed = await untilStopped(stop, () => probeAll(parts, targets, config, options));
    const tookMs = performance.now() - startedMs;
    const told = redactRecord({ tookMs: Math.round(tookMs), probed });
    const lines = options.json
      ? [neutraliseJson(JSON.stringify(told))]
      : tellProbed(told.probed, told.tookMs).map((line) => neutralise(line));
    outside.write(`${lines.join('\n')}\n`);
    return exitCodeOf(probed, config);
  } finally {
    connection.close();
  }
}

function after(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(new Error('not needed any more'));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Who names a target waits for no others; one that is not in the file may still be discovered. */
function narrow(config: Config, names: readonly string[]): Config {
  const wanted = new Set(names);
  const listed = config.targets.filter(({ name }) => wanted.has(name));
  if (names.length === 0 || listed.length === 0) return config;
  return listed.length === wanted.size
    ? { ...config, targets: listed, discover: null }
    : { ...config, targets: config.discover ? listed : config.targets };
}

function choose(targets: readonly TargetFacts[], names: readonly string[]): readonly TargetFacts[] {
  const known = new Set(targets.map(({ target }) => target.name));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new InputError(`There is no target called ${unknown.map((name) => `"${name}"`).join(', ')}.`, {
      code: 'target-unknown',
      where: '--target',
      next: `The fleet has: ${[...known].sort().slice(0, 40).join(', ')}`,
    });
  }
  return names.length === 0 ? targets : targets.filter(({ target }) => names.includes(target.name));
}

async function probeAll(
  parts: ProbeParts,
  targets: readonly TargetFacts[],
  config: Config,
  { side = 'both', expect }: ProbeOptions,
): Promise<readonly Probed[]> {
  const limit = pLimit(maxProbes);
  const sides: readonly Side[] =
    side === 'both' ? ['live', 'beside'] : side === 'live' ? ['live'] : ['beside'];
  const works = targets.flatMap((facts) =>
    sides.flatMap((each): readonly (() => Promise<Probed>)[] => {
      const slot = each === 'live' ? facts.production : facts.staging;
      if (slot === null) return [async () => tellMissing(facts, each)];
      const isMeant = each === 'live' || side === 'staging';
      const expected = expect !== undefined && isMeant ? expect : slot.releaseId;
      const { checks, functions } = config.probes;
      const question = {
        ...{ target: facts.target, side: each, hostName: slot.hostName, expected, functions },
        checks: checks.map(withoutKeys),
        once: [each === 'live' ? 'exposure' : 'dependencies'] as const,
      };
      const { scmHostName } = slot;
      const app = () => probeApp(parts, facts, question);
      // Packages go to the staging slot's SCM site, and to no other.
      return each === 'live' || scmHostName === null
        ? [app]
        : [app, () => probeScm(parts, facts, each, scmHostName)];
    }),
  );
  return Promise.all(works.map((work) => limit(work)));
}

/** 10: something answers and is not well. 13: something gives no answer, which says nothing about it. */
function exitCodeOf(probed: readonly Probed[], { delivery }: Config): number {
  // Where slots fetch the package, nobody needs a way to the SCM site.
  const needsScm = delivery.mode === 'push' && delivery.store === null;
  const counted = probed.filter(({ door }) => door === 'app' || needsScm);
  const unwell = counted.filter(({ diagnosis }) => diagnosis !== null);
  if (unwell.length === 0) return exitCodes.settled;
  return unwell.some(isAnswered) ? exitCodes.refused : exitCodes.halted;
}

/** The app, or the front end in its name; not a network that lets nobody in. */
function isAnswered({ condition, facts }: Probed): boolean {
  const { request = null } = facts ?? {};
  if (request?.kind === 'answer' && (request.page === 'ip-forbidden' || request.page === 'unknown-site'))
    return false;
  return request?.kind === 'answer' || condition === 'unhealthy' || condition === 'starting';
}
