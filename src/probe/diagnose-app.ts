/** Causes in the app itself: its host, its release, its functions, its answers. */
import type { CauseCode } from './causes.ts';
import { type DiagnosisFacts, decisiveFinding, type Named, nameHost } from './diagnosis.ts';
import { lateCode, roadOf } from './silence.ts';
import { type Finding, keyNotYetCode } from './verdict.ts';

export function readApp(facts: DiagnosisFacts): Named | null {
  const finding = decisiveFinding(facts);
  if (finding === null) return null;
  if (finding.code === 'STATUS' || finding.code === 'SIGN_IN') return readStatus(facts, finding);
  if (finding.code === 'ETIMEDOUT') return tooSlow(facts, finding);
  const cause = causeOf(finding);
  if (!cause) return null;
  const { code, certainty = 'certain', tell, next } = cause;
  return { code, certainty, said: tell(nameHost(facts), trim(finding.said), finding), next };
}

function causeOf({ code = '', check }: Finding): Cause | undefined {
  if (/^ARM_/.test(code)) return azureSilent(code);
  if (/^HPE_/.test(code)) return strange;
  if (code === 'EANSWERTOOLONG') return isOfHost(check) ? strange : causesOfCodes.get('WRONG_ANSWER');
  return causesOfCodes.get(code);
}

interface Cause {
  readonly code: CauseCode;
  readonly certainty?: Named['certainty'];
  readonly tell: (host: string, said: string, finding: Finding) => string;
  readonly next: string;
}

const otherRelease: Cause = {
  code: 'other-release',
  tell: (host, said) => `${host} is up, and another release runs there: ${said}.`,
  next: 'Right after a deployment or a swap the old one answers on for a while: look again in a minute. When it stays: did the deployment reach this slot, does WEBSITE_RUN_FROM_PACKAGE point elsewhere, did somebody else deploy or swap? slotwave status shows what Azure says.',
};

const starting: Cause = {
  code: 'host-starting',
  certainty: 'likely',
  tell: (host, said, { status }) =>
    `${host} is reached, and its function host is not up yet (${status === undefined ? said : `${status}`}).`,
  next: 'Look again in a minute. A host that never gets past this has an error while starting: the log stream shows it; probes.deadline says how long slotwave waits.',
};

const strange: Cause = {
  code: 'not-a-host',
  tell: (host, said) => `What answers for ${host} is no function host: ${said}.`,
  next: 'Something in front answers for it (a gateway, a maintenance page), or the site is no function app: look at the address that answered and at the kind of the site.',
};

/** Who looks by way of Azure hears nothing of the app when Azure does not answer. */
function azureSilent(code: string): Cause {
  return {
    code: 'azure-silent',
    tell: (host, said) => `Azure does not tell how ${host} is: ${said} (${code}).`,
    next: /_40[13]$/.test(code)
      ? 'Give the identity that slotwave signs in with Website Contributor on the app, and wait a few minutes until it holds.'
      : 'Look again in a minute. When it stays: is the slot still there (404), is something else using up the limits of this identity (429), does Azure report an incident?',
  };
}

const causesOfCodes: ReadonlyMap<string, Cause> = new Map(
  Object.entries<Cause>({
    NOT_UP: starting,
    HOST_STARTING: starting,
    OTHER_RELEASE: otherRelease,
    [keyNotYetCode]: {
      code: 'host-starting',
      certainty: 'likely',
      tell: (host, said) =>
        `${host} could not be asked for its state: Azure tells the key of its host only while that runs (${said.replace(/^no host key: /, '')}).`,
      next: 'The host is down or still starting: look again in a minute, then at the log stream. The usual reasons are a storage account that the app does not reach (AzureWebJobsStorage) and settings that the host cannot read.',
    },
    [lateCode]: {
      code: 'host-starting',
      certainty: 'likely',
      tell: (host, said) =>
        `${host} is reached, and a look at its host does not come to an end${said === '' ? '' : ` (${said})`}.`,
      next: 'A host that starts, or whose key Azure cannot read because it is down, looks like this: look again in a minute, then at the log stream.',
    },
    KEY_REFUSED: {
      code: 'key-refused',
      tell: (host, said) =>
        `${host} could not be asked for its state: Azure refuses the key of its host (${said.replace(/^no host key: /, '')}).`,
      next: 'Give the identity that slotwave signs in with Website Contributor on the app (the right Microsoft.Web/sites/host/listkeys/action, for slots Microsoft.Web/sites/slots/host/listkeys/action), and wait a few minutes until it holds.',
    },
    HOST_ERROR: {
      code: 'host-error',
      tell: (host, said) => `${host} is reached, and its function host is in error: ${said}.`,
      next: "The message is the host's own: most often host.json, an extension bundle, a connection setting that is missing in this slot, or a storage account that is not reached. The log stream shows the whole of it.",
    },
    NOT_A_HOST: {
      code: 'not-a-host',
      tell: (host) =>
        `${host} answers 200 for the host's state, and what it says is no function host's word.`,
      next: 'Something in front answers for it (a gateway, a maintenance page, a sign-in page), or the app is no function app: look at the address that answered and at the kind of the site.',
    },
    SLOT_MISSING: {
      code: 'slot-missing',
      tell: (host, said) => `Azure does not have ${host}: ${said}.`,
      next: 'Create it as production is (az functionapp deployment slot create --configuration-source <app>), or correct its name: fleet.targets[].slot.',
    },
    NO_FUNCTIONS: {
      code: 'host-without-functions',
      tell: (host) => `${host} is up (Running), and its host lists no functions: every path answers 404.`,
      next: 'The package was not loaded: the entry file throws or has a syntax error, "main" in package.json points nowhere, host.json is not at the root of the zip, or the build left the output out. The log stream names the exception; slotwave package --list shows what was packed. A slot to which nothing was deployed yet looks like this, too.',
    },
    FUNCTION_MISSING: {
      code: 'functions-missing',
      tell: (host, said) => `${host} is up, and functions are missing: ${said}.`,
      next: 'They were not loaded (an exception in their file), are switched off (AzureWebJobs.<name>.Disabled), or are removed or renamed on purpose: then name under probes.functions what the new release must list, as in probes: { functions: [health, orders] }.',
    },
    TOO_SLOW: {
      code: 'too-slow',
      tell: (host, said, { check }) => `${host} answers, and too slowly: ${check}: ${said}.`,
      next: 'A first answer after a start is slow: look again. When it stays: the plan is too small, a dependency is slow, or expect.maxLatency asks for too much from where you look.',
    },
    WRONG_ANSWER: {
      code: 'check-failed',
      tell: (host, said, { check }) => `${host} is up, and the check "${check}" is not met: ${said}.`,
      next: 'The app answers, and not what the config expects: see the log of that function, or the expectation under probes.checks.',
    },
    PUBLIC_ANSWER: {
      code: 'public-answer',
      tell: (host, said) => `${host} answers, but not over the private network: ${said}.`,
      next: 'probes.requirePrivate asks for a private address: link the private DNS zone to this network, or pin the endpoint by vantage: { via: private-endpoint }.',
    },
    PRIVATE_UNKNOWN: {
      code: 'address-unknown',
      tell: (host, said) => `${host} answers, and over which address cannot be told: ${said}.`,
      next: 'A proxy that resolves names itself hides the address: look by vantage private-endpoint or dns, or give up probes.requirePrivate for this target.',
    },
    EXPOSED: {
      code: 'exposed',
      tell: (host, said) =>
        `${host} can be reached from the public side, and probes.exposure says closed: ${said}.`,
      next: 'Switch public network access off for this slot (publicNetworkAccess: Disabled), or restore its access restrictions: production and staging have lists of their own.',
    },
    CERTIFICATE_UNKNOWN: {
      code: 'certificate-unseen',
      tell: (host, said) => `${host} answers, and how long its certificate holds cannot be told: ${said}.`,
      next: 'Something takes part in the connection that hides the certificate: look by vantage private-endpoint or dns, or give up probes.certificate for this target.',
    },
    CERTIFICATE_ENDS: {
      code: 'certificate-ends',
      tell: (host, said) => `The certificate of ${host} ends soon: ${said}.`,
      next: 'Renew it where it is kept; probes.certificate.daysLeft says how many days are asked for.',
    },
    REFERENCE_UNRESOLVED: {
      code: 'reference-unresolved',
      tell: (host, said) => `Settings of ${host} refer to a Key Vault and are not resolved: ${said}.`,
      next: 'Each slot has a managed identity of its own: give that of this slot the right to read secrets (Key Vault Secrets User), and let its network reach the vault. A role that is fresh takes some minutes.',
    },
    DEPENDENCY_NAME: {
      code: 'dependency-unreachable',
      tell: (host, said, { check }) => `From where ${host} runs, a name is not known: ${check}: ${said}.`,
      next: 'The VNet integration of this slot, and the DNS of that network: production and staging have integrations of their own. Is the private zone of the dependency linked to it?',
    },
    DEPENDENCY_CLOSED: {
      code: 'dependency-unreachable',
      tell: (host, said, { check }) =>
        `From where ${host} runs, no connection comes about: ${check}: ${said}.`,
      next: 'The firewall of the dependency, network security groups and routes of the integration subnet; route-all (outboundVnetRouting) where it is reached over a private address.',
    },
  }),
);

function trim(text: string): string {
  return text.replace(/[.\s]+$/, '');
}

/** The right app answered with a status that was not expected. */
function readStatus(facts: DiagnosisFacts, finding: Finding): Named | null {
  const { check, said, status, code } = finding;
  const host = nameHost(facts);
  const isHost = isOfHost(check);
  if (status === 401 || code === 'SIGN_IN') return unauthorised(host, { isHost, check, said });
  if (status === 403)
    return {
      code: 'app-forbids',
      certainty: 'certain',
      said: `${host} is reached, and the app itself answers 403 (${trim(said)}): this is not the network's "Ip Forbidden".`,
      next: isHost
        ? 'The host refuses its own key: FUNCTIONS_ADMIN_ISOLATION_ENABLED=1 closes /admin, and something in the app or in front of it may. Look by vantage: { via: arm } then.'
        : `The check "${check}" is not let in by the app: give it the header or the key that it needs (probes.checks[].headers), or expect the 403.`,
    };
  if (isHost) return readHostStatus(host, finding);
  return {
    code: 'check-failed',
    certainty: 'certain',
    said: `${host} is up, and the check "${check}" is not met: ${trim(said)}.`,
    next:
      (status ?? 0) >= 500
        ? 'The function failed: its log has the exception; often a setting or a right is missing in this slot, since slots have settings and identities of their own.'
        : 'Check the path (routePrefix in host.json, the route of the function) and what the config expects under probes.checks.',
  };
}

function readHostStatus(host: string, finding: Finding): Named | null {
  const { status = 0 } = finding;
  const said = trim(finding.said);
  if (status === 404)
    return {
      code: 'not-a-host',
      certainty: 'likely',
      said: strange.tell(host, said, finding),
      next: strange.next,
    };
  if (status < 500) return null;
  return {
    code: 'host-error',
    certainty: 'likely',
    said: `${host} is reached, and its function host fails when it is asked: ${said}.`,
    next: 'The log stream has the exception: most often a storage account that is not reached, or a setting that the host cannot read.',
  };
}

/** What the host itself is asked; every other name is a check's, or something beside. */
function isOfHost(check: string): boolean {
  return check === 'host' || check === 'release' || check === 'functions';
}

function unauthorised(
  host: string,
  { isHost, check, said }: { readonly isHost: boolean; readonly check: string; readonly said: string },
): Named {
  return {
    code: 'app-unauthorised',
    certainty: 'certain',
    said: `${host} is reached, and it lets nobody in without signing in (${trim(said)}).`,
    next: isHost
      ? 'The host does not take its own key: App Service authentication stands in front (exclude /admin or look by vantage: { via: arm }), or FUNCTIONS_ADMIN_ISOLATION_ENABLED=1 closes /admin.'
      : `The check "${check}" needs a key or a token: probes.checks[].headers, with the secret from the environment.`,
  };
}

/** The host answered from the same place, so it is the function that hangs. */
function tooSlow(facts: DiagnosisFacts, { check, said }: Finding): Named | null {
  if (check === 'host') return null;
  const proxy = roadOf(facts)?.proxy;
  return {
    code: 'too-slow',
    certainty: 'certain',
    said: `${nameHost(facts)} is up, and "${check}" does not answer in time: ${trim(said)}.`,
    next: `The function hangs or is cold: see its log, give probes.timeout more where that is how it is.${proxy ? ` The proxy ${proxy} may hold it back as well.` : ''}`,
  };
}
