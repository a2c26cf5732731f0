/** Credentials for the SCM site: whether basic ones are allowed, and which they are (azure-platform.md §2.10). */
import { fieldOf, takeJson } from '../incoming.ts';
import type { Slot } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { idOf, typeOf } from './shapes.ts';

type Channel = 'scm' | 'ftp';

export function listPolicies({ slot }: AppCall): Response {
  return list([shapePolicy(slot, 'ftp'), shapePolicy(slot, 'scm')]);
}

export function readPolicy(call: AppCall): Response {
  const channel = readChannel(call);
  return channel ? json(200, shapePolicy(call.slot, channel)) : unknownPolicy(call);
}

export async function writePolicy(call: AppCall): Promise<Response> {
  const channel = readChannel(call);
  if (!channel) return unknownPolicy(call);
  const allow = fieldOf(await takeJson(call.incoming), 'properties', 'allow');
  if (typeof allow !== 'boolean')
    return appServiceError(400, 'BadRequest', 'The parameter allow has an invalid value.', '51008');
  call.slot.basicAuth[channel] = allow;
  return json(200, shapePolicy(call.slot, channel));
}

export function listPublishingCredentials({ platform, slot }: AppCall): Response {
  const userName = publishingUserOf(slot);
  return json(200, {
    id: `${slot.site.id}/publishingcredentials/$${slot.site.name}`,
    name: slot.site.name,
    type: 'Microsoft.Web/sites/publishingcredentials',
    properties: {
      publishingUserName: userName,
      publishingPassword: slot.publishingPassword,
      scmUri: `https://${userName}:${slot.publishingPassword}@${platform.addresses.scmHost(slot.label)}`,
    },
  });
}

/** `$site`, or `$site__slot`. */
export function publishingUserOf(slot: Slot): string {
  return slot === slot.site.production ? `$${slot.site.name}` : `$${slot.site.name}__${slot.name}`;
}

function readChannel({ rest }: AppCall): Channel | null {
  const name = rest.at(-1)!.toLowerCase();
  return name === 'scm' || name === 'ftp' ? name : null;
}

function unknownPolicy({ rest }: AppCall): Response {
  return appServiceError(404, 'NotFound', `There is no policy '${rest.at(-1)}'.`, '51004');
}

function shapePolicy(slot: Slot, channel: Channel): Record<string, unknown> {
  const base = `${idOf(slot)}/basicPublishingCredentialsPolicies/${channel}`;
  return {
    id: base,
    name: channel,
    type: `${typeOf(slot)}/basicPublishingCredentialsPolicies`,
    properties: { allow: slot.basicAuth[channel] },
  };
}
