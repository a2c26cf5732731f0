/** Function apps that were found and are not there. */
import type { Fleet } from '../plan/fleet.ts';
import type { Finding } from './finding.ts';

/** One warning for each: what is not there cannot be deployed to, and must not be missing silently. */
export function tellVanished({ vanished = [] }: Fleet): readonly Finding[] {
  return vanished.map((resourceId) => ({
    id: 'discovered-site-gone',
    severity: 'warning',
    target: null,
    found: `Resource Graph still lists ${resourceId}, and ARM does not have it any more.`,
    why: 'It is left out of this rollout.',
    fix: 'Nothing, if it was deleted. If it should be there, look at it in the portal before you deploy.',
    source: 'azure-platform.md §1.5',
  }));
}
