/** What preflight found, each finding once, however many targets it was found on. */
import { formatCount, groupBy, wrapText } from './layout.ts';

/** What is shown of a preflight finding; preflight's own type has more. */
export interface ShownFinding {
  readonly id: string;
  readonly severity: 'error' | 'warning';
  /** Null when it is about the fleet as a whole. */
  readonly target: string | null;
  readonly found: string;
  readonly why: string;
  readonly fix: string;
}

export function describeFindings(findings: readonly ShownFinding[], width: number): readonly string[] {
  if (findings.length === 0) return [];
  const errors = findings.filter((finding) => finding.severity === 'error');
  const warnings = findings.filter((finding) => finding.severity === 'warning');
  const counts = [
    ...(errors.length > 0 ? [`${formatCount(errors.length, 'error')}, so that nothing will be started`] : []),
    ...(warnings.length > 0 ? [formatCount(warnings.length, 'warning')] : []),
  ];
  return [`Preflight: ${counts.join('; ')}`, ...describeGroups([...errors, ...warnings], width)];
}

function describeGroups(findings: readonly ShownFinding[], width: number): readonly string[] {
  const groups = groupBy(findings, ({ id, severity, found, fix }) =>
    JSON.stringify([id, severity, found, fix]),
  );
  return [...groups.values()].flatMap((group) => {
    const { id, severity, found, why, fix } = group[0]!;
    const targets = group.flatMap((finding) => finding.target ?? []).join(', ');
    return [
      ...wrapText(`  ${severity.padEnd(9)}`, `${targets ? `${targets}: ` : ''}${found} [${id}]`, width),
      ...wrapText('    Why: ', why, width),
      ...wrapText('    Fix: ', fix, width),
    ];
  });
}
