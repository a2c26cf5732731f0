/** `authsettingsV2`, and what is left of its first version. It stays with its slot (azure-platform.md §3.3). */
import { fieldOf, takeJson } from '../incoming.ts';
import { spotOf } from '../platform.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, json } from './answer.ts';
import type { AppCall } from './call.ts';
import { demandQuiet, demandUnprepared } from './conflicts.ts';
import { shapeConfig } from './settings.ts';

/** Of an app that nobody gave any; providers keep their secrets in app settings, so there are none in it. */
const untouched = {
  platform: { enabled: false, runtimeVersion: '~1' },
  globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' },
  identityProviders: {},
  login: { routes: {}, tokenStore: { enabled: false }, preserveUrlFragmentsForLogins: false },
  httpSettings: {
    requireHttps: true,
    routes: { apiPrefix: '/.auth' },
    forwardProxy: { convention: 'NoProxy' },
  },
};

/** `config/authsettingsV2` and `config/authsettingsV2/list`, both by GET. */
export function readAuthentication({ slot }: AppCall): Response {
  return json(200, shapeConfig(slot, 'authsettingsV2', slot.authentication ?? untouched));
}

/** All of it is replaced. */
export async function writeAuthentication({ platform, slot, incoming }: AppCall): Promise<Response> {
  const properties = fieldOf(await takeJson(incoming), 'properties');
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    return appServiceError(400, 'BadRequest', 'The parameter properties has an invalid value.', '51008');
  demandQuiet(platform, slot);
  demandUnprepared(slot);
  slot.authentication = properties as Readonly<Record<string, unknown>>;
  slot.lastModifiedMs = platform.clock.now();
  platform.record({ type: 'config.written', ...spotOf(slot), names: ['authsettingsV2'] });
  return json(200, shapeConfig(slot, 'authsettingsV2', slot.authentication));
}

/** `config/authsettings/list`: the first version tells whether there is any. */
export function listFirstAuthentication({ slot }: AppCall): Response {
  return json(200, shapeConfig(slot, 'authsettings', { enabled: isAuthenticated(slot) }));
}

/** Whether the platform signs callers in before they reach the app. */
export function isAuthenticated({ authentication }: Slot): boolean {
  return fieldOf(authentication, 'platform', 'enabled') === true;
}
