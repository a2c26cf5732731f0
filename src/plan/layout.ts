/** Plain text in columns and paragraphs, for `slotwave plan`. Widths are counted in characters. */

/** Text that came from Azure, on one line and without anything that a terminal would obey. */
export function toPlain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}

/** Rows under a heading in capitals, two spaces in, two spaces between; columns that are empty in every row are left out. */
export function layTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const kept = heading.map((_, column) => column).filter((column) => rows.some((row) => row[column] !== ''));
  const all = [heading.map((cell) => cell.toUpperCase()), ...rows.map((row) => row.map(toPlain))];
  const widths = kept.map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    `  ${kept.map((column, at) => (row[column] ?? '').padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}

/** A paragraph whose first line starts with `lead` and whose others are indented as far. */
export function wrapText(lead: string, text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of toPlain(text).split(/\s+/)) {
    if (line && lead.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line].map((part, at) => `${at === 0 ? lead : ' '.repeat(lead.length)}${part}`.trimEnd());
}

/** `10m`, `1h30m`, `250ms`: as people write it in the config. */
export function formatDuration(ms: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const;
  let leftMs = Math.round(ms);
  const parts = units.flatMap(([unit, unitMs]) => {
    const count = Math.floor(leftMs / unitMs);
    leftMs -= count * unitMs;
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.join('') || '0s';
}

/** `812 bytes`, `4.2 MB`: powers of ten, as Azure and shops count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return formatCount(bytes, 'byte');
  const units = ['kB', 'MB', 'GB'] as const;
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** power).toFixed(1)} ${units[power - 1]}`;
}

export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * A release id in a table's cell: the end of the rollout's id and the beginning of the content's digest. Both,
 * because the same bytes may be shipped twice, and two rollouts may start in one minute. Other ids: 24 characters.
 */
export function shortenId(id: string): string {
  const clean = toPlain(id);
  const parts = /([^-.]{1,6})\.([0-9a-f]{7})[0-9a-f]*$/.exec(clean);
  if (parts) return `${parts[1]}.${parts[2]}`;
  return clean.length <= 24 ? clean : `${clean.slice(0, 10)}…${clean.slice(-13)}`;
}

/** The items under their key, keys in the order of their first appearance. */
export function groupBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
