/** What can be asked of one app, production or slot: one line each. */
import { frontDoorError, json } from './answer.ts';
import { listHybridConnections, listPermissions } from './app-surroundings.ts';
import { listFirstAuthentication, readAuthentication, writeAuthentication } from './authentication.ts';
import type { AppCall } from './call.ts';
import { checkConnectivity } from './connectivity.ts';
import { deleteSite } from './create-site.ts';
import {
  deleteArmDeployment,
  listDeployments,
  readDeploymentStatus,
  writeArmDeployment,
} from './deployments.ts';
import { answerHostRuntime, listFunctions, listHostKeys, readHostStatus, syncTriggers } from './host.ts';
import { readMetrics } from './metrics.ts';
import { deployByMsDeploy, readMsDeploy, readMsDeployLog } from './ms-deploy.ts';
import {
  checkDns,
  checkTcp,
  listPrivateEndpoints,
  listPrivateLinks,
  listVnetConnections,
  readSubnet,
} from './network.ts';
import { deployByUrl, readLastDeployment } from './one-deploy.ts';
import { listPolicies, listPublishingCredentials, readPolicy, writePolicy } from './publishing.ts';
import { listReferences, readReference } from './references.ts';
import { listSettings, readStickyNames, writeSettings, writeStickyNames } from './settings.ts';
import { shapeSite } from './shapes.ts';
import { createSlot, deleteSlot, listSlots, restart, start, stop, updateApp } from './slots.ts';
import {
  emptyConfig,
  listConnectionStrings,
  listFunctionKeys,
  listHostNameBindings,
  listInstances,
  readInstance,
  readSourceControl,
  readSyncStatus,
  writeConnectionStrings,
  writePublishProfile,
} from './small.ts';
import { applySlotConfig, listDifferences, readOperation, resetSlotConfig, swapSlots } from './swap.ts';
import { listWebConfigs, readWebConfig, writeWebConfig } from './web-config.ts';

type Answer = (call: AppCall) => Response | Promise<Response>;

const getApp: Answer = ({ platform, slot }) =>
  json(200, shapeSite(platform, slot), { etag: `"${slot.lastModifiedMs.toString(16).toUpperCase()}"` });

/** Method and path, in lower case; `*` stands for one segment. */
const routes: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['GET ', getApp],
  ['PATCH ', updateApp],
  ['PUT ', updateApp],
  ['DELETE ', deleteSite],
  ['GET slots', listSlots],
  ['PUT slots/*', createSlot],
  ['PATCH slots/*', createSlot],
  ['DELETE slots/*', deleteSlot],
  ['POST restart', restart],
  ['POST start', start],
  ['POST stop', stop],
  ['POST config/appsettings/list', listSettings],
  ['PUT config/appsettings', writeSettings],
  ['GET config/configreferences/appsettings', listReferences],
  ['GET config/configreferences/appsettings/*', readReference],
  ['POST config/connectionstrings/list', listConnectionStrings],
  ['PUT config/connectionstrings', writeConnectionStrings],
  ['POST config/metadata/list', emptyConfig('metadata', {})],
  ['PUT config/metadata', emptyConfig('metadata', {})],
  ['POST config/authsettings/list', listFirstAuthentication],
  ['GET config/authsettingsv2', readAuthentication],
  ['GET config/authsettingsv2/list', readAuthentication],
  ['PUT config/authsettingsv2', writeAuthentication],
  ['POST config/azurestorageaccounts/list', emptyConfig('azurestorageaccounts', {})],
  ['GET config/slotconfignames', readStickyNames],
  ['PUT config/slotconfignames', writeStickyNames],
  ['GET config', listWebConfigs],
  ['GET config/web', readWebConfig],
  ['PATCH config/web', writeWebConfig],
  ['PUT config/web', writeWebConfig],
  ['POST config/publishingcredentials/list', listPublishingCredentials],
  ['POST publishxml', writePublishProfile],
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
  ['POST host/default/listsyncstatus', readSyncStatus],
  ['POST syncfunctiontriggers', syncTriggers],
  ['POST listsyncfunctiontriggerstatus', readSyncStatus],
  ['GET functions', listFunctions],
  ['GET functions/*', listFunctions],
  ['POST functions/*/listkeys', listFunctionKeys],
  ['GET deployments', listDeployments],
  ['GET deployments/*', listDeployments],
  ['PUT deployments/*', writeArmDeployment],
  ['DELETE deployments/*', deleteArmDeployment],
  ['GET deploymentstatus', readDeploymentStatus],
  ['GET deploymentstatus/*', readDeploymentStatus],
  ['PUT extensions/onedeploy', deployByUrl],
  ['GET extensions/onedeploy', readLastDeployment],
  ['PUT extensions/zipdeploy', deployByUrl],
  ['GET extensions/zipdeploy', readLastDeployment],
  ['PUT extensions/msdeploy', deployByMsDeploy],
  ['GET extensions/msdeploy', readMsDeploy],
  ['GET extensions/msdeploy/log', readMsDeployLog],
  ['GET instances', listInstances],
  ['GET instances/*', readInstance],
  ['GET hostnamebindings', listHostNameBindings],
  ['GET sourcecontrols/web', readSourceControl],
  ['GET privateendpointconnections', listPrivateEndpoints],
  ['GET privatelinkresources', listPrivateLinks],
  ['GET networkconfig/virtualnetwork', readSubnet],
  ['GET virtualnetworkconnections', listVnetConnections],
  ['POST dnscheck', checkDns],
  ['POST tcppingcheck', checkTcp],
  ['POST connectivitycheck', checkConnectivity],
  ['GET hybridconnectionrelays', listHybridConnections],
  ['GET providers/microsoft.authorization/permissions', listPermissions],
  ['GET providers/microsoft.insights/metrics', readMetrics],
]);

export async function answerApp(call: AppCall): Promise<Response> {
  const { rest, method } = call;
  if (rest[0]?.toLowerCase() === 'hostruntime') return answerHostRuntime(call);
  const lower = rest.map((segment) => segment.toLowerCase());
  const path = lower.join('/');
  const answer =
    routes.get(`${method} ${path}`) ??
    routes.get(`${method} ${[...lower.slice(0, -1), '*'].join('/')}`) ??
    routes.get(`${method} ${lower.map((segment, index) => (index === 1 ? '*' : segment)).join('/')}`);
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
