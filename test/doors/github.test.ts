import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inputsOf } from '../../src/config/inputs.ts';
import { outputs } from '../../src/config/outputs.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { root } from '../entry/start-cli.ts';
import { jobToken, type Ladder, type Runner, startJob } from './github-runner.ts';
import { type PlayedAzure, planted, playAzure, subscriptionId } from './played-azure.ts';
import { type PlayedGitHub, playGitHub } from './played-github.ts';

/** The action as a runner starts it: real processes of the bundle, an Azure and a GitHub that are played. */
const limitMs = 120_000;
const sites = ['one', 'broken', 'sick-weu', 'sick-eus', 'stop-weu', 'stop-eus', 'kill', 'plan'];

let folder: string;
let azure: PlayedAzure;
let github: PlayedGitHub;
const shown: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slotwave-github-'));
  [azure, github] = await Promise.all([playAzure(folder, sites), playGitHub()]);
}, limitMs);

afterAll(async () => {
  github?.stop();
  await azure?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A job with a checkout of its own. */
async function openJob(name: string, more: Readonly<Record<string, string>> = {}): Promise<Job> {
  const workspace = join(folder, name);
  mkdirSync(workspace);
  const runner = await startJob(workspace, { ...azure.environment, ...github.environment, ...more });
  return {
    workspace,
    runner,
    run: (inputs, cancel) => runner.run({ ...signIn(), ...azure.inputs, ...inputs }, cancel),
    async readJournal() {
      const rollouts = join(workspace, '.slotwave/rollouts');
      const [id = ''] = await readdir(rollouts);
      const text = await readFile(join(rollouts, id, 'journal.ndjson'), 'utf8');
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Recorded);
    },
  };
}

interface Job {
  readonly workspace: string;
  readonly runner: Runner;
  run(inputs: Readonly<Record<string, string>>, cancel?: Ladder): ReturnType<Runner['run']>;
  readJournal(): Promise<readonly Recorded[]>;
}

const signIn = () => ({ 'client-id': azure.clientId, 'tenant-id': azure.tenantId });

const oneApp = (app: string) => ({
  'app-name': app,
  'resource-group-name': 'g',
  'subscription-id': subscriptionId,
  package: join(root, 'examples/orders'),
  'health-check-path': '/api/health',
});

function writeFleet(workspace: string, app: string, packagePath = join(root, 'examples/orders')): void {
  const id = (region: string) =>
    `/subscriptions/${subscriptionId}/resourceGroups/g/providers/Microsoft.Web/sites/${app}-${region}`;
  writeFileSync(
    join(workspace, 'slotwave.yml'),
    `app: ${app}
package: ${packagePath}
fleet:
  targets:
    - { name: weu, resourceId: ${id('weu')} }
    - { name: eus, resourceId: ${id('eus')} }
strategy:
  waves:
    - { name: first, targets: [weu], bakeTime: 60s }
    - { name: rest }
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200 } }]
  interval: 5s
  consecutiveSuccessLimit: 2
swap: { observeFor: 20s }
settings: { ORDERS_VERSION: "cfg=9f3a!config-setting-41Bd" }
`,
  );
}

describe('the action', () => {
  it(
    'rolls one app out without a config file, as nobody but this job, and tells everything that a workflow asks',
    async () => {
      const job = await openJob('one');
      const step = await job.run({ ...oneApp('one'), deployments: 'per-target' });
      shown.push(...job.runner.shown);
      console.error(
        step.log,
        step.summary,
        step.outputs,
        step.annotations,
        github.deployments,
        step.firstLineMs,
      );
      expect(step.code).toBe(0);
    },
    limitMs,
  );
});
