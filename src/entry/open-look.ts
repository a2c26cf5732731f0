/** How apps are looked at, and why a look failed: what the plan and its config say, made real. */

import type { Clock } from '../clock.ts';
import type { Config } from '../config/load.ts';
import type { Target } from '../plan/fleet.ts';
import type { Plan } from '../plan/plan.ts';
import type { Door } from '../probe/diagnosis.ts';
import { createLook, type Look } from '../probe/look.ts';
import type { OnceParts } from '../probe/once.ts';
import type { Vantage } from '../probe/vantage.ts';
import { stampFile } from '../release/release.ts';
import type { Connection } from './connect.ts';
import { createGather, type Gather } from './gather-facts.ts';
import type { Outside } from './outside.ts';
import { revealChecks } from './reveal.ts';
import { envTextsOfVantages, openVantages, type Vantages } from './vantages.ts';

export interface LookRequest {
  readonly plan: Pick<Plan, 'targets' | 'probes'>;
  /** Null: what the plan says is enough. */
  readonly config: Pick<Config, 'probes' | 'file'> | null;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly outside: Pick<Outside, 'environment' | 'hide'>;
  /** Whether the tools of SCM sites may be run (law 8: not by a command that only looks). */
  readonly mayRunTools?: boolean | undefined;
  /** Whether a target that cannot be looked at leaves the others as they are. */
  readonly mayLack?: boolean | undefined;
}

export interface Looking extends Pick<Vantages, 'roadFor'> {
  readonly vantageFor: (target: Target, door: Door) => Vantage;
  readonly look: Look;
  /** Facts for a diagnosis. */
  readonly gather: Gather;
}

/** What a rollout looks at: targets that it leaves alone need no way to them. */
export function lookedAt({ targets, probes }: Plan): LookRequest['plan'] {
  return { targets: targets.filter(({ action }) => action === 'promote'), probes };
}

/**
 * Looks at apps from where the plan says, with what the config gives its checks to be let in. What is missing for
 * that is told here: nothing has begun then.
 */
export async function openLook(request: LookRequest): Promise<Looking> {
  const { plan, config, connection, clock } = request;
  const { environment, hide } = request.outside;
  const reveal = revealChecks(plan, config, { environment, hide, also: envTextsOfVantages(plan) });
  const vantages = await openVantages(plan, { connection, environment, hide, mayLack: request.mayLack });
  const { vantageFor, roadFor } = vantages;
  const { azure } = connection;
  const look = createLook({
    vantageFor,
    hostKey: azure.hostKey,
    probes: plan.probes,
    stampFile,
    clock,
    reveal,
    ...askBeside(request, vantages),
    stopwatch: () => performance.now(),
  });
  const serversFor = ({ vantage = plan.probes.vantage }: Target) =>
    vantage.via === 'dns' ? vantage.servers : [];
  const direct = vantages.open({ via: 'direct' });
  // Who hears of an app from Azure alone still uploads to it, the usual way.
  const doorVantageFor = (target: Target, door: Door) => {
    const vantage = vantageFor(target);
    return door === 'scm' && vantage.isHearsay ? direct : vantage;
  };
  const gather = createGather({ vantageFor: doorVantageFor, serversFor, azure, clock });
  return { look, roadFor, vantageFor: doorVantageFor, gather };
}

/** A command that only looks must say something soon. */
const hurriedMs = 3_000;

/** What the app reaches, and who reaches the app: each only where the plan asks for it. */
function askBeside(
  { plan: { probes }, connection, mayRunTools }: LookRequest,
  { open, roadFor }: Vantages,
): Omit<OnceParts, 'probes'> {
  const { dependencies = [], exposure } = probes;
  const outside = exposure && open(exposure.from);
  return {
    ...(dependencies.length === 0
      ? {}
      : { reach: connection.azure.reachFor(mayRunTools ? { scmRoadFor: roadFor } : { hurriedMs }) }),
    ...(outside === undefined ? {} : { publicVantageFor: () => outside }),
  };
}
