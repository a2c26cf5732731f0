/** What Azure DevOps and its agents need of an extension; tfx-cli takes most of it on trust. */
import { posix } from 'node:path';
import { text } from 'node:stream/consumers';
import { openPromise } from 'yauzl';

/** By path within the extension. */
export type ExtensionFiles = ReadonlyMap<string, string>;

/** Runners that agents have (azure-pipelines-agent); Node18 never was one, nor is there a Node24_1. */
const handlers: ReadonlySet<string> = new Set([
  ...['Node', 'Node10', 'Node16', 'Node20', 'Node20_1', 'Node24'],
  ...['PowerShell', 'PowerShell3', 'PowerShellExe', 'AzurePowerShell', 'Process'],
]);

/** The first agent that has it, for those that we use. */
const since: Readonly<Record<string, string>> = { Node20_1: '3.232.1', Node24: '3.232.1' };

const inputTypes =
  /^(string|boolean|multiLine|pickList|radio|filePath|secureFile|int|identities|queryControl|connectedService:\w+)$/;

interface Manifest {
  readonly id?: string;
  readonly publisher?: string;
  readonly name?: string;
  readonly version?: string;
  readonly contributions?: readonly {
    readonly type?: string;
    readonly targets?: readonly string[];
    readonly properties?: { readonly name?: string };
  }[];
}

interface Execution {
  readonly [handler: string]: { readonly target?: string };
}

interface TaskInput {
  readonly name: string;
  readonly type?: string;
  readonly groupName?: string;
  readonly visibleRule?: string;
  readonly defaultValue?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly aliases?: readonly string[];
}

interface Task {
  readonly id?: string;
  readonly name?: string;
  readonly friendlyName?: string;
  readonly instanceNameFormat?: string;
  readonly version?: { readonly Major?: string; readonly Minor?: string; readonly Patch?: string };
  readonly minimumAgentVersion?: string;
  readonly groups?: readonly { readonly name: string }[];
  readonly inputs?: readonly TaskInput[];
  readonly outputVariables?: readonly { readonly name: string }[];
  readonly prejobexecution?: Execution;
  readonly execution?: Execution;
  readonly postjobexecution?: Execution;
}

/** All that is wrong, one line each. `version` is the one of package.json. */
export function checkExtension(files: ExtensionFiles, version: string): readonly string[] {
  const manifest = readManifest(files);
  if (manifest === null) return ['there is no readable manifest'];
  const wrong = [
    ...(manifest.id && manifest.publisher && manifest.name
      ? []
      : ['the manifest lacks id, publisher or name']),
    ...differs('the manifest', manifest.version, version),
  ];
  const tasks = (manifest.contributions ?? []).filter(({ type }) => type === 'ms.vss-distributed-task.task');
  if (tasks.length === 0) wrong.push('the manifest contributes no task');
  for (const { properties, targets = [] } of tasks) {
    if (!targets.includes('ms.vss-distributed-task.tasks')) wrong.push('the task is contributed to nobody');
    wrong.push(...checkTask(files, properties?.name ?? '', version));
  }
  return wrong;
}

/** In a .vsix the manifest has become two: contributions in JSON, and who it is in XML. */
function readManifest(files: ExtensionFiles): Manifest | null {
  if (files.has('vss-extension.json')) return parse<Manifest>(files, 'vss-extension.json');
  const contributed = parse<Manifest>(files, 'extension.vsomanifest');
  const xml = files.get('extension.vsixmanifest') ?? '';
  const [, identity = ''] = /<Identity\s([^>]*)>/.exec(xml) ?? [];
  const [, name = ''] = /<DisplayName>([^<]*)</.exec(xml) ?? [];
  const read = (attribute: string) => new RegExp(`\\b${attribute}="([^"]*)"`).exec(identity)?.[1] ?? '';
  if (contributed === null) return null;
  return { ...contributed, name, id: read('Id'), publisher: read('Publisher'), version: read('Version') };
}

function checkTask(files: ExtensionFiles, folder: string, version: string): readonly string[] {
  const task = parse<Task>(files, `${folder}/task.json`);
  if (task === null) return [`${folder}/task.json is not there, or no JSON`];
  const { Major, Minor, Patch } = task.version ?? {};
  return [
    ...(isGuid(task.id) ? [] : [`the task's id is no GUID: ${task.id}`]),
    ...(/^[A-Za-z0-9-]+$/.test(task.name ?? '') ? [] : [`the task's name is none: ${task.name}`]),
    ...(/^.{1,40}$/.test(task.friendlyName ?? '') ? [] : ['the friendlyName is not of 1 to 40 characters']),
    ...(task.instanceNameFormat ? [] : ['there is no instanceNameFormat']),
    ...differs('the task', [Major, Minor, Patch].join('.'), version),
    ...checkExecutions(files, folder, task),
    ...checkInputs(task),
    ...twice(
      'output variable',
      (task.outputVariables ?? []).map(({ name }) => name),
    ),
  ];
}

function checkExecutions(files: ExtensionFiles, folder: string, task: Task): readonly string[] {
  const wrong = Object.keys(task.execution ?? {}).length > 0 ? [] : ['the task has nothing to execute'];
  for (const phase of ['prejobexecution', 'execution', 'postjobexecution'] as const)
    for (const [name, { target = '' }] of Object.entries(task[phase] ?? {})) {
      if (!handlers.has(name)) wrong.push(`${phase}: there is no handler ${name}`);
      if (isOlder(task.minimumAgentVersion ?? '0', since[name] ?? '0'))
        wrong.push(`${phase}: ${name} needs an agent ${since[name]}, not ${task.minimumAgentVersion}`);
      wrong.push(
        ...findMissing(files, posix.join(folder, target)).map((file) => `${phase}: ${file} is not there`),
      );
      if (/"type":\s*"module"/.test(files.get(`${folder}/package.json`) ?? '')) continue;
      wrong.push(`${phase}: ${target} is a module, and no package.json says so`);
    }
  return wrong;
}

/** A file that is started, and all that it imports. */
function findMissing(files: ExtensionFiles, start: string): readonly string[] {
  const seen = new Set<string>();
  const queue = [start];
  const missing: string[] = [];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const code = files.get(path);
    if (code === undefined) missing.push(path);
    for (const [, target = ''] of (code ?? '').matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g))
      queue.push(posix.join(posix.dirname(path), target));
  }
  return missing;
}

function checkInputs({ inputs = [], groups = [] }: Task): readonly string[] {
  const wrong = [
    ...twice(
      'input',
      inputs.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
    ),
  ];
  const byName = new Map(inputs.map((input) => [input.name, input]));
  for (const { name, type = '', groupName, visibleRule = '', defaultValue, options } of inputs) {
    if (!inputTypes.test(type)) wrong.push(`input ${name}: there is no type ${type}`);
    if (groupName !== undefined && !groups.some((group) => group.name === groupName))
      wrong.push(`input ${name}: there is no group ${groupName}`);
    if (options !== undefined && defaultValue !== undefined && !(defaultValue in options))
      wrong.push(`input ${name}: its default ${defaultValue} is no option`);
    for (const [, asked = '', value = ''] of visibleRule.matchAll(/(\w+)\s*!?=\s*(\w+)/g)) {
      const other = byName.get(asked);
      if (other === undefined)
        wrong.push(`input ${name}: its visibleRule asks for ${asked}, which there is not`);
      else if (other.options !== undefined && !(value in other.options))
        wrong.push(`input ${name}: its visibleRule asks whether ${asked} is ${value}, which it never is`);
    }
  }
  return wrong;
}

/** Inputs of task.json that no line of the code asks for, and those that it asks for in vain. */
export function findStrayInputs(task: string, code: string): readonly string[] {
  const declared = new Set((JSON.parse(task) as Task).inputs?.map(({ name }) => name));
  const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const asked = [...code.matchAll(/\b(?:given|isOn|values\.get)\(\s*'([a-z-]+)'/g)].map(([, name = '']) =>
    camel(name),
  );
  const literal = [...code.matchAll(/\btl\.get(?:Path|Bool)?Input\(\s*'(\w+)'/g)].map(
    ([, name = '']) => name,
  );
  const used = new Set([...asked, ...literal]);
  return [
    ...[...declared]
      .filter((name) => !used.has(name))
      .map((name) => `${name} is declared and never asked for`),
    ...literal.filter((name) => !declared.has(name)).map((name) => `${name} is asked for and not declared`),
  ];
}

export async function readVsix(file: string): Promise<ExtensionFiles> {
  const zip = await openPromise(file);
  const files = new Map<string, string>();
  for await (const entry of zip.eachEntry())
    if (!entry.fileName.endsWith('/'))
      files.set(entry.fileName.replaceAll('\\', '/'), await text(await zip.openReadStreamPromise(entry)));
  return files;
}

function parse<T>(files: ExtensionFiles, path: string): T | null {
  try {
    return JSON.parse((files.get(path) ?? '').replace(/^\ufeff/, '')) as T;
  } catch {
    return null;
  }
}

function differs(what: string, found: string | undefined, version: string): readonly string[] {
  return found === version ? [] : [`${what} has the version ${found}, and package.json ${version}`];
}

function twice(what: string, names: readonly string[]): readonly string[] {
  const repeated = names.filter(
    (name, at) => names.findIndex((each) => each.toLowerCase() === name.toLowerCase()) < at,
  );
  return repeated.map((name) => `there are two of the ${what} ${name}`);
}

function isGuid(text = ''): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function isOlder(one: string, other: string): boolean {
  const [left, right] = [one, other].map((each) => each.split('.').map(Number));
  const at = [0, 1, 2].find((index) => (left?.[index] ?? 0) !== (right?.[index] ?? 0));
  return at !== undefined && (left?.[at] ?? 0) < (right?.[at] ?? 0);
}
