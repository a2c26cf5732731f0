/**
 * The licences of what the doors are bundled with, as one text: whoever gets dist/ gets other people's code, and they
 * ask to be named. What counts is what really is in the bundle, by esbuild's own account, not what is installed.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

export interface Licensed {
  /** A package with version and SPDX expression, or a file of ours that carries other people's code. */
  readonly title: string;
  readonly text: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** Everything of others, in the order in which it is found. All problems at once: a package without its text is not shipped. */
export async function readLicenses(outputs: Metafile['outputs'], root: string): Promise<readonly Licensed[]> {
  const found = [...(await readForeignSources(outputs, root))];
  const wrong: string[] = [];
  for (const folder of listPackages(outputs)) {
    const { name, version, license } = JSON.parse(
      await readFile(join(root, folder, 'package.json'), 'utf8'),
    ) as Partial<Manifest>;
    if (!name || !version) wrong.push(`${folder}/package.json has no name or no version`);
    else if (typeof license !== 'string') wrong.push(`${folder}/package.json does not name its licence`);
    else {
      const text = await readTexts(join(root, folder));
      if (text === '')
        wrong.push(`${name} ${version} (${license}) has no file with its licence in ${folder}`);
      else found.push({ title: `${name} ${version} (${license})`, text });
    }
  }
  if (wrong.length > 0)
    throw new Error(
      `What is bundled cannot be shipped without its licences:\n${wrong.map((line) => `- ${line}`).join('\n')}\nLook at each: a version or a package that brings its text may take its place, or scripts/licenses.ts has to learn where the text stands.`,
    );
  return found;
}

/** Packages of one text stand together: the same licence of the same people is written once. */
export function writeLicenses(found: readonly Licensed[]): string {
  const byText = new Map<string, string[]>();
  for (const { title, text } of found) {
    const titles = byText.get(text) ?? [];
    if (!titles.includes(title)) titles.push(title);
    byText.set(text, titles);
  }
  const parts = [...byText]
    .map(([text, titles]) => ({ text, titles: titles.sort(compare) }))
    .sort((one, other) => compare(one.titles[0] ?? '', other.titles[0] ?? ''))
    .map(({ text, titles }) => `${titles.join('\n')}\n\n${text}\n`);
  const head =
    'The files in this folder contain, beside slotwave itself (MIT, see LICENSE), these packages.\n';
  return [head, ...parts].join(`\n${'='.repeat(100)}\n\n`);
}

/** The folders of all packages that left at least one byte in an output. */
export function listPackages(outputs: Metafile['outputs']): readonly string[] {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
      if (folder && bytesInOutput > 0) folders.add(folder);
    }
  return [...folders].sort(compare);
}

/** Sources of ours that begin with a legal comment (`/*!`) were made from other people's code. */
async function readForeignSources(outputs: Metafile['outputs'], root: string): Promise<readonly Licensed[]> {
  const paths = new Set(
    Object.values(outputs).flatMap(({ inputs }) =>
      Object.keys(inputs).filter((path) => path.startsWith('src/')),
    ),
  );
  const read = [...paths].sort(compare).map(async (title) => {
    const source = await readFile(join(root, title), 'utf8');
    const [, comment = ''] = /^\/\*!([\s\S]*?)\*\//m.exec(source) ?? [];
    return { title, text: tidy(comment.replace(/^ \* ?/gm, '')) };
  });
  return (await Promise.all(read)).filter(({ text }) => text !== '');
}

/** Licence, notices and what else they ask to be kept, in the order of their names. */
async function readTexts(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) =>
    /^(licen[cs]e|copying|notice|copyrightnotice|thirdpartynotice)/i.test(name),
  );
  const texts = await Promise.all(names.sort(compare).map((name) => readFile(join(folder, name), 'utf8')));
  return texts.map(tidy).join('\n\n');
}

/** Line ends and blanks at the ends of lines are no part of a licence, and would part texts that are the same. */
function tidy(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/[ \t]*\r?\n/g, '\n')
    .trim();
}

/** By code units, as on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
