/** Where the other programs of this product are: beside the built one, or in the source tree. */
import { fileURLToPath } from 'node:url';

let sill: URL | null = null;

/** Told by cli.ts, which stays where it is when the rest is cut into chunks. */
export function rememberSill(url: string): void {
  sill = new URL(url);
}

/** The emulator's own door. */
export function findEmulator(): string {
  const from = sill ?? new URL(import.meta.url);
  const path = from.pathname.endsWith('.ts') ? '../emulator/main.ts' : './emulator.js';
  return fileURLToPath(new URL(path, from));
}
