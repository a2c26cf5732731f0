/**
 * A bundle's classes have short names, and a library that knows a class by its name would not know it any more. There
 * is one, and it is given the class instead. `test/bundle.test.ts` finds the next one.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const asked = `elementsToProcess[0].constructor.name === "Sequence"`;

export const classesByThemselves: Plugin = {
  name: 'classes-by-themselves',
  setup(parts) {
    parts.onLoad(
      { filter: /[\\/]asn1-schema[\\/]build[\\/](?:cjs|es2015)[\\/]parser\.js$/ },
      async ({ path }) => {
        const contents = await readFile(path, 'utf8');
        if (!contents.includes(asked))
          return { errors: [{ text: `${path} does not say any more: ${asked}`, location: null }] };
        return { contents: contents.replace(asked, 'elementsToProcess[0] instanceof asn1js.Sequence') };
      },
    );
  },
};
