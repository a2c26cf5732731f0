/** Whether the plan can do what is asked of it, beside having slots at all. */
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { can, hasSlots, scalesByEvents, slotLimitOf } from './hosting.ts';
import { capitalise, docs, joinWords, sidesOf } from './words.ts';

const networking = `${docs}/azure-functions/functions-networking-options`;

export const planRules: readonly Rule[] = [
  {
    id: 'slot-limit-reached',
    subject: 'plan',
    severity: 'error',
    when: 'the staging slot is missing, and the plan allows no further slot',
    why: 'A plan allows a fixed number of slots for each app, so that the missing one cannot be created.',
    source: `${docs}/azure-functions/functions-scale#service-limits`,
    check: inScene(checkSlotLimit),
  },
  {
    id: 'private-endpoint-unsupported',
    subject: 'plan',
    severity: 'error',
    when: 'private endpoints are asked for on a plan that has none',
    why: 'The app can have no private address on this plan, so nothing could be probed through one.',
    source: networking,
    check: inScene(checkPrivateEndpoints),
  },
  {
    id: 'vnet-unsupported',
    subject: 'plan',
    severity: 'error',
    when: 'settings ask for a virtual network on a plan without integration',
    why: 'These settings have no effect without network integration: what the app should reach stays out of reach.',
    source: networking,
    check: inScene(checkVnet),
  },
  {
    id: 'vnet-triggers-unsupported',
    subject: 'plan',
    severity: 'error',
    when: 'non-HTTP triggers are in a network, on a plan that cannot listen there',
    why: 'On this plan, triggers cannot wait for what is only reachable in a virtual network: functions would never start.',
    source: `${networking}#virtual-network-triggers-non-http`,
    check: inScene(checkVnetTriggers),
  },
  {
    id: 'vnet-triggers-unmonitored',
    subject: 'plan',
    severity: 'warning',
    when: 'non-HTTP triggers on a Premium plan in a network, without runtime scale monitoring',
    why: 'The scale controller stands outside of the network and sees no queue in it: the app does not scale out, and sleeps through events when it has no instance.',
    source: `${networking}#elastic-premium-plan-with-virtual-network-triggers`,
    check: inScene(checkScaleMonitoring),
  },
  {
    id: 'hybrid-connections-on-linux',
    subject: 'plan',
    severity: 'warning',
    when: 'hybrid connections on Linux, or on a plan without them',
    why: 'Function apps use hybrid connections on Windows only: what is behind them is out of reach.',
    source: `${networking}#hybrid-connections`,
    check: inScene(checkHybrid),
  },
];

function checkSlotLimit({ facts, around }: Scene): Said {
  const limit = slotLimitOf(facts.planTier);
  if (facts.staging || around.slotCount === null || limit === null || !hasSlots(facts.planTier)) return null;
  if (around.slotCount < limit) return null;
  return {
    found: `The app has ${around.slotCount} slots beside production, and a ${facts.planTier} plan allows ${limit}.`,
    fix: 'Delete a slot that is not needed, name one of those there are as the staging slot, or move to a larger plan.',
  };
}

function checkPrivateEndpoints({ facts, request }: Scene): Said {
  const { probes } = request;
  const via = probes?.viaOf?.[facts.target.name] ?? probes?.via;
  if (can(facts.planTier, 'privateEndpoints') !== false) return null;
  const wishes = [
    ...(via === 'private-endpoint' ? ['the vantage private-endpoint'] : []),
    ...(probes?.requirePrivate ? ['probes.requirePrivate'] : []),
  ];
  if (wishes.length === 0) return null;
  return {
    found: `${capitalise(joinWords(wishes))} ${wishes.length === 1 ? 'is' : 'are'} asked for, and a ${facts.planTier} plan has no private endpoints.`,
    fix: 'Move to Premium, Standard or higher, or take them out of the config.',
  };
}

function checkVnet(scene: Scene): Said {
  if (can(scene.facts.planTier, 'vnet') !== false) return null;
  const names = sidesOf(scene).flatMap(({ slot }) => slot.settings.networkSettings);
  if (names.length === 0) return null;
  return {
    found: `${joinWords([...new Set(names)])} ${names.length === 1 ? 'is' : 'are'} set, and a ${scene.facts.planTier} plan has no virtual network integration.`,
    fix: 'Move to a plan with network integration (Premium, Standard or higher), or remove these settings.',
  };
}

function checkVnetTriggers(scene: Scene): Said {
  const { facts } = scene;
  const triggers = liveTriggers(scene);
  const isWished = sidesOf(scene).some(
    ({ slot }) => slot.subnetId !== null || slot.settings.networkSettings.length > 0,
  );
  if (triggers.length === 0 || !isWished || can(facts.planTier, 'vnetTriggers') !== false) return null;
  return {
    found: `${joinWords(triggers)} would wait in a virtual network, which a ${facts.planTier} plan cannot.`,
    fix: 'Move to Premium or to a dedicated plan, or let these functions wait for something public.',
  };
}

function checkScaleMonitoring(scene: Scene): Said {
  const { facts } = scene;
  if (!scalesByEvents(facts.planTier)) return null;
  const triggers = liveTriggers(scene);
  const blind = sidesOf(scene).filter(({ slot }) => slot.subnetId !== null && !slot.scaleMonitoring);
  if (triggers.length === 0 || blind.length === 0) return null;
  return {
    found: `${joinWords(triggers)} ${triggers.length === 1 ? 'waits' : 'wait'} in a virtual network, and runtime scale monitoring is off on ${joinWords(blind.map(({ name }) => name))}.`,
    fix: `Switch it on for each: az resource update --resource-type Microsoft.Web/sites ${scopeOf(scene)} --set properties.siteConfig.functionsRuntimeScaleMonitoringEnabled=true, or silence this when everything that is waited for is public.`,
  };
}

function checkHybrid({ facts, around }: Scene): Said {
  const connections = around.hybridConnections ?? [];
  if (connections.length === 0) return null;
  const isFit = facts.operatingSystem === 'windows' && can(facts.planTier, 'hybridConnections') !== false;
  if (isFit) return null;
  return {
    found: `The app has hybrid connections (${connections.join(', ')}), and runs on ${facts.operatingSystem === 'linux' ? 'Linux' : `a ${facts.planTier} plan`}.`,
    fix: 'Reach those hosts through network integration (VPN, ExpressRoute) instead, and remove the hybrid connections.',
  };
}

/** By name; timers wait for nothing in a network. */
function liveTriggers({ around }: Scene): readonly string[] {
  return (around.staging?.triggers ?? [])
    .filter(({ type, disabled }) => !disabled && !/^(timer|warmup|eventGrid)Trigger$/i.test(type))
    .map(({ name, type }) => `${name} (${type})`);
}

function scopeOf({ facts: { target } }: Scene): string {
  return `--subscription ${target.subscriptionId} -g ${target.resourceGroup} -n ${target.site}`;
}
