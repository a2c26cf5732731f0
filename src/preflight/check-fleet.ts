/** What could go wrong, asked of every target before anything moves. */
import type { Fleet, TargetFacts } from '../plan/fleet.ts';
import { tellVanished } from './check-vanished.ts';
import type { Finding, Neighbour, PreflightRequest, Scene } from './finding.ts';
import { rules } from './rules.ts';
import { checkSilences, silence } from './silence.ts';

/**
 * All findings, target by target in the order of the fleet, each in the order of the rules. Pure.
 * A fleet without targets is an error; a fleet in which all is done already is not: the plan says it.
 */
export function checkFleet(fleet: Fleet, request: PreflightRequest): readonly Finding[] {
  return [...checkEach(fleet, request)].flat();
}

const targetsPerTurn = 20;

/** The same. Some hundred targets and all rules take longer than anybody else should have to wait. */
export async function checkFleetInTurns(
  fleet: Fleet,
  request: PreflightRequest,
  nextTurn: () => Promise<void>,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  let checked = 0;
  for (const findings of checkEach(fleet, request)) {
    found.push(...findings);
    if (++checked % targetsPerTurn === 0) await nextTurn();
  }
  return found;
}

/** What concerns the fleet, then target by target. */
function* checkEach(fleet: Fleet, request: PreflightRequest): Generator<readonly Finding[]> {
  if (fleet.targets.length === 0) return yield [noTargets];
  const silences = request.silence ?? [];
  const veil = (finding: Finding) => silence(finding, silences);
  yield [...checkSilences(fleet, silences), ...tellVanished(fleet).map(veil)];
  const left = new Set(request.leave ?? []);
  const findNeighbours = indexNeighbours(fleet);
  for (const facts of fleet.targets) {
    if (left.has(facts.target.name)) continue;
    const scene = setScene(facts, request, fleet, findNeighbours);
    const found = rules.flatMap(({ check, id, severity, why, source }) => {
      const said = check(facts, request, scene);
      return said ? [{ id, severity, target: facts.target.name, ...said, why, source }] : [];
    });
    yield found.map(veil);
  }
}

function setScene(
  facts: TargetFacts,
  request: PreflightRequest,
  fleet: Fleet,
  findNeighbours: FindNeighbours,
): Scene | null {
  const around = fleet.surroundings?.[facts.target.name];
  return around ? { facts, request, around, neighbours: findNeighbours({ facts, around }) } : null;
}

type FindNeighbours = (own: Neighbour) => readonly Neighbour[];

/** By what they share: to hold each of some hundred against all others would keep everything else waiting. */
function indexNeighbours(fleet: Fleet): FindNeighbours {
  const all = fleet.targets.flatMap((facts): readonly Neighbour[] => {
    const around = fleet.surroundings?.[facts.target.name];
    return around ? [{ facts, around }] : [];
  });
  const places = new Map<string, number[]>();
  for (const [place, each] of all.entries())
    for (const key of new Set(sharedThings(each))) {
      const there = places.get(key);
      if (there) there.push(place);
      else places.set(key, [place]);
    }
  return (own) => {
    const found = new Set(sharedThings(own).flatMap((key) => places.get(key) ?? []));
    return (
      [...found]
        .sort((one, other) => one - other)
        .flatMap((place) => all[place] ?? [])
        // Two targets may be two slots of one app: it is no neighbour of itself.
        .filter((each) => !isSameApp(each.facts, own.facts))
    );
  };
}

/** What rules ask of neighbours is about these. */
function sharedThings({ around: { production, staging } }: Neighbour): readonly string[] {
  return [production, staging].flatMap((slot) => {
    if (!slot) return [];
    const { account } = slot.settings.storage;
    return [
      ...(account ? [`account ${account.toLowerCase()}`] : []),
      ...(slot.subnetId ? [`subnet ${slot.subnetId.toLowerCase()}`] : []),
    ];
  });
}

function isSameApp({ target: one }: TargetFacts, { target: other }: TargetFacts): boolean {
  return one.site.toLowerCase() === other.site.toLowerCase() && one.subscriptionId === other.subscriptionId;
}

const noTargets: Finding = {
  id: 'no-targets',
  severity: 'error',
  target: null,
  found: 'The fleet has no targets.',
  why: 'There is nowhere to deploy to.',
  fix: 'List function apps under fleet.targets, or correct fleet.discover.tags: az functionapp list --query "[?tags]" shows what is tagged.',
  source: 'docs/config.md',
};
