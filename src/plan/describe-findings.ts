/** What preflight found, each finding once, however many targets it was found on. */
import { formatCount, groupBy, wrapText } from './layout.ts';

/** What is shown of a preflight finding; preflight's own type has more. */
export interface ShownFinding {
  readonly id: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** Null when it is about the fleet as a whole. */
  readonly target: string | null;
  readonly found: string;
  readonly why: string;
  readonly fix: string;
  /** The reason for which the config silences it. */
  readonly silenced?: string | undefined;
}

export function describeFindings(findings: readonly ShownFinding[], width: number): readonly string[] {
  if (findings.length === 0) return [];
  const spoken = findings.filter(({ silenced }) => silenced === undefined);
  const hushed = findings.filter(({ silenced }) => silenced !== undefined);
  const of = (wanted: ShownFinding['severity']) => spoken.filter(({ severity }) => severity === wanted);
  const [errors, warnings, notes] = [of('error'), of('warning'), of('info')];
  const counts = [
    ...(errors.length > 0 ? [`${formatCount(errors.length, 'error')}, so that nothing will be started`] : []),
    ...(warnings.length > 0 ? [formatCount(warnings.length, 'warning')] : []),
    ...(notes.length > 0 ? [formatCount(notes.length, 'note')] : []),
    ...(hushed.length > 0 ? [`${hushed.length} silenced`] : []),
  ];
  return [
    `Preflight: ${counts.join('; ')}`,
    ...describeGroups([...errors, ...warnings, ...notes], width),
    ...describeSilenced(hushed, width),
  ];
}

const labels = { error: 'error', warning: 'warning', info: 'note' } as const;

function describeGroups(findings: readonly ShownFinding[], width: number): readonly string[] {
  const groups = groupBy(findings, ({ id, severity, found, fix }) =>
    JSON.stringify([id, severity, found, fix]),
  );
  return [...groups.values()].flatMap((group) => {
    const { id, severity, found, why, fix } = group[0]!;
    const targets = group.flatMap((finding) => finding.target ?? []).join(', ');
    return [
      ...wrapText(
        `  ${labels[severity].padEnd(9)}`,
        `${targets ? `${targets}: ` : ''}${found} [${id}]`,
        width,
      ),
      ...wrapText('    Why: ', why, width),
      ...wrapText('    Fix: ', fix, width),
    ];
  });
}

/** Known already: which rule, where, and for what reason. */
function describeSilenced(findings: readonly ShownFinding[], width: number): readonly string[] {
  const groups = groupBy(findings, ({ id, silenced }) => JSON.stringify([id, silenced]));
  return [...groups.values()].flatMap((group) => {
    const { id, silenced } = group[0]!;
    const targets = [...new Set(group.flatMap((finding) => finding.target ?? []))].join(', ');
    return wrapText('  silenced ', `${targets ? `${targets}: ` : ''}[${id}] ${silenced}`, width);
  });
}
