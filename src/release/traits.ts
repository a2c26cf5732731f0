/** What a package says of itself by its files: which language it is made for, and which extensions it brings. */
import { open } from 'node:fs/promises';
import { maxHostJsonBytes, readHostJson } from './host-json.ts';
import type { PackedEntry } from './package.ts';
import { tellNeed, type VersionNeed, versionFileOf } from './version-need.ts';
import { type ListedEntry, listZip, readEntry, readZipEnd } from './zip-read.ts';

export interface Traits {
  /** As `FUNCTIONS_WORKER_RUNTIME` names it; empty where the files do not tell, or tell several things. */
  readonly runtimes: readonly string[];
  /** The file that told. */
  readonly evidence: string | null;
  readonly hubName: string | null;
  /** The lowest version that host.json's extension bundle allows. */
  readonly bundleFrom: string | null;
  /** `ServiceBus` → `5.2.0`, by the short names of WebJobs extensions. */
  readonly extensions: Readonly<Record<string, string>>;
  /** The version of the language that it is made for; null where the files do not tell. */
  readonly needs: VersionNeed | null;
}

/** Of a zip that was checked before. What cannot be read tells nothing, and is no error. */
export async function readTraits(
  zipPath: string,
  entries: readonly Pick<PackedEntry, 'path'>[],
): Promise<Traits> {
  const paths = entries.map(({ path }) => path);
  const languages = tellLanguages(paths);
  const deps = paths.filter((path) => dependencyFile.test(path)).slice(0, filesLimit);
  const runtime = languages.length === 1 ? languages[0]!.runtime : '';
  const versionFile = versionFileOf(runtime, paths);
  const texts = await readFiles(zipPath, ['host.json', ...(versionFile ? [versionFile] : []), ...deps]);
  const host = readHostJson(texts.get('host.json') ?? '');
  // An app with a handler of its own may have files of any language.
  const isClear = languages.length === 1 && !(host.ok && host.customHandler);
  return {
    runtimes: isClear ? [languages[0]!.runtime] : [],
    evidence: isClear ? languages[0]!.evidence : null,
    hubName: (host.ok && host.hubName) || null,
    bundleFrom: lowestOf((host.ok && host.bundle) || ''),
    extensions: Object.assign({}, ...deps.map((path) => readExtensions(texts.get(path) ?? ''))),
    needs: isClear && versionFile ? tellNeed(runtime, versionFile, texts.get(versionFile) ?? '') : null,
  };
}

const filesLimit = 5;
const dependencyFile = /^(?:bin\/|\.azurefunctions\/)?[^/]+\.deps\.json$/;
const maxBytes = 4 * 1024 * 1024;

/** Files that only one kind of app has. */
const marks: readonly (readonly [string, RegExp])[] = [
  ['dotnet-isolated', /^(functions\.metadata|worker\.config\.json)$/],
  ['dotnet', /^bin\/[^/]+\.deps\.json$/],
  ['python', /^(function_app\.py|requirements\.txt)$/],
  ['powershell', /^(profile\.ps1|[^/]+\/run\.ps1)$/],
  ['java', /^[^/]+\.jar$/],
  ['node', /^package\.json$/],
];

function tellLanguages(paths: readonly string[]): readonly { runtime: string; evidence: string }[] {
  return marks.flatMap(([runtime, mark]) => {
    const evidence = paths.find((path) => mark.test(path));
    return evidence === undefined ? [] : [{ runtime, evidence }];
  });
}

async function readFiles(zipPath: string, wanted: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const handle = await open(zipPath, 'r');
  try {
    const { size } = await handle.stat();
    const end = await readZipEnd(handle, size);
    if (typeof end === 'string') return new Map();
    const found = new Map<string, string>();
    for (const entry of await listZip(handle, size, end)) {
      if (!wanted.includes(entry.path) || !isSmall(entry)) continue;
      found.set(entry.path, (await readEntry(handle, entry, maxBytes)).toString('utf8'));
    }
    return found;
  } finally {
    await handle.close();
  }
}

function isSmall({ path, bytes }: ListedEntry): boolean {
  return bytes <= (path === 'host.json' ? maxHostJsonBytes : maxBytes);
}

/** `[4.*, 5.0.0)` begins with 4.0.0. */
function lowestOf(range: string): string | null {
  const first = /^\s*[[(]?\s*([\d.*]+)/.exec(range)?.[1];
  if (first === undefined) return null;
  const parts = first.split('.').map((part) => (part === '*' || part === '' ? '0' : part));
  return [...parts, '0', '0'].slice(0, 3).join('.');
}

/** `.deps.json` lists packages as `name/version`; those of storage are several, and count as one. Analyzers and the like are none. */
function readExtensions(text: string): Readonly<Record<string, string>> {
  const found = text.matchAll(
    /"Microsoft\.Azure\.WebJobs\.Extensions\.([A-Za-z]+)(?:\.(?:Blobs|Queues))?\/(\d[\d.]*)/g,
  );
  return Object.fromEntries([...found].map(([, name, version]) => [name!, version!]));
}
