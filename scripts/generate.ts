/**
 * Writes the files that are made from others: `node scripts/generate.ts`. With `--check` it writes nothing, names
 * the stale ones and exits with 1.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildJsonSchema } from '../src/config/json-schema.ts';
import { writeConfigReference } from './config-reference.ts';
import { writeDiagnosisPages } from './diagnosis/write-pages.ts';
import {
  fillReadme,
  type Product,
  writeAction,
  writeExtension,
  writeInputsPage,
  writeTask,
} from './door-files.ts';
import { writePreflightReference } from './preflight-reference.ts';

const root = new URL('../', import.meta.url);

/** Path from the repository's root → what must stand there. */
export async function generateFiles(): Promise<ReadonlyMap<string, string>> {
  const schema = buildJsonSchema();
  const example = await readFile(new URL('scripts/config-example.yml', root), 'utf8');
  const captures = await readFile(new URL('scripts/diagnosis/captures.md', root), 'utf8');
  const readme = await readFile(new URL('README.md', root), 'utf8');
  const product = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as Product;
  return new Map([
    ['schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['docs/config.md', writeConfigReference(schema, example)],
    ['docs/preflight.md', writePreflightReference()],
    ['action.yml', writeAction(product)],
    ['task.json', writeTask(product)],
    ['vss-extension.json', writeExtension(product)],
    ['docs/inputs.md', writeInputsPage()],
    ['README.md', fillReadme(readme)],
    ...writeDiagnosisPages(captures),
  ]);
}

/** The paths whose file on disk is not what it should be. */
export async function findStale(files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const current = await Promise.all(
    [...files.keys()].map((path) => readFile(new URL(path, root), 'utf8').catch(() => null)),
  );
  return [...files].filter(([, text], at) => current[at] !== text).map(([path]) => path);
}

async function main(checkOnly: boolean): Promise<number> {
  const files = await generateFiles();
  const stale = await findStale(files);
  for (const path of stale) {
    if (!checkOnly) {
      await mkdir(new URL('.', new URL(path, root)), { recursive: true });
      await writeFile(new URL(path, root), files.get(path) ?? '');
    }
    console.log(`${checkOnly ? 'stale' : 'written'}: ${path}`);
  }
  if (checkOnly && stale.length > 0) console.log('Run: npm run generate');
  return checkOnly && stale.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.includes('--check'));
