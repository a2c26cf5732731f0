/** The line of peers.md's list that is about packing: what is in the folder, and what must be in the package. */
import type { Tree } from '../release/trees.ts';
import { hostJson } from '../release/trees.ts';

export interface PackingRow {
  readonly folder: string;
  readonly package: string;
  readonly tree: Tree;
  /** Path → mode, as an independent reader sees it. */
  readonly packed: Readonly<Record<string, string>>;
  /** What the user reads in the list of `slotwave package --list`. */
  readonly reads: RegExp;
}

const plain = '100644';
const executable = '100755';

export const packingRows: readonly PackingRow[] = [
  {
    folder: 'node_modules as pnpm makes them: links into a store',
    package: 'has files where the links were, and no link',
    tree: {
      'host.json': hostJson,
      'node_modules/.pnpm/a@1/node_modules/a/index.js': 'a',
      'node_modules/a': { link: '.pnpm/a@1/node_modules/a' },
    },
    packed: {
      'host.json': plain,
      'node_modules/.pnpm/a@1/node_modules/a/index.js': plain,
      'node_modules/a/index.js': plain,
    },
    reads: / {4}node_modules\/a\/index\.js/,
  },
  {
    folder: 'a custom handler with its bit for execution',
    package: 'keeps the bit',
    tree: { 'host.json': hostJson, handler: { exec: '#!/bin/sh' } },
    packed: { handler: executable, 'host.json': plain },
    reads: / x {2}handler/,
  },
  {
    folder: '.funcignore that begins with a byte order mark, and takes one file in again with !',
    package: 'leaves out what its first line says, and has the file; nothing on the disk is touched',
    tree: {
      'host.json': hostJson,
      '.funcignore': '\ufeff*.log\r\n!kept.log\r\n',
      'left.log': 'left',
      'kept.log': 'kept',
    },
    packed: { 'host.json': plain, 'kept.log': plain },
    reads: /left\.log +\S*.*\.funcignore/,
  },
];
