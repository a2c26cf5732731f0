/** How the app gets out: the integration of each slot with a virtual network (azure-platform.md §5.3). */
import type { SubnetFacts } from '../plan/surroundings.ts';
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { can } from './hosting.ts';
import {
  capitalise,
  docs,
  joinWords,
  lastPart,
  nameApp,
  nameInAz,
  nameSlot,
  sameText,
  sidesOf,
} from './words.ts';

const integration = `${docs}/app-service/overview-vnet-integration`;

export const networkRules: readonly Rule[] = [
  {
    id: 'vnet-integration-missing',
    subject: 'network',
    severity: 'error',
    when: 'production is integrated with a network, and the staging slot is not',
    why: 'Integration belongs to a slot and is not copied: the candidate starts where nothing private can be reached, and is found sick, or is found well for reasons that do not hold in production.',
    source: `${integration}#how-regional-virtual-network-integration-works`,
    check: inScene(checkMissing),
  },
  {
    id: 'vnet-integration-only-on-slot',
    subject: 'network',
    severity: 'warning',
    when: 'the staging slot is integrated with a network, and production is not',
    why: 'Integration stays with its slot in a swap: what the candidate reaches beside production it does not reach when it is live.',
    source: integration,
    check: inScene(checkOnlyOnSlot),
  },
  {
    id: 'vnet-integration-differs',
    subject: 'network',
    severity: 'warning',
    when: 'the two slots are integrated with different subnets that are not equal',
    why: 'From another subnet other things can be reached: what was probed beside production says little about production.',
    source: integration,
    check: inScene(checkDiffers),
  },
  {
    id: 'route-all-off',
    subject: 'network',
    severity: 'warning',
    when: 'only private addresses are routed into the network, where the other slot or probes.dependencies need more',
    why: 'Without it, traffic to public addresses leaves by the internet: past the firewall, and not from the address that others have allowed.',
    source: `${integration}#routes`,
    check: inScene(checkRouteAll),
  },
  {
    id: 'gateway-integration',
    subject: 'network',
    severity: 'warning',
    when: 'a slot uses gateway-required integration',
    why: 'It goes through a point-to-site VPN: no Linux, no service endpoints, no ExpressRoute, no Key Vault references over it, and not on Premium plans.',
    source: `${integration}#gateway-required-virtual-network-integration`,
    check: inScene(checkGateway),
  },
];

function checkMissing({ facts, around }: Scene): Said {
  const { production, staging } = around;
  if (!staging || production.subnetId === null || staging.subnetId !== null) return null;
  const { target } = facts;
  return {
    found: `Production is integrated with the subnet ${lastPart(production.subnetId)}, ${nameSlot(target)} with none.`,
    fix: `Join it as well: az functionapp vnet-integration add ${nameApp(target)} --slot ${target.slot} --vnet ${networkOf(production.subnetId)} --subnet ${lastPart(production.subnetId)}`,
  };
}

function checkOnlyOnSlot({ facts, around }: Scene): Said {
  const { production, staging } = around;
  if (!staging?.subnetId || production.subnetId !== null) return null;
  return {
    found: `${capitalise(nameSlot(facts.target))} is integrated with the subnet ${lastPart(staging.subnetId)}, production with none.`,
    fix: `Join production as well (az functionapp vnet-integration add ${nameApp(facts.target)} …), or take the slot out of its network.`,
  };
}

function checkDiffers({ around }: Scene): Said {
  const { production, staging } = around;
  if (!staging?.subnetId || !production.subnetId || sameText(staging.subnetId, production.subnetId))
    return null;
  const different = compareWays(production.subnet, staging.subnet);
  // Both are known and lead the same ways: equal, though not the same.
  if (different?.length === 0) return null;
  const how = different === null ? 'and could not be compared' : `and have other ${joinWords(different)}`;
  return {
    found: `Production leaves by the subnet ${lastPart(production.subnetId)}, the slot by ${lastPart(staging.subnetId)}, ${how}.`,
    fix: 'Integrate both with one subnet, or give both subnets the same network, security group, routes and endpoints.',
  };
}

const wayNames: Readonly<Record<keyof SubnetFacts['ways'], string>> = {
  network: 'virtual networks',
  securityGroup: 'security groups',
  routeTable: 'route tables',
  natGateway: 'NAT gateways',
  serviceEndpoints: 'service endpoints',
};

/** Null when one of them could not be read. */
function compareWays(one: SubnetFacts | null, other: SubnetFacts | null): readonly string[] | null {
  if (!one || !other) return null;
  const ways = Object.keys(wayNames) as (keyof SubnetFacts['ways'])[];
  return ways.filter((way) => one.ways[way] !== other.ways[way]).map((way) => wayNames[way]);
}

function checkRouteAll(scene: Scene): Said {
  const off = sidesOf(scene).filter(({ slot }) => slot.subnetId !== null && !slot.routesAll);
  const on = sidesOf(scene).filter(({ slot }) => slot.subnetId !== null && slot.routesAll);
  const named = (scene.request.probes?.dependencies ?? []).map(({ host }) => host).filter(needsRoute);
  if (off.length === 0 || (on.length === 0 && named.length === 0)) return null;
  const because = [
    ...(on.length > 0 ? [`${on[0]!.name} has it on`] : []),
    ...(named.length > 0 ? [`probes.dependencies names ${named.slice(0, 3).join(', ')}`] : []),
  ];
  const { target } = scene.facts;
  return {
    found: `Not all traffic of ${joinWords(off.map(({ name }) => name))} is routed through the network, and ${joinWords(because)}.`,
    fix: `Route all of it: az functionapp config set ${nameInAz(target, off[0]!)} --vnet-route-all-enabled true, or silence this when those are private addresses.`,
  };
}

/** Private addresses go through the network in any case. */
function needsRoute(host: string): boolean {
  return !/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:)/i.test(host);
}

function checkGateway(scene: Scene): Said {
  const using = sidesOf(scene).filter(({ slot }) => slot.gatewayNetwork !== null);
  if (using.length === 0) return null;
  const { planTier, operatingSystem } = scene.facts;
  const cannot = operatingSystem === 'linux' || can(planTier, 'gateway') === false;
  return {
    found: `${capitalise(joinWords(using.map(({ name, slot }) => `${name} (${slot.gatewayNetwork})`)))} ${using.length === 1 ? 'uses' : 'use'} gateway-required integration${cannot ? `, which does not work on ${operatingSystem === 'linux' ? 'Linux' : planTier}` : ''}.`,
    fix: 'Change to regional integration; the two networks can be peered.',
  };
}

function networkOf(subnetId: string): string {
  return /\/virtualNetworks\/([^/]+)\//i.exec(subnetId)?.[1] ?? '<network>';
}
