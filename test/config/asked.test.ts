import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { parse } from 'yaml';
import { generateFiles } from '../../scripts/generate.ts';
import { type AskedApp, configOf } from '../../src/config/asked.ts';
import { camelName } from '../../src/config/input.ts';
import { inputs, inputsOf } from '../../src/config/inputs.ts';
import { parseConfig } from '../../src/config/load.ts';
import { addInputs } from '../../src/entry/flags.ts';
import type { ConfigOptions } from '../../src/entry/options.ts';
import { readConfig } from '../../src/entry/read-config.ts';
import { InputError } from '../../src/errors.ts';
import { root } from '../entry/start-cli.ts';

const subscriptionId = '51075a1e-0000-4000-8000-000000000001';
const sound: AskedApp = { appName: 'orders-weu', resourceGroupName: 'orders', subscriptionId };

const read = (changes: Partial<AskedApp> = {}, name = (input: string) => `--${input}`) =>
  configOf({ ...sound, ...changes }, '/repo', name);

const problemsOf = (changes: Partial<AskedApp>, name?: (input: string) => string) => {
  try {
    read(changes, name);
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  return [];
};

describe('one app without a config file', () => {
  it('is the same as one that is written', () => {
    const written = parseConfig(
      `app: orders-weu
package: ./out/app.zip
fleet:
  targets:
    - resourceId: /subscriptions/${subscriptionId}/resourceGroups/orders/providers/Microsoft.Web/sites/orders-weu
      slot: next
strategy: { waves: [{ name: all }] }
probes: { checks: [{ name: health, path: /api/health, expect: { status: 200 } }] }
settings: { A: "1.20", B: "true", C: "x y" }
`,
      '/repo/slotwave.yml',
    );
    const asked = read({
      slotName: 'next',
      package: './out/app.zip',
      healthCheckPath: '/api/health',
      appSettings: 'A: 1.20\nB: true\nC: x y\n',
    });
    expect({ ...asked, digest: '' }).toEqual({ ...written, digest: '' });
  });

  it('takes settings as JSON, too', () =>
    expect(read({ appSettings: '{"A": "1", "B": 2}' }).settings).toEqual({ A: '1', B: '2' }));

  it('packs the folder it stands in, and stages in staging, when nothing else is said', () =>
    expect(read()).toMatchObject({ packagePath: '/repo', targets: [{ slot: 'staging' }], settings: {} }));

  it('has another digest when anything is asked differently', () =>
    expect(
      new Set([read(), read({ slotName: 'b' }), read({ package: 'x' })].map((each) => each.digest)).size,
    ).toBe(3));
});

describe('what is asked at a door', () => {
  const door = { environment: {}, nameInput: (name: string) => `--${name}` };

  it('is one app, in the subscription of the environment when no other is named', async () => {
    const environment = { AZURE_SUBSCRIPTION_ID: subscriptionId };
    const { subscriptionId: _, ...app } = sound;
    expect((await readConfig(app, { ...door, environment })).targets).toEqual([
      expect.objectContaining({ subscriptionId, site: 'orders-weu', slot: 'staging' }),
    ]);
    await expect(readConfig(app, door)).rejects.toMatchObject({ code: 'inputs-invalid' });
  });

  it('is a file, with another package where one is named', async () => {
    const config = join(root, 'examples/orders/slotwave.yml');
    const asked = await readConfig({ config, package: 'other.zip' }, door);
    expect(asked).toMatchObject({ app: 'orders', packagePath: resolve('other.zip') });
  });

  it.each<readonly [string, ConfigOptions, readonly string[]]>([
    ['a file and an app', { config: 'a.yml', ...sound }, ['--app-name', '--resource-group-name']],
    ['a slot without its app', { slotName: 'next' }, ['--slot-name']],
    ['settings beside a file', { config: 'a.yml', appSettings: 'A: b' }, ['--app-settings']],
  ])('is refused as %s', async (_, options, paths) => {
    const refused: unknown = await readConfig(options, door).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'inputs-invalid', problems: paths.map((path) => ({ path })) });
  });
});

describe('what is wrong is told by the names of the inputs', () => {
  it.each<readonly [string, Partial<AskedApp>, string, RegExp]>([
    ['no resource group', { resourceGroupName: undefined }, '--resource-group-name', /is missing/],
    ['no subscription', { subscriptionId: undefined }, '--subscription-id', /is missing/],
    ['a subscription by its name', { subscriptionId: 'Production' }, '--subscription-id', /cannot be used/],
    ['an app name with a dot', { appName: 'orders.weu' }, '--app-name', /cannot be used/],
    ['an app name with a path', { appName: 'orders/slots/x' }, '--app-name', /cannot be used/],
    ['the live slot', { slotName: 'production' }, '--slot-name', /live slot/],
    ['a slot that is none', { slotName: 'a b' }, '--slot-name', /cannot be used/],
    ['an empty package', { package: '' }, '--package', /.+/],
    [
      'a variable that nobody expanded',
      { package: '$(Build.ArtifactStagingDirectory)/a.zip' },
      '--package',
      /.+/,
    ],
    ['a path without its slash', { healthCheckPath: 'api/health' }, '--health-check-path', /cannot be used/],
    [
      'the stamp as a setting',
      { appSettings: 'SLOTWAVE_RELEASE_ID: x' },
      '--app-settings: SLOTWAVE_RELEASE_ID',
      /slotwave alone/,
    ],
    ['a setting in a setting', { appSettings: '{"A": {"B": 1}}' }, '--app-settings', /no single value/],
    [
      'a setting twice',
      { appSettings: 'A: s3cr3t-one\nA: s3cr3t-two' },
      '--app-settings',
      /line 2: .*second time/,
    ],
    ['settings that are a text', { appSettings: '-A s3cr3t-one' }, '--app-settings', /names and values/],
    ['settings that are no YAML', { appSettings: 'A: "s3cr3t-one' }, '--app-settings', /cannot be read/],
  ])('%s', (_, changes, path, message) => {
    const problems = problemsOf(changes);
    expect(problems).toEqual([expect.objectContaining({ path, message: expect.stringMatching(message) })]);
    expect(JSON.stringify(problems)).not.toMatch(/s3cr3t|"line"|slotwave\.yml/);
  });

  it('all at once, in the words of the door', () =>
    expect(
      problemsOf({ subscriptionId: 'x', slotName: 'production', healthCheckPath: 'x' }, camelName).map(
        ({ path }) => path,
      ),
    ).toEqual(['subscriptionId', 'slotName', 'healthCheckPath']));
});

describe('the inputs', () => {
  it('have names of their own, in every door', () => {
    expect(new Set(inputs.map(({ name }) => name)).size).toBe(inputs.length);
    expect(new Set(inputs.map(({ name }) => camelName(name))).size).toBe(inputs.length);
    for (const { name } of inputs) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('are the flags of the command line, with their defaults', () => {
    const command = addInputs(new Command('deploy'), 'deploy');
    expect(command.options.map(({ long }) => long)).toEqual(
      inputsOf('cli', 'deploy').map(({ name }) => `--${name}`),
    );
    expect(command.opts()).toEqual({ state: '.slotwave' });
    const probe = addInputs(new Command('probe').exitOverride(), 'probe');
    probe.parse(['--target', 'weu', 'eus', '--side', 'live'], { from: 'user' });
    expect(probe.opts()).toMatchObject({ target: ['weu', 'eus'], side: 'live' });
  });

  it('are the inputs of the task: camelCase, in groups that exist, asked for by rules about inputs that exist', async () => {
    const task = JSON.parse((await generateFiles()).get('task.json') ?? '') as Task;
    expect(task.inputs.map(({ name }) => name)).toEqual(
      inputsOf('pipelines').map(({ name }) => camelName(name)),
    );
    const groups = task.groups.map(({ name }) => name);
    const used = task.inputs.flatMap(({ groupName }) => groupName ?? []);
    expect(new Set(used)).toEqual(new Set(groups));
    const words = task.inputs.flatMap(({ visibleRule = '' }) => [
      ...visibleRule.matchAll(/(\w+) !?= (\w+)/g),
    ]);
    expect(words.length).toBeGreaterThan(3);
    for (const [, input, value] of words) {
      const options = task.inputs.find(({ name }) => name === input)?.options ?? {};
      expect(Object.keys(options)).toContain(value);
    }
  });

  it('give the task the version of the product, handlers that exist, and the oldest agent that has one', async () => {
    const files = await generateFiles();
    const task = JSON.parse(files.get('task.json') ?? '') as Task;
    expect(Object.values(task.version).join('.')).toBe('0.1.0');
    expect(Object.keys(task.execution)).toEqual(['Node20_1', 'Node24']);
    expect(task.minimumAgentVersion).toBe('3.232.1');
    expect(task.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('are the inputs of the action, and every page names them', async () => {
    const files = await generateFiles();
    const action = parse(files.get('action.yml') ?? '') as { readonly inputs: object; readonly runs: object };
    expect(Object.keys(action.inputs)).toEqual(inputsOf('github').map(({ name }) => name));
    expect(action.runs).toMatchObject({ using: 'node24', main: 'dist/action.js', post: 'dist/action.js' });
    for (const { name } of inputs)
      expect(files.get('docs/inputs.md')).toMatch(new RegExp(`\\\`(--)?(${name}|${camelName(name)})\\\``));
  });
});

interface Task {
  readonly id: string;
  readonly version: Readonly<Record<string, string>>;
  readonly minimumAgentVersion: string;
  readonly groups: readonly { readonly name: string }[];
  readonly inputs: readonly {
    readonly name: string;
    readonly groupName?: string;
    readonly visibleRule?: string;
    readonly options?: Readonly<Record<string, string>>;
  }[];
  readonly execution: Readonly<Record<string, unknown>>;
}
