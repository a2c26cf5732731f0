/**
 * Maps for bundles that were built without. esbuild names a chunk by a digest of its map as well, so a build with maps
 * has other names in it, and what is shipped would change with every comment. The maps of the one build are therefore
 * given to the files of the other, after proof that nothing but those names differs.
 */
import { SourceMap, type SourceMapPayload } from 'node:module';
import { posix } from 'node:path';

type Files = ReadonlyMap<string, Uint8Array>;

/** The maps for `shipped`, by the names of its files with `.map` behind. @throws Error: they are not of this code. */
export function mapsFor(shipped: Files, mapped: Files, entries: readonly string[]): Files {
  const names = pairNames(shipped, mapped, entries);
  const maps = new Map<string, Uint8Array>();
  for (const [ours, theirs] of names) {
    const renamed = textOf(mapped, theirs).replaceAll(chunkName, (name) => shortNameOf(names, name));
    if (renamed !== textOf(shipped, ours))
      throw new Error(
        `The map of ${theirs} is of other code than ${ours}: build both from the same sources.`,
      );
    maps.set(`${ours}.map`, Buffer.from(textOf(mapped, `${theirs}.map`)));
  }
  return maps;
}

const chunkName = /[\w.-]+-[A-Z0-9]{8}\.js/g;

function shortNameOf(names: ReadonlyMap<string, string>, name: string): string {
  const found = [...names].find(([, theirs]) => posix.basename(theirs) === name);
  return found ? posix.basename(found[0]) : name;
}

/** Which file of one build is which of the other: the same in the same place of what is the same. */
function pairNames(shipped: Files, mapped: Files, entries: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map(entries.map((name) => [name, name]));
  // A map grows while it is walked, and what is new is walked as well.
  for (const [ours, theirs] of pairs) {
    const [here, there] = [chunksIn(shipped, ours), chunksIn(mapped, theirs)];
    here.forEach((name, at) => {
      const other = there[at];
      if (other !== undefined && !pairs.has(name)) pairs.set(name, other);
    });
  }
  return pairs;
}

function chunksIn(files: Files, name: string): readonly string[] {
  return [...textOf(files, name).matchAll(chunkName)]
    .map(([found]) => `chunks/${found}`)
    .filter((found) => files.has(found));
}

function textOf(files: Files, name: string): string {
  const found = files.get(name);
  if (!found) throw new Error(`There is no ${name} among what was built.`);
  return Buffer.from(found).toString('utf8');
}

/** A stack of a bundle, with the places of the sources: `chunks/x-ABCDEFGH.js:1:2345` → `src/azure/arm.ts:40:7`. */
export function readStack(stack: string, maps: Files): string {
  const opened = new Map<string, SourceMap>();
  return stack.replace(
    /(?:file:\/\/)?[^\s()]*?((?:chunks[\\/])?[\w.-]+\.js):(\d+):(\d+)/g,
    (place, written: string, line: string, column: string) => {
      const name = written.replace('\\', '/');
      const map = opened.get(name) ?? openMap(maps, name);
      if (!map) return place;
      opened.set(name, map);
      const found = map.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in found)) return place;
      const source = posix.join('dist', posix.dirname(name), found.originalSource);
      return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
    },
  );
}

function openMap(maps: Files, name: string): SourceMap | null {
  const found = maps.get(`${name}.map`);
  return found ? new SourceMap(JSON.parse(Buffer.from(found).toString('utf8')) as SourceMapPayload) : null;
}
