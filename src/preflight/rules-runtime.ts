/** Whether both slots run the same, whether the package fits, and whether it is still looked after. */
import { inScene, type Rule, type Said, type Scene } from './finding.ts';
import { findEnd, findHostEnd, type SupportEnd } from './runtimes.ts';
import { docs, joinWords, sameText, sidesOf } from './words.ts';

const versionDocs = `${docs}/azure-functions/set-runtime-version`;
const policyDocs = `${docs}/azure-functions/language-support-policy`;

export const runtimeRules: readonly Rule[] = [
  {
    id: 'host-version-differs',
    subject: 'runtime',
    severity: 'warning',
    when: 'the two slots have different FUNCTIONS_EXTENSION_VERSION',
    why: 'This setting stays with its slot: the candidate was probed on another host than it will run on.',
    source: versionDocs,
    check: inScene(checkHostVersion),
  },
  {
    id: 'worker-runtime-differs',
    subject: 'runtime',
    severity: 'error',
    when: 'the two slots have different FUNCTIONS_WORKER_RUNTIME',
    why: 'The setting travels with the swap and the release before comes back with it; but a package fits one language only, and one of the two slots was set up for another.',
    source: `${docs}/azure-functions/functions-app-settings#functions_worker_runtime`,
    check: inScene(checkWorker),
  },
  {
    id: 'runtime-version-differs',
    subject: 'runtime',
    severity: 'warning',
    when: 'the two slots run different versions of the language',
    why: "The stack travels with the swap: production gets the staging slot's version.",
    source: versionDocs,
    check: inScene(checkVersion),
  },
  {
    id: 'runtime-unfit-for-package',
    subject: 'runtime',
    severity: 'error',
    when: 'the files of the package are of another language than FUNCTIONS_WORKER_RUNTIME',
    why: 'The worker finds none of its own files, and the host lists no function.',
    source: `${docs}/azure-functions/functions-app-settings#functions_worker_runtime`,
    check: inScene(checkFit),
  },
  {
    id: 'runtime-version-unfit-for-package',
    subject: 'runtime',
    severity: 'warning',
    when: 'the staging slot runs another version of the language than the package is made for (`*.runtimeconfig.json` of .NET isolated, `engines.node` of package.json)',
    why: 'A .NET app starts with the major version that it was built for and with no other; what a Node app says that it needs, it may use. The host then lists no function.',
    source: `${docs}/azure-functions/supported-languages`,
    check: inScene(checkVersionFit),
  },
  {
    id: 'runtime-ended',
    subject: 'runtime',
    severity: 'warning',
    when: 'the language version, or the Functions host, is not supported any more',
    why: 'It gets no security fixes; Azure goes on running it, without support, until it takes the image away.',
    source: policyDocs,
    check: inScene((scene) => checkEnd(scene, true)),
  },
  {
    id: 'runtime-ending',
    subject: 'runtime',
    severity: 'info',
    when: 'the language version, or the Functions host, is supported for ninety days or less',
    why: 'A new version needs a rollout of its own, better before that day than after it.',
    source: policyDocs,
    check: inScene((scene) => checkEnd(scene, false)),
  },
  {
    id: 'extension-too-old-for-network',
    subject: 'runtime',
    severity: 'error',
    when: 'runtime scale monitoring is on, and the package has extensions that cannot take part',
    why: 'Below that version an extension does not tell the scale controller what waits: its functions are not scaled, and not woken.',
    source: `${docs}/azure-functions/functions-networking-options#elastic-premium-plan-with-virtual-network-triggers`,
    check: inScene(checkExtensions),
  },
];

function checkHostVersion({ around }: Scene): Said {
  const [live, beside] = [
    around.production.settings.extensionVersion,
    around.staging?.settings.extensionVersion,
  ];
  if (!around.staging || sameText(live, beside ?? null)) return null;
  return {
    found: `FUNCTIONS_EXTENSION_VERSION is ${live ?? 'not set'} in production and ${beside ?? 'not set'} in the slot.`,
    fix: 'Set the same in both; a new major version is tried in the slot first, with WEBSITE_OVERRIDE_STICKY_EXTENSION_VERSIONS=0 in both it travels with the swap.',
  };
}

function checkWorker({ request, around }: Scene): Said {
  const [live, beside] = [around.production.settings.workerRuntime, around.staging?.settings.workerRuntime];
  if (!live || !beside || sameText(live, beside) || isWritten(request)) return null;
  return {
    found: `FUNCTIONS_WORKER_RUNTIME is ${live} in production and ${beside} in the slot.`,
    fix: 'Set the one that the package is made for in the slot. Is the language meant to change (in-process to isolated)? Then silence this for that rollout.',
  };
}

function checkVersion({ around }: Scene): Said {
  const [live, beside] = [around.production.stack, around.staging?.stack];
  if (!live || !beside || live.language !== beside.language || live.version === beside.version) return null;
  return {
    found: `Production runs ${live.language} ${live.version}, the slot ${beside.language} ${beside.version}.`,
    fix: 'Nothing, if this release brings the new version. Otherwise set the same stack in both slots.',
  };
}

function checkFit({ facts, request, around }: Scene): Said {
  const traits = request.package;
  const worker = around.staging?.settings.workerRuntime;
  if (!traits || traits.runtimes.length === 0 || !worker || traits.runtimes.includes(worker)) return null;
  if (isWritten(request)) return null;
  return {
    found: `The package looks like ${joinWords(traits.runtimes)}${traits.evidence ? ` (${traits.evidence})` : ''}, and FUNCTIONS_WORKER_RUNTIME of ${facts.target.site} is ${worker}.`,
    fix: 'Pack the right folder, or correct the setting: settings: { FUNCTIONS_WORKER_RUNTIME: … } writes it with the release.',
  };
}

function checkVersionFit({ facts, request, around }: Scene): Said {
  const needs = request.package?.needs;
  const stack = around.staging?.stack;
  if (!needs || !stack || !sameText(stack.language, needs.language) || isWritten(request)) return null;
  // On Windows a setting names the version, and the config may bring another with the release.
  if (request.settingNames.some((name) => sameText(name, 'WEBSITE_NODE_DEFAULT_VERSION'))) return null;
  const major = Number.parseInt(stack.version, 10);
  if (major === needs.major || (needs.orLater && major > needs.major)) return null;
  return {
    found: `The package is made for ${needs.language} ${needs.major}${needs.orLater ? ' or later' : ''} (${needs.evidence}), and the staging slot of ${facts.target.site} runs ${stack.version}.`,
    fix: 'Set the version in the staging slot: it travels with the swap. Or build the package for the version that is there.',
  };
}

/** The config sets the language itself, with the release that needs it: its value is not known here. */
function isWritten({ settingNames }: Scene['request']): boolean {
  return settingNames.some((name) => sameText(name, 'FUNCTIONS_WORKER_RUNTIME'));
}

const soonMs = 90 * 24 * 3_600_000;

function checkEnd(scene: Scene, ended: boolean): Said {
  const { nowMs } = scene.around;
  const found = sidesOf(scene).flatMap(({ slot }) => [
    ...(slot.stack ? [findEnd(slot.stack)] : []),
    ...(slot.settings.extensionVersion ? [findHostEnd(slot.settings.extensionVersion)] : []),
  ]);
  const ends = found.filter((end): end is SupportEnd => {
    if (end === null) return false;
    // Supported until the end of that day.
    const leftMs = Date.parse(`${end.day}T24:00:00Z`) - nowMs;
    return ended ? leftMs <= 0 : leftMs > 0 && leftMs <= soonMs;
  });
  if (ends.length === 0) return null;
  const told = [
    ...new Map(
      ends.map((end) => [end.name, `${end.name} ${ended ? 'was' : 'is'} supported until ${end.day}`]),
    ).values(),
  ];
  return {
    found: `${joinWords(told)}.`,
    fix: `Move to a version that is supported (${ends[0]!.source}); set it in the staging slot, and let this tool swap it in.`,
  };
}

/** Functions networking options, virtual network triggers. */
const minimumVersions: Readonly<Record<string, string>> = {
  Storage: '3.0.10',
  EventHubs: '4.1.0',
  ServiceBus: '3.2.0',
  CosmosDB: '3.0.5',
  DurableTask: '2.0.0',
};
const minimumBundle = '2.0.0';

function checkExtensions(scene: Scene): Said {
  const traits = scene.request.package;
  const isOn = sidesOf(scene).some(({ slot }) => slot.subnetId !== null && slot.scaleMonitoring);
  if (!traits || !isOn) return null;
  const old = Object.entries(traits.extensions)
    .filter(([name, version]) => isBelow(version, minimumVersions[name] ?? '0'))
    .map(([name, version]) => `${name} ${version} (${minimumVersions[name]} is needed)`);
  const bundle =
    traits.bundleFrom !== null && isBelow(traits.bundleFrom, minimumBundle)
      ? [`the extension bundle from ${traits.bundleFrom} on (${minimumBundle} is needed)`]
      : [];
  if (old.length + bundle.length === 0) return null;
  return {
    found: `Runtime scale monitoring is on, and the package has ${joinWords([...old, ...bundle])}.`,
    fix: 'Update the extensions; for a bundle, host.json: "extensionBundle": { "version": "[4.*, 5.0.0)" }.',
  };
}

function isBelow(version: string, minimum: string): boolean {
  const [a, b] = [version, minimum].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10) || 0),
  );
  const at = [0, 1, 2].find((index) => (a![index] ?? 0) !== (b![index] ?? 0));
  return at !== undefined && (a![at] ?? 0) < (b![at] ?? 0);
}
