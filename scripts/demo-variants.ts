/** Releases of the example app that the demo needs, made from the one that is in the repository. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * `good`: a second version of the app. `broken`: its entry file has a syntax error, so the host runs without
 * functions. `throws`: the same for a reason that shows only when it is loaded. `unwell`: it loads and answers,
 * but its health check says 503.
 */
export type VariantKind = 'good' | 'broken' | 'throws' | 'unwell';

export const variantKinds: readonly VariantKind[] = ['good', 'broken', 'throws', 'unwell'];

/** Copies the app from `fromDir` to `toDir` (made when missing) and makes it the wanted variant, which calls itself `code`. */
export async function makeVariant(
  kind: VariantKind,
  fromDir: string,
  toDir: string,
  code = 'orders 2',
): Promise<void> {
  await mkdir(toDir, { recursive: true });
  await cp(fromDir, toDir, { recursive: true, verbatimSymlinks: true });
  await edit(path.join(toDir, 'src/lib/version.js'), (text) => replaceOnce(text, "'orders 1'", `'${code}'`));
  const entry = path.join(toDir, 'src/index.js');
  switch (kind) {
    case 'good':
      return;
    case 'broken':
      return await edit(entry, (text) => `${text}\nconst = 'a merge gone wrong';\n`);
    case 'throws':
      return await edit(entry, (text) => `${text}\nthrow new Error('ORDERS_DATABASE is not set.');\n`);
    case 'unwell':
      return await edit(path.join(toDir, 'src/functions/health.js'), (text) =>
        replaceOnce(text, 'const isWell = consistent &&', 'const isWell = false && consistent &&'),
      );
    default:
      kind satisfies never;
  }
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}

/** A variant that silently equals the original would make the demo lie. */
function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`Expected exactly one "${from}" in the example app.`);
  return text.replace(from, to);
}
