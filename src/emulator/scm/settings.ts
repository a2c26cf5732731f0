/** The app settings as the SCM site sees them: a little later than ARM wrote them. */
import { json } from '../arm/answer.ts';
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
  const settings: Settings = { ...kuduSettings, ...seenSettings(platform, slot) };
  const [, key] = rest;
  if (key === undefined) return json(200, settings);
  const name = Object.keys(settings).find((one) => one.toLowerCase() === key.toLowerCase());
  return name === undefined ? json(404, { Message: `'${key}' was not found.` }) : json(200, settings[name]);
}

/** Kudu's own, beside those of the app. */
const kuduSettings: Settings = {
  deployment_branch: 'master',
  SCM_TRACE_LEVEL: '1',
  SCM_COMMAND_IDLE_TIMEOUT: '60',
  SCM_LOGSTREAM_TIMEOUT: '7200',
  SCM_BUILD_ARGS: '',
};
