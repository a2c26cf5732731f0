import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AppState, runHooks } from './core-api.ts';
import { findEntryFiles } from './entry-files.ts';

export interface Loaded {
  readonly entryError?: string;
  /** Set when the app asked for HTTP streaming: requests then reach it through this address. */
  readonly httpUri?: string;
}

/**
 * Loads the entry files as the Node worker does: one after the other, and the first that fails ends it with a
 * warning only, so that the host is `Running` without the functions (azure-platform.md §4.1). What earlier
 * files registered stays.
 */
export async function loadApp(root: string, app: AppState): Promise<Loaded> {
  const failure = await loadEntryFiles(root);
  await runHooks(app, 'appStart', { hookData: {}, appHookData: app.appHookData, functionAppDirectory: root });
  const capabilities = (await app.model?.getCapabilities?.({})) ?? {};
  app.started = true;
  return {
    ...(failure === undefined ? {} : { entryError: failure }),
    ...(capabilities['HttpUri'] === undefined ? {} : { httpUri: capabilities['HttpUri'] }),
  };
}

async function loadEntryFiles(root: string): Promise<string | undefined> {
  let current = 'package.json';
  try {
    const manifest = readManifest(root);
    if (manifest.main === undefined) return undefined;
    const files = findEntryFiles(root, manifest.main);
    current = manifest.main;
    if (files.length === 0) return `Worker was unable to load entry point "${current}": no file matches it.`;
    for (const file of files) {
      current = file;
      await loadScript(path.join(root, file), manifest.type === 'module');
    }
    return undefined;
  } catch (thrown) {
    return `Worker was unable to load entry point "${current}": ${describe(thrown)}`;
  }
}

interface Manifest {
  readonly main?: string;
  readonly type?: string;
}

function readManifest(root: string): Manifest {
  let text: string;
  try {
    text = readFileSync(path.join(root, 'package.json'), 'utf8');
  } catch {
    return {};
  }
  const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  if (typeof parsed !== 'object' || parsed === null) return {};
  const { main, type } = parsed as { main?: unknown; type?: unknown };
  return {
    ...(typeof main === 'string' && main !== '' ? { main } : {}),
    ...(typeof type === 'string' ? { type } : {}),
  };
}

async function loadScript(file: string, isModulePackage: boolean): Promise<void> {
  const isModule = file.endsWith('.mjs') || (isModulePackage && !file.endsWith('.cjs'));
  if (isModule) await import(pathToFileURL(file).href);
  else createRequire(file)(file);
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
