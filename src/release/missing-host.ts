/** The commonest mistake: the package is one folder too high or too low. Says where host.json is instead. */
import { ignoreFile } from './ignore.ts';
import { printable } from './names.ts';
import type { LeftOut } from './package.ts';
import type { PackProblem } from './problems.ts';

/** For a folder that ships no host.json at its root. */
export function explainMissingInFolder(
  folder: string,
  { leftOut, paths }: { readonly leftOut: readonly LeftOut[]; readonly paths: readonly string[] },
): PackProblem {
  const out = leftOut.find((one) => one.path === 'host.json');
  if (out) {
    const next = `Remove that rule, or add "!host.json" below it in ${ignoreFile}.`;
    return missing(`host.json is left out of the package (${out.why}).`, next);
  }
  const message = `There is no host.json in ${folder}: without it the host finds no functions.`;
  const nearest = findNearest(paths);
  if (nearest === null) return missing(message, 'package: names the folder that holds host.json.');
  const parent = nearest.slice(0, -'/host.json'.length);
  if (parent === '')
    return missing(message, `Rename ${nearest} to host.json: on Linux hosts case counts.`, nearest);
  const base = folder.replace(/[\\/]+$/, '');
  const next = `Did you mean package: ${printable(`${base}/${parent}`)}?`;
  return missing(message, next, printable(`${base}/${nearest}`));
}

/** For a zip that has none at its root; `paths` is all that it lists. */
export function explainMissingInZip(paths: readonly string[]): PackProblem {
  const message = 'There is no host.json at the root of the zip: without it the host finds no functions.';
  const nearest = findNearest(paths);
  if (nearest === null) return missing(message, 'Zip the content of the folder that holds host.json.');
  const parent = nearest.slice(0, -'host.json'.length);
  if (parent === '')
    return missing(message, `Rename ${nearest} to host.json: on Linux hosts case counts.`, nearest);
  const isAll = paths.every((path) => path.startsWith(parent));
  const next = isAll
    ? `Everything lies in the folder ${printable(parent)}: zip what is in the folder, not the folder.`
    : `Zip the content of ${printable(parent)} only.`;
  return missing(message, next, printable(nearest));
}

/** The host.json that lies least deep, dependencies excepted; any spelling. */
function findNearest(paths: readonly string[]): string | null {
  const found = paths.filter((path) => /(^|\/)host\.json$/i.test(path) && !path.includes('node_modules/'));
  found.sort((a, b) => a.split('/').length - b.split('/').length);
  return found[0] ?? null;
}

function missing(message: string, next: string, found?: string): PackProblem {
  return { code: 'package-host-json-missing', path: '', message, next, ...(found ? { found } : {}) };
}
