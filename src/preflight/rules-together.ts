/** What two hosts must not share while both run: triggers, host ids, task hubs. */
import { inScene, type Neighbour, type Rule, type Said, type Scene } from './finding.ts';
import { capitalise, docs, joinWords, nameSlot, sameText } from './words.ts';

export const togetherRules: readonly Rule[] = [
  {
    id: 'staging-triggers-live',
    subject: 'slots',
    severity: 'warning',
    when: 'the staging slot has functions that wait for something other than HTTP',
    why: "They run there as they do in production: timers fire twice, and messages meant for production's release are taken by the candidate, or by the release before.",
    source: `${docs}/azure-functions/functions-deployment-slots#changes-to-functions-apps`,
    check: inScene(checkTriggers),
  },
  {
    id: 'host-id-collision',
    subject: 'slots',
    severity: 'error',
    when: 'two hosts with the same account have the same first 32 characters in their names',
    why: 'The host is known in its storage by the first 32 characters of its name: with an equal id, hosts take each other for themselves, share leases and keys, and refuse to start.',
    source: `${docs}/azure-functions/storage-considerations#host-id-considerations`,
    check: inScene(checkHostId),
  },
  {
    id: 'task-hub-shared',
    subject: 'slots',
    severity: 'error',
    when: 'Durable Functions, and both slots use one task hub, or none is named',
    why: "Orchestrations that one slot began are carried on by the other, which runs another release; a hub's name that travels with the swap leaves them behind.",
    source: `${docs}/azure-functions/durable/durable-functions-task-hubs`,
    check: inScene(checkTaskHub),
  },
];

function checkTriggers({ facts, request, around }: Scene): Said {
  if (request.stagingTriggers === 'disable') return null;
  const live = (around.staging?.triggers ?? []).filter(({ disabled }) => !disabled);
  if (live.length === 0) return null;
  const shown = live.slice(0, 5).map(({ name, type }) => `${name} (${type})`);
  return {
    found: `${capitalise(nameSlot(facts.target))} runs ${joinWords([...shown, ...(live.length > 5 ? [`${live.length - 5} more`] : [])])}.`,
    fix: 'Have them switched off beside production: stagingTriggers: disable. Or silence this, when both may run.',
  };
}

interface Host {
  readonly name: string;
  readonly id: string;
  readonly account: string;
}

function checkHostId({ facts, around, neighbours }: Scene): Said {
  const own = hostsOf({ facts, around });
  const others = [...own, ...neighbours.flatMap(hostsOf)];
  const pairs = own.flatMap((host, at) =>
    others
      .slice(at + 1)
      .filter((other) => other.id === host.id && sameText(other.account, host.account))
      .map((other) => `${host.name} and ${other.name}`),
  );
  if (pairs.length === 0) return null;
  return {
    found: `The hosts of ${joinWords(pairs)} have the host id ${own[0]!.id} in one storage account (${own[0]!.account}).`,
    fix: 'Give each host an account of its own, or an id of its own as a slot setting: AzureFunctionsWebHost__hostid=<at most 32 letters, digits, inner hyphens>.',
  };
}

/** Only those whose account is known. */
function hostsOf({ facts, around }: Neighbour): readonly Host[] {
  const { site, slot } = facts.target;
  const sides = [
    { name: site, settings: around.production.settings },
    ...(around.staging ? [{ name: `${site}-${slot}`, settings: around.staging.settings }] : []),
  ];
  return sides.flatMap(({ name, settings }) => {
    const { account } = settings.storage;
    return account === null ? [] : [{ name, id: settings.hostId?.toLowerCase() ?? hostIdOf(name), account }];
  });
}

/** As the host makes it: lower case, 32 characters, no hyphen at the end. */
function hostIdOf(name: string): string {
  return name.toLowerCase().slice(0, 32).replace(/-+$/, '');
}

const hubOverride = 'AzureFunctionsJobHost__extensions__durableTask__hubName';

function checkTaskHub(scene: Scene): Said {
  const { facts, around } = scene;
  const { staging, production } = around;
  const isDurable = (staging?.triggers ?? []).some(({ type }) =>
    /^(orchestration|activity|entity)Trigger$/i.test(type),
  );
  if (!staging || !isDurable) return null;
  const [one, other] = [production.settings.storage.account, staging.settings.storage.account];
  if (one !== null && other !== null && !sameText(one, other)) return null;
  const said = tellHub(scene);
  if (said === null) return null;
  return {
    found: `${facts.target.site} has orchestrations, and ${said}.`,
    fix: 'Name the hub by a setting (host.json: extensions.durableTask.hubName "%TaskHubName%"), give TaskHubName another value in each slot, and make it a slot setting.',
  };
}

function tellHub({ facts, request, around }: Scene): string | null {
  const written = request.package?.hubName ?? null;
  const setting = /^%(.+)%$/.exec(written ?? '')?.[1] ?? hubOverride;
  const valueIn = (hubs: Readonly<Record<string, string>> | undefined) =>
    Object.entries(hubs ?? {}).find(([name]) => sameText(name, setting))?.[1] ?? null;
  const live = valueIn(around.production.settings.taskHubs);
  const beside = valueIn(around.staging?.settings.taskHubs);
  if (live === null && beside === null) {
    if (request.package === undefined) return null;
    return written === null || setting !== hubOverride
      ? 'no task hub is named for either slot'
      : `host.json names the task hub ${written} for both slots`;
  }
  if (sameText(live, beside)) return `both slots use the task hub ${live} (${setting})`;
  const isSticky = facts.stickyNames.some((name) => sameText(name, setting));
  return isSticky ? null : `${setting} differs, is no slot setting, and travels with the swap`;
}
