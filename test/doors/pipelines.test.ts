import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { camelName } from '../../src/config/input.ts';
import { type Output, outputs } from '../../src/config/outputs.ts';
import type { Recorded } from '../../src/rollout/events.ts';
import { root } from '../entry/start-cli.ts';
import { type Agent, type Connection, type Handler, node20Said, startAgent, type TaskStep } from './agent.ts';
import type { Ladder } from './github-runner.ts';
import { type PlayedAzure, planted, playAzure, subscriptionId } from './played-azure.ts';

/** The task as an agent starts it: real processes of what the extension holds, on both Nodes, one Azure for all. */
const limitMs = 120_000;
const sites = ['one', 'sick-weu', 'sick-eus', 'stop-weu', 'stop-eus', 'kill'];

let folder: string;
let azure: PlayedAzure;
const agents: Agent[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slotwave-pipelines-'));
  azure = await playAzure(folder, sites);
}, limitMs);

afterAll(async () => {
  await azure?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Job {
  readonly workspace: string;
  readonly agent: Agent;
  run(handler: Handler, inputs: Readonly<Record<string, string>>, cancel?: Ladder): Promise<TaskStep>;
  readJournal(): Promise<readonly Recorded[]>;
}

/** A job with sources of its own, and three service connections. */
async function openJob(name: string, more: Readonly<Record<string, string>> = {}): Promise<Job> {
  const workspace = join(folder, name);
  mkdirSync(workspace);
  const { clientId, tenantId, clientSecret, clock, pipelines } = azure;
  const connect = (scheme: string, parameters: Readonly<Record<string, string>>): Connection => ({
    scheme,
    parameters: { tenantid: tenantId, serviceprincipalid: clientId, ...parameters },
    data: { subscriptionid: subscriptionId, environment: 'AzureCloud' },
  });
  const agent = await startAgent(workspace, {
    environment: { ...clock, SYSTEM_OIDCREQUESTURI: pipelines.requestUri, ...more },
    accessToken: pipelines.accessToken,
    connections: {
      federated: connect('WorkloadIdentityFederation', {}),
      keyed: connect('ServicePrincipal', {
        authenticationType: 'spnKey',
        serviceprincipalkey: clientSecret,
      }),
      published: connect('PublishProfile', {}),
    },
  });
  agents.push(agent);
  return {
    workspace,
    agent,
    run: (handler, inputs, cancel) =>
      agent.run(handler, { azureSubscription: 'keyed', ...azure.inputs, ...inputs }, cancel),
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

const oneApp = (app: string) => ({
  appName: app,
  resourceGroupName: 'g',
  package: join(root, 'examples/orders'),
  healthCheckPath: '/api/health',
});

function writeFleet(workspace: string, app: string, packagePath: string, failureTolerance = 0): void {
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
  failureTolerance: ${failureTolerance}
probes:
  checks: [{ name: health, path: /api/health, expect: { status: 200 } }]
  interval: 5s
  consecutiveSuccessLimit: 2
swap: { observeFor: 20s }
settings: { ORDERS_VERSION: "cfg=9f3a!config-setting-41Bd" }
`,
  );
}

const names = (outputs as readonly Output[]).map(
  ({ name, pipelinesName }) => pipelinesName ?? camelName(name),
);

describe(`the task (${node20Said})`, () => {
  it.concurrent(
    'packs, and rolls out the one artifact that a wildcard fits, signed in by workload identity, on Node 20',
    async () => {
      const job = await openJob('one');
      mkdirSync(join(job.workspace, 'drop'));
      const packed = await job.run('Node24', {
        command: 'package',
        azureSubscription: '',
        package: join(root, 'examples/orders'),
        out: 'drop/orders.zip',
      });
      expect(packed).toMatchObject({
        code: 0,
        result: 'Succeeded',
        outputs: { outcome: 'done' },
        issues: [],
      });

      const asked = { ...oneApp('one'), azureSubscription: 'federated', package: 'drop/**/*.zip' };
      const step = await job.run('Node20_1', asked);
      expect(step).toMatchObject({ code: 0, result: 'Succeeded', issues: [] });
      expect(step.log).toContain('with the service connection federated');
      // Each proof of who the job is, before it is used.
      expect(step.raw.match(/^##vso\[task\.setsecret\]eyJ/gm)?.length).toBeGreaterThan(0);
      const keys = await azure.readKeys('one');
      expect(keys.filter((key) => step.raw.includes(`setsecret]${key}\n`)).length).toBeGreaterThan(0);
      expect(step.groups).toEqual(['Staging and looking, beside production', 'Wave all']);
      expect(step.progress.length).toBeGreaterThan(3);
      expect(step.progress).toEqual([...new Set(step.progress)].sort((one, other) => one - other));
      expect(step.progress.at(-1)).toBe(100);
      expect(Object.keys(step.outputs).sort()).toEqual([...names].sort());
      expect(step.outputs).toMatchObject({
        outcome: 'settled',
        exitCode: '0',
        promoted: '1',
        AppServiceApplicationUrl: expect.stringMatching(/^https:\/\/one\.azurewebsites\./),
      });
      expect(step.summary).toMatch(/^## ✅ one settled[\s\S]*::: mermaid\ngantt[\s\S]*\n:::\n/);
      expect(step.summary).toMatch(/```yaml\n- task: slotwave@\d+\n {2}inputs:\n/);
      expect(readFileSync(step.outputs['report'] ?? '', 'utf8')).toBe(step.summary);
      // Nothing is left to say after the last step.
      expect(await job.agent.post('Node20_1')).toMatchObject({ code: 0, issues: [], summary: '' });

      const back = await job.run('Node24', { command: 'rollback' });
      expect(back).toMatchObject({
        code: 0,
        result: 'Succeeded',
        outputs: { outcome: 'rolled-back', reverted: '1' },
      });
    },
    limitMs,
  );

  it.concurrent(
    'names all that is wrong with its inputs, by their names here, and files at the line where it is',
    async () => {
      const job = await openJob('wrong');
      const inputs = await job.run('Node20_1', {
        command: 'deplyo',
        azureSubscription: '',
        force: 'perhaps',
        package: 'drop/*.zip',
      });
      expect(inputs).toMatchObject({ code: 0, result: 'Failed', outputs: { exitCode: '2' } });
      expect(inputs.issues).toHaveLength(1);
      expect(inputs.issues[0]?.text).toMatch(
        /command — [\s\S]*Did you mean deploy\?[\s\S]*azureSubscription — is not given[\s\S]*package — fits nothing[\s\S]*force — is neither/,
      );

      mkdirSync(join(job.workspace, 'drop'));
      for (const name of ['a.zip', 'b.zip']) writeFileSync(join(job.workspace, 'drop', name), '');
      const two = await job.run('Node24', { ...oneApp('one'), package: 'drop/*.zip' });
      expect(two.log).toMatch(/package — fits 2 files.*a\.zip, .*b\.zip/);

      const published = await job.run('Node24', { ...oneApp('one'), azureSubscription: 'published' });
      expect(published).toMatchObject({ code: 0, result: 'Failed' });
      expect(published.log).toMatch(
        /azureSubscription — is of a kind that is not known \(found PublishProfile/,
      );

      writeFileSync(
        join(job.workspace, 'slotwave.yml'),
        'app: orders\npackage: ./app\nfleet: {}\nwaves: []\n',
      );
      const file = await job.run('Node24', {});
      expect(file.issues).toEqual([
        expect.objectContaining({ type: 'error', sourcepath: 'slotwave.yml', linenumber: '3' }),
        expect.objectContaining({ type: 'error', sourcepath: 'slotwave.yml', linenumber: '4' }),
        expect.objectContaining({ type: 'error', text: expect.stringContaining('slotwave: config-invalid') }),
      ]);
      expect(file.summary).toContain('❌');
    },
    limitMs,
  );

  it.concurrent(
    'refuses a package that does not load, takes a fleet back that falls ill, and tells what was tolerated',
    async () => {
      const job = await openJob('sick');
      const [broken, good] = [join(job.workspace, 'broken'), join(root, 'examples/orders')];
      cpSync(good, broken, { recursive: true });
      writeFileSync(join(broken, 'src/index.js'), "throw new Error('ORDERS_DATABASE is not set');\n");
      writeFleet(job.workspace, 'sick', broken);
      const refused = await job.run('Node20_1', {});
      expect(refused).toMatchObject({
        code: 0,
        result: 'Failed',
        outputs: { outcome: 'refused', failed: '2' },
      });
      expect(refused.summary).toMatch(/^## ⛔ sick refused: nothing live was touched/);
      expect(refused.issues).toContainEqual({
        type: 'warning',
        text: expect.stringMatching(/^weu: refused: /),
      });
      expect(refused.issues.filter(({ type }) => type === 'error')).toHaveLength(1);

      await azure.setFaults([sickInProduction('sick-eus')]);
      const back = await job.run('Node24', { package: good });
      expect(back).toMatchObject({
        code: 0,
        result: 'Failed',
        outputs: { outcome: 'rolled-back', reverted: '2' },
      });
      expect(back.summary).toMatch(/### Why it was taken back[\s\S]*\| eus \|.*production.*health: .*500/);
      expect(back.groups.at(-1)).toBe('Taking back');

      writeFleet(job.workspace, 'sick', good, 1);
      const tolerated = await job.run('Node24', {});
      expect(tolerated).toMatchObject({
        code: 0,
        result: 'SucceededWithIssues',
        outputs: { outcome: 'settled', failed: '1', promoted: '1' },
      });
    },
    limitMs,
  );

  it.concurrent(
    'cancelled in the middle of a swap on Node 20, is finished by the next run, and every swap was asked for once',
    async () => {
      const job = await openJob('stop');
      writeFleet(job.workspace, 'stop', join(root, 'examples/orders'));
      const cancelled = await job.run(
        'Node20_1',
        {},
        {
          when: / weu .*: promoting /,
          signals: [
            ['SIGINT', 0],
            ['SIGTERM', 7_500],
            ['SIGKILL', 10_000],
          ],
        },
      );
      expect(cancelled).toMatchObject({ code: 0, result: 'Failed', outputs: { outcome: 'interrupted' } });
      // Masked before anything else is said.
      const said = cancelled.raw.split('\n').filter((line) => !line.startsWith('##vso[task.debug]'));
      expect(said[1]).toBe(`##vso[task.setsecret]${azure.clientSecret}`);
      const { rollout = '' } = cancelled.outputs;
      expect(cancelled.summary).toMatch(/^## ⏸️ stop interrupted[\s\S]*command: resume\n {4}rollout: /);
      expect(await job.agent.post('Node20_1')).toMatchObject({ code: 0, summary: '' });

      const resumed = await job.run('Node24', { command: 'resume', rollout });
      expect(resumed).toMatchObject({
        code: 0,
        result: 'Succeeded',
        outputs: { outcome: 'settled', promoted: '2' },
      });
      expect(await Promise.all(['stop-weu', 'stop-eus'].map((site) => azure.countSwaps(site)))).toEqual([
        1, 1,
      ]);
    },
    limitMs,
  );

  it.concurrent(
    'killed at once, is written down by what comes after the last step; where the step never ran, nothing is done',
    async () => {
      // The agent's own authorities, where no input names any.
      const job = await openJob('kill', { AGENT_CAINFO: azure.inputs.ca });
      const unbegun = await job.agent.post('Node24');
      expect(unbegun).toMatchObject({ code: 0, issues: [], summary: '' });
      const killed = await job.run(
        'Node24',
        { ...oneApp('kill'), ca: '' },
        {
          when: /: promoting /,
          signals: [['SIGKILL', 0]],
        },
      );
      expect(killed).toMatchObject({ code: 'SIGKILL', result: null });
      const post = await job.agent.post('Node20_1');
      expect((await job.readJournal()).at(-1)).toMatchObject({
        type: 'rollout.interrupted',
        signal: 'SIGKILL',
      });
      expect(post.issues).toEqual([
        { type: 'warning', text: expect.stringMatching(/command: resume and rollout: /) },
      ]);
      expect(post.summary).toMatch(/^## ⏸️ kill interrupted/);
    },
    limitMs,
  );

  it.concurrent(
    'tells a defect of its own in one line, with a result, and ends',
    async () => {
      const thrown = `const t=setInterval(()=>{if(globalThis._vsts_task_lib_loaded){clearInterval(t);setTimeout(()=>{throw new Error('boom')},100)}},5)`;
      const job = await openJob('defect', {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(thrown).replaceAll("'", '%27')}`,
      });
      const step = await job.run('Node20_1', { ...oneApp('kill'), command: 'probe' });
      expect(step).toMatchObject({ code: 0, result: 'Failed' });
      expect(step.issues).toEqual([{ type: 'error', text: expect.stringContaining('boom') }]);
      expect(step.raw).not.toContain('data:text');
    },
    limitMs,
  );

  it('shows no secret that is not masked, in any line of any of these jobs, debugged or not', async () => {
    const keys = await Promise.all(sites.map((site) => azure.readKeys(site)));
    const shown = agents.flatMap((agent) => agent.shown);
    expect(shown.length).toBeGreaterThan(40);
    const secrets = {
      ...{ ...planted, key: azure.clientSecret, token: azure.pipelines.accessToken },
      'setting of the config': 'cfg=9f3a!config-setting-41Bd',
      ...Object.fromEntries(keys.flat().map((key, at) => [`key ${at} of a host`, key])),
    };
    for (const [name, secret] of Object.entries(secrets))
      expect({ name, shown: shown.filter((text) => text.includes(secret)) }).toEqual({ name, shown: [] });
    expect(shown.filter((text) => /eyJ[\w-]{10,}\.[\w-]{10,}/.test(text))).toEqual([]);
  });
});

const sickInProduction = (site: string) => ({
  when: { site },
  // biome-ignore lint/suspicious/noThenProperty: the word of the faults file; nobody awaits it.
  then: { app: { sick: { in: 'production', status: 500, after: '1s', content: 'arrived' } } },
});
