import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { checkExtension, type ExtensionFiles, findStrayInputs, readVsix } from '../../scripts/check-vsix.ts';
import { readSources } from '../tidy.ts';
import { findPipelineFaults } from './pipeline-shape.ts';
import { root, startScript } from './start-script.ts';

/** What is published to Azure DevOps, and what people copy: no agent has to find out what is wrong with it. */
let folder: string;
let vsix: ExtensionFiles;
let version: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slotwave-vsix-'));
  ({ version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  });
  const said = await startScript(join(root, 'scripts/vsix.ts'), ['--out', folder]);
  vsix = await readVsix(said.trim());
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The extension with one file written otherwise; null takes it out. */
function changed(path: string, change: (text: string) => string | null): ExtensionFiles {
  const files = new Map(vsix);
  const text = change(files.get(path) ?? '');
  if (text === null) files.delete(path);
  else files.set(path, text);
  return files;
}

const replaced = (from: string | RegExp, to: string) => (text: string) => {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`There is no ${String(from)} to break.`);
  return other;
};

describe('the extension', () => {
  it('is made offline, and nothing is wrong with it', () => {
    expect(checkExtension(vsix, version)).toEqual([]);
    expect([...vsix.keys()]).toEqual(
      expect.arrayContaining([
        'task/task.json',
        'task/icon.png',
        'overview.md',
        'task/dist/licenses.txt',
        'task/dist/pack-worker.js',
      ]),
    );
    // The other doors stay at home.
    expect([...vsix.keys()].filter((path) => /action|emulator|cli\.js/.test(path))).toEqual([]);
  });

  it.each<readonly [what: string, path: string, change: (text: string) => string | null, said: RegExp]>([
    ['an unknown handler', 'task/task.json', replaced('"Node24"', '"Node99"'), /no handler Node99/],
    [
      'a target that is not there',
      'task/task.json',
      replaced('dist/task.js', 'dist/tusk.js'),
      /tusk\.js is not/,
    ],
    ['a chunk that is not there', 'task/dist/task.js', replaced('./chunks/', './chunk/'), /is not there/],
    [
      'a step for the end without its file',
      'task/dist/task-post.js',
      () => null,
      /postjobexecution: .*is not/,
    ],
    ['no word that these are modules', 'task/package.json', () => '{}', /is a module/],
    [
      'another version of the task',
      'task/task.json',
      replaced(/"Patch": "\d+"/, '"Patch": "99"'),
      /the task has the/,
    ],
    [
      'another version of itself',
      'extension.vsixmanifest',
      replaced(/Version="\d[^"]*"\/>/, 'Version="9.9.9"/>'),
      /9\.9\.9/,
    ],
    ['no GUID', 'task/task.json', replaced(/"id": "3f0c/, '"id": "3'), /no GUID/],
    ['an agent without Node 20', 'task/task.json', replaced('3.232.1', '2.144.0'), /Node20_1 needs an agent/],
    ['an unknown type', 'task/task.json', replaced('"filePath"', '"file"'), /no type file$/],
    [
      'a group of nobody',
      'task/task.json',
      replaced('"groupName": "app"', '"groupName": "ap"'),
      /no group ap$/,
    ],
    [
      'a rule about an input of nobody',
      'task/task.json',
      replaced('command = deploy', 'comand = deploy'),
      /asks for comand/,
    ],
    [
      'a rule about a word of nobody',
      'task/task.json',
      replaced('command = deploy', 'command = deplyo'),
      /deplyo, which it never is/,
    ],
    [
      'a default of nobody',
      'task/task.json',
      replaced('"defaultValue": "both"', '"defaultValue": "all"'),
      /default all/,
    ],
    [
      'an input twice',
      'task/task.json',
      replaced('"name": "slotName"', '"name": "appName"'),
      /two of the input/,
    ],
    [
      'a long name',
      'task/task.json',
      replaced('slotwave: Azure', `slotwave: ${'A'.repeat(40)}`),
      /friendlyName/,
    ],
    [
      'no task',
      'extension.vsomanifest',
      replaced('ms.vss-distributed-task.task"', 'ms.vss-task"'),
      /contributes no task/,
    ],
  ])('is not let pass with %s', (_, path, change, said) => {
    expect(checkExtension(changed(path, change), version).join('\n')).toMatch(said);
  });

  it('declares the inputs that the code asks for, and no others', () => {
    const code = readSources(root, ['src/entry'])
      .map(({ text }) => text)
      .join('\n');
    const task = vsix.get('task/task.json') ?? '';
    expect(findStrayInputs(task, code)).toEqual([]);
    expect(findStrayInputs(task, code.replaceAll("'health-check-path'", "'health'"))).toEqual([
      'healthCheckPath is declared and never asked for',
    ]);
    expect(findStrayInputs(task, `${code}\ntl.getInput('slot')`)).toEqual([
      'slot is asked for and not declared',
    ]);
  });
});

const examples = join(root, 'examples/azure-pipelines');

describe('the pipelines to copy', () => {
  it('are there: one app, a fleet, an approval, a private network, by hand', async () =>
    expect((await readdir(examples)).sort()).toEqual([
      'approval.yml',
      'by-hand.yml',
      'fleet.yml',
      'one-app.yml',
      'private-network.yml',
    ]));

  it('are of the shape that Azure Pipelines reads, and ask for inputs and outputs that there are', async () => {
    const task = vsix.get('task/task.json') ?? '';
    for (const name of await readdir(examples)) {
      const text = await readFile(join(examples, name), 'utf8');
      expect({ name, faults: findPipelineFaults(text, task) }).toEqual({ name, faults: [] });
    }
  });

  it.each<readonly [what: string, from: string | RegExp, to: string, said: RegExp]>([
    ['a key that there is not', 'timeoutInMinutes:', 'timeoutMinutes:', /timeoutMinutes/],
    ['an input of nobody', 'slotName:', 'slot:', /no input slot$/m],
    ['a required input left out', /\n +azureSubscription: .*/, '', /azureSubscription is not given/],
    ['a word that is no option', /appName: .*/, 'command: deplyo', /command is deplyo/],
    ['an output of nobody', /rollout\.releaseId/, 'rollout.release', /no output release$/m],
    ['a step of nobody', '- task: slotwave@0', '- tusk: slotwave@0', /Invalid input/],
    ['another major version', '- task: slotwave@0', '- task: slotwave@7', /slotwave@7/],
  ])('%s is found', async (_, from, to, said) => {
    const text = replaced(from, to)(await readFile(join(examples, 'one-app.yml'), 'utf8'));
    expect(findPipelineFaults(text, vsix.get('task/task.json') ?? '').join('\n')).toMatch(said);
  });

  it('keep the journal without the values of settings, and give every rollout the time that it needs', async () => {
    for (const name of await readdir(examples)) {
      const text = await readFile(join(examples, name), 'utf8');
      if (text.includes('publish: ') && text.includes('.slotwave'))
        expect({ name, text }).toEqual({ name, text: expect.stringContaining('settings-before.json') });
      expect({ name, text }).toEqual({ name, text: expect.stringContaining('timeoutInMinutes') });
    }
  });

  it('are those that the page links to, and its own steps ask for what there is', async () => {
    const page = await readFile(join(root, 'docs/azure-pipelines.md'), 'utf8');
    const linked = [...page.matchAll(/examples\/azure-pipelines\/([\w-]+\.yml)/g)].map(([, name]) => name);
    expect([...new Set(linked)].sort()).toEqual((await readdir(examples)).sort());
    const task = vsix.get('task/task.json') ?? '';
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
    expect(blocks.length).toBeGreaterThan(1);
    for (const text of blocks) {
      const written: unknown = parse(text);
      const whole = Array.isArray(written) ? `steps:\n${text.replace(/^/gm, '  ')}` : text;
      expect({ text, faults: findPipelineFaults(whole, task) }).toEqual({ text, faults: [] });
    }
  });
});
