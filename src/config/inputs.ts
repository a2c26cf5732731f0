/**
 * What the doors ask for, once: `action.yml`, `task.json`, the flags of the command line and the tables in docs/ are
 * made from this list. Names are in kebab-case; Azure Pipelines gets them in camelCase.
 */
import { asking, builds, type CommandName, commands, type Door, everywhere, type Input } from './input.ts';
import { moreInputs } from './inputs-more.ts';

export const inputs = [
  {
    name: 'command',
    label: 'Command',
    kind: { type: 'choice', options: commands },
    fallback: 'deploy',
    about:
      '`deploy` stages, probes, promotes in waves and takes back by itself what is not well; `plan` says what that would do and writes nothing; `resume` finishes a rollout that was interrupted; `rollback` takes one back; `status` says what runs where; `probe` looks once; `package` packs and checks.',
    doors: builds,
    commands,
    group: 'what',
    required: true,
  },
  {
    name: 'azure-subscription',
    label: 'Azure service connection',
    kind: { type: 'connection' },
    about: 'The service connection (Azure Resource Manager) that may change the function apps.',
    doors: ['pipelines'],
    commands: asking,
    group: 'what',
    visibleRule: 'command != package',
    required: true,
    aliases: ['connectedServiceNameARM'],
  },
  {
    name: 'config',
    label: 'Config file',
    kind: { type: 'path' },
    value: 'file',
    letter: 'c',
    about:
      'The file that describes a fleet and how it is rolled out; `slotwave.yml` when neither this nor `app-name` is given.',
    doors: everywhere,
    commands: asking,
    group: 'what',
  },
  {
    name: 'app-name',
    label: 'App name',
    kind: { type: 'text' },
    value: 'name',
    about:
      'The function app, where there is one and no config file. Needs `resource-group-name` and `subscription-id`.',
    doors: everywhere,
    commands: asking,
    group: 'app',
  },
  {
    name: 'resource-group-name',
    label: 'Resource group',
    kind: { type: 'text' },
    value: 'name',
    about: 'The resource group of the function app.',
    doors: everywhere,
    commands: asking,
    group: 'app',
  },
  {
    name: 'slot-name',
    label: 'Staging slot',
    kind: { type: 'text' },
    value: 'name',
    about:
      'The deployment slot in which the release is staged and probed before it is swapped with production; `staging` when not given. Never `production`.',
    doors: everywhere,
    commands: asking,
    group: 'app',
  },
  {
    name: 'package',
    label: 'Package or folder',
    kind: { type: 'path', patterns: true },
    value: 'folder|zip',
    about:
      'The folder with host.json, or a ready .zip; `.` when not given. Beside `config` it takes the place of what the file names. In Azure Pipelines also a wildcard that fits exactly one, such as an artifact (`$(Pipeline.Workspace)/drop/*.zip`).',
    doors: everywhere,
    commands: [...asking, 'package'],
    argumentOf: 'package',
    group: 'what',
  },
  {
    name: 'app-settings',
    label: 'App settings',
    kind: { type: 'lines' },
    value: 'lines',
    about:
      'App settings that are written to the staging slot with the release and travel with it: `NAME: value` lines or JSON. Put secrets in Key Vault and a reference here.',
    doors: everywhere,
    commands: asking,
    group: 'app',
  },
  {
    name: 'health-check-path',
    label: 'Health check path',
    kind: { type: 'text' },
    value: 'path',
    about:
      'A path of the app that must answer 200, beside the checks that are always made (host, functions, release).',
    doors: everywhere,
    commands: asking,
    group: 'app',
  },
  {
    name: 'subscription-id',
    label: 'Subscription id',
    kind: { type: 'text' },
    value: 'id',
    about:
      'The subscription of the function app `app-name`. When not given: `AZURE_SUBSCRIPTION_ID`, or in Azure Pipelines that of the service connection.',
    doors: everywhere,
    commands: asking,
    group: 'app',
  },
  {
    name: 'client-id',
    label: 'Client id',
    kind: { type: 'text' },
    about:
      "The application or managed identity that trusts this repository; the job needs `permissions: id-token: write`. Without it: `AZURE_CLIENT_ID`, or azure/login's.",
    doors: ['github'],
    commands: asking,
    group: 'signIn',
  },
  {
    name: 'tenant-id',
    label: 'Tenant id',
    kind: { type: 'text' },
    about: 'The directory of `client-id`.',
    doors: ['github'],
    commands: asking,
    group: 'signIn',
  },
  {
    name: 'cloud',
    label: 'Cloud',
    kind: { type: 'text' },
    value: 'name|url',
    about:
      '`AzureCloud` (when not given), `AzureChinaCloud`, `AzureUSGovernment`, or the URL of an ARM endpoint.',
    doors: everywhere,
    commands: asking,
    group: 'signIn',
  },
  ...moreInputs,
] as const satisfies readonly Input[];

export type InputName = (typeof inputs)[number]['name'];

/** The inputs that a door has, in their order. */
export function inputsOf(door: Door, command?: CommandName): readonly Input[] {
  const all: readonly Input[] = inputs;
  return all.filter((each) => each.doors.includes(door) && (!command || each.commands.includes(command)));
}
