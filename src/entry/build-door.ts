/** What a step of a build does, whichever build system it is: inputs in, one command, outputs and a summary out. */
import { writeFile } from 'node:fs/promises';
import { inputsOf } from '../config/inputs.ts';
import type { OutputName } from '../config/outputs.ts';
import { asSlotwaveError } from '../errors.ts';
import type { MermaidPlace } from '../report/mermaid.ts';
import { neutralise } from '../report/neutralise.ts';
import type { Recorded } from '../rollout/events.ts';
import { type BuildInputs, type BuildRequest, readInputs } from './build-inputs.ts';
import { type Finished, readFinished } from './build-outputs.ts';
import { type BuildWitness, createBuildWitness } from './build-witness.ts';
import { BrokenOff, exitCodeOfError, renderError } from './errors.ts';
import type { Outside } from './outside.ts';
import { hideSecret, redact } from './secrets.ts';
import type { RolloutPlace } from './state.ts';

export interface Annotation {
  readonly title: string;
  readonly text: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** All that a build system is to us. */
export interface Host extends BuildRequest {
  readonly place: MermaidPlace;
  /** From now on written as `***` by whoever keeps the log. */
  hide(secret: string): void;
  write(text: string): void;
  group(title: string): void;
  endGroup(): void;
  error(annotation: Annotation): void;
  warning(annotation: Annotation): void;
  progress(percent: number, what: string): void;
  /** How a step is asked for a command, as lines of YAML. */
  step(command: string, rollout: string): readonly string[];
  output(name: OutputName, value: string): void;
  summary(markdown: string): Promise<void>;
  /** What this build system wants besides. */
  readonly companion?: Companion | undefined;
}

/** Told of the work while it lasts; never waited for, and no failure of it is one of ours. */
export interface Companion {
  placed?(place: RolloutPlace, inputs: BuildInputs): void;
  /** What the journal held before this step. */
  opened?(history: readonly Recorded[]): void;
  happened?(event: Recorded): void;
  /** All is known; what is still on its way is given a moment. */
  finish?(finished: Finished, inputs: BuildInputs): Promise<void>;
}

/** Returns the exit code. Throws nothing. */
export async function runStep(host: Host): Promise<number> {
  const witness = createBuildWitness(host);
  let inputs: BuildInputs | null = null;
  try {
    inputs = readInputs(host);
    witness.begin(inputs);
    const exitCode = await perform(inputs, openBuild(host, witness));
    return await finish(host, inputs, await readFinished(inputs, witness.known(), exitCode, null));
  } catch (thrown) {
    const error = thrown instanceof BrokenOff ? thrown.cause : thrown;
    const exitCode = exitCodeOfError(asSlotwaveError(error), thrown instanceof BrokenOff);
    witness.end();
    tellError(host, error);
    const finished = await readFinished(inputs, witness.known(), exitCode, error).catch(() => null);
    return finished === null ? exitCode : await finish(host, inputs, finished);
  }
}

async function finish(host: Host, inputs: BuildInputs | null, finished: Finished): Promise<number> {
  for (const [name, value] of finished.outputs) host.output(name, value);
  try {
    const page = redact(finished.summary(host));
    const report = finished.outputs.get('report');
    if (report !== undefined) await writeFile(report, page);
    await host.summary(page);
    if (inputs !== null) await host.companion?.finish?.(finished, inputs);
  } catch (error) {
    host.warning({
      title: 'The summary could not be written',
      text: neutralise(asSlotwaveError(error).message),
    });
  }
  return finished.exitCode;
}

/** The same functions that the command line calls. */
async function perform({ command, options, given }: BuildInputs, outside: Outside): Promise<number> {
  switch (command) {
    case 'deploy':
      return (await import('./deploy-command.ts')).commandDeploy(given('plan'), options, outside);
    case 'plan':
      return (await import('./plan-command.ts')).commandPlan(options, outside);
    case 'resume':
      return (await import('./resume-command.ts')).commandResume(given('rollout'), options, outside);
    case 'rollback':
      return (await import('./resume-command.ts')).commandRollback(given('rollout'), options, outside);
    case 'status':
      return (await import('./status-command.ts')).commandStatus(given('rollout'), options, outside);
    case 'package':
      return (await import('./package-command.ts')).commandPackage(given('package') ?? '.', options, outside);
    case 'probe':
      return (await import('./probe-command.ts')).commandProbe(options, outside);
    default:
      return command satisfies never;
  }
}

function openBuild(host: Host, witness: BuildWitness): Outside {
  return {
    environment: host.environment,
    write(text) {
      witness.heard(text);
      host.write(asStep(redact(text), host.nameInput));
    },
    // One stream: two would be told in another order than they were said.
    writeError: (text) => host.write(asStep(redact(text), host.nameInput)),
    hide(secret) {
      hideSecret(secret);
      host.hide(secret);
    },
    size: null,
    colour: false,
    nameInput: (name) => host.nameInput(name),
    witness: witness.listener,
  };
}

/** What is typed on a command line is asked for by inputs here. */
export function asStep(text: string, nameInput: Host['nameInput']): string {
  const typed =
    /\bslotwave (deploy|plan|resume|rollback|status|probe|package)\b(?: (\d{8}-\d{6}-[a-z0-9]{4}))?/g;
  const flags = new Set(inputsOf('cli').map(({ name }) => name));
  return text
    .replace(typed, (_, command: string, id?: string) =>
      id === undefined ? `command: ${command}` : `command: ${command}, rollout: ${id}`,
    )
    .replaceAll('-c FILE', `${nameInput('config')}: FILE`)
    .replace(/(?<=^|[\s(":])--([a-z][a-z-]*)(?![\w-])/g, (flag, name: string) =>
      flags.has(name) ? `${nameInput(name)}:` : flag,
    );
}

/** Runners keep ten annotations of a kind; the whole of it stands in the log. */
const maxPlaces = 8;

/** Where a file is at fault, its lines are marked; the whole is one error at the end. */
export function tellError(host: Pick<Host, 'error' | 'nameInput'>, thrown: unknown): void {
  const error = asSlotwaveError(thrown);
  const placed = error.problems.filter(({ file, line }) => file !== undefined && line !== undefined);
  for (const { file, line, column, path = '', message, found, expected, next } of placed.slice(
    0,
    maxPlaces,
  )) {
    const facts = [
      ...(found === undefined ? [] : [`found ${found}`]),
      ...(expected === undefined ? [] : [`expected ${expected}`]),
    ];
    const text = [`${path} ${message}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`, next ?? '']
      .filter((part) => part !== '')
      .join('. ');
    host.error({
      title: 'slotwave.yml',
      text: asStep(redact(neutralise(text)), host.nameInput),
      file,
      line,
      column,
    });
  }
  const [head = '', ...rest] = renderError(error, { colour: false });
  host.error({
    title: neutralise(`slotwave: ${error.code}`),
    text: asStep(redact([head, ...rest].join('\n')), host.nameInput),
  });
}
