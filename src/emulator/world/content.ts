/** Packages as the platform keeps them: one copy for each digest, whatever the number of slots that run it. */
import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import type { Content } from '../host/runtime.ts';

export interface ContentStore {
  /** Keeps the bytes (or the copy that is there already). `digest` is SHA-256 in hex, computed when absent. */
  keep(bytes: Uint8Array, digest?: string): Content;
  clear(): void;
}

export function createContentStore(): ContentStore {
  const kept = new Map<string, Content>();
  return {
    keep: (bytes, digest = sha256(bytes)) => {
      const known = kept.get(digest);
      if (known) return known;
      const content = { digest, bytes };
      kept.set(digest, content);
      return content;
    },
    clear: () => kept.clear(),
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Names in the zip's directory. Throws when there is none: that is what "not a zip" means to the unpacker. */
export function listZip(bytes: Uint8Array): readonly string[] {
  const names: string[] = [];
  unzipSync(bytes, {
    filter: ({ name }) => {
      names.push(name);
      return false;
    },
  });
  return names;
}

/** One file of the zip, or null when it is not in there. */
export function readZipFile(bytes: Uint8Array, path: string): Uint8Array | null {
  return unzipSync(bytes, { filter: ({ name }) => name === path })[path] ?? null;
}
