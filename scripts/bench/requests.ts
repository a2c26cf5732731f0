/** Requests to Azure for each target of a clean rollout: what a region costs of ARM's buckets and of its SCM site. */
import {
  kindOf,
  openFleet,
  openWorld,
  type RequestKind,
  rollOutCleanly,
  wireTo,
} from '../bench-kit/fleet.ts';
import type { BenchRow } from '../bench-kit/row.ts';

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

/** Reads are 25 a second in a bucket of 250; a hundred a target is four seconds of a whole subscription's share. */
const limits: Readonly<Record<RequestKind, number | null>> = {
  'ARM reads': 100,
  'ARM writes': 4,
  'SCM reads': 30,
  'packages sent': 1,
  'looks at apps': null,
  tokens: null,
};

export const row: BenchRow = {
  name: 'requests',
  about: `Requests per target, a clean rollout of ${targets} in two waves, counted on the emulator; peer: functions-action and az slot swap, counted from their source`,
  async measure() {
    const fleet = await openFleet(targets);
    try {
      const world = openWorld(fleet);
      const send = wireTo(world, fleet);
      const counts = new Map<RequestKind, number>();
      const count = (kind: RequestKind) => counts.set(kind, (counts.get(kind) ?? 0) + 1);
      await rollOutCleanly(
        fleet,
        (request) => {
          count(kindOf(request));
          return send(request);
        },
        world.clock,
        world.emulator.identity,
      );
      await world.emulator.close();
      return (Object.keys(peer) as RequestKind[]).map((kind) => ({
        what: kind,
        unit: 'per target',
        ours: (counts.get(kind) ?? 0) / targets,
        peer: peer[kind],
        limit: limits[kind],
      }));
    } finally {
      await fleet.close();
    }
  },
};
