/** Pages of the causes at the front end and in the app. */
import type { Page } from './page.ts';

const logStream =
  "The log stream of the slot (`az webapp log tail`, with `--slot`) has the host's own words.";

export const appPages = {
  'no-answer': {
    means: 'The app was connected to, and no answer came in time.',
    seen: 'The time-out of `probes.timeout` passed after the request was sent.',
    todo: [
      'The front end of Azure holds requests while a host starts: look again in a minute.',
      logStream,
      'Give `probes.timeout` more, where the app is slow by nature.',
    ],
  },
  'ip-forbidden': {
    means:
      "The front end of App Service refused the request because of where it came from. The app never saw it, so this says nothing about the app. It is not the app's own 403, and no key helps.",
    seen: '403 with the reason "Ip Forbidden", the header x-ms-forbidden-ip, or the page "… has blocked your access".',
    todo: [
      'Public network access is off: look from inside, by a private endpoint of this slot and a vantage that reaches it.',
      "An access restriction: allow the runner's address. Production, staging and the SCM site have lists of their own.",
      'For the upload alone: `delivery: { mode: pull, store: … }` needs no way to the SCM site.',
    ],
  },
  'wrong-host': {
    means: 'The address that was reached serves other apps, and not this host name.',
    seen: '404 with the page "404 Web Site not found" of the front end.',
    todo: [
      "A pinned address, or a record, of another slot's private endpoint: each slot has its own.",
      'A custom domain that is not bound to the app, or not to this slot.',
    ],
  },
  'app-stopped': {
    means: 'The app, or this slot, is switched off.',
    seen: '403 with the page "This web app is stopped", or the state Stopped in ARM.',
    todo: [
      '`az functionapp start --name <app> --resource-group <group> --slot <slot>`.',
      'A quota of a free or shared plan stops apps until the next day.',
    ],
  },
  'app-unauthorised': {
    means: 'The app was reached and wants the caller to sign in.',
    seen: '401, or a redirect to a sign-in page.',
    todo: [
      "At the host's own addresses (/admin): App Service authentication stands in front. Exclude /admin there, or look by `vantage: { via: arm }`.",
      'At a check: give it a key or token under `headers`, from the environment.',
    ],
  },
  'app-forbids': {
    means: 'The app itself answered 403: the network let the request through.',
    seen: '403 without any mark of the front end.',
    todo: [
      'At a check: the key, the role or the header that the function asks for.',
      'At /admin: `FUNCTIONS_ADMIN_ISOLATION_ENABLED=1`, or something in front. Look by `vantage: { via: arm }`.',
    ],
  },
  'key-refused': {
    means:
      "slotwave asks the host who it is with the host's key, and Azure does not give that key to this identity.",
    seen: 'ARM refused `host/default/listkeys`.',
    todo: [
      'Website Contributor on the app has the right. For slots it is `Microsoft.Web/sites/slots/host/listkeys/action`.',
      'A role is in force some minutes after it was given.',
    ],
  },
  'azure-silent': {
    means:
      'The target is looked at by way of Azure (`vantage: { via: arm }`), and Azure did not say how the app is. This says nothing about the app.',
    seen: 'ARM answered with an error, or not at all.',
    todo: [
      '401 or 403: the identity needs Website Contributor on the app.',
      '404: the app or its slot is gone.',
      '429: something else uses up the limits of this identity. Otherwise look again, and at the state of Azure in that region.',
    ],
  },
  'host-starting': {
    means:
      'The function host is not up yet. After a deployment or a swap that is normal for a minute, and slotwave waits; when it lasts, the host does not get past its start.',
    seen: '503 of the host, the state Starting or Initialized, or a key that Azure cannot read because the host is down.',
    todo: [
      'Look again in a minute.',
      logStream,
      'The usual reasons: a storage account that is not reached from this slot (AzureWebJobsStorage; private endpoints of the account), a Key Vault reference that is not resolved (a slot has an identity of its own).',
    ],
  },
  'host-down': {
    means: 'The front end answers in its own words that it has no host for this app.',
    seen: '502, 503 or 504 with a page of the front end.',
    todo: [
      logStream,
      'A process that dies at its start: wrong runtime version, a host.json that is refused, a package that cannot be fetched (WEBSITE_RUN_FROM_PACKAGE with an address).',
    ],
  },
  'host-error': {
    means: 'The host runs and says that it is in error. Azure still shows the app as running.',
    seen: "The state Error, errors in the host's state, or a 500 of the host itself.",
    todo: [
      'The message names the exception.',
      logStream,
      'A setting that production has and staging has not, or the other way round.',
    ],
  },
  'slot-missing': {
    means:
      'A release is staged in a deployment slot beside production, and there is none of that name. `slotwave probe` says so; a rollout is refused before it begins.',
    seen: 'Azure lists no such slot of the app.',
    todo: [
      '`az functionapp deployment slot create --name <app> --resource-group <group> --slot staging --configuration-source <app>`.',
      'Its name in the config: `slot` of the target, `staging` when not given; `discover.slot` for those that are discovered.',
      'Networks, private endpoints, identities and their roles are not cloned: `slotwave plan` names what is missing.',
    ],
  },
  'not-a-host': {
    means: 'Something answers where a function host would tell its state, and it is none.',
    seen: 'The answer to /admin/host/status is no state of a host, is a 404, or is no HTTP.',
    todo: [
      'A gateway, a maintenance page or a sign-in page in front.',
      'The site is a web app, and no function app.',
    ],
  },
  'other-release': {
    means:
      'A healthy host answers, and what it has mounted is another release. slotwave asks who answers, not only whether it is well, so this never passes for success.',
    seen: 'The stamp that the running host reads from its own files is not the expected one.',
    todo: [
      'For a minute after a deployment or swap the old one answers on.',
      'Deployed to another slot, or WEBSITE_RUN_FROM_PACKAGE points at a fixed package.',
      'Somebody else deployed or swapped: `slotwave status`.',
    ],
  },
  'host-without-functions': {
    means:
      'The host is up and has not one function: every path of the app answers 404, while the home page and the host state look well.',
    seen: "The host's own list of functions is empty.",
    todo: [
      'The entry file throws or has a syntax error: the host swallows that and goes on without functions.',
      'The package is not what it should be: host.json not at its root, build output left out, node_modules missing. `slotwave package ./app --list` shows what was packed.',
      'Nothing was deployed to this slot yet: before the first rollout that is how a new staging slot looks, and all is well.',
      logStream,
    ],
  },
  'functions-missing': {
    means: 'The host lists functions, and not all that are expected.',
    seen: "Names under `probes.functions`, in the package or of the release before are not in the host's list.",
    todo: [
      'A file of the app throws when it is loaded.',
      'Removed or renamed on purpose: name under `probes.functions` what the new release must list, as in `probes: { functions: [health, orders] }`. The refusal tells the line for this release. Once that is live, the line can go: the next release is compared with it.',
    ],
  },
  'too-slow': {
    means: 'The app answers, and not as fast as the config asks.',
    seen: 'A check took longer than `expect.maxLatency`, or longer than `probes.timeout` while the host itself answered.',
    todo: [
      'Look again: the first answer after a start is slow.',
      'A dependency that is slow or not reached: its time-out shows as slowness.',
      'From far away: the way counts as well.',
    ],
  },
  'check-failed': {
    means: 'The right release is up, and one of your own checks is not met.',
    seen: 'Another status, text or JSON value than `probes.checks` expects.',
    todo: [
      'The log of that function.',
      'Settings and rights of this slot: slots have their own.',
      'The expectation itself.',
    ],
  },
  'public-answer': {
    means:
      'The app is well, and it answered over the internet although the config asks for the private network.',
    seen: 'The address that answered is public, and `probes.requirePrivate` is set.',
    todo: [
      'See [private-zone-not-linked](private-zone-not-linked.md): the cause is the same, and here the public side is open too.',
      'Close the public side: publicNetworkAccess: Disabled.',
    ],
  },
  'address-unknown': {
    means: 'The app is well, and nobody here can say over which address: a proxy resolved the name.',
    seen: '`probes.requirePrivate` is set, and the vantage does not know the address.',
    todo: [
      'Look by `vantage: { via: private-endpoint }` or `{ via: dns }`.',
      'Give up requirePrivate for targets behind such a proxy.',
    ],
  },
  exposed: {
    means: 'The public way to the app is open, and `probes.exposure` says that it has to be closed.',
    seen: 'A request from outside was answered by something else than 403 Ip Forbidden.',
    todo: [
      'publicNetworkAccess: Disabled on this slot, or its access restrictions. They belong to the slot and do not travel in a swap.',
    ],
  },
  'certificate-unseen': {
    means:
      'The app answered, and `probes.certificate` asks how long its certificate holds; from here the certificate was not seen. What is not known counts as no answer, and does not promote.',
    seen: 'The connection that the answer came over showed no certificate that could be read.',
    todo: [
      'Look by a vantage that connects to the app itself: `private-endpoint`, `dns` or `direct`.',
      'Give up `probes.certificate` where that is not possible.',
    ],
  },
  'certificate-ends': {
    means: 'The certificate is valid, and for fewer days than `probes.certificate.daysLeft` asks for.',
    seen: 'The end of the certificate that the server showed.',
    todo: ['Renew it where it is kept.'],
  },
  'reference-unresolved': {
    means:
      'A setting of this slot refers to a secret in a Key Vault, and the platform does not get it: the app would start without it.',
    seen: 'The state of the reference in Azure is not Resolved.',
    todo: [
      'AccessToKeyVaultDenied: the slot has a managed identity of its own, which needs the role Key Vault Secrets User (or an access policy).',
      'SecretNotFound, VaultNotFound, InvalidSyntax: the reference itself.',
      'FetchTimedOut: the network of the slot does not reach the vault.',
    ],
  },
  'dependency-unreachable': {
    means: 'The app is up, and from where it runs it does not reach something that the config says it needs.',
    seen: 'Azure tried name and port from the slot itself (`probes.dependencies`).',
    todo: [
      'VNet integration belongs to the slot: is staging integrated with the same network as production?',
      'The private zone of the dependency, linked to the network of the integration.',
      'Firewall of the dependency, network security groups, routes; route-all for private addresses.',
    ],
  },
  unexplained: {
    means: 'The facts fit none of the causes that slotwave knows. What was seen is told as it is.',
    seen: 'None of the others.',
    todo: [
      '`slotwave probe --json` has every fact.',
      logStream,
      'Please report it with that output: a cause that is missing here is a defect.',
    ],
  },
} as const satisfies Readonly<Record<string, Page>>;
