/** Requests to Azure for each target of a clean rollout: what a region costs of ARM's buckets and of its SCM site. */
import type { HttpRequest } from '../../src/azure/transport.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import {
  kindOf,
  openFleet,
  openWorld,
  type RequestKind,
  rollOutCleanly,
  wireTo,
} from '../bench-kit/fleet.ts';
import type { BenchLine, BenchRow } from '../bench-kit/row.ts';

const targets = 12;

/**
 * functions-action with RBAC to a Windows app that runs from a package already, then `az functionapp deployment slot
 * swap` (peers.md §2.2, §2.7). Reads: the site by its name, the policy on basic credentials, the settings, and the
 * swap's operation every 15 s. SCM: the deployment every 5 s, for the emulator's 20 s. The zip goes twice: to be
 * validated, and to be deployed. Nothing is looked at afterwards.
 */
const peer: Readonly<Record<RequestKind, number | null>> = {
  'ARM reads': 3 + 3,
  'ARM writes': 1,
  'SCM reads': 5,
  'packages sent': 2,
  'looks at apps': null,
  tokens: null,
};

/** Each read has its reason in src/README.md; five stand around the target and are preflight's, the rest is thirty. */
const limits: Readonly<Record<RequestKind, number | null>> = {
  'ARM reads': 38,
  'ARM writes': 2,
  'SCM reads': 16,
  'packages sent': 1,
  'looks at apps': null,
  tokens: null,
};

/** Of the peer, what is asked of ARM and of the SCM site, by the same names. */
const peerAsks: Readonly<Record<string, number>> = {
  'GET site': 1,
  'GET basicPublishingCredentialsPolicies/scm': 1,
  'POST config/appsettings/list': 1,
  'GET slot/operationresults/{id}': 3,
  'POST slot/slotsswap': 1,
  'scm GET /api/deployments/{id}': 5,
  'scm POST /api/zipdeploy': 1,
  'scm POST /api/zipdeploy/validate': 1,
};

export const row: BenchRow = {
  name: 'requests',
  about: `Requests per target, a clean rollout of ${targets} in two waves, counted on the emulator, in all and by kind with the steps that send them; peer: functions-action and az slot swap, counted from their source`,
  async measure() {
    const fleet = await openFleet(targets);
    try {
      const world = openWorld(fleet);
      const send = wireTo(world, fleet);
      const kinds = new Map<RequestKind, number>();
      const asks = new Map<string, Map<Step, number>>();
      const steps = followSteps();
      await rollOutCleanly(
        fleet,
        (request) => {
          count(kinds, kindOf(request));
          const ask = nameAsk(request);
          if (ask !== null) {
            const sent = asks.get(ask) ?? new Map<Step, number>();
            asks.set(ask, sent);
            count(sent, steps.of(request));
          }
          return send(request);
        },
        world.clock,
        world.emulator.identity,
        undefined,
        steps.see,
      );
      await world.emulator.close();
      return [...tellKinds(kinds), ...tellAsks(asks)];
    } finally {
      await fleet.close();
    }
  },
};

function tellKinds(kinds: ReadonlyMap<RequestKind, number>): readonly BenchLine[] {
  return (Object.keys(peer) as RequestKind[]).map((kind) => ({
    what: kind,
    unit: 'per target',
    ours: (kinds.get(kind) ?? 0) / targets,
    peer: peer[kind],
    limit: limits[kind],
  }));
}

function tellAsks(asks: ReadonlyMap<string, ReadonlyMap<Step, number>>): readonly BenchLine[] {
  const names = [...new Set([...asks.keys(), ...Object.keys(peerAsks)])].sort();
  return names.map((name) => {
    const sent = asks.get(name) ?? new Map<Step, number>();
    const byStep = stepNames.flatMap((step) => {
      const times = (sent.get(step) ?? 0) / targets;
      return times === 0 ? [] : [`${step} ${Number(times.toFixed(1))}`];
    });
    const ours = [...sent.values()].reduce((sum, each) => sum + each, 0) / targets;
    return {
      what: `· ${name}`,
      unit: byStep.join(', ') || 'never',
      ours,
      peer: peerAsks[name] ?? null,
      limit: null,
    };
  });
}

function count<T>(counts: Map<T, number>, key: T): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const stepNames = ['plan', 'incumbent', 'stage', 'clear', 'promote', 'swap', 'observe', 'end'] as const;
type Step = (typeof stepNames)[number];

const nextStep: Partial<Record<Recorded['type'], Step>> = {
  'stage.begun': 'stage',
  'stage.done': 'clear',
  'target.cleared': 'promote',
  'promote.begun': 'swap',
  'promote.done': 'observe',
  'target.observed': 'end',
};

/** In which step a target is, by the journal; a request belongs to the target whose name stands in it. */
function followSteps() {
  const steps = new Map<string, Step>();
  let first: Step = 'plan';
  return {
    see: (entry: Recorded) => {
      if (entry.type === 'rollout.begun') first = 'incumbent';
      const step = nextStep[entry.type];
      if (step && 'target' in entry) steps.set(entry.target, step);
    },
    of: ({ url }: HttpRequest): Step => steps.get(siteName.exec(url)?.[0] ?? '') ?? first,
  };
}

const siteName = /orders-\d{4}/;

/** Method and path, without what differs between targets; null for looks at apps and for signing in. */
function nameAsk(request: HttpRequest): string | null {
  const kind = kindOf(request);
  if (kind === 'looks at apps' || kind === 'tokens') return null;
  const { hostname, pathname } = new URL(request.url);
  const path = pathname
    .replace(/^.*\/providers\/Microsoft\.Web\/sites\/[^/]+/, 'site')
    .replace(/^.*\/providers\/Microsoft\.Web\/serverfarms\/.*/, 'plan')
    .replace('site/slots/staging', 'slot')
    .replace(/^site\//, '')
    .replace(/(operationresults|deployments)\/(?!latest)[^/]+$/, '$1/{id}');
  return `${hostname.includes('.scm.') ? 'scm ' : ''}${request.method} ${path}`;
}
