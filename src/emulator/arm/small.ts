/** What tools read of an app on their way to something else: each in the shape that they expect. */
import { fieldOf, takeJson } from '../incoming.ts';
import { keepAnswered } from '../record/channel.ts';
import type { ConnectionString } from '../world/state.ts';
import { appServiceError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { demandQuiet, demandUnprepared } from './conflicts.ts';
import { publishingUserOf } from './publishing.ts';
import { shapeConfig } from './settings.ts';
import { idOf, nameOf, typeOf } from './shapes.ts';

export function listConnectionStrings({ slot }: AppCall): Response {
  return json(200, shapeConfig(slot, 'connectionstrings', slot.connectionStrings));
}

export async function writeConnectionStrings({ platform, slot, incoming }: AppCall): Promise<Response> {
  const properties = fieldOf(await takeJson(incoming), 'properties');
  if (typeof properties !== 'object' || properties === null)
    return appServiceError(400, 'BadRequest', 'The parameter properties has an invalid value.', '51008');
  demandQuiet(platform, slot);
  demandUnprepared(slot);
  const read = Object.entries(properties).map(([name, one]): [string, ConnectionString] => [
    name,
    { value: String(fieldOf(one, 'value') ?? ''), type: String(fieldOf(one, 'type') ?? 'Custom') },
  ]);
  slot.connectionStrings = Object.fromEntries(read);
  slot.lastModifiedMs = platform.clock.now();
  return json(200, shapeConfig(slot, 'connectionstrings', slot.connectionStrings));
}

/** One instance: scaling out is not played. */
export function listInstances({ slot }: AppCall): Response {
  const name = slot.publishingPassword.slice(0, 32);
  const id = `${idOf(slot)}/instances/${name}`;
  const properties = { state: slot.state === 'Running' ? 'READY' : 'STOPPED' };
  return list([{ id, name, type: `${typeOf(slot)}/instances`, properties }]);
}

export function readInstance(call: AppCall): Response {
  const { slot, rest } = call;
  const name = slot.publishingPassword.slice(0, 32);
  if (rest.at(-1) !== name)
    return appServiceError(404, 'NotFound', `Instance '${rest.at(-1)}' was not found.`, '51004');
  const properties = { state: slot.state === 'Running' ? 'READY' : 'STOPPED' };
  return json(200, {
    id: `${idOf(slot)}/instances/${name}`,
    name,
    type: `${typeOf(slot)}/instances`,
    properties,
  });
}

export function listHostNameBindings({ platform, slot }: AppCall): Response {
  const host = platform.addresses.host(slot.label);
  const properties = { siteName: nameOf(slot), hostNameType: 'Verified', sslState: 'Disabled' };
  return list([
    {
      id: `${idOf(slot)}/hostNameBindings/${host}`,
      name: `${nameOf(slot)}/${host}`,
      type: `${typeOf(slot)}/hostNameBindings`,
      properties,
    },
  ]);
}

/** `publishxml`: credentials as Visual Studio saves them. */
export function writePublishProfile({ platform, slot }: AppCall): Response {
  const scm = platform.addresses.scmHost(slot.label);
  const attributes = {
    profileName: `${slot.label} - Zip Deploy`,
    publishMethod: 'ZipDeploy',
    publishUrl: scm,
    userName: publishingUserOf(slot),
    userPWD: slot.publishingPassword,
    destinationAppUrl: `https://${platform.addresses.host(slot.label)}`,
  };
  const text = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
  const body = `<publishData><publishProfile ${text.join(' ')}><databases /></publishProfile></publishData>`;
  const headers = { 'content-type': 'application/xml' };
  return keepAnswered(new Response(body, { status: 200, headers }), body);
}

/** Collections of which an app here has none, and settings that are as Azure makes them. */
export function emptyConfig(name: string, properties: object) {
  return ({ slot }: AppCall): Response => json(200, shapeConfig(slot, name, properties));
}

export function readSourceControl({ slot }: AppCall): Response {
  return json(200, {
    id: `${idOf(slot)}/sourcecontrols/web`,
    name: nameOf(slot),
    type: `${typeOf(slot)}/sourcecontrols`,
    properties: { isManualIntegration: false, isGitHubAction: false, deploymentRollbackEnabled: false },
  });
}

/** A function's own keys: here they are those of the whole app. */
export function listFunctionKeys({ slot }: AppCall): Response {
  return json(200, slot.keys.functionKeys);
}

/** 204 in the OpenAPI, 200 with a body in Azure (azure-platform.md §0.3). */
export function readSyncStatus(): Response {
  return json(200, { status: 'success' });
}
