/** The app settings as the SCM site sees them: a little later than ARM wrote them. */
import { json } from '../arm/answer.ts';
import { fieldOf, takeJson } from '../incoming.ts';
import type { Platform } from '../platform.ts';
import type { Settings, Slot } from '../world/state.ts';
import type { ScmCall } from './router.ts';

/** Kudu's process has its own environment; it restarts with the new one after the latency `scmSettings`. */
export function seenSettings(platform: Platform, slot: Slot): Settings {
  const age = platform.clock.now() - slot.settingsWrittenMs;
  return age < platform.world.latencies.scmSettings ? slot.settingsBefore : slot.settings;
}

/** `settings` and `settings/{key}` */
export function answerSettings({ platform, slot, rest }: ScmCall): Response {
  const settings: Settings = { ...kuduSettings, ...seenSettings(platform, slot), ...slot.scmSettings };
  const [, key] = rest;
  if (key === undefined) return json(200, settings);
  const name = Object.keys(settings).find((one) => one.toLowerCase() === key.toLowerCase());
  return name === undefined ? json(404, { Message: `'${key}' was not found.` }) : json(200, settings[name]);
}

/** `POST settings`: Kudu's own settings, which the app never sees; the older form names one key and its value. */
export async function writeScmSettings({ slot, incoming }: ScmCall): Promise<Response> {
  const body = await takeJson(incoming);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return json(400, { Message: 'The request is invalid.' });
  const [key, value] = [fieldOf(body, 'key'), fieldOf(body, 'value')];
  const written = typeof key === 'string' && value !== undefined ? { [key]: value } : body;
  const texts = Object.entries(written).map(([name, one]): [string, string] => [name, String(one)]);
  slot.scmSettings = { ...slot.scmSettings, ...Object.fromEntries(texts) };
  return new Response(null, { status: 204 });
}

export function deleteScmSetting({ slot, rest }: ScmCall): Response {
  const name = rest[1]!.toLowerCase();
  const kept = Object.entries(slot.scmSettings).filter(([one]) => one.toLowerCase() !== name);
  slot.scmSettings = Object.fromEntries(kept);
  return new Response(null, { status: 204 });
}

/** Kudu's own, beside those of the app. */
const kuduSettings: Settings = {
  deployment_branch: 'master',
  SCM_TRACE_LEVEL: '1',
  SCM_COMMAND_IDLE_TIMEOUT: '60',
  SCM_LOGSTREAM_TIMEOUT: '7200',
  SCM_BUILD_ARGS: '',
};
