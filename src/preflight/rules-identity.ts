/** As whom the slot acts, whether its secrets can be followed, and whether we may do what we will have to. */
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { listNeededRights, mayDo } from './needed-rights.ts';
import { capitalise, docs, joinWords, lastPart, nameApp, nameSlot } from './words.ts';

const identityDocs = `${docs}/app-service/overview-managed-identity`;
const vaultDocs = `${docs}/app-service/app-service-key-vault-references`;

export const identityRules: readonly Rule[] = [
  {
    id: 'identity-missing',
    subject: 'identity',
    severity: 'error',
    when: 'the staging slot needs a managed identity and has none',
    why: 'An identity belongs to a slot, is not copied and does not move: without one no reference to Key Vault is followed, and no connection without a key is let in.',
    source: identityDocs,
    check: inScene(checkMissing),
  },
  {
    id: 'identity-differs',
    subject: 'identity',
    severity: 'warning',
    when: 'production has an identity of a kind that the staging slot lacks',
    why: 'Identities stay with their slot: what production is let into, the candidate beside it is not.',
    source: identityDocs,
    check: inScene(checkDifference),
  },
  {
    id: 'key-vault-reference-unresolved',
    subject: 'identity',
    severity: 'error',
    when: 'a Key Vault reference of the staging slot is not resolved',
    why: 'The app sees the text of the reference where it expects the secret.',
    source: `${vaultDocs}#troubleshooting-key-vault-references`,
    check: inScene(checkReferences),
  },
  {
    id: 'rights-missing',
    subject: 'identity',
    severity: 'error',
    when: 'the caller lacks a right that this rollout will need',
    why: 'Azure would refuse in the middle of the rollout what can be asked for now.',
    source: `${docs}/role-based-access-control/built-in-roles/web-and-mobile#website-contributor`,
    check: inScene(checkRights),
  },
  {
    id: 'not-checked',
    subject: 'identity',
    severity: 'info',
    when: 'something could not be read, so that rules about it say nothing',
    why: 'What nobody could look at is not known to be well.',
    source: `${docs}/role-based-access-control/built-in-roles/general#reader`,
    check: inScene(checkUnread),
  },
];

function checkMissing({ facts, around }: Scene): Said {
  const { staging } = around;
  if (!staging || staging.identity.system || staging.identity.user.length > 0) return null;
  const needs = [
    ...((staging.references?.length ?? 0) > 0 ? ['references to Key Vault'] : []),
    ...(staging.settings.usesIdentity ? ['connections without a key'] : []),
  ];
  if (needs.length === 0) return null;
  return {
    found: `${capitalise(nameSlot(facts.target))} has ${joinWords(needs)}, and no managed identity.`,
    fix: `Give it one, and the roles that production's has: az functionapp identity assign ${nameApp(facts.target)} --slot ${facts.target.slot}`,
  };
}

function checkDifference({ facts, around }: Scene): Said {
  const { production, staging } = around;
  if (!staging) return null;
  const lacking = [
    ...(production.identity.system && !staging.identity.system ? ['a system-assigned identity'] : []),
    ...production.identity.user
      .filter((id) => !staging.identity.user.some((other) => other.toLowerCase() === id.toLowerCase()))
      .map((id) => `the identity ${lastPart(id)}`),
  ];
  if (lacking.length === 0) return null;
  return {
    found: `Production has ${joinWords(lacking)}, which ${nameSlot(facts.target)} lacks.`,
    fix: `Assign it as well, with its roles: az functionapp identity assign ${nameApp(facts.target)} --slot ${facts.target.slot} [--identities …]`,
  };
}

/** `Initialized` is on its way. */
const fine = new Set(['resolved', 'initialized']);

function checkReferences({ around }: Scene): Said {
  const bad = (around.staging?.references ?? []).filter(({ status }) => !fine.has(status.toLowerCase()));
  if (bad.length === 0) return null;
  const told = bad.map(
    ({ setting, status, vault }) => `${setting} (${status}${vault ? `, vault ${vault}` : ''})`,
  );
  return {
    found: `References to Key Vault cannot be followed in the staging slot: ${told.join(', ')}.`,
    fix: "AccessToKeyVaultDenied: give the slot's own identity the role Key Vault Secrets User. A vault behind a private endpoint must be reachable from the slot's network.",
  };
}

function checkRights({ facts, request, around }: Scene): Said {
  const missing = listNeededRights(facts, request).filter(({ at, action }) => {
    const grants = around.rights[at];
    return grants !== null && !mayDo(grants, action);
  });
  if (missing.length === 0) return null;
  const { target } = facts;
  return {
    found: `The identity that is signed in lacks ${joinWords(missing.map(({ action, so }) => `${action} (${so})`))} on ${target.site}.`,
    fix: `Give it the role Website Contributor there: az role assignment create --assignee <its id> --role "Website Contributor" --scope /subscriptions/${target.subscriptionId}/resourceGroups/${target.resourceGroup}`,
  };
}

function checkUnread({ around }: Scene): Said {
  if (around.unread.length === 0) return null;
  const told = around.unread.map(({ what, why }) => `${what} (${why})`);
  return {
    found: `Could not be checked: ${told.join('; ')}.`,
    fix: 'Give the identity that is signed in the role Reader there, or look at it yourself.',
  };
}
