/**
 * What libraries bring and nobody here calls. A bundler cannot know that; each is told here with why it is never
 * missed, and what stands in its place says so if it is.
 */
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

interface Absent {
  /** How the libraries import it. */
  readonly path: RegExp;
  /** Who imports it; everybody when not given. */
  readonly by?: RegExp;
  readonly contents: string;
}

const absent: readonly Absent[] = [
  {
    // GitHub's libraries bring an HTTP client of half a megabyte. We ask GitHub by our own transport.
    path: /^undici$/,
    contents: 'export class ProxyAgent {}\nexport const fetch = globalThis.fetch;\n',
  },
  {
    // Asks whether this Node is newer than 15.7 and 16.9; every one that we run on is (package.json, engines).
    path: /^semver$/,
    by: /\/jsonwebtoken\//,
    contents: 'module.exports = { satisfies: () => true };\n',
  },
  {
    // Opens a browser to sign in by. Nobody sits at a build, and no credential of ours asks for one.
    path: /^open$/,
    by: /@azure\/identity\//,
    contents: refuse('signing in by a browser'),
  },
];

export const leftOut: Plugin = {
  name: 'left-out',
  setup(parts) {
    // Identity tokens of GitHub are asked for by our own transport as well.
    parts.onResolve({ filter: /^\.\/oidc-utils\.js$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false,
    }));
    for (const { path: filter, by = /./ } of absent)
      parts.onResolve({ filter }, ({ path, importer }) =>
        by.test(importer.replaceAll('\\', '/')) ? { path, namespace: 'absent', sideEffects: false } : null,
      );
    parts.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: absent.find((each) => each.path.test(path))?.contents ?? '',
    }));
  },
};

function refuse(what: string): string {
  return `export default async function () { throw new Error(${JSON.stringify(`${what} is left out of slotwave's bundles (scripts/left-out.ts).`)}); }\n`;
}
