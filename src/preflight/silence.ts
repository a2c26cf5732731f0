/** Findings that somebody knows of: silenced by the config, with a reason, and still listed. */
import type { Fleet } from '../plan/fleet.ts';
import type { Finding, Silence } from './finding.ts';
import { rules } from './rules.ts';

/** What the fleet as a whole is told has an id as well. */
const otherIds = ['discovered-site-gone'];

export function silence(finding: Finding, silences: readonly Silence[]): Finding {
  if (rules.some(({ id, silenceable }) => id === finding.id && silenceable === false)) return finding;
  const found = silences.find(
    ({ rule, targets }) =>
      rule === finding.id &&
      (targets === undefined || (finding.target !== null && targets.includes(finding.target))),
  );
  return found ? { ...finding, silenced: found.reason } : finding;
}

/** What was silenced must be something, and may be: a typing error must not hide that a rule still speaks. */
export function checkSilences(fleet: Fleet, silences: readonly Silence[]): readonly Finding[] {
  const names = new Set(fleet.targets.map(({ target }) => target.name));
  return silences.flatMap(({ rule, targets = [] }, at): readonly Finding[] => {
    const path = `preflight.silence[${at}]`;
    const known = rules.find(({ id }) => id === rule);
    const strangers = targets.filter((name) => !names.has(name));
    return [
      ...(known || otherIds.includes(rule)
        ? []
        : [tell('silence-unknown', `${path}.rule: there is no rule "${rule}".`, unknownFix)]),
      ...(known?.silenceable === false
        ? [tell('silence-refused', `${path}.rule: "${rule}" cannot be silenced.`, refusedFix)]
        : []),
      ...(strangers.length > 0
        ? [
            tell(
              'silence-unknown',
              `${path}.targets: ${strangers.join(', ')} is in no fleet.`,
              'Correct the names, or leave targets out: then it holds for all.',
            ),
          ]
        : []),
    ];
  });
}

const unknownFix = 'The ids stand in brackets behind each finding, and all of them in docs/preflight.md.';
const refusedFix = 'Put right what it finds: with it, a rollout is not safe whatever the reason.';

function tell(id: string, found: string, fix: string): Finding {
  return {
    id,
    severity: 'error',
    target: null,
    found,
    why: 'A silence that does not fit would be taken for one that does.',
    fix,
    source: 'docs/preflight.md',
  };
}
