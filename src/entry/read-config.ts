import { resolve } from 'node:path';
import { configOf } from '../config/asked.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { InputError, type Problem } from '../errors.ts';
import type { ConfigOptions } from './options.ts';
import type { Outside } from './outside.ts';
import { hideValue } from './secrets.ts';

const usualFile = 'slotwave.yml';

/**
 * What was asked: a config file, or one app by its inputs. From here on what may be secret in it is taken out of
 * whatever is written.
 */
export async function readConfig(
  options: ConfigOptions,
  outside: Pick<Outside, 'environment' | 'nameInput'>,
): Promise<Config> {
  const config = await readAsked(options, outside);
  for (const value of Object.values(config.settings)) hideValue(value);
  for (const { headers, path: asked } of config.probes.checks) {
    for (const [name, value] of Object.entries(headers)) if (!isPlain(name)) hideValue(value);
    for (const [, value] of new URL(`https://any${asked}`).searchParams) hideValue(value);
  }
  return config;
}

async function readAsked(
  options: ConfigOptions,
  { environment, nameInput }: Pick<Outside, 'environment' | 'nameInput'>,
): Promise<Config> {
  const { appName } = options;
  if (appName !== undefined && options.config === undefined) {
    const subscriptionId = options.subscriptionId ?? (environment['AZURE_SUBSCRIPTION_ID'] || undefined);
    return configOf({ ...options, appName, subscriptionId }, resolve('.'), nameInput);
  }
  refuseHalfAsked(options, nameInput);
  const config = await loadConfig(options.config ?? usualFile);
  // A package that is named where the work is done lies beside the work, not beside the file.
  return options.package === undefined ? config : { ...config, packagePath: resolve(options.package) };
}

/** What describes one app says nothing beside a file, and nothing without that app's name. */
function refuseHalfAsked(options: ConfigOptions, nameInput: (name: string) => string): void {
  const given = [
    ['app-name', options.appName],
    ['resource-group-name', options.resourceGroupName],
    ['slot-name', options.slotName],
    ['app-settings', options.appSettings],
    ['health-check-path', options.healthCheckPath],
  ].flatMap(([name = '', value]) => (value === undefined ? [] : [name]));
  if (given.length === 0) return;
  const beside = options.config !== undefined;
  const problems = given.map((name): Problem => {
    const message = beside
      ? `cannot stand beside ${nameInput('config')}: the file says it`
      : `needs ${nameInput('app-name')}`;
    return { path: nameInput(name), message };
  });
  throw new InputError(beside ? 'The app is described twice.' : 'It is not said which app is meant.', {
    code: 'inputs-invalid',
    problems,
    next: beside
      ? `Give ${nameInput('config')} for what the file describes, or ${nameInput('app-name')} and the others for one app without a file.`
      : `Name the function app: ${nameInput('app-name')}`,
  });
}

/** Headers that say what is talked about, not who may. */
function isPlain(name: string): boolean {
  return /^(accept|content-type|user-agent)/i.test(name);
}
