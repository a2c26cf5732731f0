/** Which paths can be in a package, and how a path from outside is shown. */
import type { PackageWarning } from './package.ts';

/** Why this path cannot be in a zip that every host unpacks alike; null when it can. */
export function findNameProblem(path: string): string | null {
  if (plainPath.test(path) && path.length <= 0xffff) return null;
  const segments = path.replace(/\/$/, '').split('/');
  if (path === '') return 'has an empty name';
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'is an absolute path';
  if (path.includes('\\')) return 'has a backslash in its name: Windows reads it as a folder, Linux does not';
  if (segments.includes('..')) return 'leads out of the package with ".."';
  if (segments.includes('') || segments.includes('.')) return 'has an empty or "." part in its path';
  if (/\p{Cc}/u.test(path)) return 'has a control character in its name';
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'has a name that is not valid Unicode';
  if (Buffer.byteLength(path) > 0xffff) return 'has a path longer than the 65,535 bytes that a zip can hold';
  return null;
}

/** What nearly every path looks like: nothing of the above can be wrong with it. */
const plainPath = /^(?:\.?[\w@+-][\w.@+-]*\/)*\.?[\w@+-][\w.@+-]*$/;

/** What is legal in a zip and goes wrong on Windows hosts only. */
export function warnAboutNames(paths: readonly string[]): readonly PackageWarning[] {
  const twins = findCaseTwins(paths);
  const unfit = paths.filter((path) => path.split('/').some(isUnfitForWindows));
  const warnings: PackageWarning[] = [];
  if (twins.length > 0) {
    const message = 'Paths that differ in upper and lower case only: on Windows one hides the other.';
    warnings.push({ code: 'package-case-twins', message, paths: twins });
  }
  if (unfit.length > 0) {
    const message = 'Names that Windows does not allow: a Windows host cannot unpack them.';
    warnings.push({ code: 'package-windows-names', message, paths: unfit });
  }
  return warnings;
}

/** A path or message with everything that a terminal would act upon written out: file names are untrusted. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

function findCaseTwins(paths: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  const twins = new Set<string>();
  for (const path of paths) {
    const folded = path.toLowerCase();
    const other = seen.get(folded);
    if (other === undefined) seen.set(folded, path);
    else if (other !== path) twins.add(other).add(path);
  }
  return [...twins];
}

/** Reserved characters, device names, and endings that the Win32 API drops (learn.microsoft.com, "Naming files"). */
function isUnfitForWindows(name: string): boolean {
  return /[<>:"|?*]|[. ]$/.test(name) || /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(name);
}
