/** The Azure Pipelines task: what an agent is to us. The work itself is that of every door. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tl from 'azure-pipelines-task-lib/task.js';
import { findSecrets } from '../azure/tenant-credential.ts';
import { camelName, type Input } from '../config/input.ts';
import { inputsOf } from '../config/inputs.ts';
import { type Output, outputs } from '../config/outputs.ts';
import { type Annotation, type Host, runStep, tellError } from './build-door.ts';
import { finishStep } from './finish-step.ts';
import { keepYoungSpaceSmall } from './memory.ts';
import { leave, surviveClosedPipes } from './outside.ts';
import { type AgentConnection, readConnection, readProxy } from './pipelines-connection.ts';
import { hideSecret } from './secrets.ts';
import { readVersion } from './version.ts';

/** The step. An agent reads the result from a command; the process itself always ends with 0. */
export async function enterTask(): Promise<void> {
  await enter(async (host, step) => step.complete(await runStep(host)));
}

/** After the job's last step. */
export async function enterTaskPost(): Promise<void> {
  await enter(async (host) => {
    const [folder = '', pid = '', told = ''] = Object.values(kept).map((name) => tl.getTaskVariable(name));
    await finishStep(host, { folder, pid, told });
  });
}

/** Names of what the agent keeps for the end of the job, for this step alone. */
const kept = { folder: 'slotwaveFolder', pid: 'slotwavePid', told: 'slotwaveTold' } as const;

async function enter(work: (host: Host, step: Step) => Promise<void>): Promise<void> {
  surviveClosedPipes();
  keepYoungSpaceSmall();
  const step = createStep();
  const hide = createMask();
  const fail = (thrown: unknown) => {
    tellError({ error: step.error, nameInput: camelName }, thrown);
    step.complete(1);
    return leave(0);
  };
  // The library would print the whole stack, and not end the process.
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  process.on('uncaughtException', (thrown) => void fail(thrown));
  try {
    for (const secret of findSecrets(process.env)) hide(secret);
    const connection = readConnection(tl.getInput('azureSubscription') ?? '');
    for (const secret of connection.secrets) hide(secret);
    const environment = { ...process.env, ...readProxy(process.env), ...connection.environment };
    await work(openHost({ step, hide, connection, environment }), step);
  } catch (thrown) {
    await fail(thrown);
  }
  await leave(0);
}

interface Step {
  error(annotation: Annotation): void;
  output(name: string, value: string): void;
  complete(exitCode: number): void;
}

/** What a step comes to, from what was told of it. */
function createStep(): Step {
  const told = new Map<string, string>();
  let errors = 0;
  return {
    error(annotation) {
      errors += 1;
      logIssue(tl.IssueType.Error, annotation);
    },
    output(name, value) {
      told.set(name, value);
      tl.setVariable(pipelinesNames.get(name) ?? camelName(name), value, false, true);
    },
    complete(exitCode) {
      const failed = Number(told.get('failed') ?? 0);
      const outcome = told.get('outcome') ?? 'failed';
      if (exitCode === 0 && failed > 0)
        return tl.setResult(tl.TaskResult.SucceededWithIssues, `${outcome}, with ${failed} tolerated`);
      if (exitCode === 0) return tl.setResult(tl.TaskResult.Succeeded, outcome);
      const text = `${outcome} (exit code ${exitCode}); the summary of this run says why`;
      // With a message the library writes an error of its own, and one is enough.
      if (errors === 0) tl.setResult(tl.TaskResult.Failed, `slotwave: ${text}`);
      else tl.command('task.complete', { result: 'Failed' }, text);
    },
  };
}

const pipelinesNames = new Map(
  (outputs as readonly Output[]).map(({ name, pipelinesName }) => [name, pipelinesName]),
);

/** An agent masks line by line, and refuses a secret of several. Shorter ones would hide words. */
function createMask(): (secret: string) => void {
  const known = new Set<string>();
  return (secret) => {
    if (secret.length < 6 || known.has(secret)) return;
    known.add(secret);
    hideSecret(secret);
    const lines = secret.split(/[\r\n]+/).filter((line) => line.length >= 6 && !line.startsWith('-----'));
    for (const line of lines) tl.setSecret(line);
  };
}

interface HostParts {
  readonly step: Step;
  readonly hide: (secret: string) => void;
  readonly connection: AgentConnection;
  readonly environment: NodeJS.ProcessEnv;
}

function openHost({ step, hide, connection, environment }: HostParts): Host {
  const tempFolder = tl.getVariable('Agent.TempDirectory') || tmpdir();
  return {
    door: 'pipelines',
    place: 'pipelines',
    readInput: (name) => readInput(name, connection),
    nameInput: camelName,
    findFiles,
    environment,
    tempFolder,
    hide,
    write: (text) => void process.stdout.write(text),
    group: (title) => void process.stdout.write(`##[group]${title}\n`),
    endGroup: () => void process.stdout.write('##[endgroup]\n'),
    error: step.error,
    warning: (annotation) => logIssue(tl.IssueType.Warning, annotation),
    progress: (percent, what) => tl.setProgress(percent, what),
    step: (command, rollout) => [
      `- task: slotwave@${readVersion().split('.', 1)[0]}`,
      '  inputs:',
      '    # azureSubscription, state and config as in this step',
      `    command: ${command}`,
      `    rollout: ${rollout}`,
    ],
    output: step.output,
    async summary(markdown) {
      if (markdown === '') return;
      // Read when the agent comes to it; the folder goes with the job.
      const file = join(await mkdtemp(join(tempFolder, 'summary-')), 'slotwave.md');
      await writeFile(file, markdown);
      tl.uploadSummary(file);
    },
    companion: {
      placed({ journalPath }) {
        tl.setTaskVariable(kept.folder, dirname(journalPath));
        tl.setTaskVariable(kept.pid, String(process.pid));
      },
      finish: async () => tl.setTaskVariable(kept.told, 'true'),
    },
  };
}

const declared: readonly Input[] = inputsOf('pipelines');

function readInput(name: string, connection: AgentConnection): string {
  const camel = camelName(name);
  const isPath = declared.find((each) => each.name === name)?.kind.type === 'path';
  // An agent gives the root of the repository for a path that nobody gave.
  const value = isPath && !tl.filePathSupplied(camel) ? '' : (tl.getInput(camel) ?? '');
  if (value !== '') return value;
  if (name === 'cloud') return connection.cloud;
  if (name === 'ca') return tl.getHttpCertConfiguration()?.caFile ?? '';
  return '';
}

function findFiles(pattern: string): readonly string[] {
  return tl.findMatch(process.cwd(), pattern, {
    allowBrokenSymbolicLinks: true,
    followSpecifiedSymbolicLink: true,
    followSymbolicLinks: false,
  });
}

function logIssue(type: tl.IssueType, { title, text, file, line, column }: Annotation): void {
  tl.logIssue(type, `${title}: ${text}`, file, line, column);
}
