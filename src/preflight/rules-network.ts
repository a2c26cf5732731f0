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
    id: 'vnet-in-other-region',
    subject: 'network',
    severity: 'error',
    when: 'the network is in another region than the app',
    why: 'Regional integration works within one region only.',
    source: integration,
    check: inScene(checkRegion),
  },
  {
    id: 'subnet-not-delegated',
    subject: 'network',
    severity: 'error',
    when: 'the integration subnet is delegated to nobody, or to another service',
    why: 'Only a delegated subnet lets the platform join its instances: the next start or scale-out fails.',
    source: `${integration}#subnet-requirements`,
    check: inScene(checkDelegation),
  },
  {
    id: 'subnet-shared-by-plans',
    subject: 'network',
    severity: 'warning',
    when: 'one integration subnet is used by more than one plan',
    why: 'Each plan takes addresses for each of its instances: one that scales out can leave the others without. A Premium plan needs a subnet of its own.',
    source: `${integration}#subnet-requirements`,
    check: inScene(checkSharing),
  },
  {
    id: 'subnet-below-minimum',
    subject: 'network',
    severity: 'error',
    when: 'the integration subnet is smaller than /28',
    why: 'Azure needs a /28 at least; five addresses of each subnet are its own.',
    source: `${integration}#subnet-requirements`,
    check: inScene(checkMinimum),
  },
  {
    id: 'subnet-too-small-to-double',
    subject: 'network',
    severity: 'warning',
    when: 'the subnet has fewer addresses than twice the most instances of the plan',
    why: 'When a plan is scaled or its machines are replaced, old and new instances need addresses at the same time.',
    source: `${integration}#subnet-requirements`,
    check: inScene(checkDoubling),
  },
  {
    id: 'subnet-below-advice',
    subject: 'network',
    severity: 'warning',
    when: 'the subnet is smaller than /26 (Linux) or /24 (Windows)',
    why: 'A subnet cannot be resized while apps are in it: what is large enough today is in the way of tomorrow.',
    source: `${integration}#subnet-requirements`,
    check: inScene(checkAdvice),
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

function checkRegion(scene: Scene): Said {
  const { region } = scene.facts;
  const bad = subnetsOf(scene).filter((subnet) => subnet.region !== null && subnet.region !== plain(region));
  return say(
    bad,
    (subnet) => `is in ${subnet.region}, and the app in ${plain(region)}`,
    'Integrate the app with a network of its own region, and peer the two networks where that is needed.',
  );
}

function checkDelegation(scene: Scene): Said {
  const wanted = /^flexconsumption$/i.test(scene.facts.planTier)
    ? 'Microsoft.App/environments'
    : 'Microsoft.Web/serverFarms';
  const bad = subnetsOf(scene).filter(
    ({ delegations }) => !delegations.some((each) => sameText(each, wanted)),
  );
  return say(
    bad,
    ({ delegations }) => `is delegated to ${delegations.length === 0 ? 'nobody' : delegations.join(', ')}`,
    `Delegate it: az network vnet subnet update --ids <subnet> --delegations ${wanted}`,
  );
}

function checkSharing(scene: Scene): Said {
  const { facts, neighbours } = scene;
  const bad = subnetsOf(scene).flatMap((subnet) => {
    const inFleet = neighbours
      .filter(
        ({ around }) => joins(around.production.subnetId, subnet) || joins(around.staging?.subnetId, subnet),
      )
      .map((neighbour) => neighbour.facts.planId);
    const others = new Map(
      [...subnet.planIds, ...inFleet]
        .filter((planId) => !sameText(planId, facts.planId))
        .map((planId) => [planId.toLowerCase(), lastPart(planId)]),
    );
    return others.size === 0 ? [] : [{ ...subnet, others: [...others.values()].sort() }];
  });
  return say(
    bad,
    ({ others }) => `is used by the ${others.length === 1 ? 'plan' : 'plans'} ${others.join(', ')} as well`,
    'Give each plan an integration subnet of its own.',
  );
}

function joins(subnetId: string | null | undefined, subnet: SubnetFacts): boolean {
  return subnetId !== null && subnetId !== undefined && sameText(subnetId, subnet.id);
}

function checkMinimum(scene: Scene): Said {
  const bad = subnetsOf(scene).filter(({ prefixLength }) => prefixLength > 28);
  return say(
    bad,
    ({ prefixLength }) => `is a /${prefixLength}`,
    'Integrate the app with a larger subnet; a /26 or more is advised.',
  );
}

function checkDoubling(scene: Scene): Said {
  const most = scene.around.plan.maximumInstances;
  if (most === null) return null;
  const bad = subnetsOf(scene).filter(
    ({ prefixLength, usableAddresses }) =>
      prefixLength <= 28 && prefixLength > 0 && usableAddresses < most * 2,
  );
  return say(
    bad,
    ({ prefixLength, usableAddresses }) =>
      `is a /${prefixLength} with ${usableAddresses} usable addresses, and the plan can grow to ${most} instances, doubled ${most * 2}`,
    'Integrate the app with a larger subnet, or lower the most instances that the plan may have.',
  );
}

function checkAdvice(scene: Scene): Said {
  const advised = scene.facts.operatingSystem === 'linux' ? 26 : 24;
  const bad = subnetsOf(scene).filter(({ prefixLength }) => prefixLength > advised && prefixLength <= 28);
  return say(
    bad,
    ({ prefixLength }) => `is a /${prefixLength}; /${advised} or larger is advised`,
    'Plan a larger subnet; moving to it needs a new integration, and a restart, of each app.',
  );
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

/** Those that could be read, each once. */
function subnetsOf(scene: Scene): readonly SubnetFacts[] {
  const found = sidesOf(scene).flatMap(({ slot }) => slot.subnet ?? []);
  return [...new Map(found.map((subnet) => [subnet.id.toLowerCase(), subnet])).values()];
}

function say<T extends SubnetFacts>(bad: readonly T[], tell: (subnet: T) => string, fix: string): Said {
  if (bad.length === 0) return null;
  return {
    found: `The subnet ${joinWords(bad.map((subnet) => `${lastPart(subnet.id)} ${tell(subnet)}`))}.`,
    fix,
  };
}

function plain(region: string): string {
  return region.replace(/ /g, '').toLowerCase();
}

function networkOf(subnetId: string): string {
  return /\/virtualNetworks\/([^/]+)\//i.exec(subnetId)?.[1] ?? '<network>';
}
