/** Where the app keeps its state and its files: storage accounts, content shares, packages at an address. */
import type { StorageAccountFacts } from '../plan/surroundings.ts';
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { docs, joinWords, nameInAz, sameText, sidesOf } from './words.ts';

const storageDocs = `${docs}/azure-functions/storage-considerations`;
const identityDocs = `${docs}/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity`;
const settingDocs = `${docs}/azure-functions/functions-app-settings`;
const packageDocs = `${docs}/azure-functions/run-functions-from-deployment-package`;

export const storageRules: readonly Rule[] = [
  {
    id: 'content-share-shared',
    subject: 'storage',
    severity: 'error',
    silenceable: false,
    when: 'both slots have the same WEBSITE_CONTENTSHARE in the same account',
    why: 'Both slots then run from one folder: what is uploaded to the staging slot is live at once, unprobed.',
    source: `${settingDocs}#website_contentshare`,
    check: inScene(checkShare),
  },
  {
    id: 'content-share-closed',
    subject: 'storage',
    severity: 'error',
    when: 'the account of the content share is closed to the internet, and the slot does not reach it through its network',
    why: 'The host mounts its files when it starts: it finds none, and does not start.',
    source: `${settingDocs}#website_contentovervnet`,
    check: inScene(checkContent),
  },
  {
    id: 'storage-closed',
    subject: 'storage',
    severity: 'error',
    when: 'the account of AzureWebJobsStorage is closed to the internet, and the slot is in no network',
    why: 'Without its storage the host keeps no keys and no leases: functions do not run.',
    source: storageDocs,
    check: inScene(checkClosed),
  },
  {
    id: 'storage-shared-with-triggers',
    subject: 'storage',
    severity: 'warning',
    when: 'functions wait for blobs or queues in the account of AzureWebJobsStorage',
    why: "Their load and the host's own leases and keys get into each other's way, and both slots see the same queues.",
    source: `${storageDocs}#storage-account-requirements`,
    check: inScene(checkTriggers),
  },
  {
    id: 'storage-shared-between-apps',
    subject: 'storage',
    severity: 'warning',
    when: 'another app of the fleet has the same account as AzureWebJobsStorage',
    why: 'One account is one place that can fail, and one limit that can be met, for two apps or two regions at once.',
    source: `${storageDocs}#shared-storage-accounts`,
    check: inScene(checkApps),
  },
  {
    id: 'storage-key-refused',
    subject: 'storage',
    severity: 'error',
    when: 'a slot comes to its storage by a key, and the account takes no keys',
    why: 'The account refuses every request that is signed with a key: the host does not start.',
    source: identityDocs,
    check: inScene(checkKey),
  },
  {
    id: 'storage-identity-missing',
    subject: 'storage',
    severity: 'error',
    when: 'a slot comes to its storage by an identity, and has none',
    why: 'Identities are not copied with a slot, and do not move in a swap: this host gets no token, and does not start.',
    source: identityDocs,
    check: inScene(checkIdentity),
  },
  {
    id: 'storage-access-differs',
    subject: 'storage',
    severity: 'warning',
    when: 'one slot comes to its storage by a key and the other by an identity',
    why: 'The settings travel with the swap and the identity does not: what worked in one slot may not work in the other.',
    source: identityDocs,
    check: inScene(checkAccess),
  },
  {
    id: 'package-url-expired',
    subject: 'storage',
    severity: 'error',
    when: 'WEBSITE_RUN_FROM_PACKAGE names an address whose signature has ended',
    why: 'The package is fetched at every cold start: the next one finds nothing, and what the swap moves out of the way cannot be brought back.',
    source: packageDocs,
    check: inScene((scene) => checkPackageUrl(scene, true)),
  },
  {
    id: 'package-url-expiring',
    subject: 'storage',
    severity: 'warning',
    when: 'the signature in WEBSITE_RUN_FROM_PACKAGE ends within thirty days',
    why: 'The package is fetched at every cold start: on that day the app stops, without anybody having changed anything.',
    source: packageDocs,
    check: inScene((scene) => checkPackageUrl(scene, false)),
  },
];

function checkShare({ around }: Scene): Said {
  const [live, beside] = [around.production.settings.contentShare, around.staging?.settings.contentShare];
  if (!live || !beside || !sameText(live.name, beside.name) || !sameText(live.account, beside.account))
    return null;
  return {
    found: `Both slots have WEBSITE_CONTENTSHARE=${live.name}.`,
    fix: 'Give the staging slot a share of its own: remove WEBSITE_CONTENTSHARE there, and Azure makes one, or set another name.',
  };
}

function checkContent(scene: Scene): Said {
  const blind = sidesOf(scene).filter(
    ({ slot }) =>
      isShut(slot.contentAccount) &&
      (slot.subnetId === null || !(slot.settings.contentOverVnet || slot.contentShareRouted)),
  );
  if (blind.length === 0) return null;
  return {
    found: `The account ${blind[0]!.slot.contentAccount!.name} of the content share is closed to the internet, and ${joinWords(blind.map(({ name }) => name))} ${blind.length === 1 ? 'does' : 'do'} not reach it through the network.`,
    fix: `Integrate with the network, and route the share through it: az functionapp config appsettings set ${nameInAz(scene.facts.target, blind[0]!)} --settings WEBSITE_CONTENTOVERVNET=1 (or outboundVnetRouting.contentShareTraffic of the site).`,
  };
}

function checkClosed(scene: Scene): Said {
  const blind = sidesOf(scene).filter(({ slot }) => isShut(slot.storageAccount) && slot.subnetId === null);
  if (blind.length === 0) return null;
  return {
    found: `The account ${blind[0]!.slot.storageAccount!.name} is closed to the internet, and ${joinWords(blind.map(({ name }) => name))} ${blind.length === 1 ? 'is' : 'are'} in no network.`,
    fix: 'Integrate with a network from which the account can be reached.',
  };
}

function checkTriggers({ facts, around }: Scene): Said {
  const staging = around.staging;
  const own = staging?.settings.storage.account;
  const sharing = (staging?.triggers ?? []).filter(({ account }) => own && sameText(account, own));
  if (sharing.length === 0) return null;
  return {
    found: `${joinWords(sharing.map(({ name, type }) => `${name} (${type})`))} ${sharing.length === 1 ? 'waits' : 'wait'} in ${own}, which is the account of AzureWebJobsStorage of ${facts.target.site}.`,
    fix: 'Let these functions use a connection of their own, to another account.',
  };
}

function checkApps(scene: Scene): Said {
  const { facts, neighbours } = scene;
  const account = scene.around.production.settings.storage.account;
  if (account === null) return null;
  const others = neighbours
    .filter(({ around }) => sameText(around.production.settings.storage.account, account))
    .map((neighbour) => neighbour.facts.target.name);
  if (others.length === 0) return null;
  const shown = others.length > 3 ? [...others.slice(0, 2), `${others.length - 2} more`] : others;
  return {
    found: `${facts.target.site} shares the account ${account} with ${joinWords(shown)}.`,
    fix: 'Give each app an account of its own, in its own region.',
  };
}

function checkKey(scene: Scene): Said {
  const bad = sidesOf(scene).filter(
    ({ slot }) => slot.settings.storage.access === 'key' && slot.storageAccount?.sharedKey === false,
  );
  if (bad.length === 0) return null;
  return {
    found: `The account ${bad[0]!.slot.storageAccount!.name} takes no keys, and ${joinWords(bad.map(({ name }) => name))} ${bad.length === 1 ? 'has' : 'have'} one in AzureWebJobsStorage.`,
    fix: `Use an identity: set AzureWebJobsStorage__accountName=${bad[0]!.slot.storageAccount!.name}, remove AzureWebJobsStorage, and give the identity of each slot Storage Blob Data Owner on the account.`,
  };
}

function checkIdentity(scene: Scene): Said {
  const bad = sidesOf(scene).filter(
    ({ slot }) =>
      slot.settings.storage.access === 'identity' && !slot.identity.system && slot.identity.user.length === 0,
  );
  if (bad.length === 0) return null;
  return {
    found: `AzureWebJobsStorage of ${joinWords(bad.map(({ name }) => name))} is reached by an identity, and there is none.`,
    fix: `Give it one, and a role on the account: az functionapp identity assign ${nameInAz(scene.facts.target, bad[0]!)}, then Storage Blob Data Owner.`,
  };
}

function checkAccess({ around }: Scene): Said {
  const { production, staging } = around;
  if (!staging) return null;
  const [live, beside] = [production.settings.storage.access, staging.settings.storage.access];
  const isClear = (access: string) => access === 'key' || access === 'identity';
  if (!isClear(live) || !isClear(beside) || live === beside) return null;
  const word = (access: string) => (access === 'key' ? 'a key' : 'an identity');
  return {
    found: `Production comes to AzureWebJobsStorage by ${word(live)}, the slot by ${word(beside)}.`,
    fix: 'Use an identity in both, each slot with a role of its own on the account.',
  };
}

const expiringMs = 30 * 24 * 3_600_000;

function checkPackageUrl(scene: Scene, ended: boolean): Said {
  const { nowMs } = scene.around;
  const bad = sidesOf(scene).flatMap(({ name, slot }) => {
    const end = slot.settings.packageUrlEndsAtMs;
    if (end === null || end === 'none') return [];
    const fits = ended ? end <= nowMs : end > nowMs && end - nowMs < expiringMs;
    return fits ? [`${name}: ${new Date(end).toISOString().slice(0, 16).replace('T', ' ')} UTC`] : [];
  });
  if (bad.length === 0) return null;
  return {
    found: `The signature in WEBSITE_RUN_FROM_PACKAGE ${ended ? 'has ended' : 'ends soon'} (${bad.join('; ')}).`,
    fix: 'Set WEBSITE_RUN_FROM_PACKAGE to 1: slotwave then keeps the package with the slot. A new signature only moves the day.',
  };
}

function isShut(account: StorageAccountFacts | null): boolean {
  return account !== null && !account.open;
}
