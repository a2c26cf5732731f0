import { type Config, loadConfig } from '../config/load.ts';
import { hideValue } from './secrets.ts';

/** Reads the config; from here on what may be secret in it is taken out of whatever is written. */
export async function readConfig(path: string): Promise<Config> {
  const config = await loadConfig(path);
  for (const value of Object.values(config.settings)) hideValue(value);
  for (const { headers, path: asked } of config.probes.checks) {
    for (const [name, value] of Object.entries(headers)) if (!isPlain(name)) hideValue(value);
    for (const [, value] of new URL(asked, 'https://any').searchParams) hideValue(value);
  }
  return config;
}

/** Headers that say what is talked about, not who may. */
function isPlain(name: string): boolean {
  return /^(accept|content-type|user-agent)/i.test(name);
}
