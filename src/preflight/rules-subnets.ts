/** Whether the subnet that an app is integrated with is fit for it (azure-platform.md §5.3). */
import type { SubnetFacts } from '../plan/surroundings.ts';
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { docs, joinWords, lastPart, sameText, sidesOf } from './words.ts';

const integration = `${docs}/app-service/overview-vnet-integration`;

export const subnetRules: readonly Rule[] = [
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
    when: 'the subnet has fewer addresses than twice the most instances of the plan (its elastic limit; where it does not scale by itself, its size now: rules of Azure Monitor are not read)',
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
];

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
