import { readFileSync } from 'node:fs';

/** Put in by the build; run from source, the version is read from package.json. */
declare const SLOTWAVE_VERSION: string | undefined;

export function readVersion(): string {
  if (typeof SLOTWAVE_VERSION === 'string') return SLOTWAVE_VERSION;
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '?';
}
