/** What the two slots' settings do to each other in a swap, and to the swap itself (azure-platform.md §3.2, §3.3). */
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { docs, joinWords, nameApp, nameSlot } from './words.ts';

const slotDocs = `${docs}/azure-functions/functions-deployment-slots`;
const warmUpDocs = `${docs}/app-service/deploy-staging-slots#specify-custom-warm-up`;

export const settingRules: readonly Rule[] = [
  {
    id: 'sticky-settings-differ',
    subject: 'slots',
    severity: 'info',
    when: 'slot settings have different values in the two slots',
    why: "They stay where they are, so that the candidate meets production's values for the first time in the swap; swap.preview lets it be probed with them before.",
    source: `${slotDocs}#manage-settings`,
    check: inScene(checkStickyDifference),
  },
  {
    id: 'sticky-setting-one-sided',
    subject: 'slots',
    severity: 'warning',
    when: 'a slot setting is there on one side only',
    why: 'The candidate was probed without a setting that production has, or with one that production lacks; either is gone, or new, when it is live.',
    source: `${slotDocs}#manage-settings`,
    check: inScene(checkOneSided),
  },
  {
    id: 'connection-travels',
    subject: 'slots',
    severity: 'warning',
    when: 'a connection has different values in the two slots and is no slot setting',
    why: 'It moves with the swap: production then works on what the staging slot was connected to, and the other way round.',
    source: `${slotDocs}#manage-settings`,
    check: inScene(checkConnections),
  },
  {
    id: 'warm-up-takes-anything',
    subject: 'slots',
    severity: 'warning',
    when: 'WEBSITE_SWAP_WARMUP_PING_PATH is set without WEBSITE_SWAP_WARMUP_PING_STATUSES',
    why: 'Without a list every answer counts as warm, the 503 of a broken host included: the swap succeeds, and the app is down.',
    source: warmUpDocs,
    check: inScene((scene) =>
      ask(scene, ({ path, statuses }) =>
        path !== null && statuses === null ? 'asks for a path and takes any answer' : null,
      ),
    ),
  },
  {
    id: 'warm-up-takes-errors',
    subject: 'slots',
    severity: 'warning',
    when: 'WEBSITE_SWAP_WARMUP_PING_STATUSES contains a status of 500 or more',
    why: 'A host that does not start answers 503: with it in the list, Azure swaps a broken app into production.',
    source: warmUpDocs,
    check: inScene((scene) =>
      ask(scene, ({ statuses }) => {
        const bad = readStatuses(statuses)?.filter((status) => status >= 500) ?? [];
        return bad.length === 0 ? null : `counts ${bad.join(', ')} as warm`;
      }),
    ),
  },
  {
    id: 'warm-up-misses-204',
    subject: 'slots',
    severity: 'warning',
    when: 'the warm-up asks for / and does not take 204',
    why: 'To a ping of the platform a sound host says 204 at /, unless a function of the app is there: the swap then fails after up to twenty minutes.',
    source: warmUpDocs,
    check: inScene((scene) =>
      ask(scene, ({ path, statuses }) => {
        const listed = readStatuses(statuses);
        return (path ?? '/') === '/' && listed && !listed.includes(204)
          ? `asks for / and takes ${listed.join(', ')} only`
          : null;
      }),
    ),
  },
  {
    id: 'warm-up-unreadable',
    subject: 'slots',
    severity: 'error',
    when: 'the path of the warm-up does not start with /, or its statuses are no list of numbers',
    why: 'Azure asks for something that is nowhere, or waits for an answer that never comes, and gives the swap up.',
    source: warmUpDocs,
    check: inScene((scene) =>
      ask(scene, ({ path, statuses }) => {
        const odd = [
          ...(path === null || path.startsWith('/') ? [] : ['a path that does not start with /']),
          ...(statuses === null || readStatuses(statuses) ? [] : ['statuses that are no list of numbers']),
        ];
        return odd.length === 0 ? null : `has ${joinWords(odd)}`;
      }),
    ),
  },
];

/** What switches triggers off differs on purpose, as slotwave itself writes it; the other two have laws of their own. */
const isOurs = (name: string) =>
  /^(AzureWebJobs\..+\.Disabled|SLOTWAVE_RELEASE_ID|WEBSITE_RUN_FROM_PACKAGE)$/i.test(name);

function checkStickyDifference({ facts }: Scene): Said {
  const has = createNames(facts.stickyNames);
  const names = facts.differences
    .filter(({ rule, name }) => rule === 'stays' && has(name) && !isOurs(name))
    .map(({ name }) => name);
  if (names.length === 0) return null;
  return {
    found: `${joinWords([...new Set(names)])} ${names.length === 1 ? 'is a slot setting and differs' : 'are slot settings and differ'} between the slots.`,
    fix: 'Nothing, when that is what they are for. With swap: { preview: true } the release is probed with the values of production before it is live.',
  };
}

function checkOneSided({ facts }: Scene): Said {
  const { staging } = facts;
  if (!staging) return null;
  const [live, beside] = [createNames(facts.production.settingNames), createNames(staging.settingNames)];
  const lonely = facts.stickyNames.filter((name) => live(name) !== beside(name) && !isOurs(name));
  if (lonely.length === 0) return null;
  const told = lonely.map((name) => `${name} (${live(name) ? 'production' : facts.target.slot})`);
  return {
    found: `Of ${joinWords(told)} only one slot has a value.`,
    fix: `Set it in the other slot as well: az functionapp config appsettings set ${nameApp(facts.target)} [--slot ${facts.target.slot}] --slot-settings …`,
  };
}

function checkConnections({ facts, request, around }: Scene): Said {
  const { staging } = facts;
  if (!staging || !around.staging) return null;
  const isConnection = createNames([
    ...around.production.settings.connections,
    ...around.staging.settings.connections,
  ]);
  const isWritten = createNames(request.settingNames);
  const [live, beside] = [createNames(facts.production.settingNames), createNames(staging.settingNames)];
  const names = facts.differences
    .filter(({ rule, name }) => rule === 'travels' && !isWritten(name))
    .filter(
      ({ name, kind }) =>
        /connectionstring/i.test(kind) || (isConnection(name) && live(name) && beside(name)),
    )
    .map(({ name }) => name);
  if (names.length === 0) return null;
  return {
    found: `${joinWords([...new Set(names)])} ${names.length === 1 ? 'leads' : 'lead'} elsewhere in ${nameSlot(facts.target)} than in production, and will be swapped.`,
    fix: `Make ${names.length === 1 ? 'it a slot setting' : 'them slot settings'}: portal, Settings > Environment variables, tick "Deployment slot setting".`,
  };
}

interface Ping {
  readonly path: string | null;
  readonly statuses: string | null;
}

/** The config's own warm-up comes first; a sticky ping is production's, because it is lent for the swap. */
function ask({ facts, request, around }: Scene, tell: (ping: Ping) => string | null): Said {
  const { staging, production } = around;
  if (!staging || request.swap?.warmUp) return null;
  const isSticky = createNames(facts.stickyNames);
  const slotOf = (name: string) => (isSticky(name) ? production : staging).settings.warmUp;
  const said = tell({
    path: slotOf('WEBSITE_SWAP_WARMUP_PING_PATH').path,
    statuses: slotOf('WEBSITE_SWAP_WARMUP_PING_STATUSES').statuses,
  });
  if (said === null) return null;
  return {
    found: `The warm-up before the swap ${said}.`,
    fix: 'Write it in the config (swap: { warmUp: { path: /, statuses: [200, 202, 204] } }), or remove both settings: slotwave then sets these.',
  };
}

/** `200,202`; null when it is no such list. */
function readStatuses(text: string | null): readonly number[] | null {
  if (text === null) return null;
  const parts = text.split(',').map((part) => part.trim());
  return parts.every((part) => /^[1-5]\d\d$/.test(part)) ? parts.map(Number) : null;
}

/** Azure does not tell capitals apart in the names of settings. */
function createNames(names: readonly string[]): (name: string) => boolean {
  const known = new Set(names.map((name) => name.toUpperCase()));
  return (name) => known.has(name.toUpperCase());
}
