/** What can be asked of one app, production or slot: one line each. */
import { frontDoorError, json, list } from './answer.ts';
import type { AppCall } from './call.ts';
import { listDeployments } from './deployments.ts';
import { answerHostRuntime, listFunctions, listHostKeys, readHostStatus, syncTriggers } from './host.ts';
import { listPolicies, listPublishingCredentials, readPolicy, writePolicy } from './publishing.ts';
import {
  listConnectionStrings,
  listSettings,
  readStickyNames,
  writeSettings,
  writeStickyNames,
} from './settings.ts';
import { shapeSite } from './shapes.ts';
import { createSlot, deleteSlot, listSlots, restart, start, stop } from './slots.ts';
import { applySlotConfig, listDifferences, readOperation, resetSlotConfig, swapSlots } from './swap.ts';
import { readWebConfig, writeWebConfig } from './web-config.ts';

type Answer = (call: AppCall) => Response | Promise<Response>;

const getApp: Answer = ({ platform, slot }) => json(200, shapeSite(platform, slot));
const noPrivateEndpoints: Answer = () => list([]);

/** Method and path, in lower case; `*` stands for one segment, `**` for the rest. */
const routes: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['GET ', getApp],
  ['GET slots', listSlots],
  ['PUT slots/*', createSlot],
  ['PATCH slots/*', createSlot],
  ['DELETE slots/*', deleteSlot],
  ['POST restart', restart],
  ['POST start', start],
  ['POST stop', stop],
  ['POST config/appsettings/list', listSettings],
  ['PUT config/appsettings', writeSettings],
  ['POST config/connectionstrings/list', listConnectionStrings],
  ['GET config/slotconfignames', readStickyNames],
  ['PUT config/slotconfignames', writeStickyNames],
  ['GET config/web', readWebConfig],
  ['PATCH config/web', writeWebConfig],
  ['PUT config/web', writeWebConfig],
  ['POST config/publishingcredentials/list', listPublishingCredentials],
  ['GET basicpublishingcredentialspolicies', listPolicies],
  ['GET basicpublishingcredentialspolicies/*', readPolicy],
  ['PUT basicpublishingcredentialspolicies/*', writePolicy],
  ['POST slotsdiffs', listDifferences],
  ['POST slotsswap', swapSlots],
  ['POST applyslotconfig', applySlotConfig],
  ['POST resetslotconfig', resetSlotConfig],
  ['GET operationresults/*', readOperation],
  ['POST host/default/listkeys', listHostKeys],
  ['GET host/default/properties/status', readHostStatus],
  ['POST host/default/sync', syncTriggers],
  ['POST syncfunctiontriggers', syncTriggers],
  ['GET functions', listFunctions],
  ['GET functions/*', listFunctions],
  ['GET deployments', listDeployments],
  ['GET deployments/*', listDeployments],
  ['GET privateendpointconnections', noPrivateEndpoints],
]);

export async function answerApp(call: AppCall): Promise<Response> {
  const { rest, method } = call;
  if (rest[0]?.toLowerCase() === 'hostruntime') return answerHostRuntime(call);
  const path = rest.join('/').toLowerCase();
  const answer =
    routes.get(`${method} ${path}`) ??
    routes.get(`${method} ${[...rest.slice(0, -1), '*'].join('/').toLowerCase()}`);
  if (answer) return answer(call);
  const known = [...routes.keys()].some((key) => key.slice(key.indexOf(' ') + 1) === path);
  if (known)
    return frontDoorError(
      405,
      'MethodNotAllowed',
      `The requested resource does not support http method '${method}'.`,
    );
  const message = `'${rest.join('/')}' of an app is not known to this emulator (src/emulator/README.md lists what is).`;
  return frontDoorError(404, 'InvalidResourceType', message);
}
