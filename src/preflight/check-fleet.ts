/** What could go wrong, asked of every target before anything moves. */
import type { Fleet } from '../plan/fleet.ts';
import { tellVanished } from './check-vanished.ts';
import type { Finding, PreflightRequest } from './finding.ts';
import { rules } from './rules.ts';

/**
 * All findings, target by target in the order of the fleet, each in the order of the rules. Pure.
 * A fleet without targets is an error; a fleet in which all is done already is not: the plan says it.
 */
export function checkFleet(fleet: Fleet, request: PreflightRequest): readonly Finding[] {
  if (fleet.targets.length === 0) return [noTargets];
  return [...tellVanished(fleet), ...checkTargets(fleet, request)];
}

function checkTargets(fleet: Fleet, request: PreflightRequest): readonly Finding[] {
  const left = new Set(request.leave ?? []);
  return fleet.targets
    .filter((facts) => !left.has(facts.target.name))
    .flatMap((facts) =>
      rules.flatMap(({ check, id, severity, why, source }) => {
        const said = check(facts, request);
        return said ? [{ id, severity, target: facts.target.name, ...said, why, source }] : [];
      }),
    );
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
