/** How the app is reached: private endpoints, their DNS records, access rules (azure-platform.md §5.1, §5.2). */
import type { PrivateEndpointFacts, SlotSurroundings } from '../plan/surroundings.ts';
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { capitalise, docs, joinWords, nameApp, nameSlot, type Side, sameSet, sidesOf } from './words.ts';

const endpointDocs = `${docs}/app-service/overview-private-endpoint`;
const accessDocs = `${docs}/app-service/overview-access-restrictions`;

export const accessRules: readonly Rule[] = [
  {
    id: 'slot-endpoint-missing',
    subject: 'access',
    severity: 'error',
    when: 'production has a private endpoint; the staging slot has none, and is closed to the internet',
    why: 'A private endpoint belongs to one slot and is not copied: nobody can reach this one, neither to upload nor to probe.',
    source: `${endpointDocs}#conceptual-overview`,
    check: inScene((scene) => checkEndpointMissing(scene, false)),
  },
  {
    id: 'slot-open-beside-private',
    subject: 'access',
    severity: 'warning',
    when: 'production has a private endpoint; the staging slot has none, and is open to the internet',
    why: 'What is private in production answers to everybody in its slot, the next release before anyone else has seen it.',
    source: `${endpointDocs}#conceptual-overview`,
    check: inScene((scene) => checkEndpointMissing(scene, true)),
  },
  {
    id: 'private-endpoint-not-approved',
    subject: 'access',
    severity: 'error',
    when: 'a slot has private endpoints, and none of them is approved',
    why: 'Nothing passes through an endpoint before it is approved.',
    source: `${endpointDocs}#conceptual-overview`,
    check: inScene(checkApproved),
  },
  {
    id: 'private-dns-records',
    subject: 'access',
    severity: 'warning',
    when: "a private endpoint's DNS records, of the site and of its SCM site, are missing or lead elsewhere",
    why: 'Inside the network the name then leads to the public address, which refuses, or to something else. The upload needs the SCM record, the probes the other.',
    source: `${endpointDocs}#dns`,
    check: inScene(checkRecords),
  },
  {
    id: 'scm-closed',
    subject: 'access',
    severity: 'warning',
    when: "the slot's SCM site turns strangers away, and the package is pushed from where this machine stands",
    why: 'The package is uploaded to the SCM site: a machine outside of the network is refused.',
    source: accessDocs,
    check: inScene(checkScm),
  },
  {
    id: 'site-closed',
    subject: 'access',
    severity: 'warning',
    when: 'a slot turns strangers away, and is probed from where this machine stands',
    why: 'A machine outside of the network gets no answer from the app, and what gives no answer is not promoted.',
    source: accessDocs,
    check: inScene(checkSite),
  },
  {
    id: 'access-rules-differ',
    subject: 'access',
    severity: 'warning',
    when: 'production and the staging slot have different access restrictions',
    why: 'Access restrictions stay with their slot in a swap: whoever reaches the candidate may not reach it when it is live, and the other way round.',
    source: `${accessDocs}#access-restriction-rules-based-on-ip-addresses`,
    check: inScene(checkDifference),
  },
];

function checkEndpointMissing({ facts, around }: Scene, open: boolean): Said {
  const { production, staging } = around;
  if (!staging || approved(production).length === 0 || staging.endpoints?.length !== 0) return null;
  if (staging.publicAccess !== open) return null;
  const { target } = facts;
  const create = `az network private-endpoint create … --private-connection-resource-id <id of ${target.site}> --group-id sites-${target.slot}`;
  return {
    found: `Production has the private endpoint ${approved(production)[0]!.name}, ${nameSlot(target)} has none${open ? ' and is open to the internet' : ''}.`,
    fix: open
      ? `Give the slot an endpoint of its own (${create}) and close it: az functionapp update ${nameApp(target)} --slot ${target.slot} --set publicNetworkAccess=Disabled`
      : `Give the slot an endpoint of its own: ${create}. Or open it, at least to this machine.`,
  };
}

function checkApproved(scene: Scene): Said {
  const waiting = sidesOf(scene).filter(
    ({ slot }) => (slot.endpoints?.length ?? 0) > 0 && approved(slot).length === 0,
  );
  if (waiting.length === 0) return null;
  const told = waiting.map(({ name, slot }) => {
    const states = (slot.endpoints ?? []).map(
      ({ name: endpoint, status }) => `${endpoint} is ${status.toLowerCase()}`,
    );
    return `${name} (${states.join(', ')})`;
  });
  return {
    found: `No private endpoint is approved of ${joinWords(told)}.`,
    fix: `Approve it: az network private-endpoint-connection approve --id <connection>; az network private-endpoint-connection list --resource-group ${scene.facts.target.resourceGroup} --name ${scene.facts.target.site} --type Microsoft.Web/sites shows them.`,
  };
}

function checkRecords(scene: Scene): Said {
  const wrong = sidesOf(scene).flatMap(({ slot }) => approved(slot).flatMap(tellRecords));
  if (wrong.length === 0) return null;
  return {
    found: `In private DNS ${joinWords(wrong)}.`,
    fix: 'Let the endpoint keep its records itself: az network private-endpoint dns-zone-group create …; or correct the A records by hand, one for the site and one for its SCM site.',
  };
}

function tellRecords({ addresses, records }: PrivateEndpointFacts): readonly string[] {
  return (records ?? []).flatMap(({ zone, name, addresses: found }) => {
    if (found.length === 0) return [`${name} has no record in ${zone}`];
    const strange = addresses.length === 0 ? [] : found.filter((address) => !addresses.includes(address));
    return strange.length === 0
      ? []
      : [`${name} in ${zone} is ${strange.join(', ')} instead of ${addresses.join(', ')}`];
  });
}

function checkScm({ facts, request, around }: Scene): Said {
  const { staging } = around;
  const { delivery } = request;
  const isPushed = (delivery?.mode ?? 'push') === 'push' && !delivery?.store;
  if (!staging || !isPushed || !standsHere(facts.target.name, request, true)) return null;
  if (staging.publicAccess && !staging.scmRules.deniesOthers) return null;
  return {
    found: `The SCM site of ${nameSlot(facts.target)} is closed: ${tellClosed(staging, staging.scmRules.deniesOthers)}.`,
    fix: 'Run slotwave inside the network and silence this with that reason, or give a vantage that leads inside (probes.vantage), or let the slots fetch the package: delivery: { mode: pull, store: … }.',
  };
}

function checkSite(scene: Scene): Said {
  const { facts, request } = scene;
  if (!standsHere(facts.target.name, request, false)) return null;
  const closed = sidesOf(scene).filter(({ slot }) => !slot.publicAccess || slot.siteRules.deniesOthers);
  if (closed.length === 0) return null;
  return {
    found: `${capitalise(joinWords(closed.map(({ name, slot }) => `${name} is closed: ${tellClosed(slot, slot.siteRules.deniesOthers)}`)))}.`,
    fix: 'Run slotwave inside the network and silence this with that reason, or give a vantage that leads inside: probes.vantage (private-endpoint, dns, proxy, arm).',
  };
}

/** `direct` goes from here as the names resolve; the others were chosen because they lead in. ARM carries no upload. */
function standsHere(target: string, { probes }: Scene['request'], upload: boolean): boolean {
  const via = probes?.viaOf?.[target] ?? probes?.via ?? 'direct';
  return via === 'direct' || (upload && via === 'arm');
}

function tellClosed({ publicAccess }: SlotSurroundings, byRules: boolean): string {
  const ways = [
    ...(publicAccess ? [] : ['public network access is off']),
    ...(byRules ? ['its access restrictions turn others away'] : []),
  ];
  return joinWords(ways);
}

function checkDifference({ facts, around }: Scene): Said {
  const { production, staging } = around;
  if (!staging) return null;
  const different = [
    ...(sameRules(production.siteRules, staging.siteRules) ? [] : ['the site']),
    ...(sameRules(production.scmRules, staging.scmRules) ? [] : ['the SCM site']),
    ...(production.publicAccess === staging.publicAccess ? [] : ['public network access']),
  ];
  if (different.length === 0) return null;
  return {
    found: `Production and ${nameSlot(facts.target)} have other access restrictions (${different.join(', ')}).`,
    fix: `Compare them: az functionapp config access-restriction show ${nameApp(facts.target)}, and the same with --slot ${facts.target.slot}. Make them equal, or silence this when they are meant to differ.`,
  };
}

function sameRules(one: SlotSurroundings['siteRules'], other: SlotSurroundings['siteRules']): boolean {
  return one.deniesOthers === other.deniesOthers && sameSet(one.rules, other.rules);
}

function approved({ endpoints }: Side['slot']): readonly PrivateEndpointFacts[] {
  return (endpoints ?? []).filter(({ status }) => status.toLowerCase() === 'approved');
}
