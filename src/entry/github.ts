/** The GitHub Action: what a runner is to us. The work itself is that of every door. */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import * as core from '@actions/core';
import { findSecrets } from '../azure/tenant-credential.ts';
import { asSlotwaveError } from '../errors.ts';
import { type Annotation, type Companion, type Host, runStep, tellError } from './build-door.ts';
import { exitCodeOfError } from './errors.ts';
import { finishStep, type StepState } from './finish-step.ts';
import { createCompanion } from './github-companion.ts';
import { keepYoungSpaceSmall } from './memory.ts';
import { leave, surviveClosedPipes } from './outside.ts';
import { hideSecret } from './secrets.ts';

/** The step itself, or what comes after the job's last step: GitHub starts the same file for both. */
export async function enterAction(): Promise<void> {
  surviveClosedPipes();
  keepYoungSpaceSmall();
  const hide = createMask();
  const token = core.getInput('token');
  for (const secret of [token, ...findSecrets(process.env)]) hide(secret);
  const host = openHost(hide, createCompanion({ token, environment: process.env, tell: core }));
  // Node would print the whole error object, and requests with their headers hang on such objects.
  process.on('uncaughtException', (thrown) => {
    tellError(host, thrown);
    void leave(exitCodeOfError(asSlotwaveError(thrown)));
  });
  if (core.getState('begun') !== '') return leave(await finishStep(host, readState()));
  core.saveState('begun', 'true');
  await leave(await runStep(host));
}

function readState(): StepState {
  const [folder = '', pid = '', told = ''] = ['folder', 'pid', 'told'].map((name) => core.getState(name));
  return { folder, pid, told };
}

/** Masks of the runner hold for every later step, too. Shorter ones would hide words. */
function createMask(): (secret: string) => void {
  const known = new Set<string>();
  return (secret) => {
    if (secret.length < 6 || known.has(secret)) return;
    known.add(secret);
    hideSecret(secret);
    core.setSecret(secret);
  };
}

function openHost(hide: (secret: string) => void, companion: Companion): Host {
  const { env } = process;
  return {
    door: 'github',
    place: 'github',
    readInput: (name) => core.getInput(name),
    nameInput: (name) => name,
    environment: signedInBy(core.getInput('client-id'), core.getInput('tenant-id'), env),
    tempFolder: env['RUNNER_TEMP'] || tmpdir(),
    hide,
    write: (text) => void process.stdout.write(text),
    group: (title) => core.startGroup(title),
    endGroup: () => core.endGroup(),
    error: (annotation) => core.error(annotation.text, placeOf(annotation)),
    warning: (annotation) => core.warning(annotation.text, placeOf(annotation)),
    progress: () => {},
    step: (command, rollout) => [
      `- uses: ${usesOf(env)}`,
      '  with:',
      `    command: ${command}`,
      `    rollout: ${rollout}`,
    ],
    output: (name, value) => core.setOutput(name, value),
    async summary(markdown) {
      if (env['GITHUB_STEP_SUMMARY'] && markdown !== '') await core.summary.addRaw(markdown).write();
    },
    companion: {
      ...companion,
      placed(place, inputs) {
        // Kept by the runner as soon as it is written, whatever becomes of this process.
        core.saveState('folder', dirname(place.journalPath));
        core.saveState('pid', String(process.pid));
        companion.placed?.(place, inputs);
      },
      async finish(finished, inputs) {
        core.saveState('told', 'true');
        await companion.finish?.(finished, inputs);
      },
    },
  };
}

function placeOf({ title, file, line, column }: Annotation): core.AnnotationProperties {
  return {
    title,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
}

/** Who names an identity here means this job's own tokens, unless the environment brings another proof of it. */
function signedInBy(clientId: string, tenantId: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isProven = Boolean(env['AZURE_CLIENT_SECRET'] || env['SLOTWAVE_CREDENTIAL']);
  return {
    ...env,
    ...(clientId === '' ? {} : { AZURE_CLIENT_ID: clientId }),
    ...(clientId === '' || isProven ? {} : { SLOTWAVE_CREDENTIAL: 'github-oidc' }),
    ...(tenantId === '' ? {} : { AZURE_TENANT_ID: tenantId }),
  };
}

/** As this very step was written in its workflow. */
function usesOf(env: NodeJS.ProcessEnv): string {
  const [repository, ref] = [env['GITHUB_ACTION_REPOSITORY'], env['GITHUB_ACTION_REF']];
  return repository && ref ? `${repository}@${ref}` : './';
}
