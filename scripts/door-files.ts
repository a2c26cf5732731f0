/** `action.yml`, `task.json` and docs/inputs.md from src/config/inputs.ts and outputs.ts. */
import { stringify } from 'yaml';
import { camelName, type Door, type Input, inputGroups, plainAbout } from '../src/config/input.ts';
import { inputsOf } from '../src/config/inputs.ts';
import { type Output, outputs } from '../src/config/outputs.ts';

export interface Product {
  readonly version: string;
  readonly description: string;
}

const allOutputs: readonly Output[] = outputs;

export function writeAction({ description }: Product): string {
  const action = {
    name: 'slotwave',
    // The marketplace shows 125 characters.
    description: shortAbout(description),
    author: 'slotwave',
    branding: { icon: 'shuffle', color: 'blue' },
    inputs: Object.fromEntries(
      inputsOf('github').map(({ name, about, fallback }) => [
        name,
        { description: about, required: false, ...(fallback === undefined ? {} : { default: fallback }) },
      ]),
    ),
    outputs: Object.fromEntries(allOutputs.map(({ name, about }) => [name, { description: about }])),
    runs: { using: 'node24', main: 'dist/action.js', post: 'dist/action.js', 'post-if': 'always()' },
  };
  return `# ${madeFrom}\n${stringify(action, { lineWidth: 0, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' })}`;
}

const madeFrom = 'Made by scripts/generate.ts from src/config/inputs.ts and outputs.ts. Change it there.';

/** Never changes: Azure DevOps knows the task by it. */
const taskId = '3f0c5a1e-7b52-4c7e-9f0a-5d1b0c6e2a94';

export function writeTask({ version, description }: Product): string {
  const [Major = '0', Minor = '0', Patch = '0'] = version.split('.');
  const handledBy = (target: string) => ({ Node20_1: { target }, Node24: { target } });
  const task = {
    id: taskId,
    name: 'slotwave',
    // At most 40 characters.
    friendlyName: 'slotwave: Azure Functions rollouts',
    description,
    helpMarkDown: 'Inputs, outputs and examples: docs/azure-pipelines.md',
    category: 'Deploy',
    visibility: ['Build', 'Release'],
    runsOn: ['Agent', 'DeploymentGroup'],
    author: 'slotwave',
    version: { Major, Minor, Patch },
    // The first agent that brings Node 20; one with Node 24 chooses it by itself.
    minimumAgentVersion: '3.232.1',
    instanceNameFormat: 'slotwave $(command)',
    showEnvironmentVariables: true,
    groups: inputGroups
      .filter(({ name }) => name !== 'what')
      .map(({ name, about }) => ({
        name,
        displayName: about,
        isExpanded: name === 'app',
      })),
    inputs: inputsOf('pipelines').map(writeTaskInput),
    outputVariables: allOutputs.map((output) => ({
      name: pipelinesName(output),
      description: plainAbout(output.about, (word) => word),
    })),
    execution: handledBy('dist/task.js'),
    postjobexecution: handledBy('dist/task-post.js'),
  };
  return `${JSON.stringify(task, null, 2)}\n`;
}

export function pipelinesName({ name, pipelinesName: known }: Output): string {
  return known ?? camelName(name);
}

export function writeExtension({ version, description }: Product): string {
  const extension = {
    manifestVersion: 1,
    id: 'slotwave',
    publisher: 'slotwave',
    name: 'slotwave',
    version,
    description: shortAbout(description),
    categories: ['Azure Pipelines'],
    tags: ['azure functions', 'deployment slots', 'progressive delivery', 'rollback', 'multi-region'],
    targets: [{ id: 'Microsoft.VisualStudio.Services' }],
    icons: { default: 'icon.png' },
    content: { details: { path: 'overview.md' }, license: { path: 'license.txt' } },
    files: [{ path: 'task' }],
    contributions: [
      {
        id: 'slotwave-task',
        type: 'ms.vss-distributed-task.task',
        targets: ['ms.vss-distributed-task.tasks'],
        properties: { name: 'task' },
      },
    ],
  };
  return `${JSON.stringify(extension, null, 2)}\n`;
}

const taskTypes = {
  text: 'string',
  path: 'filePath',
  words: 'string',
  lines: 'multiLine',
  boolean: 'boolean',
  choice: 'pickList',
  connection: 'connectedService:AzureRM',
} as const;

function writeTaskInput(input: Input): object {
  const { name, label, kind, fallback = '', about, group, required = false, visibleRule, aliases } = input;
  const camel = (word: string) =>
    inputsOf('pipelines').some((each) => each.name === word) ? camelName(word) : word;
  return {
    name: camelName(name),
    type: taskTypes[kind.type],
    label,
    defaultValue: fallback,
    required,
    ...(group === 'what' ? {} : { groupName: group }),
    ...(visibleRule === undefined ? {} : { visibleRule }),
    ...(aliases === undefined ? {} : { aliases }),
    ...(kind.type === 'choice'
      ? { options: Object.fromEntries(kind.options.map((option) => [option, option])) }
      : {}),
    helpMarkDown: about.replace(/`([^`]+)`/g, (_, word: string) => `\`${camel(word)}\``),
  };
}

const doorNames: Readonly<Record<Door, string>> = {
  cli: 'the command line',
  github: 'GitHub',
  pipelines: 'Azure Pipelines',
};

/** One table for all doors, so that somebody who moves from one to another finds the names side by side. */
export function writeInputsPage(): string {
  const doors = Object.keys(doorNames) as readonly Door[];
  const all = [...new Set(doors.flatMap((door) => inputsOf(door)))];
  const github = inputsOf('github');
  const ordered = [...github, ...all.filter((each) => !github.includes(each))];
  const cell = (input: Input, door: Door) => {
    if (!input.doors.includes(door)) return '';
    if (door === 'pipelines') return `\`${camelName(input.name)}\``;
    return door === 'github' ? `\`${input.name}\`` : `\`--${input.name}\``;
  };
  const rows = ordered.map((input) => {
    const fallback = input.fallback === undefined ? '' : `\`${input.fallback}\``;
    return [
      ...(['github', 'pipelines', 'cli'] as const).map((door) => cell(input, door)),
      fallback,
      input.about,
    ];
  });
  const given = allOutputs.map((output) => [
    `\`${output.name}\``,
    `\`${pipelinesName(output)}\``,
    output.about,
  ]);
  return [
    `<!-- ${madeFrom} -->`,
    '# Inputs and outputs',
    'The same inputs at every door: the GitHub Action, the Azure Pipelines task, the command line (where `command`, `plan` and `rollout` are words of their own). What a fleet is, and how it is rolled out, stands in [slotwave.yml](config.md); one function app needs no file.',
    '## Inputs',
    table(['GitHub', 'Azure Pipelines', 'Command line', 'Default', 'About'], rows),
    '## Outputs',
    'Of the Action, as `steps.<id>.outputs.<name>`; of the task, as `$(<reference name>.<name>)`.',
    `${table(['GitHub', 'Azure Pipelines', 'About'], given)}\n`,
  ].join('\n\n');
}

/** The README with its table of what most steps ask for; the rest of it is written by people. */
export function fillReadme(readme: string): string {
  const [open, close] = ['<!-- inputs: made by scripts/generate.ts -->', '<!-- /inputs -->'];
  const [from, until] = [readme.indexOf(open), readme.indexOf(close)];
  if (from < 0 || until < from) throw new Error(`README.md lacks ${open} or, behind it, ${close}.`);
  const most = inputsOf('github').filter(({ group }) => group === 'what' || group === 'app');
  const rows = most.map(({ name, about }) => [`\`${name}\``, about]);
  const written = `${open}\n\n${table(['Input', 'About'], rows)}\n\n`;
  return `${readme.slice(0, from)}${written}${readme.slice(until)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function shortAbout(description: string): string {
  const [first = ''] = description.split(':');
  return `${first}: staged, probed, promoted in waves, taken back by itself.`;
}
