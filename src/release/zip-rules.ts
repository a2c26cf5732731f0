/** What a ready zip may list. Pure: the directory in, problems and warnings out. */
import { localSettingsFile } from './ignore.ts';
import { findNameProblem, printable } from './names.ts';
import type { PackageWarning } from './package.ts';
import type { PackProblem } from './problems.ts';
import { stampFile } from './release.ts';
import type { ListedEntry } from './zip-read.ts';

/** What can be seen from the directory alone, entry by entry. */
export function findEntryProblems(listed: readonly ListedEntry[]): readonly PackProblem[] {
  return listed.flatMap((entry) => {
    const { path } = entry;
    const found = rules.map(([code, judge]) => ({ code, path, ...judge(entry) }));
    return found.flatMap(({ message, ...rest }) => (message ? [{ ...rest, message }] : []));
  });
}

interface Judgement {
  readonly message?: string | null;
  readonly next?: string;
}

const rules: readonly (readonly [code: string, judge: (entry: ListedEntry) => Judgement])[] = [
  ['package-name', ({ path }) => ({ message: findNameProblem(path) })],
  [
    'package-zip-encrypted',
    ({ encrypted }) => (encrypted ? { message: 'is encrypted: no host can read it' } : {}),
  ],
  [
    'package-zip-method',
    ({ method, encrypted }) => {
      if (encrypted || method === 0 || method === 8) return {};
      return { message: `is compressed with method ${method}; hosts read stored (0) and deflated (8)` };
    },
  ],
  [
    'package-link-in-zip',
    ({ kind }) => {
      if (kind !== 'link') return {};
      const next = 'Zip what the links point to (zip without -y), or give slotwave the folder.';
      return { message: 'is a symbolic link, which hosts unpack as a text file', next };
    },
  ],
  [
    'package-local-settings',
    ({ path }) => {
      if (!path.toLowerCase().split('/').includes(localSettingsFile)) return {};
      const next = `Remove it from the zip: zip -d FILE.zip '${printable(path)}'`;
      return { message: 'holds local secrets and must not be shipped', next };
    },
  ],
  [
    'package-stamp-present',
    ({ path }) => {
      if (path.toLowerCase().split('/')[0] !== stampFile) return {};
      const next = 'Give the folder or the zip that the release was made from.';
      return { message: 'is already in the zip: it is a release that slotwave sealed', next };
    },
  ],
];

/** Two entries of one name, or a file where others need a folder: unpackers disagree on which one wins. */
export function findClashes(listed: readonly ListedEntry[]): readonly PackProblem[] {
  const seen = new Set<string>();
  const files = new Set(listed.filter((entry) => entry.kind === 'file').map((entry) => entry.path));
  const problems: PackProblem[] = [];
  for (const { path } of listed) {
    const name = path.replace(/\/$/, '');
    if (seen.has(name))
      problems.push({ code: 'package-zip-duplicate', path, message: 'is in the zip more than once' });
    seen.add(name);
    for (let cut = name.lastIndexOf('/'); cut > 0; cut = name.lastIndexOf('/', cut - 1)) {
      if (!files.has(name.slice(0, cut))) continue;
      problems.push({
        code: 'package-zip-duplicate',
        path,
        message: `lies in ${printable(name.slice(0, cut))}, which is a file`,
      });
    }
  }
  return problems;
}

/** What is fine on one kind of host and not on another. */
export function warnAboutZip(
  listed: readonly ListedEntry[],
  customHandler: string | null,
): readonly PackageWarning[] {
  const warnings: PackageWarning[] = [];
  const unclear = listed.filter((entry) => !entry.nameIsClear).map((entry) => entry.path);
  if (unclear.length > 0) {
    const message = 'Names that do not say their encoding: hosts may read them differently.';
    warnings.push({ code: 'package-name-encoding', message, paths: unclear });
  }
  if (listed.some((entry) => entry.path === customHandler && !entry.executable)) {
    const message = 'The custom handler is not marked as executable: on Linux the host cannot start it.';
    warnings.push({ code: 'package-handler-not-executable', message, paths: [customHandler ?? ''] });
  }
  return warnings;
}
