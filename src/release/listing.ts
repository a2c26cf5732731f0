/** A package in words, for `slotwave package`. */
import { printable } from './names.ts';
import type { Package, PackedEntry } from './package.ts';

/** Lines of plain text: totals and digest; before them, with `list`, every path that is in and that is not. */
export function describePackage(pkg: Package, { list }: { readonly list: boolean }): string[] {
  const lines: string[] = [];
  if (list) lines.push(...listEntries(pkg.entries), '', ...listLeftOut(pkg), '');
  for (const warning of pkg.warnings) lines.push(...listWarning(warning.message, warning.paths), '');
  const source = pkg.source === pkg.path ? '' : ` from ${printable(pkg.source)}`;
  lines.push(`${printable(pkg.path)}${source}`);
  lines.push(`  files    ${pkg.files} (${pkg.leftOut.length} left out${list ? '' : '; --list shows all'})`);
  lines.push(`  bytes    ${pkg.bytes}, unpacked ${pkg.contentBytes}`);
  lines.push(`  sha256   ${pkg.digest}`);
  return lines;
}

function listEntries(entries: readonly PackedEntry[]): readonly string[] {
  const rows = entries.map((entry) => [String(entry.bytes), String(entry.packedBytes), entry] as const);
  const width = Math.max(
    'packed'.length,
    ...widths(entries.flatMap((entry) => [String(entry.bytes), String(entry.packedBytes)])),
  );
  return [
    `${'bytes'.padStart(width)}  ${'packed'.padStart(width)}     path`,
    ...rows.map(([bytes, packed, entry]) => {
      const mark = entry.kind === 'file' && entry.executable ? 'x' : ' ';
      return `${bytes.padStart(width)}  ${packed.padStart(width)}  ${mark}  ${printable(entry.path)}`;
    }),
  ];
}

function listLeftOut({ leftOut }: Package): readonly string[] {
  if (leftOut.length === 0) return ['Nothing was left out.'];
  const paths = leftOut.map(({ path }) => printable(path));
  const width = Math.max(...widths(paths));
  return [
    'Left out:',
    ...leftOut.map(({ why }, index) => `  ${(paths[index] ?? '').padEnd(width)}  ${printable(why)}`),
  ];
}

/** A few names are enough to find the others. */
function listWarning(message: string, paths: readonly string[]): readonly string[] {
  const more = paths.length > 5 ? [`  … and ${paths.length - 5} more`] : [];
  return [`Warning: ${message}`, ...paths.slice(0, 5).map((path) => `  ${printable(path)}`), ...more];
}

/** Bounded, so that one very long path does not push every reason off the screen. */
function widths(texts: readonly string[]): readonly number[] {
  return [
    Math.min(
      60,
      texts.reduce((widest, text) => Math.max(widest, text.length), 0),
    ),
  ];
}
